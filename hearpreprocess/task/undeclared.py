"""Which of the files that a task module reads are missing among its data files."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
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
    module, and installed files, do not count.
    """
    folder = module.parent.resolve()
    project = _project(folder)
    apart = [path for path in (Path(sys.prefix), Path(sys.base_prefix), _PACKAGE) if not folder.is_relative_to(path)]
    known_forms = [form for path in (*known, *apart) for form in _forms(path)]
    names = set()
    for path in _sources_of(opened):
        if is_installed(path) and not is_installed(f"{folder}{os.sep}"):
            continue
        forms = _forms(Path(path))
        watched = next((form for form in forms if _is_watched(form, folder, project)), None)
        if watched is not None and not any(form.is_relative_to(parent) for form in forms for parent in known_forms):
            names.add(Path(os.path.relpath(watched, folder)).as_posix())
    return sorted(names)


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


def _is_watched(path: Path, folder: Path, project: Path) -> bool:
    if path.parent == folder:
        return not path.name.startswith(".") or folder != _home()  # there, they are settings of programs
    directory = next((each for each in (folder, project, folder.parent) if path.is_relative_to(each)), None)
    if directory is None or (directory == folder.parent != project and path.parent != directory):
        return False
    return not any(part.startswith(".") for part in path.relative_to(directory).parts)


def _project(folder: Path) -> Path:
    """The outermost directory around a module that belongs to its project; the home directory never does."""
    home = _home()
    working = Path(os.path.realpath("."))
    project = folder
    for directory in folder.parents:
        if home.is_relative_to(directory):
            break
        if directory == working or any((directory / mark).exists() for mark in _MARKS):
            project = directory
    return project


def _home() -> Path:
    return Path(os.path.realpath(os.path.expanduser("~")))


def _forms(path: Path) -> tuple[Path, Path]:
    """A path as it was given and without symbolic links."""
    return Path(os.path.abspath(path)), Path(os.path.realpath(path))


def _sources_of(opened: Iterable[str]) -> Iterator[str]:
    """The files that were opened, with a module's source file in place of its bytecode in __pycache__."""
    for name in opened:
        if os.path.basename(os.path.dirname(name)) != "__pycache__":
            yield name
        elif name.endswith(".pyc"):
            with contextlib.suppress(ValueError):  # not a name that Python gives to bytecode
                yield importlib.util.source_from_cache(name)
