"""The statistics of a report, computed from the manifest."""

from __future__ import annotations

import math
import statistics
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from hearpreprocess.audio import FULL_SCALE
from hearpreprocess.finished import Manifest, is_event, name_of
from hearpreprocess.storage import duplicates

BINS = 24
"""The maximum number of bins of a histogram, plus or minus one at each end."""


@dataclass(frozen=True)
class SplitStatistics:
    """`seconds`: of its clips before resampling. `labels`: the number of different ones. `empty`: of clips without."""

    name: str
    clips: int
    seconds: float
    labels: int
    empty: int = 0


@dataclass(frozen=True)
class LabelCount:
    """The number of clips with a label, in total and by split; and of its events, in an event task."""

    label: str
    clips: int
    of_splits: tuple[int, ...]
    events: int


@dataclass(frozen=True)
class Bin:
    """The number of values from `start` to below `end`; the last bin of a histogram includes `end`."""

    start: float
    end: float
    count: int


@dataclass(frozen=True)
class Histogram:
    """A histogram. Without values it has no bins, and its numbers are 0."""

    bins: tuple[Bin, ...] = ()
    count: int = 0
    least: float = 0.0
    median: float = 0.0
    most: float = 0.0
    total: float = 0.0

    @property
    def highest(self) -> int:
        """The number of values in the fullest bin."""
        return max((bin.count for bin in self.bins), default=0)


@dataclass(frozen=True)
class Duplicates:
    """Groups of clips with the same samples; `across`: the number of groups in more than one split."""

    groups: tuple[tuple[str, ...], ...]
    across: int


@dataclass(frozen=True)
class Statistics:
    """The statistics of a task's clips.

    `rates`, `channels`, `formats`: of the source, with the number of clips, the most frequent first. `before`, `after`:
    seconds of the recordings, and of the clips. `peaks`: in dBFS, without silent clips.
    """

    splits: tuple[SplitStatistics, ...]
    labels: tuple[LabelCount, ...]
    events: int
    before: Histogram
    after: Histogram
    rates: tuple[tuple[int, int], ...]
    channels: tuple[tuple[int, int], ...]
    formats: tuple[tuple[str, int], ...]
    peaks: Histogram
    clipped: tuple[str, ...]
    silent: tuple[str, ...]
    duplicates: Duplicates

    @property
    def clips(self) -> int:
        """The number of all clips."""
        return sum(split.clips for split in self.splits)

    @property
    def seconds(self) -> float:
        """The duration of all clips."""
        return self.after.total


def statistics_of(manifest: Manifest, splits: Sequence[str]) -> Statistics:
    """The statistics of a manifest with audio. `splits`: the names of the task's splits, in order."""
    clips: Mapping[str, Mapping[str, Any]] = manifest["clips"]
    recorded = {file: facts["recorded"] for file, facts in clips.items()}
    peaks = (facts["peak"] for facts in recorded.values())
    return Statistics(
        splits=tuple(_splits(clips, splits)),
        labels=tuple(_labels(clips, splits)),
        events=sum(is_event(label) for facts in clips.values() for label in facts["labels"]),
        before=histogram(facts["source"]["seconds"] for facts in recorded.values()),
        after=histogram(seconds_of(facts) for facts in clips.values()),
        rates=_frequencies(facts["rate"] for facts in recorded.values()),
        channels=_frequencies(facts["source"]["channels"] for facts in recorded.values()),
        formats=_frequencies(facts["source"]["format"] for facts in recorded.values()),
        peaks=histogram(decibels(peak) for peak in peaks if peak),
        clipped=tuple(sorted(file for file, facts in recorded.items() if facts["clipped"])),
        silent=tuple(sorted(file for file, facts in recorded.items() if not facts["peak"])),
        duplicates=_duplicates(clips),
    )


def seconds_of(facts: Mapping[str, Any]) -> float:
    """The duration of a clip, from its entry in the manifest."""
    seconds: float = facts["recorded"]["length"] / facts["recorded"]["rate"]
    return seconds


