"""The recordings in a folder: their paths, how long some of them last, and names for the clips made of them."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold.content import AUDIO, patterns_of, suffix_of
from hearpreprocess.storage import LONGEST_NAME, counted

QUANTILE = 0.95

ClipNaming = Literal["stem", "folder", "path"]
"""What names a clip: its file, its file and folder, or its whole path."""


@dataclass(frozen=True)
class Recordings:
    """The paths of the recordings in a folder, and the duration in seconds of some of them.

    `others`: the paths of the files beside them. `unreadable`: recordings that cannot be decoded, and make no clips.
    """

    paths: tuple[str, ...]
    seconds: Mapping[str, float] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    unreadable: frozenset[str] = frozenset()

    @cached_property
    def known(self) -> frozenset[str]:
        """The paths, to look one up."""
        return frozenset(self.paths)

    @cached_property
    def names(self) -> Mapping[str, int]:
        """How many recordings have each file name."""
        return Counter(path.rpartition("/")[2] for path in self.paths)

    @cached_property
    def stems(self) -> frozenset[str]:
        """The file names without their suffixes."""
        return frozenset(map(stem_of, self.names))

    @cached_property
    def unique_names(self) -> frozenset[str]:
        """The file names that one recording alone has."""
        return frozenset(name for name, count in self.names.items() if count == 1)

    @cached_property
    def suffixes(self) -> list[str]:
        """The suffixes of the files, each with its dot."""
        return sorted({suffix_of(path) for path in self.paths} - {""})

    @cached_property
    def folders(self) -> list[str]:
        """The folders that directly hold recordings, the fullest one first."""
        return [folder for folder, _count in Counter(path.rpartition("/")[0] for path in self.paths).most_common()]

    @cached_property
    def patterns(self) -> tuple[str, ...]:
        """Patterns that match the recordings, and no other file that is not hidden."""
        return patterns_of(self.paths, self.others)

    @property
    def usual_seconds(self) -> float | None:
        """A duration that 95 of 100 recordings do not exceed; None where no duration is known."""
        if not self.seconds:
            return None
        usual = sorted(self.seconds.values())[min(len(self.seconds) - 1, int(QUANTILE * len(self.seconds)))]
        return float(max(0.1, round(usual, 2 if usual < 1 else 1)))

    def lookup(self, *, by_name: bool, is_loose: bool) -> Mapping[str, str]:
        """The paths by themselves, or by file name (`by_name`), as `spelled` returns these if `is_loose`.

        It lacks what several recordings share.
        """
        return self._lookups[by_name, is_loose]

    @cached_property
    def _lookups(self) -> dict[tuple[bool, bool], dict[str, str]]:
        return {
            (by_name, is_loose): _without_shared(self.paths, by_name=by_name, is_loose=is_loose)
            for by_name in (False, True)
            for is_loose in (False, True)
        }

    def is_unique(self, path: str) -> bool:
        """Whether no other recording has the file name of this path."""
        return path.rpartition("/")[2] in self.unique_names

    def are_named(self, cells: Iterable[str]) -> bool:
        """Whether a cell names a recording at all, with its suffix or without, or with that of another audio file."""
        names = [_name_in(cell) for cell in cells if cell]
        return any(
            name in self.names
            or name in self.stems
            or (suffix_of(name).lower() in AUDIO and spelled(stem_of(name)) in self._spelled_stems)
            for name in names
        )

    def are_loosely_named(self, cells: Iterable[str]) -> bool:
        """Whether a cell names a recording without regard to case and Unicode form."""
        names = [spelled(_name_in(cell)) for cell in cells if cell]
        return any(name in self._spelled_stems or stem_of(name) in self._spelled_stems for name in names)

    @cached_property
    def _spelled_stems(self) -> frozenset[str]:
        return frozenset(map(spelled, self.stems))


def spelled(path: str) -> str:
    """A path without regard to case and Unicode form, in which tables and files differ."""
    return unicodedata.normalize("NFC", path).casefold()


def _name_in(cell: str) -> str:
    return cell.strip().replace("\\", "/").rpartition("/")[2]


def _without_shared(paths: Sequence[str], *, by_name: bool, is_loose: bool) -> dict[str, str]:
    keys = [path.rpartition("/")[2] if by_name else path for path in paths]
    if is_loose:
        keys = list(map(spelled, keys))
    counts = Counter(keys)
    return {key: path for key, path in zip(keys, paths, strict=True) if counts[key] == 1}


def clip_name(naming: ClipNaming, path: str) -> str:
    """The name of the clip that is made of the recording at a path."""
    if naming == "stem":
        return stem_of(path)
    if naming == "folder":
        return f"{path.split('/')[-2]}_{stem_of(path)}"
    return path.replace("/", "_").replace(".", "_")


def long_names(names: Iterable[str]) -> dict[str, int]:
    """The names of clips that are too long for a file, with their bytes."""
    sizes = {name: len(f"{name}.wav".encode()) for name in names}
    return {name: size for name, size in sizes.items() if size > LONGEST_NAME}


def check_lengths(names: Iterable[str]) -> None:
    """Raise CorpusError where the name of a clip would be too long for a file."""
    if long := long_names(names):
        name, size = next(iter(long.items()))
        raise CorpusError(
            f"{counted(len(long), 'clips')} would have a name that is too long for a file, such as {name!r}: with .wav "
            f"it has {size} bytes; expected at most {LONGEST_NAME}. Rename the recordings or their folders"
        )


def are_unique(names: Sequence[str]) -> bool:
    """Whether no two names are the same, on any file system."""
    return len({name.casefold() for name in names}) == len(names)


def stem_of(path: str) -> str:
    """The name of a file without its suffix."""
    name = path.rpartition("/")[2]
    return name.removesuffix(suffix_of(path))
