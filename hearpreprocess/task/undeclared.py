"""Which of the files that a task module reads are missing among its data files."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from hearpreprocess.task.imports import is_installed

MOST_FILES_SHOWN = 5

_MARKS = (".git", "pyproject.toml", "setup.py", "__init__.py")
"""What shows that a directory is a part of a project."""

_PACKAGE = Path(__file__).parent.parent


def undeclared_files(module: Path, opened: Iterable[str], known: Iterable[Path]) -> list[str]:
    """The files that a task's module reads without declaring them, relative to the module's folder, sorted.

    Files below the module's directory count, those in the directory above it, and those below the project that the
    module is a part of, or below the working directory if that holds the module. `opened`: the paths of what was read.
    `known`: files and directories that are known to be read, such as sources. Hidden files elsewhere than beside the
    module, and installed files, do not count; for an installed module, those of its own package do.
    """
    folder = module.parent.resolve()
    is_watched = _watched_by_installed(folder) if is_installed(str(folder / module.name)) else _watched_by(folder)
    candidates = {}
    for path in _sources_of(opened):
        forms = _forms(path)
        if (watched := next(filter(is_watched, forms), None)) is not None:
            candidates[Path(os.path.relpath(watched, folder)).as_posix()] = {
                *forms,
                *forms[0].parents,
                *forms[1].parents,
            }
    apart = [path for path in (Path(sys.prefix), Path(sys.base_prefix), _PACKAGE) if not folder.is_relative_to(path)]
    for path in chain(apart, known):
        if not candidates:  # as usual, and there may be many sources
            break
        forms = _forms(path)
        candidates = {name: around for name, around in candidates.items() if around.isdisjoint(forms)}
    return sorted(name for name in candidates if (folder / name).is_file())  # not a directory or a temporary file


def describe_undeclared(module: str, names: Sequence[str]) -> str:
    """The message on undeclared files that a task's module reads."""
    shown = names[:MOST_FILES_SHOWN]
    more = f" and {len(names) - len(shown):,} more" if len(names) > len(shown) else ""
    listed = ", ".join(f'"{name}"' for name in shown) + ("," if len(names) == 1 else ", ..." if more else "")
    one = len(names) == 1
    return (
        f"{module}: reads {', '.join(shown)}{more}, which {'is' if one else 'are'} not declared, so that a change of "
        f"{'it' if one else 'them'} does not rebuild the task. Declare {'it' if one else 'them'}: "
        f"TaskConfig(..., data_files=({listed}))"
    )


def _watched_by(folder: Path) -> Callable[[Path], bool]:
    """Whether a path may be a file of the tasks in a directory that is not installed."""
    project = _project(folder)

    def is_watched(path: Path) -> bool:
        if is_installed(str(path)):
            return False
        if path.parent == folder:
            return not path.name.startswith(".") or folder != _home()  # there, they are settings of programs
        directory = next((each for each in (folder, project, folder.parent) if path.is_relative_to(each)), None)
        if directory is None or (directory == folder.parent != project and path.parent != directory):
            return False
        return not any(part.startswith(".") for part in path.relative_to(directory).parts)

    return is_watched


def _watched_by_installed(folder: Path) -> Callable[[Path], bool]:
    """Whether a path may be a file of the tasks in an installed directory: one of their package, or of the directory.

    Other installed files, the working directory, and the project around an environment are not of the tasks.
    """
    around = (folder, *folder.parents)
    package = next((each for each in around if each.parent.name in ("site-packages", "dist-packages")), None)
    if package is None or folder.is_relative_to(_PACKAGE):
        package = folder
    if package.name in ("site-packages", "dist-packages"):
        return lambda _path: False
    return lambda path: path.is_relative_to(package)


def _project(folder: Path) -> Path:
    """The outermost directory around a module that belongs to its project; the home directory never does."""
    home = _home()
    working = None
    with contextlib.suppress(FileNotFoundError):  # it was replaced meanwhile
        working = Path.cwd()
    project = folder
    for directory in folder.parents:
        if home.is_relative_to(directory):
            break
        if directory == working or any((directory / mark).exists() for mark in _MARKS):
            project = directory
    return project


def _home() -> Path:
    return Path("~").expanduser().resolve()


def _forms(path: Path) -> tuple[Path, Path]:
    """A path as it was given, without `..`, and without symbolic links."""
    return Path(os.path.normpath(path.absolute())), path.resolve()


def _sources_of(opened: Iterable[str]) -> Iterator[Path]:
    """The files that were opened, with a module's source file in place of its bytecode in __pycache__."""
    for name in opened:
        path = Path(name)
        if path.parent.name != "__pycache__":
            yield path
        elif path.suffix == ".pyc":
            with contextlib.suppress(ValueError):  # not a name that Python gives to bytecode
                yield Path(importlib.util.source_from_cache(name))
