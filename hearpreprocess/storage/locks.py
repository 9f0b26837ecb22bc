"""Locks on files, between processes and between the threads of one.

This is our own module because `fasteners` uses POSIX locks, which do not exclude threads of one process and are
released when any descriptor of the file closes, and because `filelock` hides the descriptor that a download writes to,
has no shared flock locks, and falls back to a file with a process number where there is no flock.

A lock belongs to one open file description. It is released when that is closed, or when the last process that has it
open ends for any reason; a forked process inherits it, a new program does not.

Lock files get the permissions that the umask allows, so that the users of a group can share them. A read-only file can
be locked, too, except on NFS, where an exclusive lock needs write permission.

On a file system without locks every request succeeds, so that work continues without exclusion, and `is_locked` returns
None, so that no file is removed that another process may use.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import stat
import sys
from pathlib import Path
from typing import BinaryIO

from hearpreprocess.errors import OutputError
from hearpreprocess.storage.disk import explaining_disk_errors, permissions_of
from hearpreprocess.storage.looking import is_missing, look_again
from hearpreprocess.storage.wording import printable, shortened

LONGEST_NOTE = 1 << 16
"""The bytes that are read of a lock file's content, which any user of a shared folder may have written."""

_LONGEST_COMMAND, _LONGEST_HOLDER = 80, 400


class NotRegularError(OSError):
    """What has the name of a lock file is a folder, a pipe or a device."""


def lock_file(path: Path, *, shared: bool = False) -> BinaryIO:
    """Wait for the lock on a file, which is created if missing, and return the open file that holds the lock.

    `shared`: other shared locks are allowed, an exclusive one is not. The file may be open for reading only.
    """
    return _locked(path, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, writes=False)


def try_lock_file(path: Path, *, writes: bool = True) -> BinaryIO | None:
    """Like `lock_file` with an exclusive lock, but return None instead of waiting if the file is locked.

    `writes`: the file must be open for writing, too. Writes are not buffered.
    """
    try:
        return _locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB, writes=writes)
    except BlockingIOError:
        return None


def create_locked(path: Path) -> BinaryIO | None:
    """A new file, locked where the file system supports it; None if another process has just removed the file.

    Raises FileExistsError.
    """
    file = _open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
    try:
        _flock(file, fcntl.LOCK_EX)
        if is_under_its_name(file, path):
            return file
    except BaseException:
        file.close()
        raise
    file.close()
    return None


def open_lock(path: Path) -> BinaryIO:
    """An existing lock file, opened for writing if permitted.

    Raises FileNotFoundError, PermissionError, NotRegularError.
    """
    try:
        file = _open(path, os.O_RDWR | os.O_NONBLOCK)  # a pipe does not wait for its other end
    except PermissionError:
        file = _open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in (errno.EISDIR, errno.ELOOP, errno.ENXIO):
            raise _not_regular(path) from error
        raise
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise _not_regular(path)
    return file


def _not_regular(path: Path) -> NotRegularError:
    return NotRegularError(errno.EINVAL, "not a regular file", str(path))


def try_lock(file: BinaryIO) -> bool | None:
    """Take the lock of an open file if it is free; return whether it was, None if that is unknown.

    A file on NFS that is open for reading only has no exclusive lock: one that another process has locked exclusively
    is seen by a shared lock, of one that gets it nothing is known.
    """
    try:
        return True if _flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB) else None
    except BlockingIOError:
        return False
    except PermissionError:
        pass
    try:
        _flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return None


def has_locks(file: BinaryIO) -> bool:
    """Whether the file system of an open file supports locks."""
    with contextlib.suppress(OSError):
        return _flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return True


def is_locked(path: Path) -> bool | None:
    """Whether a file is locked; None if that is unknown: no locks on the file system, or no permission."""
    try:
        with open_lock(path) as file:
            is_free = try_lock(file)
            return None if is_free is None else not is_free
    except FileNotFoundError:
        return False
    except PermissionError:
        return None


def is_under_its_name(file: BinaryIO, path: Path) -> bool:
    """Whether an open file is still the file at `path`, not removed or renamed, also by another host."""
    look_again(path)
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except OSError as error:
        if not is_missing(error):
            raise
        return False


def this_process() -> str:
    """This process for messages of others: its number, host and command, without URLs, which may hold a password."""
    words = [Path(sys.argv[0]).name, *sys.argv[1:]] if sys.argv else []
    command = shortened(" ".join("..." if "://" in word else word for word in words), _LONGEST_COMMAND)
    return f"process {os.getpid()} on {socket.gethostname()}" + (f": {command}" if command else "")


def note_holder(lock: BinaryIO) -> None:
    """Write into a locked file, in place of its content, which process holds it."""
    with contextlib.suppress(OSError):  # the note is only informative; the lock is held anyway
        lock.truncate(0)
        lock.seek(0)
        lock.write(this_process().encode(errors="replace"))


def holder_of(path: Path) -> str:
    """The process that `note_holder` has written into a lock file; empty if unknown."""
    try:
        with open_lock(path) as file:
            return printable(file.read(_LONGEST_HOLDER).decode(errors="replace")).strip()
    except OSError:
        return ""


def _locked(path: Path, kind: int, *, writes: bool) -> BinaryIO:
    """The open file with the lock; raises BlockingIOError if it is locked and `kind` does not wait."""
    while True:
        with explaining_disk_errors(path):
            try:
                file = _open(path, os.O_RDWR)
            except FileNotFoundError:
                # O_CREAT only now: with it, some systems refuse to open an existing file of another user.
                file = _open(path, os.O_RDWR | os.O_CREAT)
            except PermissionError:
                if writes:
                    raise
                file = _open(path, os.O_RDONLY)
        try:
            _flock(file, kind)
            if is_under_its_name(file, path):
                return file
        except PermissionError as error:
            file.close()
            raise OutputError(
                f"{path}: cannot be locked: no write permission ({permissions_of(path)}). Make it writable for its "
                "group with chmod g+w; let its owner use umask 002 for new files"
            ) from error
        except BaseException:
            file.close()
            raise
        file.close()  # the previous holder removed or renamed this file: try the file that has its name now


def _open(path: Path, flags: int) -> BinaryIO:
    # For writing wherever possible: NFS has no exclusive locks on files that are open for reading only.
    descriptor = os.open(path, flags, 0o666)
    return os.fdopen(descriptor, "r+b" if flags & os.O_RDWR else "rb", buffering=0)


def _flock(file: BinaryIO, kind: int) -> bool:
    """Lock a file; return False on a file system without locks.

    Raises BlockingIOError if it is locked and `kind` does not wait, PermissionError if it would have to be open for
    writing.
    """
    try:
        fcntl.flock(file.fileno(), kind)
    except OSError as error:
        # Some network file systems report EACCES instead of EWOULDBLOCK.
        if kind & fcntl.LOCK_NB and error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            raise BlockingIOError(error.errno, error.strerror) from error
        if error.errno == errno.EBADF and not file.writable():
            raise PermissionError(errno.EACCES, "open for reading only", str(file.name)) from error
        return False
    return True
