"""Temporary files and folders that show whether a process is still building them.

Each has a lock file beside it, which its builder keeps locked from before the temporary exists until it is removed. A
lock ends with its process, in every container and with any clock setting. Names are random, as process numbers and host
names are not unique where several containers or hosts share a folder.

The lock file names its builder: see `elsewhere` for when unlocked files count as abandoned.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from hearpreprocess.storage.disk import PARTIAL
from hearpreprocess.storage.elsewhere import FileSystem, Writer
from hearpreprocess.storage.locks import LONGEST_NOTE, create_locked, open_lock, try_lock

_LOCK = "-lock"
_LONGEST_NAME = 180
"""Bytes of the final name within a temporary name; file systems allow 255 in all."""

_RANDOM, _HOST_AND_PROCESS = "[0-9a-f]{16}", r"[A-Za-z0-9_-]+-\d+-\d+"
"""The ends of names: the current form, and that of earlier versions, which had no lock files."""

_TEMPORARY = re.compile(
    rf"(\..*\.{_RANDOM}{re.escape(PARTIAL)})(?:{_LOCK})?|(\..+\.{_HOST_AND_PROCESS}{re.escape(PARTIAL)})", re.DOTALL
)
_NOT_RENAMED = (errno.EXDEV, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EMFILE)
"""Errors of file systems that cannot rename a folder: overlays of container images, object stores."""

_held: set[BinaryIO] = set()


def _close_inherited() -> None:
    """Close the locks that a forked process has inherited, as the temporaries belong to its parent."""
    while _held:
        _held.pop().close()


os.register_at_fork(after_in_child=_close_inherited)


@contextlib.contextmanager
def temporary(path: Path) -> Iterator[Path]:
    """Yield a new hidden path beside `path` for building; if it still exists at the end, it is removed."""
    reserved, lock = _reserve(path)
    try:
        yield reserved
    finally:
        try:
            remove(reserved)
        finally:
            _release(reserved, lock)


def _reserve(path: Path) -> tuple[Path, BinaryIO]:
    start = os.fsencode(path.name)[:_LONGEST_NAME].decode(errors="ignore")
    while True:
        reserved = path.with_name(f".{start}.{os.urandom(8).hex()}{PARTIAL}")
        lock = create_locked(_lock_path(reserved))
        if lock is not None:  # otherwise another process has removed the file before it was locked
            _held.add(lock)
            try:
                lock.write(Writer.of(lock).text().encode())
            except BaseException:  # the disk is full
                _release(reserved, lock)
                raise
            return reserved, lock


def _release(reserved: Path, lock: BinaryIO) -> None:
    try:
        _lock_path(reserved).unlink(missing_ok=True)
    finally:
        _held.discard(lock)
        lock.close()


def _lock_path(reserved: Path) -> Path:
    return reserved.with_name(f"{reserved.name}{_LOCK}")


def remove(path: Path) -> None:
    """Remove a file, or a folder with its contents; do nothing if it does not exist."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def discard(folder: Path) -> None:
    """Remove a folder atomically: it is renamed first, so that its path never names an incomplete folder.

    It is removed without renaming if the file system cannot rename it, or is too full for a lock file.
    """
    try:
        with contextlib.suppress(FileNotFoundError), temporary(folder) as aside:  # another run is removing it, too
            move_aside(folder, aside)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        remove(folder)


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


class KeptTemporary(NamedTuple):
    """A temporary that may be abandoned but was kept, and the reason for people."""

    path: Path
    reason: str


def remove_abandoned(folder: Path, *, force: bool = False, active: Collection[str] = ()) -> list[KeptTemporary]:
    """Remove the temporaries in a folder whose builders have ended, and return those whose state is unknown.

    The state is unknown for recent ones of another host or version, for those of hosts that have an active run, on a
    file system without locks, and for those of another user without permission. `active`: the running systems of such
    hosts. `force`: remove these, too, where permitted. Locked ones are being built, and are neither removed nor
    returned.
    """
    with os.scandir(folder) as entries:
        names = {match[1] or match[2] for entry in entries if (match := _TEMPORARY.fullmatch(entry.name))}
    server = FileSystem(folder)
    unknown = []
    for name in sorted(names):
        reserved = folder / name
        try:
            with _look(reserved) as lock:
                reason = "" if force else _reason_to_keep(reserved, lock, server, active)
                if lock.is_taken is False:
                    continue
                if not reason:
                    discard(reserved)
                    _lock_path(reserved).unlink(missing_ok=True)
                elif reserved.exists():
                    unknown.append(KeptTemporary(reserved, reason))
        except FileNotFoundError:  # another process is removing it
            continue
        except OSError as error:
            unknown.append(KeptTemporary(reserved, error.strerror or str(error)))
    return unknown


class _Look(NamedTuple):
    """The lock of a temporary: whether it could be taken, None if unknown; its builder; whether that is visible here.

    `builder`: None if the builder has not written its name yet.
    """

    is_taken: bool | None
    builder: Writer | None = None
    is_visible: bool = False


@contextlib.contextmanager
def _look(reserved: Path) -> Iterator[_Look]:
    try:
        file = open_lock(_lock_path(reserved))
    except FileNotFoundError:
        yield _Look(True)
        return
    with file:
        is_taken = try_lock(file)
        content = file.read(LONGEST_NOTE) if is_taken else b""
        builder = Writer.parse(content) if content else None
        yield _Look(is_taken, builder, builder is not None and builder.is_visible_from(Writer.of(file)))


def _reason_to_keep(reserved: Path, lock: _Look, server: FileSystem, active: Collection[str]) -> str:
    """The reason for not removing an unlocked temporary; "" if its builder has ended."""
    if not lock.is_taken:
        return "cannot tell whether it is locked: no permission, or a file system without locks"
    if lock.builder is None and not reserved.exists():  # its builder was killed before it built anything
        return ""
    if lock.is_visible:
        return ""
    if not server.has_locks:
        return "its file system has no locks"
    builder = lock.builder or Writer()
    host = f"host {builder.host}" if builder.host else "an unknown host or an earlier version"
    if builder.system in active:
        return f"of {host}, which has an active run"
    return "" if server.are_old(_paths(reserved)) else f"of {host}, changed less than a day ago"


def _paths(reserved: Path) -> Iterator[str]:
    """The paths of a temporary, its lock file, and everything below it."""
    yield str(reserved)
    yield str(_lock_path(reserved))
    for parent, folders, files in os.walk(reserved):
        yield from (f"{parent}/{name}" for name in (*folders, *files))
