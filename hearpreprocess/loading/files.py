"""The audio files of a finished task, in a folder or a tarball, read in any order."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from hearpreprocess.errors import DiskFullError, FinishedTaskError, OutputError, enumerate_problems
from hearpreprocess.finished import ClipKey, clips_of, is_folder
from hearpreprocess.storage import read_regular, reason_of


class AudioFiles(Protocol):
    """The audio files of a finished task."""

    @property
    def rates(self) -> tuple[int, ...]:
        """The sample rates in hertz, ascending."""

    def path_of(self, key: ClipKey) -> Path | None:
        """The path of a clip's file; None if it is in a tarball."""

    def read(self, key: ClipKey) -> bytes:
        """The content of a clip's file.

        Raises FinishedTaskError where it is missing or cannot be read.
        """

    def size(self, key: ClipKey) -> int:
        """The bytes of a clip's file.

        Raises FinishedTaskError where it is missing.
        """

    def check_present(self, rate: int, clips: Mapping[str, Iterable[str]]) -> None:
        """Raise OutputError naming the clips, file names by split, whose files are missing at a rate."""


def audio_files_of(path: Path) -> AudioFiles:
    """The audio files of the finished task at `path`, a folder or a tarball."""
    return _Folder(path) if is_folder(path) else _Tarball(path)


def _check_present(path: Path, rate: int, missing: list[str]) -> None:
    if missing:
        headline = (
            f"{path}: unfinished or damaged: {{count}} of its clips at {rate} Hz are missing. Run the command that "
            "made it again, or take another copy:"
        )
        raise OutputError(enumerate_problems(headline, missing))


class _Folder:
    """The audio files in the folder of a finished task."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def rates(self) -> tuple[int, ...]:
        names = os.listdir(self._path)  # noqa: PTH208
        keys = (ClipKey.of(f"{name}/split/clip.wav") for name in names if (self._path / name).is_dir())
        return tuple(sorted(key.rate for key in keys if key))

    def path_of(self, key: ClipKey) -> Path | None:
        return self._path / key.path

    def read(self, key: ClipKey) -> bytes:
        try:
            return read_regular(self._path / key.path)
        except FileNotFoundError:
            raise FinishedTaskError(self._path, key.path, "is missing") from None
        except OSError as error:
            raise FinishedTaskError(self._path, key.path, f"cannot be read: {reason_of(error)}") from error

    def size(self, key: ClipKey) -> int:
        try:
            return os.stat(f"{self._path}/{key.path}").st_size  # noqa: PTH116  (100,000 of them)
        except OSError as error:
            raise FinishedTaskError(self._path, key.path, f"cannot be read: {reason_of(error)}") from error

    def check_present(self, rate: int, clips: Mapping[str, Iterable[str]]) -> None:
        missing = []
        for split, files in clips.items():
            folder = self._path / str(rate) / split
            names = set(os.listdir(folder)) if folder.is_dir() else set()  # noqa: PTH208
            missing += [f"{rate}/{split}/{file}" for file in files if file not in names]
        _check_present(self._path, rate, missing)


class _Tarball:
    """The audio files in the tarball of a finished task.

    A gzipped tarball has no index and can be read from its start only, so that the first `read` unpacks it into a
    temporary file, which is removed with this object, at the latest when Python ends.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: dict[ClipKey, tuple[int, int]] = {}
        self._unpacked: Path | None = None
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()

    @cached_property
    def rates(self) -> tuple[int, ...]:
        # A tarball holds one rate, that of its first clip.
        first = next(clips_of(self._path), None)
        return () if first is None else (first[0].rate,)

    def path_of(self, key: ClipKey) -> Path | None:
        return None

    def read(self, key: ClipKey) -> bytes:
        unpacked, (start, size) = self._place(key)
        with unpacked.open("rb") as file:
            file.seek(start)
            return file.read(size)

    def size(self, key: ClipKey) -> int:
        return self._place(key)[1][1]

    def _place(self, key: ClipKey) -> tuple[Path, tuple[int, int]]:
        """The unpacked copy, and the start and size of a clip's file in it."""
        with self._lock:
            unpacked = self._unpacked
            if unpacked is None or not unpacked.exists():
                unpacked = self._unpacked = self._unpack()
        if key not in self._places:
            raise FinishedTaskError(self._path, key.path, "is missing")
        return unpacked, self._places[key]

    def check_present(self, rate: int, clips: Mapping[str, Iterable[str]]) -> None:
        """Nothing yet, as that would mean to decompress everything: `read` finds out."""

    def _unpack(self) -> Path:
        folder = tempfile.mkdtemp(prefix="hearpreprocess-")
        weakref.finalize(self, _remove, folder, os.getpid())
        unpacked = Path(folder) / "clips"
        places: dict[ClipKey, tuple[int, int]] = {}
        try:
            with unpacked.open("wb") as file:
                for key, content in clips_of(self._path):
                    if key in places:
                        raise FinishedTaskError(self._path, key.path, "is in it twice")
                    places[key] = (file.tell(), file.write(content))
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            raise DiskFullError(
                f"{self._path}: not enough space in {folder} to unpack it. Set TMPDIR to a directory on a larger disk, "
                f"or unpack it once (tar -xzf {self._path.name}) and load its folder"
            ) from error
        self._places = places
        return unpacked


def _remove(folder: str, owner: int) -> None:
    """Remove the unpacked copy, unless this is a forked process, whose parent goes on reading it."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
