"""The files of a finished task in a folder or a tarball, from any origin, read without unpacking.

The published tarballs have their files below `hear-2021.0.6/tasks/<task>/`, newer ones below `tasks/<task>/`; both are
supported.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from hearpreprocess import archive
from hearpreprocess.errors import ArchiveError, FinishedTaskError, OutputError
from hearpreprocess.finished.layout import METADATA, release_in

_ROOT = re.compile(r"(?:hear-[^/]+/)?tasks/(?P<task>[^/]+)/(?P<path>.+)")
_CLIP = re.compile(r"(?P<rate>[1-9][0-9]*)/(?P<split>[^/]+)/(?P<file>[^/]+\.wav)")
_SMALL = (".json", ".csv", ".md", ".html")


class ClipKey(NamedTuple):
    """The identity of a clip's file in a finished task: rate in hertz, split and file name."""

    rate: int
    split: str
    file: str

    @property
    def path(self) -> str:
        """The file's path in the task."""
        return f"{self.rate}/{self.split}/{self.file}"

    @classmethod
    def of(cls, path: str) -> ClipKey | None:
        """The key of the clip at a path in the task; None if the path is not a clip's."""
        clip = _CLIP.fullmatch(path)
        return cls(int(clip["rate"]), clip["split"], clip["file"]) if clip else None


def path_in_task(member: str) -> tuple[str, str] | None:
    """The task's folder and the path in it of a tarball's member; None for members outside a task."""
    match = _ROOT.fullmatch(member)
    return (match["task"], match["path"]) if match else None


def is_small_file(path: str) -> bool:
    """Whether a path in a task is that of a small file: metadata, labels, vocabulary, manifest, card."""
    return "/" not in path and path.endswith(_SMALL)


def files_in(path: Path) -> Generator[tuple[str, str, bytes], None, str]:
    """The task's folder, the path in it and the content of each file; for files outside a task, their path and "".

    Returns the sha256 of a tarball's tar archive; "" for a folder.

    Raises OutputError where the path does not exist; ArchiveError where a tarball is damaged, after the files before.
    """
    if path.is_dir():
        if not (path / METADATA).is_file():
            raise OutputError(f"{path} is no finished task: it has no {METADATA}")
        folder = path.resolve().name
        for below, file in archive.files_below(path).items():
            yield folder, below, file.read_bytes()
    elif path.is_file():
        members = archive.TarReader(path)
        for member, content in members:
            yield (*(path_in_task(member) or (member, "")), content)
        return members.sha256
    else:
        raise OutputError(f"there is no {path}")
    return ""


def clips_of(path: Path) -> Iterator[tuple[ClipKey, bytes]]:
    """The clips of a finished task in the order of its files, with the files' contents.

    Raises what `files_in` does.
    """
    for _folder, below, content in files_in(path):
        if key := ClipKey.of(below):
            yield key, content


class SmallFiles(Protocol):
    """A reader of the small files of a finished task."""

    @property
    def folder_name(self) -> str:
        """The name of the task's folder."""

    def read(self, name: str) -> bytes | None:
        """The content of a small file; None if it does not exist."""


def small_files_of(path: Path) -> SmallFiles:
    """The small files of the finished task at `path`, each read on demand.

    Raises OutputError where the path is neither a folder nor a file.
    """
    if path.is_dir():
        return _FolderFiles(path)
    if path.is_file():
        return _TarballFiles(path)
    raise OutputError(f"there is no {path}")


class _FolderFiles:
    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def folder_name(self) -> str:
        return self._path.resolve().name

    def read(self, name: str) -> bytes | None:
        try:
            # A name may come from foreign metadata and must not lead out of the folder.
            names = {file.name for file in self._path.iterdir()}
            return (self._path / name).read_bytes() if name in names else None
        except OSError as error:
            raise FinishedTaskError(self._path, name, f"cannot be read: {error}") from error


class _TarballFiles:
    """Reads a tarball only as far as the requested small file, and caches those before it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder = ""
        self._contents: dict[str, bytes] = {}
        self._are_all_known = False

    @property
    def folder_name(self) -> str:
        self.read(METADATA)
        return self._folder

    def read(self, name: str) -> bytes | None:
        if name not in self._contents and not self._are_all_known:
            try:
                self._are_all_known = self._read_until(name)
            except ArchiveError as error:
                raise OutputError(str(error)) from error
        return self._contents.get(name)

    def _read_until(self, name: str) -> bool:
        """Read from the start to the file; return whether no small files follow."""
        is_ours = False
        for folder, below, content in files_in(self._path):
            if is_small_file(below):
                self._folder = self._folder or folder
                self._contents.setdefault(below, content)
            if below == name:
                return False
            is_ours = is_ours or (below == METADATA and release_in(content) is not None)
            if is_ours and ClipKey.of(below):
                return True  # `write_tarball` puts all small files before the clips
        return True
