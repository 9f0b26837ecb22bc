"""Names of a package that are imported on their first use, so that a command loads only what it works with."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any


def lazy_names(package: str, modules: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The functions `__getattr__` and `__dir__` of a package with names of its modules (PEP 562).

    `modules`: by module of the package, the names that it defines, separated by spaces; a module that is itself a name
    lists its own. The package imports the same names below `if TYPE_CHECKING`, where type checkers and editors find
    them, and calls this below `if not TYPE_CHECKING`, as they accept any name of a module with `__getattr__`. No name
    may be that of another module, which Python sets in the package as soon as anybody imports it.
    """
    homes = {name: module for module, names in modules.items() for name in names.split()}

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = importlib.import_module(f"{package}.{homes[name]}")
        value = module if name == homes[name] else getattr(module, name)
        setattr(sys.modules[package], name, value)
        return value

    return get, lambda: sorted({*homes, *vars(sys.modules[package])})
