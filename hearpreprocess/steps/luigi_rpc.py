"""Import Luigi without the libraries that only its client of a luigid calls.

Luigi's module `rpc` imports them at its top, which is three quarters of the time that importing Luigi takes. In that
module alone they are stand-ins, which import the library when they are first used. `tests/engine/test_luigi.py` checks
that the module does nothing else with them than call them.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import importlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

MODULE = "luigi.rpc"
LATE = {
    "requests": set[str](),
    "tenacity": {"Retrying", "stop_after_attempt", "wait_fixed"},
    "urllib.request": {"Request", "urlopen"},
}
"""The libraries that the module imports at its top, and the functions that it imports from them by name.

What another release of Luigi imports in another way is imported at once, as it may do more with it.
"""


@contextlib.contextmanager
def importing_late() -> Iterator[None]:
    """Import Luigi in this block."""
    finder: Any = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Finder:
    """Finds the module for Python, as PathFinder would, with a loader of ours."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: object = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path) if name == MODULE else None
        if spec is None or type(spec.loader) is not SourceFileLoader:  # it is in a zip archive, or bytecode alone
            return None
        spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


class _Loader(SourceFileLoader):
    """Executes the module with an `__import__` of its own, which stands in for libraries while it is executed."""

    def exec_module(self, module: ModuleType) -> None:
        """Called by Python to execute the module."""
        late = dict(LATE)

        def import_late(
            name: str,
            globals: Mapping[str, object] | None = None,
            locals: Mapping[str, object] | None = None,
            fromlist: Sequence[str] | None = (),
            level: int = 0,
        ) -> Any:
            if not level and late.get(name) == {*(fromlist or ())}:
                return _Functions(name) if fromlist else _Library(name)
            return builtins.__import__(name, globals, locals, fromlist or (), level)

        vars(module)["__builtins__"] = vars(builtins) | {"__import__": import_late}
        super().exec_module(module)
        late.clear()  # its functions import the libraries themselves


class _Library:
    """Stands in for a library."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self._name), name)


class _Functions(_Library):
    """Stands in for a library of which functions are imported by their names."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return functools.partial(_call, self._name, name)


def _call(library: str, function: str, *arguments: Any, **options: Any) -> Any:
    return getattr(importlib.import_module(library), function)(*arguments, **options)
