"""Import modules for a task as a Python script does, apart from those of other tasks and of the calling program."""

from __future__ import annotations

import contextlib
import importlib
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType

from hearpreprocess.storage import on_new_run
from hearpreprocess.task.imports import file_of, is_own, own_modules

SECONDS_UNTIL_CACHED = 2.0
"""Python recognises a changed module by its size and the second of the change; until that second has passed,
__pycache__ may be out of date."""

_lock = threading.RLock()

on_new_run(importlib.invalidate_caches)


class OwnImports:
    """The modules of the user's own that one task module imports, and the directories that it imports from.

    They are in `sys.modules` and `sys.path` only while `active`. Modules that another task or the calling program has
    loaded are set aside meanwhile: one of the same name may be another file, or an earlier text of the same.
    """

    def __init__(self, path: Path, text: bytes) -> None:
        self._text = text
        self._first, self._last = _import_directories(path.parent)
        self._path: list[str] = []
        self._modules: dict[str, ModuleType] = {}
        self._others: dict[str, ModuleType] = {}

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Import from the module's directory first, as a script does; another thread's block waits."""
        with _lock:
            path, finders = list(sys.path), sys.meta_path
            aside = _without_fixed(_own(dict(sys.modules)))
            finders.insert(finders.index(PathFinder) if PathFinder in finders else len(finders), _Finder)
            try:
                _remove(aside)
                sys.modules.update(self._modules)
                sys.path[:] = self._path_within(path)
                hiding = self._hiding()
                _remove(hiding)
                aside |= hiding
                loaded = dict(sys.modules)  # a thread may be importing meanwhile
                self._others = {name: other for name, other in loaded.items() if name not in self._modules}
                yield
            finally:
                sys.meta_path.remove(_Finder)
                self._path, sys.path[:] = list(sys.path), path
                self._modules = _without_fixed(self._imported())
                self._others = {}
                _remove(self._modules)
                sys.modules.update(aside)

    def files(self) -> dict[str, Path]:
        """The files of the modules that it has imported and those that their texts lead to, by name; while active."""
        texts = [(self._text, "")]
        files = {}
        for name, module in self._imported().items():
            spec = _spec(module)
            if spec is not None and (file := file_of(spec)) is not None:
                files[name] = file
                if file.suffix == ".py":
                    texts.append((file.read_bytes(), spec.parent or ""))
        for text, package in texts:
            files |= own_modules(text, package)
        return files

    def _imported(self) -> dict[str, ModuleType]:
        """The user's own modules that have been imported in the block; few are looked at, as many may be loaded."""
        loaded = dict(sys.modules)
        return _own({name: module for name, module in loaded.items() if self._others.get(name) is not module})

    def _path_within(self, outside: Sequence[str]) -> list[str]:
        known = self._path or self._first
        path = [*known, *(directory for directory in outside if directory not in known)]
        return [*path, *(directory for directory in self._last if directory not in path)]

    def _hiding(self) -> dict[str, ModuleType]:
        """The loaded modules of others that have the name of one beside the module, such as `statistics`."""
        own = {name.partition(".")[0] for name in own_modules(self._text)} - {"hearpreprocess"}
        return {
            name: module
            for name, module in list(sys.modules.items())
            if name.partition(".")[0] in own and name not in self._modules
        }


class _Loader(SourceFileLoader):
    """Reads a module that was changed just now from its text."""

    def path_stats(self, path: str) -> Mapping[str, float]:
        stats = super().path_stats(path)
        if time.time() - stats["mtime"] < SECONDS_UNTIL_CACHED:
            raise OSError(f"{path} was changed too recently for __pycache__")  # Python then does without
        return stats


class _Finder(PathFinder):
    """Finds modules as Python does, and has those of the user's own loaded with the loader above."""

    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = super().find_spec(fullname, path, target)
        if spec is not None and type(spec.loader) is SourceFileLoader and is_own(fullname, spec):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


def _import_directories(folder: Path) -> tuple[list[str], list[str]]:
    """The directories that a module in this one imports from, before and after all others.

    What stands beside a module in a package is meant by its full name first: a package may have a module `types`.
    """
    outside = folder
    while (outside / "__init__.py").is_file():
        outside = outside.parent
    return ([str(folder)], []) if outside == folder else ([str(outside)], [str(folder)])


def _own(modules: Mapping[str, ModuleType]) -> dict[str, ModuleType]:
    return {
        name: module
        for name, module in modules.items()
        if name not in ("__main__", "__mp_main__") and (spec := _spec(module)) is not None and is_own(name, spec)
    }


def _without_fixed(modules: Mapping[str, ModuleType]) -> dict[str, ModuleType]:
    """The modules without the packages that must stay: compiled ones load only once, others are being loaded."""
    fixed = {name.partition(".")[0] for name, module in modules.items() if _is_fixed(module)}
    return {name: module for name, module in modules.items() if name.partition(".")[0] not in fixed}


def _is_fixed(module: ModuleType) -> bool:
    spec = _spec(module)
    return spec is not None and (
        getattr(spec, "_initializing", False) or (spec.origin or "").endswith(tuple(EXTENSION_SUFFIXES))
    )


def _spec(module: ModuleType) -> ModuleSpec | None:
    # Not with getattr alone: some libraries' modules import what they are asked for.
    spec = getattr(module, "__dict__", {}).get("__spec__")
    return spec if isinstance(spec, ModuleSpec) else None


def _remove(modules: Mapping[str, ModuleType]) -> None:
    for name in modules:
        sys.modules.pop(name, None)
