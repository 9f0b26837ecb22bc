"""A token: a file in a shared directory that one host keeps locked, so that the others see whether they share it.

A host that does not find it has another directory at this path, or sees new files late. A host that finds it unlocked
does not see the locks of the other: its file system keeps locks on each host.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hearpreprocess.sharing.host import Host, this_host
from hearpreprocess.sharing.listing import names_in
from hearpreprocess.sharing.locking import is_free
from hearpreprocess.storage import explaining_disk_errors, lock_file

_PREFIX = ".hosts-"
_SECONDS_BETWEEN_LOOKS = 0.1
_MEASUREMENTS = 3
_COARSE_CLOCK = 0.02
"""The seconds by which the time of a file may lag behind: kernels take it from a clock that advances in ticks."""


@dataclass(frozen=True)
class View:
    """A token as one host sees it.

    `has_token`: whether it finds the token. `sees_lock`: whether it sees that the token is locked, None on a file
    system without locks or without permission. `seconds_ahead`: its clock minus the file system's.
    """

    host: Host
    has_token: bool
    sees_lock: bool | None
    seconds_ahead: float


@contextlib.contextmanager
def held_token(folder: Path) -> Iterator[str]:
    """Yield the name of a new token in a folder, which is created and locked during the block, then removed."""
    name = secrets.token_hex(8)
    path = _path(folder, name)
    with explaining_disk_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
    with lock_file(path):
        try:
            yield name
        finally:
            path.unlink(missing_ok=True)


def look_at_token(folder: Path, name: str, patience: float = 5.0) -> View:
    """The token of this name in a folder as this host sees it.

    `patience`: for how many seconds to look for it, as some file systems show new files late. Raises OSError or
    OutputError where the folder cannot be written to.
    """
    path = _path(folder, name)
    deadline = time.monotonic() + patience
    while not (has_token := _is_listed(path)) and time.monotonic() < deadline:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    # A shared lock, as two observers would refuse each other an exclusive one.
    free = is_free(path, shared=True) if has_token else None
    return View(this_host(), has_token, None if free is None else not free, seconds_ahead(folder))


def _is_listed(path: Path) -> bool:
    """Whether a directory lists a file: NFS remembers for seconds that a name was missing, but lists it.

    The content is not read, as SMB refuses that for a locked file.
    """
    return path.name in names_in(path.parent)


def seconds_ahead(folder: Path) -> float:
    """By how many seconds this host's clock is ahead of the clock of a folder's file system; 0 within the uncertainty.

    Some file systems, such as GlusterFS, take the times of files from the host that writes them. Raises OSError or
    OutputError where the folder cannot be written to.
    """
    lowest, highest = -float("inf"), float("inf")
    for _measurement in range(_MEASUREMENTS):  # the shortest write decides, if one was slow
        before, changed, after = _write(folder)
        resolution = 1.0 if changed == int(changed) else _COARSE_CLOCK
        lowest, highest = max(lowest, before - changed - resolution), min(highest, after - changed)
    return 0.0 if lowest <= 0 <= highest else (lowest + highest) / 2


def _write(folder: Path) -> tuple[float, float, float]:
    """Write to a file: the time before by this host's clock, that of the file, and the time after."""
    with explaining_disk_errors(folder), tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        before = time.time()
        file.write(b"now")
        os.fsync(file.fileno())
        after = time.time()
        return before, os.fstat(file.fileno()).st_ctime, after


def _path(folder: Path, name: str) -> Path:
    return folder / f"{_PREFIX}{name}"
