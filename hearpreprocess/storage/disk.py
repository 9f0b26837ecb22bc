"""Disks: sizes, free space, and clear errors when writing fails."""

from __future__ import annotations

import contextlib
import errno
import grp
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hearpreprocess.errors import DiskFullError, OutputError
from hearpreprocess.storage.looking import is_missing, is_there, look_again

LARGEST_READ = 256 << 20
"""Largest file, in bytes, that is read at once; the largest manifest of HEAR has 70 MB."""

PARTIAL = ".partial"
"""Suffix of the names of incomplete files and folders."""

_FREE_SOME_SPACE = (
    "Free some space or choose another disk with --tmp-dir, --tasks-dir, --tar-dir or --download-dir (for an export "
    "with --to-dir), then run the same command again; finished work is kept"
)


def read_regular(path: Path) -> bytes:
    """The content of a file of at most LARGEST_READ bytes.

    Raises OSError where it is larger, or not a regular file: a pipe, for example, may never end.
    """
    check_regular(path)
    return path.read_bytes()


def check_regular(path: Path) -> None:
    """Raise OSError where `read_regular` does."""
    state = path.stat()
    if not stat.S_ISREG(state.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    if state.st_size > LARGEST_READ:
        raise OSError(
            errno.EFBIG, f"too large: expected at most {LARGEST_READ:,} bytes, got {state.st_size:,}", str(path)
        )


def size_of(path: Path) -> int:
    """The bytes of a file, or of all files below a folder; 0 if the path does not exist."""
    if path.is_file():
        return path.stat().st_size
    # Strings instead of pathlib, which takes three times as long for the 100,000 clips of a task.
    return sum(os.lstat(f"{parent}/{name}").st_size for parent, _folders, names in os.walk(path) for name in names)


def disk_of(path: Path) -> int:
    """The device number of the disk that a path is on, or will be on; hard links work only within one disk."""
    return nearest_existing(path).stat().st_dev


def free_on(path: Path) -> int:
    """The free bytes of the disk that a path is on."""
    return shutil.disk_usage(nearest_existing(path)).free


def block_of(path: Path) -> int:
    """The block size in bytes of the disk that a path is on: a file occupies whole blocks."""
    return os.statvfs(nearest_existing(path)).f_frsize


@contextlib.contextmanager
def explaining_disk_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's errors when writing below `path` into errors with instructions for the user.

    Raises DiskFullError on a full disk, quota or file size limit; OutputError where writing is not allowed, or where a
    path is a file instead of a directory.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFullError(disk_full_message(path)) from error
        refused = Path(error.filename or path)
        concerns_the_output = refused.is_relative_to(path.parent) or path.is_relative_to(refused)
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) and concerns_the_output:
            shown = path if PARTIAL in refused.name else refused
            raise OutputError(
                f"{shown}: cannot be written: {error.strerror} ({permissions_of(shown)}). Make it writable or choose "
                "another directory: for a run with --tmp-dir, --tasks-dir, --tar-dir or --download-dir, for an export "
                "with --to-dir"
            ) from error
        if error.errno == errno.ESTALE:
            raise OutputError(
                f"{error.filename or path}: removed or replaced on the file server by another host. "
                "Run the same command again; finished work is kept"
            ) from error
        if error.errno in (errno.ENOTDIR, errno.EEXIST) and concerns_the_output:
            raise OutputError(
                f"{error.filename or path}: expected a directory, found a file. Choose another path"
            ) from error
        raise


def permissions_of(path: Path) -> str:
    """The owner, the group and the mode of a path, or of its nearest accessible parent folder, as text."""
    for candidate in (path, *path.parents):
        with contextlib.suppress(OSError):
            status = candidate.stat()
            owner, group = str(status.st_uid), str(status.st_gid)
            with contextlib.suppress(KeyError):  # an account of another container, or a deleted one
                owner = pwd.getpwuid(status.st_uid).pw_name
            with contextlib.suppress(KeyError):
                group = grp.getgrgid(status.st_gid).gr_name
            subject = "" if candidate == path else f"{candidate}: "
            return f"{subject}owner {owner}, group {group}, mode {stat.filemode(status.st_mode)}"
    return "owner and mode unknown"


def reason_of(error: OSError) -> str:
    """The reason why a file cannot be read, with its owner and mode if permissions are the reason."""
    reason = error.strerror or str(error)
    if isinstance(error, PermissionError) and isinstance(error.filename, str | bytes | os.PathLike):
        return f"{reason} ({permissions_of(Path(os.fsdecode(error.filename)))})"
    return reason


def unreadable_message(error: PermissionError) -> str:
    """The message for a file without read permission, with its owner and mode, and what to do."""
    if error.filename is None:  # not about a file
        return str(error)
    return (
        f"{os.fsdecode(error.filename)}: {reason_of(error)}. Ask its owner for permission, or run the command as a "
        "user with permission"
    )


def mount_point(path: Path) -> Path:
    """The directory at which the disk of a path is mounted: the same for all paths on it, so that it is named once."""
    path = nearest_existing(path.absolute())
    return next((candidate for candidate in (path, *path.parents) if candidate.is_mount()), path)


def nearest_existing(path: Path) -> Path:
    """The path itself or, if it does not exist, its nearest existing parent folder."""
    return next(candidate for candidate in (path, *path.parents) if is_there(candidate))


def check_writable(folder: Path) -> None:
    """Raise OSError, naming an existing directory, where a folder cannot be written to, or cannot be created.

    The client of a file server may know a directory that another host has removed; then its nearest existing parent
    counts.
    """
    for is_last in (False, True):
        existing = nearest_existing(folder)
        try:
            tempfile.TemporaryFile(dir=existing).close()
            return
        except OSError as error:
            if is_last or not is_missing(error):
                raise OSError(error.errno, error.strerror, str(existing)) from error
        look_again(existing)


def check_free(folder: Path, missing: int, end: str) -> None:
    """Raise DiskFullError where a folder's disk has less than `missing` bytes free; `end`: "... is downloaded"."""
    free = free_on(folder)
    if missing > free:
        raise DiskFullError(
            f"{nearest_existing(folder)}: {missing / 1e6:,.0f} MB are needed until {end}, "
            f"{free / 1e6:,.0f} MB are free. {_FREE_SOME_SPACE}"
        )


def disk_full_message(path: Path) -> str:
    """The message for a disk that ran full while writing to `path`."""
    return f"{mount_point(path)}: disk full, or a quota or file size limit reached. {_FREE_SOME_SPACE}"