def decibels(peak: int) -> float:
    """The level of a peak in dBFS; the peak must not be 0."""
    return 20 * math.log10(peak / FULL_SCALE)


def names_of(labels: Iterable[Any]) -> list[str]:
    """The different labels of a clip, sorted, numbers by value."""
    return sorted({name_of(label) for label in labels}, key=label_order)


def label_order(name: str) -> tuple[bool, int, str]:
    """The sort key of labels: numbers by value, then texts."""
    is_number = name.isascii() and name.isdigit()
    return not is_number, len(name) if is_number else 0, name


def histogram(numbers: Iterable[float]) -> Histogram:
    """The histogram of values, with round bin edges; if all values are equal, one bin of width 0."""
    values = sorted(numbers)
    if not values:
        return Histogram()
    edges = _edges(values[0], values[-1])
    counts = Counter(min(bisect_right(edges, value), len(edges) - 1) - 1 for value in values)
    return Histogram(
        bins=tuple(Bin(start, end, counts[at]) for at, (start, end) in enumerate(pairwise(edges))),
        count=len(values),
        least=values[0],
        median=statistics.median(values),
        most=values[-1],
        total=math.fsum(values),
    )


def _edges(least: float, most: float) -> list[float]:
    """Bin edges around the values, at a distance of one, two or five times a power of ten."""
    if least == most:
        return [least, most]
    magnitude = math.floor(math.log10((most - least) / BINS))
    step, exponent = next(
        (factor, power)
        for power in (magnitude, magnitude + 1)
        for factor in (1, 2, 5)
        if factor * 10.0**power * BINS >= most - least
    )
    # Decimal arithmetic on the printed values: 0.3 is three times 0.1.
    width = step * Fraction(10) ** exponent
    first, last = math.floor(Fraction(str(least)) / width), math.ceil(Fraction(str(most)) / width)
    return [float(number * width) for number in range(first, last + 1)]


def _splits(clips: Mapping[str, Mapping[str, Any]], names: Sequence[str]) -> Iterable[SplitStatistics]:
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    labels: defaultdict[str, set[str]] = defaultdict(set)
    empty: Counter[str] = Counter()
    for facts in clips.values():
        empty[facts["split"]] += not facts["labels"]
        seconds[facts["split"]].append(seconds_of(facts))
        labels[facts["split"]].update(map(name_of, facts["labels"]))
    if unknown := seconds.keys() - set(names):
        raise ValueError(f"clips are in splits that the task does not have: {sorted(unknown)}")
    for name in names:
        yield SplitStatistics(name, len(seconds[name]), math.fsum(seconds[name]), len(labels[name]), empty[name])


def _labels(clips: Mapping[str, Mapping[str, Any]], splits: Sequence[str]) -> Iterable[LabelCount]:
    """The most frequent first."""
    of_split: defaultdict[str, Counter[str]] = defaultdict(Counter)
    events: Counter[str] = Counter()
    for facts in clips.values():
        for name in {name_of(label) for label in facts["labels"]}:
            of_split[name][facts["split"]] += 1
        events.update(name_of(label) for label in facts["labels"] if is_event(label))
    for name, counts in sorted(of_split.items(), key=lambda item: (-item[1].total(), label_order(item[0]))):
        yield LabelCount(name, counts.total(), tuple(counts[split] for split in splits), events[name])


def _frequencies(values: Iterable[Any]) -> tuple[tuple[Any, int], ...]:
    return tuple(sorted(Counter(values).items(), key=lambda item: (-item[1], item[0])))


def _duplicates(clips: Mapping[str, Mapping[str, Any]]) -> Duplicates:
    groups = duplicates({file: facts["recorded"]["sha256"] for file, facts in clips.items()})
    across = sum(len({clips[file]["split"] for file in group}) > 1 for group in groups)
    return Duplicates(tuple(map(tuple, groups)), across)
