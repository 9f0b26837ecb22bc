"""The files of a finished task in a folder or a tarball, from any origin, read without unpacking.

The published tarballs have their files below `hear-2021.0.6/tasks/<task>/`, newer ones below `tasks/<task>/`; both are
supported.
"""

from __future__ import annotations

import io
import re
import stat
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from hearpreprocess import archive
from hearpreprocess.errors import ArchiveError, FinishedTaskError, ObjectStoreError, OutputError, enumerate_problems
from hearpreprocess.finished.forms import check_tarball, root_problem
from hearpreprocess.finished.layout import METADATA, is_task_folder, release_in
from hearpreprocess.storage import LONGEST_NAME, check_regular, read_regular, reason_of

_ROOT = re.compile(r"(?:hear-[^/]+/)?tasks/(?P<task>[^/]+)/(?P<path>.+)")
_CLIP_NAME = r"[^/]+\.wav"
_CLIP = re.compile(rf"(?P<rate>[1-9][0-9]{{0,8}})/(?P<split>[^/]+)/(?P<file>{_CLIP_NAME})")
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


def is_clip_name(file: str) -> bool:
    """Whether a text can be the name of a clip's file."""
    return len(file) <= LONGEST_NAME and re.fullmatch(_CLIP_NAME, file) is not None


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

    Raises OutputError where the path is missing or is not a finished task; ArchiveError where a file cannot be read or
    a tarball is damaged, after the files that can.
    """
    if is_folder(path):
        yield from _files_of_folder(path)
        return ""
    check_tarball(path)
    members = archive.TarReader(path)
    for member, content in members:
        yield (*(path_in_task(member) or (member, "")), content)
    return members.sha256


def _files_of_folder(path: Path) -> Iterator[tuple[str, str, bytes]]:
    if not is_task_folder(path):
        raise OutputError(f"{path} is not a finished task: it has no {METADATA}")
    folder, problems = path.resolve().name, []
    for below, file in archive.files_below(path).items():
        try:
            content = read_regular(file)
        except OSError as error:
            problems.append(f"{below}: {reason_of(error)}")
        else:
            yield folder, below, content
    if problems:
        raise ArchiveError(enumerate_problems(f"{path}: {{count}} of its files cannot be read:", problems))


def is_folder(path: Path) -> bool:
    """Whether a path is a folder, not a file.

    Raises OutputError where it is neither, or cannot be looked at.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise OutputError(f"there is no {path}") from None
    except ObjectStoreError:
        raise
    except OSError as error:
        raise OutputError(f"{path}: {reason_of(error)}") from error
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        raise OutputError(f"{path}: expected a finished task, got neither a folder nor a file")
    return stat.S_ISDIR(mode)


def clips_of(path: Path) -> Iterator[tuple[ClipKey, bytes]]:
    """The clips of a finished task in the order of its files, with the files' contents.

    Raises what `files_in` does.
    """
    task = ""
    for folder, below, content in files_in(path):
        if below:
            task = task or folder
            if folder != task:
                raise OutputError(_several_tasks(path, task, folder))
        if key := ClipKey.of(below):
            yield key, content


def _several_tasks(path: Path, *folders: str) -> str:
    return f"{path}: holds several tasks, {' and '.join(folders)}; expected the tarball of one. Unpack it"


class SmallFiles(Protocol):
    """A reader of the small files of a finished task."""

    @property
    def folder_name(self) -> str:
        """The name of the task's folder."""

    def read(self, name: str) -> bytes | None:
        """The content of a small file; None if it does not exist."""

    def open(self, name: str) -> BinaryIO | None:
        """A small file, from which a part can be read; None if it does not exist."""


def opened(content: bytes | None) -> BinaryIO | None:
    """The content of a small file as a file; None without one."""
    return None if content is None else io.BytesIO(content)


def small_files_of(path: Path) -> SmallFiles:
    """The small files of the finished task at `path`, each read on demand.

    Raises OutputError where the path is neither a folder nor a file.
    """
    return _FolderFiles(path) if is_folder(path) else _TarballFiles(path)


class _FolderFiles:
    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def folder_name(self) -> str:
        return self._path.resolve().name

    def read(self, name: str) -> bytes | None:
        try:
            return read_regular(self._path / name) if self._has(name) else None
        except OSError as error:
            raise FinishedTaskError(self._path, name, f"cannot be read: {reason_of(error)}") from error

    def open(self, name: str) -> BinaryIO | None:
        try:
            if not self._has(name):
                return None
            check_regular(self._path / name)
            return (self._path / name).open("rb")
        except OSError as error:
            raise FinishedTaskError(self._path, name, f"cannot be read: {reason_of(error)}") from error

    def _has(self, name: str) -> bool:
        """Whether the folder itself has this file: a name from foreign metadata must not lead out of it."""
        return any(file.name == name for file in self._path.iterdir())


class _TarballFiles:
    """Reads a tarball only as far as the requested small file, and caches those before it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder = ""
        self._root_problem: str | None = None
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
        if name == METADATA and name not in self._contents and self._root_problem:
            raise OutputError(f"{self._path}: {self._root_problem}")
        return self._contents.get(name)

    def open(self, name: str) -> BinaryIO | None:
        return opened(self.read(name))

    def _read_until(self, name: str) -> bool:
        """Read from the start to the file; return whether no small files follow."""
        is_ours = False
        for folder, below, content in files_in(self._path):
            if not below:
                self._root_problem = self._root_problem or root_problem([folder])
                continue
            self._folder = self._folder or folder
            if folder != self._folder:
                raise OutputError(_several_tasks(self._path, self._folder, folder))
            if is_small_file(below):
                self._contents.setdefault(below, content)
            if below == name:
                return False
            is_ours = is_ours or (below == METADATA and release_in(content) is not None)
            if is_ours and ClipKey.of(below):
                return True  # `write_tarball` puts all small files before the clips
        return True
