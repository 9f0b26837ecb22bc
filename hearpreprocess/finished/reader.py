"""Finished tasks wherever they are: a folder or a tarball, ours or anybody's, read file by file and never unpacked.

The published tarballs have their files below `hear-2021.0.6/tasks/<task>/`, newer ones below `tasks/<task>/`; both are
read alike.
"""

from __future__ import annotations

import hashlib
import io
import re
import wave
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

from hearpreprocess import archive, audio
from hearpreprocess.errors import ArchiveError, OutputError
from hearpreprocess.finished.layout import METADATA

ROOT = re.compile(r"(?:hear-[^/]+/)?tasks/(?P<task>[^/]+)/(?P<path>.+)")
CLIP = re.compile(r"(?P<rate>[1-9][0-9]*)/(?P<split>[^/]+)/(?P<file>[^/]+\.wav)")
MOST_STRAYS, MOST_TEXT_BYTES = 10_000, 512 << 20
"""What is read of a foreign tarball; the largest manifest, of 100,503 clips at five rates, has about 70 MB."""

COMMON_METADATA = (
    "task_name", "version", "embedding_type", "prediction_type", "split_mode", "sample_duration", "splits",
    "evaluation", "evaluation_params", "nfolds",
)  # fmt: skip
"""The keys of task_metadata.json that published tasks and ours have in common, but for the mode's own."""


@dataclass(frozen=True)
class Recording:
    """A clip's file as it was found.

    `rate`, `split`: of the folders that it is in. `header_rate`, `channels`, `bits`: of its header. `length`: samples.
    `sha256`: of its samples. `problem`: why it cannot be read, and then nothing else is known.
    """

    rate: int
    split: str
    file: str
    header_rate: int = 0
    channels: int = 0
    bits: int = 0
    length: int = 0
    sha256: str = ""
    is_silent: bool = False
    is_clipped: bool = False
    problem: str | None = None

    @property
    def path(self) -> str:
        """Where it is in the task."""
        return f"{self.rate}/{self.split}/{self.file}"


@dataclass
class Finished:
    """All that is in a finished task: its small files by path, its recordings by path, and what is neither.

    `task`: the name of its folder. `damage`: why it could not be read to its end. `sha256`: of a tarball's tar archive.
    """

    path: Path
    task: str = ""
    texts: dict[str, bytes] = field(default_factory=dict)
    recordings: dict[str, Recording] = field(default_factory=dict)
    strays: list[str] = field(default_factory=list)
    damage: str | None = None
    sha256: str = ""


def look(path: Path) -> Finished:
    """Read everything in a finished task once.

    Raises OutputError where there is nothing at `path` that could be one.
    """
    found = Finished(path)
    reading = files(path)
    try:
        while True:
            _take(found, *next(reading))
    except StopIteration as end:
        found.sha256 = end.value
    except ArchiveError as error:
        found.damage = str(error).removeprefix(f"{path} ").removeprefix(f"{path}: ")
    return found


def _take(found: Finished, task: str, place: str, content: bytes) -> None:
    """Note one file; raises ArchiveError where that is more than can be meant."""
    found.task = found.task or task
    clip = CLIP.fullmatch(place)
    if archive.is_litter(place):
        return
    if task != found.task or not place:
        found.strays.append(place or task)
    elif place in found.recordings or place in found.texts:
        found.strays.append(f"{place}, a second time,")
    elif clip:
        found.recordings[place] = _recording(int(clip["rate"]), clip["split"], clip["file"], content)
    elif "/" not in place and place.endswith((".json", ".csv", ".md", ".html")):
        found.texts[place] = content
    else:
        found.strays.append(place)
    if len(found.strays) > MOST_STRAYS or sum(map(len, found.texts.values())) > MOST_TEXT_BYTES:
        raise ArchiveError(f"{found.path} is no finished task: of what is none of its files, {place!r} is too much")


def files(path: Path) -> Generator[tuple[str, str, bytes], None, str]:
    """The task, the path inside it and the content of each file; of what is outside of a task, its path and "".

    Returns the sha256 of a tarball's tar archive; "" of a folder.

    Raises OutputError where there is nothing to read; ArchiveError where a tarball is damaged, at that place.
    """
    if path.is_dir():
        if not (path / METADATA).is_file():
            raise OutputError(f"{path} is no finished task: it has no {METADATA}")
        task = path.resolve().name
        for place, file in archive.files_below(path).items():
            yield task, place, file.read_bytes()
    elif path.is_file():
        members = archive.Members(path)
        for member, content in members:
            inside = ROOT.fullmatch(member)
            yield (inside["task"], inside["path"], content) if inside else (member, "", content)
        return members.sha256
    else:
        raise OutputError(f"there is no {path}")
    return ""


def _recording(rate: int, split: str, file: str, content: bytes) -> Recording:
    import numpy as np

    try:
        with wave.open(io.BytesIO(content)) as opened:
            promised = opened.getnframes()
            data = opened.readframes(promised)
            channels, width, header_rate = opened.getnchannels(), opened.getsampwidth(), opened.getframerate()
    except (wave.Error, EOFError) as error:
        return Recording(rate, split, file, problem=f"is no WAV file of 16-bit samples: {error or 'it is cut short'}")
    length = len(data) // (width * channels)
    if length < promised:
        return Recording(rate, split, file, problem=f"is cut short: {length:,} of {promised:,} samples are there")
    loudness = audio.loudness(np.frombuffer(data if width == 2 else b"", "<i2"))
    return Recording(
        rate,
        split,
        file,
        header_rate=header_rate,
        channels=channels,
        bits=8 * width,
        length=length,
        sha256=hashlib.sha256(data).hexdigest(),
        is_silent=width == 2 and loudness["peak"] == 0,
        is_clipped=loudness["clipped"],
    )
