"""Locks on files, between processes and between the threads of one.

Ours, as `fasteners` takes POSIX locks, which threads of one process share and which end when any descriptor of the file
is closed, and as `filelock` hides the descriptor that a download writes through, has no shared lock with flock, and
takes a note of a process number where there is no flock.

A lock belongs to one opening of a file. It ends when that is closed, or with the last process that has it open, however
that ends; a forked process has it open, a program that is started does not.

On a file system without locks everybody who asks is given one, so that work goes on as if nobody else were there, and
`is_locked` does not know, so that nothing is removed that may be somebody's.
"""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import BinaryIO


def lock_file(path: Path, *, shared: bool = False) -> BinaryIO:
    """Wait for the lock on a file, which is created where it is missing, and return the open file that holds the lock.

    `shared`: others may share the lock, but nobody may have it alone. What is written to the file is not buffered.
    """
    return _locked(path, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)


def try_lock_file(path: Path) -> BinaryIO | None:
    """Like `lock_file`, for this opening alone, but None where somebody else has the lock."""
    try:
        return _locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None


def is_locked(path: Path) -> bool | None:
    """Whether somebody has a lock on a file; None where that is not known: no locks there, or no right to ask."""
    try:
        with _open(path, os.O_RDWR) as file:
            return False if _flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB) else None
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except PermissionError:
        return None


def is_under_its_name(file: BinaryIO, path: Path) -> bool:
    """Whether an open file is still the one at `path`, and has not been removed or renamed."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _locked(path: Path, kind: int) -> BinaryIO:
    """The open file with the lock; raises BlockingIOError where somebody has it and `kind` does not wait."""
    while True:
        file = _open(path, os.O_RDWR | os.O_CREAT)
        try:
            _flock(file, kind)
            if is_under_its_name(file, path):
                return file
        except BaseException:
            file.close()
            raise
        file.close()  # who had the lock before has removed or renamed this one; the next one under the name counts


def _open(path: Path, flags: int) -> BinaryIO:
    # To write, too, as NFS gives no exclusive lock to who only reads.
    return os.fdopen(os.open(path, flags, 0o644), "r+b", buffering=0)


def _flock(file: BinaryIO, kind: int) -> bool:
    """Take a lock, and tell whether it is one: False on a file system without locks.

    Raises BlockingIOError where somebody has it and `kind` does not wait.
    """
    try:
        fcntl.flock(file.fileno(), kind)
    except OSError as error:
        # Some network file systems say EACCES for EWOULDBLOCK.
        if kind & fcntl.LOCK_NB and error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            raise BlockingIOError(error.errno, error.strerror) from error
        return False
    return True
