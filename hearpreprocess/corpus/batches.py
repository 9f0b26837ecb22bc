"""Divide the chosen clips into batches, the units of audio work."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import log2
from typing import Any, NamedTuple

from hearpreprocess.corpus.table import SLICE, WHOLE, ClipTable
from hearpreprocess.storage import digest
from hearpreprocess.task import Slice

# Large enough that the milliseconds of the scheduler and of the folders of a step are negligible, small enough that all
# cores are busy and an interruption loses little.
BATCH_SECONDS, BATCH_CLIPS = 300.0, 300
BATCH_CLIPS_OF_UNKNOWN_LENGTH = 50
MOST_BATCHES = 256


class BatchClip(NamedTuple):
    """The input of one clip's audio: a member of a source, or its slice from `start` to `stop` in samples.

    `start_seconds`, `stop_seconds`: the same in seconds. -1 where an end is not given in this unit.
    """

    name: str
    source: str
    member: str
    start: int
    stop: int
    start_seconds: float
    stop_seconds: float

    @property
    def part(self) -> Slice:
        """The part of the recording."""
        return Slice(*(None if end == WHOLE else end for end in map(self.__getattribute__, SLICE)))


@dataclass(frozen=True)
class Batch:
    """Some clips of a corpus, with everything else that their audio depends on.

    `sample_duration`: seconds, or None. `contents`: by source, an identifier of the bytes of the clips' members.
    `made_by`: a digest of the code and the libraries that make samples.
    """

    clips: tuple[BatchClip, ...]
    sample_duration: float | None
    contents: Mapping[str, str]
    made_by: str

    @property
    def key(self) -> str:
        """A digest of everything that the batch's audio depends on: no label, no split and no task name."""
        return digest(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """The batch as a JSON object."""
        return {
            "clips": [clip._asdict() for clip in self.clips],
            "sample_duration": self.sample_duration,
            "contents": self.contents,
            "made_by": self.made_by,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Batch:
        """The batch from the result of `to_json`."""
        return cls(**{**value, "clips": tuple(BatchClip(**clip) for clip in value["clips"])})


def batch_size(sample_duration: float | None) -> int:
    """The number of clips of a duration in seconds per batch, about."""
    if sample_duration is None:
        return BATCH_CLIPS_OF_UNKNOWN_LENGTH
    return max(1, min(BATCH_CLIPS, int(BATCH_SECONDS / sample_duration)))


def number_of_batches(clips: int, sample_duration: float | None) -> int:
    """The number of batches for a number of clips: a power of two, so that one more clip seldom changes it.

    That with the smallest ratio to what `batch_size` gives, but never one batch where that gives more.
    """
    wanted = clips / batch_size(sample_duration)
    return min(MOST_BATCHES, 1 << max(1, round(log2(wanted)))) if wanted > 1 else 1


ContentIds = Mapping[str, Callable[[Iterable[str]], str]]
"""By source, a function from some of its members to an identifier of their bytes."""


def make_batches(table: ClipTable, sample_duration: float | None, contents: ContentIds, made_by: str) -> list[Batch]:
    """The batches of a table of clips; a clip's batch depends on its name alone, not on other clips.

    `made_by`: as in Batch.
    """
    columns = (getattr(table, column) for column in BatchClip._fields)
    count = number_of_batches(len(table), sample_duration)
    divided: dict[int, list[BatchClip]] = {}
    for facts in zip(*columns, strict=True):
        clip = BatchClip(*facts)
        divided.setdefault(zlib.crc32(clip.name.encode()) % count, []).append(clip)
    batches = []
    for _number, clips in sorted(divided.items()):
        needed = members_by_source((clip.source, clip.member) for clip in clips)
        of_batch = {source: contents[source](members) for source, members in needed.items()}
        batches.append(Batch(tuple(clips), sample_duration, of_batch, made_by))
    return batches


def members_by_source(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The members of each source, sorted and unique, from pairs of a source and a member."""
    needed: dict[str, set[str]] = {}
    for source, member in pairs:
        needed.setdefault(source, set()).add(member)
    return {source: sorted(members) for source, members in sorted(needed.items())}
