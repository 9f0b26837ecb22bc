"""Files and folders that appear whole or not at all.

They are written under a temporary name beside their path and renamed when they are whole. The temporary name has
the host and the process that writes it, so that a later run knows an abandoned one from one in progress.
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
from hearpreprocess.storage.disk import PARTIAL, naming_the_disk

_SWAPS = 100
MOST_FILES_FLUSHED_SINGLY = 20
_TEMPORARY = re.compile(rf"^\..+\.(?P<host>[^.]+)-(?P<process>\d+)-\d+{re.escape(PARTIAL)}$")


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9-]", "_", socket.gethostname()) or "localhost"


def temporary_name(path: Path) -> Path:
    """The hidden sibling of `path` under which this process and thread may build it."""
    return path.with_name(f".{path.name}.{_host()}-{os.getpid()}-{threading.get_native_id()}{PARTIAL}")


def _is_abandoned(path: Path, process: int) -> bool:
    """Whether the process that builds `path` is gone: dead, or unreaped, or its number given to a younger one."""
    import psutil

    try:
        builder = psutil.Process(process)
        return builder.status() == psutil.STATUS_ZOMBIE or builder.create_time() > path.lstat().st_ctime + 1
    except (psutil.NoSuchProcess, FileNotFoundError):
        return True
    except psutil.AccessDenied:
        return False


def remove(path: Path) -> None:
    """Remove a file or a folder with all it holds; nothing happens where there is none."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def discard(folder: Path) -> None:
    """Remove a finished folder; at no moment does a part of it stand under its name."""
    aside = temporary_name(folder)
    with contextlib.suppress(FileNotFoundError):  # another run removes it, too
        folder.rename(aside)
        remove(aside)


def remove_abandoned(folder: Path) -> None:
    """Remove from a folder what dead processes of this host have left half-made there."""
    with os.scandir(folder) as entries:
        names = [(entry.path, _TEMPORARY.match(entry.name)) for entry in entries]
    for path, temporary in names:
        if temporary and temporary["host"] == _host() and _is_abandoned(Path(path), int(temporary["process"])):
            with contextlib.suppress(FileNotFoundError):  # another run tidies up, too
                remove(Path(path))


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary name to write to; the file takes its place at `path` only if the block succeeds."""
    temporary = temporary_name(path)
    with naming_the_disk(path):
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
    """Yield a temporary empty folder to fill; it takes its place at `path` only if the block succeeds.

    Where another process has put the same folder in place meanwhile, that one stays and ours is dropped. Nothing waits
    for the disk: what is put in place so carries a seal, which tells what a power cut has taken.
    """
    temporary = temporary_name(path)
    with naming_the_disk(path):
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
    """Like `whole_folder`, but what stands at `path` is replaced: it is removed only when the new one is whole.

    By then all of it has reached the disk, so that not even a power cut leaves a half-made one.
    """
    temporary = temporary_name(path)
    aside = temporary_name(path.with_name(f"{path.name}.old"))
    with naming_the_disk(path):
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
    """Put `new` in the place of what is at `path`, which is moved aside, while others may do the same."""
    for _attempt in range(_SWAPS):
        with contextlib.suppress(FileNotFoundError):
            path.rename(aside)
        try:
            _rename_folder(new, path)
            return
        except FileExistsError:  # another process was faster; what it made is moved aside in its turn
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
    """Bring the names in a folder to the disk, where the system can do that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sync_file_system(folder: Path) -> bool:
    """Bring to the disk whatever the file system of a folder has not written yet, if the system can do that (Linux)."""
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
    """Bring a file's bytes to the disk, so that its name never points at bytes that a power cut can lose."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Bring the files of a folder to the disk: one by one, or the whole file system where they are many."""
    files = [Path(parent, name) for parent, _folders, names in os.walk(folder) for name in names]
    if len(files) > MOST_FILES_FLUSHED_SINGLY and sync_file_system(folder):
        return
    for file in files:
        _flush(file)
    sync_folder(folder)


def link_or_copy(source: str, target: str) -> None:
    """Give the bytes of `source` a second name; copy them where the file system has no hard links across the two."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK):
            raise
        shutil.copyfile(source, target)
