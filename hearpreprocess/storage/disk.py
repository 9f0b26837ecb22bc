"""Disks: how much is on them, how much room they have, and what their complaints mean."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from hearpreprocess.errors import DiskFullError, OutputError

PARTIAL = ".partial"
"""The end of the name of what is not whole yet."""


def size_of(place: Path) -> int:
    """The bytes of a file, or of all files below a folder; 0 where there is neither."""
    if place.is_file():
        return place.stat().st_size
    # As texts: pathlib would take three times as long for the 100,000 clips of a task.
    return sum(os.lstat(f"{parent}/{name}").st_size for parent, _folders, names in os.walk(place) for name in names)


def disk_of(place: Path) -> int:
    """What tells the disk of a place from others: files can be linked to within one."""
    return nearest_existing(place).stat().st_dev


def free_on(place: Path) -> int:
    """The bytes that are free on the disk of a place."""
    return shutil.disk_usage(nearest_existing(place)).free


def block_of(place: Path) -> int:
    """The bytes in which the disk of a place gives out its space."""
    return os.statvfs(nearest_existing(place)).f_frsize


@contextlib.contextmanager
def naming_the_disk(path: Path) -> Iterator[None]:
    """Turn the operating system's complaints about writing below `path` into errors that say what to do.

    Raises DiskFullError on a full disk, quota or file size limit; OutputError where writing is not allowed, or a file
    stands where a folder must be.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFullError(disk_full_message(path)) from error
        place = Path(error.filename or path)
        concerns_the_output = place.is_relative_to(path.parent) or path.is_relative_to(place)
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) and concerns_the_output:
            shown = path if place.name.endswith(PARTIAL) else place
            raise OutputError(
                f"{shown} cannot be written: {error.strerror}; make it writable or choose another folder "
                "(of a run, with --tmp-dir, --tasks-dir, --tar-dir or --download-dir)"
            ) from error
        if error.errno in (errno.ENOTDIR, errno.EEXIST) and concerns_the_output:
            raise OutputError(
                f"{error.filename or path}: a file stands where a folder must be; choose another"
            ) from error
        raise


def nearest_existing(place: Path) -> Path:
    """The place itself, or the folder above it that is nearest, of those that exist: it tells of the disk."""
    return next(each for each in (place, *place.parents) if each.exists())


def check_free(folder: Path, missing: int, what: str) -> None:
    """Raise DiskFullError where a folder's disk has less than `missing` bytes free; `what`: "... is downloaded"."""
    if missing > free_on(folder):
        raise DiskFullError(f"{missing / 1e6:,.0f} MB are needed until {what}; {disk_full_message(folder)}")


def disk_full_message(path: Path) -> str:
    """The sentence for a disk that ran full while something was written to `path`."""
    return (
        "the disk is full, or a limit on file size is reached, below "
        f"{nearest_existing(path)} ({free_on(path) / 1e6:,.0f} MB free): "
        "free some space or choose another disk with --tmp-dir, --tasks-dir, --tar-dir or --download-dir, "
        "then give the same command again; what was finished is kept"
    )
