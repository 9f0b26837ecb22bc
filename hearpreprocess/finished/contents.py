"""All files of a finished task, read in one pass."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from hearpreprocess import archive, audio
from hearpreprocess.errors import ArchiveError, AudioError
from hearpreprocess.finished.files import ClipKey, files_in, is_small_file, opened
from hearpreprocess.finished.forms import root_problem
from hearpreprocess.storage import FIRST_BYTES, RECORDING, kind_of

MOST_STRAYS, MOST_SMALL_BYTES = 10_000, 512 << 20
"""Limits for a foreign tarball; the largest manifest, of 100,503 clips at five rates, has about 70 MB."""


@dataclass(frozen=True)
class ClipFile:
    """A clip's file as it was read.

    `rate`, `split`: from its folders. `header_rate`, `channels`, `bits`: from its header. `length`: samples. `sha256`:
    of its samples. `has_length`: whether its header states the length, which it does not if it was written to a pipe.
    `problem`: why it cannot be read; then nothing else is known.
    """

    rate: int
    split: str
    file: str
    header_rate: int = 0
    channels: int = 0
    bits: int = 0
    length: int = 0
    sha256: str = ""
    has_length: bool = True
    is_silent: bool = False
    is_clipped: bool = False
    problem: str | None = None

    @property
    def key(self) -> ClipKey:
        """The clip's rate, split and file name."""
        return ClipKey(self.rate, self.split, self.file)

    @property
    def path(self) -> str:
        """The file's path in the task."""
        return self.key.path


@dataclass
class Contents:
    """All files of a finished task: its small files and its clips by path, and the paths of other files.

    `folder_name`: of the task's folder. `damage`: why it could not be read completely. `sha256`: of a tarball's tar
    archive.
    """

    path: Path
    folder_name: str = ""
    small_files: dict[str, bytes] = field(default_factory=dict)
    clip_files: dict[str, ClipFile] = field(default_factory=dict)
    strays: list[str] = field(default_factory=list)
    damage: str | None = None
    sha256: str = ""
    _small_bytes: int = 0

    def read(self, name: str) -> bytes | None:
        """The content of a small file; None if it does not exist."""
        return self.small_files.get(name)

    def open(self, name: str) -> BinaryIO | None:
        """A small file, from which a part can be read; None if it does not exist."""
        return opened(self.read(name))


def contents_of(path: Path) -> Contents:
    """Read everything in a finished task once.

    Raises OutputError where `path` is neither a folder nor a tarball.
    """
    contents = Contents(path)
    files = files_in(path)
    try:
        while True:
            _add(contents, *next(files))
    except StopIteration as end:
        contents.sha256 = end.value
    except ArchiveError as error:
        contents.damage = str(error).removeprefix(f"{path} ").removeprefix(f"{path}: ")
    return contents


def _add(contents: Contents, folder: str, path: str, content: bytes) -> None:
    """Add one file; raises ArchiveError where there are implausibly many or large ones."""
    if archive.is_litter(path or folder):
        return
    if not path:
        contents.strays.append(folder or "a member without a name")
    elif folder != (contents.folder_name or folder):
        contents.strays.append(f"tasks/{folder}/{path}")
    else:
        _add_to_task(contents, path, content)
        contents.folder_name = folder
    if len(contents.strays) > MOST_STRAYS or contents._small_bytes > MOST_SMALL_BYTES:
        problem = None if contents.small_files else root_problem(contents.strays)
        raise ArchiveError(
            f"{contents.path}: {problem}"
            if problem
            else f"{contents.path} is not a finished task: it holds too much besides one, such as {path or folder!r}"
        )


def _add_to_task(contents: Contents, path: str, content: bytes) -> None:
    if path in contents.clip_files or path in contents.small_files:
        contents.strays.append(f"{path}, a second time,")
    elif key := ClipKey.of(path):
        contents.clip_files[path] = _clip_file(key, content)
    elif is_small_file(path):
        contents.small_files[path] = content
        contents._small_bytes += len(content)
    else:
        contents.strays.append(path)


def _clip_file(key: ClipKey, content: bytes) -> ClipFile:
    try:
        wav = audio.read_wav(content)
    except AudioError as error:
        kind = kind_of(content[:FIRST_BYTES])
        if kind is None or kind == RECORDING:
            return ClipFile(*key, problem=f"cannot be read: {error}")
        return ClipFile(*key, problem=f"is {kind.name}, expected a WAV file")
    loudness = audio.loudness(wav.samples) if wav.bits == 16 else None
    return ClipFile(
        *key,
        header_rate=wav.rate,
        channels=wav.channels,
        bits=wav.bits,
        length=wav.length,
        sha256=hashlib.sha256(wav.data).hexdigest(),
        has_length=wav.declared is not None,
        is_silent=loudness is not None and loudness["peak"] == 0,
        is_clipped=loudness is not None and loudness["clipped"],
    )
