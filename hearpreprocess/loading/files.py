"""The audio files of a finished task, in a folder or a tarball, read in any order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

from hearpreprocess.errors import FinishedTaskError, OutputError, enumerate_problems
from hearpreprocess.finished import ClipKey, clips_of, is_folder
from hearpreprocess.loading.unpacked import UnpackedCopy
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

    def prepare(self) -> None:
        """Do what reading in any order needs once, so that processes which this one starts need not do it each."""

    def check_present(self, rate: int, clips: Mapping[str, Iterable[str]]) -> None:
        """Raise OutputError naming the clips, file names by split, whose files are missing at a rate."""


def audio_files_of(path: Path, splits: Sequence[str]) -> AudioFiles:
    """The audio files of the finished task at `path`, a folder or a tarball, with these splits."""
    return _Folder(path, splits) if is_folder(path) else _Tarball(path)


def _check_present(path: Path, rate: int, missing: list[str]) -> None:
    if missing:
        headline = (
            f"{path}: unfinished or damaged: {{count}} of its clips at {rate} Hz are missing. Run the command that "
            "made it again, or get another copy:"
        )
        raise OutputError(enumerate_problems(headline, missing))


class _Folder:
    """The audio files in the folder of a finished task."""

    def __init__(self, path: Path, splits: Sequence[str]) -> None:
        self._path, self._splits = path, splits

    @cached_property
    def rates(self) -> tuple[int, ...]:
        # Anybody may have put a folder called 2024 beside them: one with clips has the folder of a split.
        keys = (ClipKey.of(f"{name}/split/clip.wav") for name in _names_in(self._path))
        rates = sorted(key.rate for key in keys if key)
        return tuple(rate for rate in rates if {*self._splits} & {*_names_in(self._path / str(rate))})

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

    def prepare(self) -> None:
        pass

    def check_present(self, rate: int, clips: Mapping[str, Iterable[str]]) -> None:
        missing = []
        for split, files in clips.items():
            names = set(_names_in(self._path / str(rate) / split))
            missing += [f"{rate}/{split}/{file}" for file in files if file not in names]
        _check_present(self._path, rate, missing)


def _names_in(folder: Path) -> list[str]:
    """The names in a folder; none if it does not exist.

    Raises OutputError where it cannot be listed.
    """
    try:
        return os.listdir(folder)  # noqa: PTH208  (100,000 names, of which none becomes a Path)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise OutputError(f"{folder}: {reason_of(error)}") from error


class _Tarball:
    """The audio files in the tarball of a finished task, read from an unpacked copy."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._copy = UnpackedCopy(path)

    @cached_property
    def rates(self) -> tuple[int, ...]:
        # A tarball holds one rate, that of its first clip.
        first = next(clips_of(self._path), None)
        return () if first is None else (first[0].rate,)

    def path_of(self, key: ClipKey) -> Path | None:
        return None

    def read(self, key: ClipKey) -> bytes:
        return self._copy.read(key)

    def size(self, key: ClipKey) -> int:
        return self._copy.size(key)

    def prepare(self) -> None:
        self._copy.make()

    def check_present(self, rate: int, clips: Mapping[str, Iterable[str]]) -> None:
        """Nothing yet, as that would mean to decompress everything: `read` finds out."""
