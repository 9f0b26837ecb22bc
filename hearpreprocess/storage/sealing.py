"""Seals: they show whether the files of a finished folder are unchanged.

A power cut can truncate files, and two hard links are one file: editing a finished clip in place also edits the work
folder's clip. The files of a sealed folder are read-only, which prevents accidental edits, and its seal detects others
by names, sizes and times.

A seal has three parts: the digest of the names, sizes and exact times; that of the code that made the folder; and, for
hosts that see other times (see `stamps`), lines with a precision and the digest at that precision. The first of these
is the precision that the sealing host sees. Earlier versions wrote no such lines.

A host sees exact times if it sees one of any file, also of the seal itself. So where times are exact, each change of a
time breaks a seal. Where all times are cut off, the seal's too, by the file system or by a copy, a change goes
unnoticed that keeps the size and falls into the same unit of time.
"""

from __future__ import annotations

import errno
import functools
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from hearpreprocess.errors import OutputError
from hearpreprocess.storage.digests import digest
from hearpreprocess.storage.latency import in_order
from hearpreprocess.storage.looking import confirmed
from hearpreprocess.storage.stamps import EXACT, PRECISIONS, precision_of
from hearpreprocess.storage.wording import counted

SEAL = ".seal"
"""The name of the seal in its folder."""

_PRECISIONS = {str(precision): precision for precision in PRECISIONS}
_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


_NOT_CHANGED = (errno.EPERM, errno.EACCES, errno.EROFS, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
"""Errors of file systems without permissions, and of a file that is linked and belongs to another user."""


def seal(folder: Path, written: Iterable[str] = (), made_by: str = "") -> None:
    """Make the files below a folder read-only and record their names, sizes and times in its seal file.

    `written`: paths of files in the folder that must exist. Raises OutputError if one is missing, as another program
    has removed it meanwhile. `made_by`: the digest of the code that made the folder, recorded in the seal.
    """
    try:
        files = dict(in_order(functools.partial(_protected, len(f"{folder}/")), _files(folder)))
    except FileNotFoundError as error:
        raise OutputError(_removed(folder, [os.path.relpath(error.filename, folder)])) from error
    # A file system may list a name in another Unicode form or case than it was written with.
    missing = [name for name in written if name not in files and not os.path.lexists(f"{folder}/{name}")]
    if missing:
        raise OutputError(_removed(folder, missing))
    own = precision_of(time for _size, time in files.values())
    coarser = [f"{precision} {_state(files, precision)}" for precision in PRECISIONS if precision >= own]
    (folder / SEAL).write_text("\n".join([_state(files), made_by, *coarser, ""]), encoding="utf-8")


def _removed(folder: Path, missing: Sequence[str]) -> str:
    return (
        f"{folder}: another program removed {missing[0]} while the directory was being written "
        f"({counted(len(missing), 'files')} missing). Run the same command again; finished work is kept"
    )


def _protected(start: int, path: str) -> tuple[str, tuple[int, int]]:
    """Make a file read-only; returns its path from the character `start` on, its size and its time.

    Permissions change neither.
    """
    status = os.stat(path)  # noqa: PTH116  (100,000 of them)
    if status.st_mode & _WRITABLE:
        try:
            os.chmod(path, status.st_mode & ~_WRITABLE)  # noqa: PTH101
        except OSError as error:  # permissions only prevent mistakes; the seal detects every change
            if error.errno not in _NOT_CHANGED:
                raise
    return path[start:], (status.st_size, status.st_mtime_ns)


def is_sealed(folder: Path) -> bool:
    """Whether a folder was sealed and its files are unchanged since, by name, size and time; no file is opened."""
    return confirmed(lambda: _is_intact(folder), folder)


def _is_intact(folder: Path) -> bool:
    try:
        exact, _made_by, *coarser = _noted(folder)
        files = _stamps(folder)
        times = [(folder / SEAL).stat().st_mtime_ns, *(time for _size, time in files.values())]
    except OSError:
        return False
    if exact == _state(files):
        return True
    noted = {line.partition(" ")[0]: line.partition(" ")[2] for line in coarser if line}
    if not noted or not noted.keys() <= _PRECISIONS.keys():
        return False
    precision = max(_PRECISIONS[next(iter(noted))], precision_of(times))
    return precision != EXACT and noted.get(str(precision)) == _state(files, precision)


def sealed_by(folder: Path) -> str | None:
    """The digest of the code that made a folder, by its seal; None if it has no readable seal."""
    try:
        return _noted(folder)[1]
    except OSError:
        return None


def _noted(folder: Path) -> list[str]:
    """The lines of a seal: the state, the made_by, and the states at coarser precisions."""
    return [*(folder / SEAL).read_text(encoding="utf-8", errors="replace").split("\n"), ""]


def _stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """The sizes and times of the files below a folder, but for its seal, by their paths in it."""
    start = len(f"{folder}/")
    statuses = ((path[start:], os.stat(path)) for path in _files(folder))  # noqa: PTH116
    return {name: (status.st_size, status.st_mtime_ns) for name, status in statuses if name != SEAL}


def _state(files: Mapping[str, tuple[int, int]], precision: int = EXACT) -> str:
    return digest(sorted([name, size, time // precision * precision] for name, (size, time) in files.items()))


def _files(folder: Path) -> Iterator[str]:
    for parent, _folders, names in os.walk(folder):
        yield from (f"{parent}/{name}" for name in names)
