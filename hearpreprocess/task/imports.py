"""The user's own modules that a module imports, found in its source text, as some imports may not have run yet.

Import statements count at any depth, in functions too, and so do `importlib.import_module` and `__import__` with a
literal name. Computed names are not found.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import os
import pkgutil
import site
import sys
import sysconfig
from collections.abc import Iterator
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import resolve_name
from pathlib import Path

_PACKAGE = "hearpreprocess"
_TASKS = f"{_PACKAGE}.tasks"
"""Modules in it may be shared by task modules and count as the user's own."""


def own_modules(text: bytes, package: str = "") -> dict[str, Path]:
    """The files of all the user's own modules that a module with this text imports, directly or not, by name.

    `package`: the module's package, for relative imports. Installed modules and those of hearpreprocess are left out,
    except those in `hearpreprocess.tasks`. The result does not depend on which installed modules are loaded.
    """
    files: dict[str, Path] = {}
    pending = list(_imported(text, package))
    seen: set[str] = set()
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        spec = _spec(name)
        if spec is None or not is_own(name, spec):
            continue
        file = file_of(spec)
        if file is None:
            continue
        files[name] = file
        if file.suffix == ".py":
            with contextlib.suppress(OSError):  # importing the module reports it
                pending += _imported(file.read_bytes(), spec.parent or "")
    return files


def is_own(name: str, spec: ModuleSpec) -> bool:
    """Whether a module is the user's own: neither installed nor a part of Python or hearpreprocess."""
    if name.partition(".")[0] == _PACKAGE:
        return name == _TASKS or name.startswith(f"{_TASKS}.")
    paths = [spec.origin] if spec.has_location and spec.origin else _locations(name, spec)
    return bool(paths) and not any(map(is_installed, paths))


def file_of(spec: ModuleSpec) -> Path | None:
    """The file of a module; None for a directory without `__init__.py`."""
    file = Path(spec.origin or "")
    return file if spec.has_location and file.is_file() else None


@functools.cache
def is_installed(path: str) -> bool:
    """Whether a path is in Python itself or in what is installed for it."""
    # Some environments have links to what is installed elsewhere; a real path costs more than all else here.
    return _is_below_installed(path) or _is_below_installed(os.path.realpath(path))


def _is_below_installed(path: str) -> bool:
    return path.startswith(_installed_below()) or any(part in path for part in _INSTALLED_PARTS)


_INSTALLED_PARTS = tuple(f"{os.sep}{name}{os.sep}" for name in ("site-packages", "dist-packages"))
"""Also of installations that PYTHONPATH names, as on clusters."""


@functools.cache
def _installed_below() -> tuple[str, ...]:
    of_python = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    paths = {*of_python, site.getusersitepackages(), *site.getsitepackages()}
    return tuple(f"{form}{os.sep}" for path in paths for form in {path, os.path.realpath(path)})


def _imported(text: bytes, package: str) -> Iterator[str]:
    """The names of modules that a text may import, with their packages; some may not exist."""
    for node in _import_nodes(text):
        for name in _named(node, package):
            parts = name.split(".")
            yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1))


@functools.lru_cache(maxsize=64)
def _import_nodes(text: bytes) -> tuple[ast.AST, ...]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):  # importing the module reports it
        return ()
    return tuple(node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom | ast.Call))


def _named(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        module = _absolute("." * node.level + (node.module or ""), package)
        if module is None:
            return
        for alias in node.names:
            yield from _submodules(module) if alias.name == "*" else (f"{module}.{alias.name}",)
        yield module
    elif isinstance(node, ast.Call) and _is_import(node.func) and node.args:
        name = node.args[0]
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            module = _absolute(name.value, package)
            yield from () if module is None else (module,)


def _is_import(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in ("import_module", "__import__")


def _absolute(name: str, package: str) -> str | None:
    with contextlib.suppress(ImportError):  # the relative name leaves the package, or there is no package
        return resolve_name(name, package) if name.startswith(".") else name
    return None


def _submodules(package: str) -> Iterator[str]:
    """The modules of a package, any of which `from package import *` may import."""
    spec = _spec(package)
    if spec is not None and spec.submodule_search_locations is not None and is_own(package, spec):
        yield from (f"{package}.{module.name}" for module in pkgutil.iter_modules(spec.submodule_search_locations))


def _locations(package: str, spec: ModuleSpec) -> list[str]:
    """The directories in which the modules of a package are."""
    try:
        return list(spec.submodule_search_locations or ())
    except KeyError:  # Python looks up the parent of a folder without __init__.py among the imported modules
        parent, _dot, name = package.rpartition(".")
        of_parent = _spec(parent)
        above = [] if of_parent is None else _locations(parent, of_parent)
        return [f"{directory}/{name}" for directory in above if Path(directory, name).is_dir()]


def _spec(name: str) -> ModuleSpec | None:
    """The spec of a module that may be the user's own, found without executing it or its packages."""
    loaded: ModuleSpec | None = getattr(sys.modules.get(name), "__spec__", None)
    # An installed module that is loaded may hide one of the user's own, but not in every process.
    if loaded is not None and (is_own(name, loaded) or name == _PACKAGE):
        return loaded
    package = name.rpartition(".")[0]
    path = None
    if package:
        if package == _PACKAGE and name != _TASKS:
            return None
        of_package = _spec(package)
        if of_package is None or of_package.submodule_search_locations is None:
            return None
        if of_package.has_location and package != _PACKAGE and not is_own(package, of_package):
            return None  # what is in an installed package is installed
        path = _locations(package, of_package)
    for finder in sys.meta_path:
        with contextlib.suppress(ImportError, AttributeError, ValueError):
            try:
                spec = finder.find_spec(name, path)
            except KeyError:  # a folder without __init__.py, whose parent Python expects among the imported modules
                spec = PathFinder.find_spec(name.rpartition(".")[2], path)
            if spec is not None:
                return spec
    return None
