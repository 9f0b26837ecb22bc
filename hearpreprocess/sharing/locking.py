"""Whether one host sees the locks of another: one holds locks on files of its own, the other tries to take them.

Each observer has files of its own, so that observers do not see each other's tries.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_ALONE, _SHARED = "alone", "shared"
_TAKEN = (errno.EWOULDBLOCK, errno.EACCES)
"""The errors for a lock that is held; some network file systems report EACCES instead of EWOULDBLOCK."""


@dataclass(frozen=True)
class LockView:
    """What an observer sees of another host's locks; each None if the file cannot be opened or has no locks.

    `sees_exclusive`: whether a held exclusive lock refuses both kinds of lock. `sees_shared`: whether a held shared
    lock, on a file that is open for reading only, refuses an exclusive lock. `shares`: whether it allows a shared one.
    """

    sees_exclusive: bool | None
    sees_shared: bool | None
    shares: bool | None


class HeldLocks:
    """Locks that this host holds for others to look at. `are_held`: False on a file system without locks."""

    def __init__(self, folder: Path, observers: Iterable[str]) -> None:
        self._alone: list[int] = []
        self._shared: list[int] = []
        self.are_held = True
        folder.mkdir()
        for observer in observers:
            for kind, descriptors, lock in (
                (_ALONE, self._alone, fcntl.LOCK_EX),
                (_SHARED, self._shared, fcntl.LOCK_SH),
            ):
                path = folder / f"{observer}-{kind}"
                path.touch()
                descriptors.append(os.open(path, os.O_RDWR if lock == fcntl.LOCK_EX else os.O_RDONLY))
                try:
                    fcntl.flock(descriptors[-1], lock | fcntl.LOCK_NB)
                except OSError:
                    self.are_held = False

    def release_exclusive(self) -> None:
        """Release the exclusive locks."""
        while self._alone:
            os.close(self._alone.pop())

    def release(self) -> None:
        """Release all locks."""
        self.release_exclusive()
        while self._shared:
            os.close(self._shared.pop())


def look_at_locks(folder: Path, observer: str) -> LockView:
    """What this observer sees of the locks that another host holds in a folder."""
    alone, shared = folder / f"{observer}-{_ALONE}", folder / f"{observer}-{_SHARED}"
    tries = [is_free(alone, shared=False), is_free(alone, shared=True)]
    exclusive = None if None in tries else not any(tries)
    others = is_free(shared, shared=False)
    return LockView(exclusive, None if others is None else not others, is_free(shared, shared=True))


def sees_release(folder: Path, observer: str) -> bool | None:
    """Whether this observer sees that another host has released its exclusive lock; None if that is unknown."""
    return is_free(folder / f"{observer}-{_ALONE}", shared=False)


def is_free(path: Path, *, shared: bool, writes: bool = True) -> bool | None:
    """Whether a lock on a file can be taken, which is released at once.

    None if that is unknown: no such file, no permission, no locks. `writes`: whether the file is opened for writing for
    an exclusive lock, without which NFS refuses it.
    """
    with contextlib.suppress(OSError), _opened(path, os.O_RDONLY if shared or not writes else os.O_RDWR) as descriptor:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError as error:
            return False if error.errno in _TAKEN else None
        return True
    return None


@contextlib.contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
