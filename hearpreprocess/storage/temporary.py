"""Temporary files and folders that show whether somebody is still building them.

Beside each stands a lock file, which its builder holds locked from before the temporary exists until it is gone. A lock
ends with its process, in every container and under every clock; the system forgets none, and none outlives its holder.
Names are random, as process numbers and host names are not unique where several containers or hosts share a folder.

The lock file names the running system of its builder. Locks of that system are always seen, so that what is unlocked
there is abandoned. Some file systems do not show the locks of another host: what comes from there must be old, too.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from hearpreprocess.storage.disk import PARTIAL
from hearpreprocess.storage.locks import create_locked, has_locks, open_lock, try_lock

SECONDS_UNTIL_OLD = 24 * 3600
"""How long nothing may have changed in what another host left, by the clock of the file system."""

_LOCK = "-lock"
_LONGEST_NAME = 180
"""Bytes of the final name in a temporary one; file systems take 255 in all."""

_TEMPORARY = re.compile(rf"(\..*\.[0-9a-f]{{16}}{re.escape(PARTIAL)})(?:{_LOCK})?", re.DOTALL)
_NOT_RENAMED = (errno.EXDEV, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EMFILE)
"""Errors of file systems that cannot rename a folder: overlays of container images, object stores."""

_held: set[BinaryIO] = set()


def _close_inherited() -> None:
    """Close the locks that a forked process has inherited, as its parent's temporaries are none of its own."""
    while _held:
        _held.pop().close()


os.register_at_fork(after_in_child=_close_inherited)


@contextlib.contextmanager
def temporary(path: Path) -> Iterator[Path]:
    """Yield a new hidden path beside `path` to build at; what is there at the end is removed."""
    reserved, lock = _reserve(path)
    try:
        yield reserved
    finally:
        try:
            remove(reserved)
            _lock_path(reserved).unlink(missing_ok=True)
        finally:
            _held.discard(lock)
            lock.close()


def _reserve(path: Path) -> tuple[Path, BinaryIO]:
    start = os.fsencode(path.name)[:_LONGEST_NAME].decode(errors="ignore")
    while True:
        reserved = path.with_name(f".{start}.{secrets.token_hex(8)}{PARTIAL}")
        lock = create_locked(_lock_path(reserved))
        if lock is not None:  # otherwise somebody has removed the file before it was locked
            _held.add(lock)
            lock.write(system_id())
            return reserved, lock


def _lock_path(reserved: Path) -> Path:
    return reserved.with_name(f"{reserved.name}{_LOCK}")


@functools.cache
def system_id() -> bytes:
    """An identifier of the running system, the same in all of its containers; empty if it has none."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_bytes().strip()
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        return subprocess.check_output(["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]).strip()
    return b""


def remove(path: Path) -> None:
    """Remove a file, or a folder with its contents; do nothing if it does not exist."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def discard(folder: Path) -> None:
    """Remove a folder atomically: it is renamed first, so that its path never names a part of it.

    A file system that cannot rename it has it removed where it is.
    """
    with contextlib.suppress(FileNotFoundError), temporary(folder) as aside:  # another run is removing it, too
        move_aside(folder, aside)


def move_aside(folder: Path, aside: Path) -> None:
    """Rename a folder, or remove it where the file system cannot rename it.

    Raises FileNotFoundError if it does not exist.
    """
    try:
        folder.rename(aside)
    except OSError as error:
        if error.errno not in _NOT_RENAMED:
            raise
        remove(folder)


def remove_abandoned(folder: Path, *, force: bool = False) -> list[Path]:
    """Remove the temporaries in a folder whose builders have ended, and return those that nobody may know about.

    These are from another host and not old, on a file system without locks, or of a user who does not allow it.
    `force`: remove them, too, where that is allowed. What is locked is being built, and neither removed nor returned.
    """
    with os.scandir(folder) as entries:
        names = {match[1] for entry in entries if (match := _TEMPORARY.fullmatch(entry.name))}
    probe = functools.cache(functools.partial(_probe, folder))
    unknown = []
    for name in sorted(names):
        reserved = folder / name
        try:
            with _taken(reserved) as (is_taken, builder):
                if is_taken is False:
                    continue
                is_known = is_taken is True and builder == system_id() != b""
                if force or is_known or (is_taken is not None and _is_old(reserved, *probe())):
                    discard(reserved)
                    _lock_path(reserved).unlink(missing_ok=True)
                elif reserved.exists():
                    unknown.append(reserved)
        except OSError:  # of another user, or another process is at it
            unknown.append(reserved)
    return unknown


@contextlib.contextmanager
def _taken(reserved: Path) -> Iterator[tuple[bool | None, bytes]]:
    """Yield whether the lock of a temporary could be taken, None if that is unknown, and its builder's system."""
    try:
        file = open_lock(_lock_path(reserved))
    except FileNotFoundError:
        yield True, b""
        return
    with file:
        is_taken = try_lock(file)
        yield is_taken, file.read() if is_taken else b""


def _probe(folder: Path) -> tuple[float, bool]:
    """The time by the clock of the folder's file system, and whether that has locks."""
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        file.write(b"now")
        return os.fstat(file.fileno()).st_ctime, has_locks(file)


def _is_old(reserved: Path, now: float, locks: bool) -> bool:
    """Whether nothing has changed in a temporary for long, on a file system with locks."""
    if not locks:
        return False
    paths = [str(reserved), str(_lock_path(reserved))]
    paths += [f"{parent}/{name}" for parent, folders, files in os.walk(reserved) for name in (*folders, *files)]
    changed = []
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            changed.append(os.lstat(path).st_ctime)  # the time of the file system, whatever time a file was given
    return all(time < now - SECONDS_UNTIL_OLD for time in changed)
