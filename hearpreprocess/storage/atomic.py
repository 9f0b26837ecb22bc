"""Atomic files and folders: they appear complete or not at all.

They are written at a temporary path in the same directory and renamed when complete.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from hearpreprocess.errors import OutputError
from hearpreprocess.storage.disk import explaining_disk_errors
from hearpreprocess.storage.temporary import move_aside, remove, temporary

_SWAPS = 100
MOST_FILES_FLUSHED_SINGLY = 20

_NOT_SUPPORTED = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTTY)
"""Errors of file systems that do not support a call."""

_OF_A_COPY_TOO = (
    errno.EEXIST, errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.ENOSPC, errno.EDQUOT, errno.EROFS,
    errno.EIO, errno.ESTALE, errno.ENOMEM,
)  # fmt: skip
"""Errors of a link that say nothing about links, so that a copy would not help."""


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write to; the file is renamed to `path` only if the block succeeds.

    Raises OutputError if another process has removed it meanwhile.
    """
    with explaining_disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary(path) as unfinished:
            yield unfinished
            try:
                _flush(unfinished)
                unfinished.replace(path)
            except FileNotFoundError as error:
                raise _removed_meanwhile(path) from error
            sync_folder(path.parent)


@contextlib.contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield an empty temporary folder to fill; it is renamed to `path` only if the block succeeds.

    If another process has created the same folder meanwhile, its folder is kept and ours is removed. Nothing is flushed
    to the disk, which would take a millisecond or more for each of hundreds of folders: they are sealed, and the seal
    detects data lost in a power cut. Raises OutputError if another process has removed the temporary folder meanwhile.
    """
    with explaining_disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary(path) as unfinished:
            with _created(unfinished, path):
                yield unfinished
            with contextlib.suppress(FileExistsError):
                _rename_folder(unfinished, path)


@contextlib.contextmanager
def replaced_folder(path: Path) -> Iterator[Path]:
    """Like `whole_folder`, but replace an existing folder: it is removed only when the new one is complete.

    The new one is flushed to the disk first, so that not even a power cut leaves an incomplete folder.
    """
    with explaining_disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary(path) as unfinished:
            with _created(unfinished, path):
                yield unfinished
            _flush_folder(unfinished)
            with temporary(path.with_name(f"{path.name}.old")) as aside:
                _swap(unfinished, path, aside)
                sync_folder(path.parent)


def move_into_place(folder: Path, path: Path) -> None:
    """Rename a finished folder in the same directory to `path`; an existing folder is removed.

    The files of `folder` must have been flushed, as `whole_file` does.
    """
    with explaining_disk_errors(path), temporary(path.with_name(f"{path.name}.old")) as aside:
        _swap(folder, path, aside)
        sync_folder(path.parent)


@contextlib.contextmanager
def _created(folder: Path, path: Path) -> Iterator[None]:
    """Create a folder to fill in the block; raises OutputError if it was removed or replaced meanwhile."""
    folder.mkdir()
    created = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)  # open, so that no other folder gets its inode number
    try:
        try:
            yield
        except FileNotFoundError as error:
            if not _is_same(folder, created):
                raise _removed_meanwhile(path) from error
            raise
        if not _is_same(folder, created):
            raise _removed_meanwhile(path)
    finally:
        os.close(created)


def _is_same(folder: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(folder.stat(), os.fstat(descriptor))
    except OSError:
        return False


def _removed_meanwhile(path: Path) -> OutputError:
    return OutputError(
        f"{path}: another program removed its unfinished files while they were being written. "
        "Run the same command again; finished work is kept"
    )


def _swap(new: Path, path: Path, aside: Path) -> None:
    """Rename `new` to `path` after moving what is at `path` to `aside`; other processes may do the same."""
    for _attempt in range(_SWAPS):
        with contextlib.suppress(FileNotFoundError):
            move_aside(path, aside)
        try:
            _rename_folder(new, path)
            return
        except FileExistsError:  # another process was faster; its folder is moved aside, too
            remove(aside)
        except OSError:
            if aside.exists():
                aside.rename(path)
            raise
    raise OutputError(
        f"{path}: other processes keep replacing it. Stop the other runs that write it and run the same command again"
    )


def _rename_folder(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise FileExistsError(error.errno, "another process created it first", str(target)) from error
        if error.errno in (*_NOT_SUPPORTED, errno.EXDEV, errno.EMFILE):
            raise OutputError(
                f"{target}: its file system cannot rename directories ({error.strerror}). "
                "Choose another disk with --tmp-dir, --tasks-dir, --tar-dir or --download-dir"
            ) from error
        raise


def sync_folder(folder: Path) -> None:
    """Flush the entries of a folder to the disk, where the system supports that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sync_file_system(folder: Path) -> bool:
    """Flush the file system that a folder is on, where the system supports that (Linux); return whether it does."""
    import ctypes  # late, as a run with nothing to do writes nothing

    call = getattr(ctypes.CDLL(None), "syncfs", None) if sys.platform == "linux" else None
    if call is None:
        return False
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return False
    try:
        return bool(call(descriptor) == 0)
    finally:
        os.close(descriptor)


def flush_file(descriptor: int) -> None:
    """Flush an open file to the disk, where its file system supports that."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:
            raise


def _flush(path: Path) -> None:
    """Flush a file to the disk before it is renamed, so that a power cut cannot truncate it afterwards."""
    with path.open("rb") as file:
        flush_file(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Flush the files of a folder to the disk: one by one, or the whole file system if there are many."""
    files = (Path(parent, name) for parent, _folders, names in os.walk(folder) for name in names)
    first = list(itertools.islice(files, MOST_FILES_FLUSHED_SINGLY + 1))
    if len(first) > MOST_FILES_FLUSHED_SINGLY and sync_file_system(folder):
        return
    for file in (*first, *files):
        _flush(file)
    sync_folder(folder)


def link_or_copy(source: str, target: str) -> None:
    """Create `target` as a hard link to `source`, or as a copy where the file system does not make the link."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno in _OF_A_COPY_TOO:
            raise
        shutil.copyfile(source, target)
