"""What a folder of recordings truly holds, and the folders that the tests build of such a truth."""

from __future__ import annotations

import csv
import io
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import numpy as np

from hearpreprocess.synthetic.sounds import wav_bytes

RATE = 8000
SECONDS, EVENT_SECONDS = 0.1, 1.25


@dataclass(frozen=True)
class Facts:
    """What is true of a recording.

    `labels`: sorted. `events`: label, onset and offset in milliseconds, sorted by time. `split`: the one that the
    folder gives it; "" where it is to be drawn. `group`: "" where the recording is its own group.
    """

    labels: tuple[str, ...] = ()
    events: tuple[tuple[str, float, float], ...] = ()
    split: str = ""
    group: str = ""


Truth: TypeAlias = Mapping[str, Facts]
"""The facts of each recording that becomes a clip, by its path in the folder."""


@dataclass(frozen=True)
class Correction:
    """How somebody corrects a folder whose refusal holds these words."""

    words: str
    correct: Callable[[Path], None]


@dataclass(frozen=True)
class PeoplesFolder:
    """A folder as people have it.

    `build`: writes it, and returns its truth. `options`: that are given, each as soon as a refusal names it.
    `corrections`: of the folder, as soon as a refusal says so. `is_open`: whether it can be read in several ways, so
    that no guess may be taken. `says`: words in the summary of the accepted folder.
    """

    build: Callable[[Path], Truth]
    options: tuple[tuple[str, ...], ...] = ()
    corrections: tuple[Correction, ...] = ()
    is_open: bool = False
    says: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the folder is, for the name of a test."""
        return self.build.__name__


@dataclass
class PeoplesFolders:
    """Folders of one kind, in the order in which they are added."""

    folders: list[PeoplesFolder] = field(default_factory=list)

    def add(
        self,
        *options: tuple[str, ...],
        corrections: Sequence[Correction] = (),
        is_open: bool = False,
        says: Sequence[str] = (),
    ) -> Callable[[Callable[[Path], Truth]], Callable[[Path], Truth]]:
        """Decorate the function that builds a folder."""

        def added(build: Callable[[Path], Truth]) -> Callable[[Path], Truth]:
            folder = PeoplesFolder(build, options, tuple(corrections), is_open, tuple(says))
            self.folders.append(folder)
            return build

        return added


@lru_cache(maxsize=1024)
def sound(name: str, seconds: float = SECONDS, container: str = "WAV") -> bytes:
    """A recording that no other name has."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    return wav_bytes(random.integers(-9999, 9999, round(seconds * RATE), np.int16), RATE, container=container)


def write_sounds(folder: Path, names: Iterable[str], seconds: float = SECONDS) -> None:
    """Write a recording for each path."""
    for name in names:
        write(folder / name, sound(unicodedata.normalize("NFC", name), seconds))


def write(path: Path, content: bytes | str, encoding: str = "utf-8") -> None:
    """Write a file and the folders around it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)


def write_lines(path: Path, lines: Iterable[str], encoding: str = "utf-8", end: str = "\n") -> None:
    """Write a text."""
    write(path, "".join(line + end for line in lines), encoding)


def write_table(path: Path, header: str, rows: Iterable[Sequence[object]], sep: str = ",") -> None:
    """Write a table. `header`: the names of its columns, divided by commas."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=sep, lineterminator="\n")
    writer.writerows([header.split(",")] if header else [])
    writer.writerows(rows)
    write(path, text.getvalue())


COUNT = 20
NUMBERS = range(COUNT)
TWO = ("robin", "wren")


def label_of(number: int, labels: Sequence[str] = TWO) -> str:
    """The label of a recording, of labels in turn."""
    return labels[number % len(labels)]


def split_of(number: int) -> str:
    """A split that holds each of two labels."""
    return ("train", "train", "train", "valid", "test")[number // 2 % 5]


def speaker_of(number: int) -> str:
    """One of ten speakers, each with one recording of each of two labels."""
    return f"p{number // 2 % 10:02d}"


def scene(label: str, split: str = "", group: str = "") -> Facts:
    """The facts of a recording with one label."""
    return Facts((label,), (), split, group)


def labelled(names: Iterable[str], labels: Sequence[str] = TWO) -> dict[str, Facts]:
    """The facts of recordings with labels in turn."""
    return {name: scene(label_of(number, labels)) for number, name in enumerate(names)}
