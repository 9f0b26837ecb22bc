"""The statistics of a report, computed from the manifest."""

from __future__ import annotations

import math
import statistics
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, pairwise
from typing import Any

from hearpreprocess.audio import FULL_SCALE
from hearpreprocess.finished import is_event, name_of
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


class Tally:
    """What statistics and the choice of examples need of a task's clips, which are added one by one.

    `labels_of`: by split and file name, the different labels of each clip, sorted.
    """

    def __init__(self) -> None:
        self.labels_of: defaultdict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
        self._known: dict[tuple[str, ...], tuple[str, ...]] = {}  # one object for all clips with the same labels
        self._events: Counter[str] = Counter()
        self._before: list[float] = []
        self._after: defaultdict[str, list[float]] = defaultdict(list)
        self._peaks: list[int] = []
        self._rates: Counter[int] = Counter()
        self._channels: Counter[int] = Counter()
        self._formats: Counter[str] = Counter()
        self._clipped: list[str] = []
        self._silent: list[str] = []
        self._sha256: dict[str, str] = {}

    def add(self, file: str, facts: Mapping[str, Any]) -> None:
        """Add a clip; raises LookupError or TypeError where its entry in the manifest lacks facts on its audio."""
        split, labels, recorded = facts["split"], facts["labels"], facts["recorded"]
        names = tuple(names_of(labels))
        self.labels_of[split][file] = self._known.setdefault(names, names)
        self._events.update(name_of(label) for label in labels if is_event(label))
        self._after[split].append(recorded["length"] / recorded["rate"])
        self._before.append(recorded["source"]["seconds"])
        self._rates[recorded["rate"]] += 1
        self._channels[recorded["source"]["channels"]] += 1
        self._formats[recorded["source"]["format"]] += 1
        self._sha256[file] = recorded["sha256"]
        if recorded["peak"]:
            self._peaks.append(recorded["peak"])
        else:
            self._silent.append(file)
        if recorded["clipped"]:
            self._clipped.append(file)

    def statistics(self, splits: Sequence[str]) -> Statistics:
        """The statistics of the clips. `splits`: the names of the task's splits, in order."""
        return Statistics(
            splits=tuple(self._splits(splits)),
            labels=tuple(self._labels(splits)),
            events=self._events.total(),
            before=histogram(self._before),
            after=histogram(chain.from_iterable(self._after.values())),
            rates=_by_frequency(self._rates),
            channels=_by_frequency(self._channels),
            formats=_by_frequency(self._formats),
            peaks=histogram(map(decibels, self._peaks)),
            clipped=tuple(sorted(self._clipped)),
            silent=tuple(sorted(self._silent)),
            duplicates=self._duplicates(),
        )

    def _splits(self, names: Sequence[str]) -> Iterable[SplitStatistics]:
        if unknown := self.labels_of.keys() - set(names):
            raise ValueError(f"clips are in splits that the task does not have: {sorted(unknown)}")
        for name in names:
            labels, seconds = self.labels_of.get(name, {}).values(), self._after.get(name, [])
            different = set(chain.from_iterable(set(labels)))
            empty = sum(not of_clip for of_clip in labels)
            yield SplitStatistics(name, len(labels), math.fsum(seconds), len(different), empty)

    def _labels(self, splits: Sequence[str]) -> Iterable[LabelCount]:
        """The most frequent first."""
        of_split: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for split, labels in self.labels_of.items():
            for names, count in Counter(labels.values()).items():
                for name in names:
                    of_split[name][split] += count
        for name, counts in sorted(of_split.items(), key=lambda item: (-item[1].total(), label_order(item[0]))):
            yield LabelCount(name, counts.total(), tuple(counts[split] for split in splits), self._events[name])

    def _duplicates(self) -> Duplicates:
        groups = tuple(map(tuple, duplicates(self._sha256)))
        files = self.labels_of.values()
        across = sum(sum(not of_split.keys().isdisjoint(group) for of_split in files) > 1 for group in groups)
        return Duplicates(groups, across)


def decibels(peak: int) -> float:
    """The level of a peak in dBFS; the peak must not be 0."""
    return 20 * math.log10(peak / FULL_SCALE)


def names_of(labels: Iterable[Any]) -> list[str]:
    """The different labels of a clip, sorted, numbers by value."""
    names = {name_of(label) for label in labels}
    return sorted(names, key=label_order) if len(names) > 1 else list(names)


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


def _by_frequency(counts: Counter[Any]) -> tuple[tuple[Any, int], ...]:
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
