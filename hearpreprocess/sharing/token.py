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
from hearpreprocess.storage import explaining_disk_errors, is_locked, lock_file

_PREFIX = ".hosts-"


@dataclass(frozen=True)
class View:
    """A token as one host sees it.

    `has_token`: whether it finds the token with its content. `sees_lock`: whether it sees that the token is locked,
    None on a file system without locks or without permission. `seconds_ahead`: its clock minus the file system's.
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
    with lock_file(path) as file:
        try:
            with explaining_disk_errors(path):
                file.write(name.encode())
                os.fsync(file.fileno())
            yield name
        finally:
            path.unlink(missing_ok=True)


def look_at_token(folder: Path, name: str) -> View:
    """The token of this name in a folder as this host sees it.

    Raises OSError or OutputError where the folder cannot be written to.
    """
    path = _path(folder, name)
    with contextlib.suppress(OSError):
        list(folder.iterdir())  # NFS remembers for seconds that a file was missing, unless its directory is read
    try:
        has_token = path.read_bytes() == name.encode()
    except OSError:
        has_token = False
    return View(this_host(), has_token, is_locked(path) if has_token else None, seconds_ahead(folder))


def seconds_ahead(folder: Path) -> float:
    """By how many seconds this host's clock is ahead of the clock of a folder's file system.

    As exact as the times of its files, which some file systems keep in whole seconds.
    """
    with explaining_disk_errors(folder), tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        before = time.time()
        file.write(b"now")
        os.fsync(file.fileno())
        after = time.time()
        changed = os.fstat(file.fileno()).st_ctime
    return 0.0 if before <= changed <= after else (before + after) / 2 - changed


def _path(folder: Path, name: str) -> Path:
    return folder / f"{_PREFIX}{name}"
