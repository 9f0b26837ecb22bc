"""Seals: they show whether the files of a finished folder are unchanged.

A power cut can truncate files, and two hard links are one file: editing a finished clip in place also edits the work
folder's clip. The files of a sealed folder are read-only, which prevents accidental edits, and its seal detects all
others.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from hearpreprocess.errors import OutputError
from hearpreprocess.storage.digests import digest
from hearpreprocess.storage.wording import counted

SEAL = ".seal"
"""The name of the seal in its folder."""

_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


_NOT_CHANGED = (errno.EPERM, errno.EACCES, errno.EROFS, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
"""Errors of file systems without permissions, and of a file that is linked and belongs to another user."""


def seal(folder: Path, written: Iterable[str] = (), made_by: str = "") -> None:
    """Make the files below a folder read-only and record their names, sizes and times in its seal file.

    `written`: paths of files in the folder that must exist. Raises OutputError if one is missing, as another program
    has removed it meanwhile. `made_by`: the digest of the code that made the folder, recorded in the seal.
    """
    for path in _files(folder):
        _protect(path)
    missing = [name for name in written if not os.path.lexists(f"{folder}/{name}")]
    if missing:
        raise OutputError(
            f"{folder}: another program removed {missing[0]} while the directory was being written "
            f"({counted(len(missing), 'files')} missing). Run the same command again; finished work is kept"
        )
    (folder / SEAL).write_text(f"{_state(folder)}\n{made_by}\n", encoding="utf-8")


def _protect(path: str) -> None:
    mode = os.stat(path).st_mode  # noqa: PTH116  (100,000 of them)
    if mode & _WRITABLE:
        try:
            os.chmod(path, mode & ~_WRITABLE)  # noqa: PTH101
        except OSError as error:  # permissions only prevent mistakes; the seal detects every change
            if error.errno not in _NOT_CHANGED:
                raise


def is_sealed(folder: Path) -> bool:
    """Whether a folder was sealed and its files are unchanged since, by name, size and time; no file is opened."""
    try:
        return _noted(folder)[0] == _state(folder)
    except OSError:
        return False


def sealed_by(folder: Path) -> str | None:
    """The digest of the code that made a folder, by its seal; None if it has no readable seal."""
    try:
        return _noted(folder)[1]
    except OSError:
        return None


def _noted(folder: Path) -> list[str]:
    """The state and the made_by in a seal."""
    return [*(folder / SEAL).read_text(encoding="utf-8", errors="replace").split("\n"), ""]


def _state(folder: Path) -> str:
    start = len(f"{folder}/")
    files = [(path[start:], os.stat(path)) for path in _files(folder)]  # noqa: PTH116
    return digest(sorted([name, status.st_size, status.st_mtime_ns] for name, status in files if name != SEAL))


def _files(folder: Path) -> Iterator[str]:
    for parent, _folders, names in os.walk(folder):
        yield from (f"{parent}/{name}" for name in names)
