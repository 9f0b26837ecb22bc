"""Atomic files and folders: they appear complete or not at all.

They are written under a temporary name in the same directory and renamed when complete. The temporary name contains the
host and the process number, so that a later run can distinguish abandoned files from those in progress.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import re
import shutil
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from hearpreprocess.errors import OutputError
from hearpreprocess.storage.disk import PARTIAL, explaining_disk_errors

_SWAPS = 100
MOST_FILES_FLUSHED_SINGLY = 20
_TEMPORARY = re.compile(rf"^\..+\.(?P<host>[^.]+)-(?P<process>\d+)-\d+{re.escape(PARTIAL)}$")


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9-]", "_", socket.gethostname()) or "localhost"


def temporary_name(path: Path) -> Path:
    """The hidden temporary path beside `path` that this process and thread write to."""
    return path.with_name(f".{path.name}.{_host()}-{os.getpid()}-{threading.get_native_id()}{PARTIAL}")


def _is_abandoned(path: Path, process: int) -> bool:
    """Whether the process that wrote `path` has ended: dead, a zombie, or its number reused by a younger process."""
    import psutil

    try:
        builder = psutil.Process(process)
        return builder.status() == psutil.STATUS_ZOMBIE or builder.create_time() > path.lstat().st_ctime + 1
    except (psutil.NoSuchProcess, FileNotFoundError):
        return True
    except psutil.AccessDenied:
        return False


def remove(path: Path) -> None:
    """Remove a file, or a folder with its contents; do nothing if it does not exist."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def discard(folder: Path) -> None:
    """Remove a finished folder atomically: it is renamed first, so that its path never names a part of it."""
    aside = temporary_name(folder)
    with contextlib.suppress(FileNotFoundError):  # another run is removing it, too
        folder.rename(aside)
        remove(aside)


def remove_abandoned(folder: Path) -> None:
    """Remove the temporary files in a folder that processes of this host left when they died."""
    with os.scandir(folder) as entries:
        names = [(entry.path, _TEMPORARY.match(entry.name)) for entry in entries]
    for path, temporary in names:
        if temporary and temporary["host"] == _host() and _is_abandoned(Path(path), int(temporary["process"])):
            with contextlib.suppress(FileNotFoundError):  # another run is cleaning up, too
                remove(Path(path))


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write to; the file is renamed to `path` only if the block succeeds."""
    temporary = temporary_name(path)
    with explaining_disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            _flush(temporary)
            temporary.replace(path)
            sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield an empty temporary folder to fill; it is renamed to `path` only if the block succeeds.

    If another process has created the same folder meanwhile, that one stays and ours is removed. Nothing is flushed to
    the disk: such folders are sealed, and the seal detects data lost in a power cut.
    """
    temporary = temporary_name(path)
    with explaining_disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.mkdir()
            yield temporary
            with contextlib.suppress(FileExistsError):
                _rename_folder(temporary, path)
            sync_folder(path.parent)
        finally:
            remove(temporary)


@contextlib.contextmanager
def replaced_folder(path: Path) -> Iterator[Path]:
    """Like `whole_folder`, but replace an existing folder: it is removed only when the new one is complete.

    The new one is flushed to the disk first, so that not even a power cut leaves an incomplete folder.
    """
    temporary = temporary_name(path)
    aside = temporary_name(path.with_name(f"{path.name}.old"))
    with explaining_disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.mkdir()
            yield temporary
            _flush_folder(temporary)
            _swap(temporary, path, aside)
            sync_folder(path.parent)
            remove(aside)
        finally:
            remove(temporary)


def _swap(new: Path, path: Path, aside: Path) -> None:
    """Rename `new` to `path` after moving what is at `path` to `aside`; other processes may do the same."""
    for _attempt in range(_SWAPS):
        with contextlib.suppress(FileNotFoundError):
            path.rename(aside)
        try:
            _rename_folder(new, path)
            return
        except FileExistsError:  # another process was faster; its folder is moved aside, too
            remove(aside)
        except OSError:
            if aside.exists():
                aside.rename(path)
            raise
    raise OutputError(f"{path} is replaced by other processes all the time")


def _rename_folder(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise FileExistsError(error.errno, "another process made it first", str(target)) from error
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


def _flush(path: Path) -> None:
    """Flush a file to the disk before it is renamed, so that a power cut cannot truncate it afterwards."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Flush the files of a folder to the disk: one by one, or the whole file system if there are many."""
    files = [Path(parent, name) for parent, _folders, names in os.walk(folder) for name in names]
    if len(files) > MOST_FILES_FLUSHED_SINGLY and sync_file_system(folder):
        return
    for file in files:
        _flush(file)
    sync_folder(folder)


def link_or_copy(source: str, target: str) -> None:
    """Create `target` as a hard link to `source`, or as a copy where the file system does not allow the link."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK):
            raise
        shutil.copyfile(source, target)
