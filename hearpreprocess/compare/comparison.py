"""Compare two copies of a task."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from hearpreprocess.compare.samples import Difference, differences
from hearpreprocess.errors import OutputError
from hearpreprocess.finished import (
    COMMON_METADATA,
    MANIFEST,
    METADATA,
    VOCABULARY,
    ClipFile,
    ClipKey,
    TaskReader,
    root_problem,
)

SAMPLE_BITS = 16
"""The bits of a sample in a finished task."""

WITHIN_DITHER = "within dither"

IDENTICAL = "identical"
"""The outcome at a rate where all samples are the same."""

NO_COLUMNS = "no extra columns"

DIFFERENT = "different"
"""The outcome at a rate where a sample differs by more than dither does."""


@dataclass(frozen=True)
class Comparison:
    """`problems`: what differs, by aspect (`metadata`, `splits`, `labels`, `vocabulary`, `rates`, `audio`, `lengths`,
    and `extra` where clips have extra columns).

    `samples`: by rate, the number of compared clips, of identical ones, and the differences of the others.
    """

    first: Path
    second: Path
    problems: dict[str, list[str]]
    samples: dict[int, tuple[int, int, list[Difference]]]

    def outcome(self, rate: int) -> str:
        """The outcome for the samples at a rate."""
        compared, identical, others = self.samples[rate]
        if identical == compared:
            return IDENTICAL
        return WITHIN_DITHER if all(difference.is_within_dither for difference in others) else DIFFERENT

    @property
    def is_same(self) -> bool:
        """Whether splits and labels are identical, and no sample differs by more than dither."""
        outcomes = {self.outcome(rate) for rate in self.samples}
        faults = [problems for aspect, problems in self.problems.items() if aspect != "rates"]
        return not any(faults) and bool(outcomes) and outcomes <= {IDENTICAL, WITHIN_DITHER}

    def to_json(self) -> dict[str, Any]:
        """The comparison as a JSON object."""
        rates = {
            str(rate): {
                "outcome": self.outcome(rate),
                "compared": compared,
                "identical": identical,
                "largest_difference": max((difference.largest for difference in others), default=0),
                "median_snr": median_snr(others),
                "different": sorted(difference.file for difference in others if not difference.is_within_dither),
            }
            for rate, (compared, identical, others) in self.samples.items()
        }
        return {
            "first": str(self.first),
            "second": str(self.second),
            "same": self.is_same,
            "problems": self.problems,
            "samples": rates,
        }


def median_snr(others: Sequence[Difference]) -> float | None:
    """The median signal-to-noise ratio in dB; None if no clip has one."""
    ratios = [difference.snr for difference in others if difference.snr is not None]
    return median(ratios) if ratios else None


def compare(first: Path, second: Path) -> Comparison:
    """Compare two copies of a task, each a folder or a tarball.

    Raises OutputError where one of them is not a finished task, or is damaged.
    """
    with ThreadPoolExecutor(2) as pool:
        ours, theirs = pool.map(_read, (first, second))
    placed = _placements(ours), _placements(theirs)
    problems = {
        "metadata": list(_metadata(ours, theirs)),
        "splits": list(_splits(ours, theirs, *placed)),
        "labels": list(_labels(*placed)),
        "vocabulary": [] if _vocabulary(ours) == _vocabulary(theirs) else ["the label vocabularies differ"],
        "rates": list(_rates(ours, theirs)),
        "audio": list(_audio(ours, theirs)),
        "lengths": [],
        **_extra(ours, theirs),
    }
    compared, changed = _fingerprints(ours, theirs, problems["lengths"])
    different: dict[int, list[Difference]] = {}
    for difference in differences(first, second, changed) if changed else ():
        different.setdefault(difference.rate, []).append(difference)
    samples = {}
    for rate, keys in sorted(compared.items()):
        others = different.get(rate, [])
        samples[rate] = (len(keys), len(keys) - len(others), others)
    return Comparison(first, second, problems, samples)


def _read(path: Path) -> TaskReader:
    """A copy with all its files read."""
    copy = TaskReader(path)
    if copy.contents.damage:
        raise OutputError(f"{path}: {copy.contents.damage}")
    if METADATA not in copy.contents.small_files:
        problem = root_problem(copy.contents.strays) if path.is_file() else None
        raise OutputError(f"{path}: {problem}" if problem else f"{path} is not a finished task: it has no {METADATA}")
    return copy


def _metadata(ours: TaskReader, theirs: TaskReader) -> Iterator[str]:
    first, second = ours.metadata, theirs.metadata
    for key in COMMON_METADATA:
        if key in first and key in second and first[key] != second[key]:
            yield f"{key}: {first[key]!r} and {second[key]!r}"


Placement = Mapping[str, Sequence[tuple[str, list[Any]]]]
"""By file name, a clip's splits with its labels in each; in intact copies each clip is in one split."""


def _placements(copy: TaskReader) -> Placement:
    placed: dict[str, list[tuple[str, list[Any]]]] = {}
    for split in sorted(filter(copy.has_labels, set(copy.splits))):
        for file, labels in copy.labels(split).items():
            placed.setdefault(file, []).append((split, labels))
    return placed


def _splits(ours: TaskReader, theirs: TaskReader, first: Placement, second: Placement) -> Iterator[str]:
    for file in sorted(first.keys() | second.keys()):
        one, other = (" and ".join(split for split, _labels in placed.get(file, [])) for placed in (first, second))
        if not other:
            yield f"{file} is only in {ours.path}, in {one}"
        elif not one:
            yield f"{file} is only in {theirs.path}, in {other}"
        elif one != other:
            yield f"{file} is in {one} and in {other}"


def _labels(first: Placement, second: Placement) -> Iterator[str]:
    for file in sorted(first.keys() & second.keys()):
        one, other = ([_in_order(labels) for _split, labels in placed[file]] for placed in (first, second))
        if one != other:
            yield f"{file} has {first[file][0][1]} and {second[file][0][1]}"


def _in_order(labels: list[Any]) -> list[str]:
    """The labels sorted as texts, as the order of a clip's labels has no meaning."""
    return sorted(json.dumps(label, sort_keys=True) for label in labels)


def _extra(ours: TaskReader, theirs: TaskReader) -> dict[str, list[str]]:
    """The aspect `extra`, where both copies have a manifest, the only place of extra columns, and one has any."""
    contents = [copy.contents.small_files.get(MANIFEST, b"") for copy in (ours, theirs)]
    if not all(contents) or not any(b'"extra"' in content for content in contents):  # a manifest may have 70 MB
        return {}
    first, second = _columns_of(ours), _columns_of(theirs)
    pairs = {file: (first[file], second[file]) for file in sorted(first.keys() & second.keys())}
    if all(pair == (NO_COLUMNS, NO_COLUMNS) for pair in pairs.values()):
        return {}
    return {"extra": [f"{file} has {one} and {other}" for file, (one, other) in pairs.items() if one != other]}


def _columns_of(copy: TaskReader) -> dict[str, str]:
    """By file name, the extra columns of each clip."""
    with copy.open_manifest() as manifest:
        return {file: _columns(facts) for file, facts in manifest.clips()} if manifest else {}


def _columns(facts: Mapping[str, Any]) -> str:
    """The extra columns of a clip as JSON, as 1, 1.0 and true are equal in Python."""
    return json.dumps(facts["extra"], sort_keys=True, ensure_ascii=False) if facts.get("extra") else NO_COLUMNS


def _vocabulary(copy: TaskReader) -> list[str]:
    """The words of the vocabulary, even if it is not a valid table."""
    return copy.contents.small_files.get(VOCABULARY, b"").decode(errors="replace").split()


def _rates(ours: TaskReader, theirs: TaskReader) -> Iterator[str]:
    first, second = set(ours.sample_rates), set(theirs.sample_rates)
    for copy, rates in ((ours, first - second), (theirs, second - first)):
        if rates:
            yield f"{', '.join(map(str, sorted(rates)))} Hz only in {copy.path}"


def _audio(ours: TaskReader, theirs: TaskReader) -> Iterator[str]:
    """Files without a counterpart: clips at the common rates, and files that belong to no task."""
    first, second = _clips(ours), _clips(theirs)
    rates = {key.rate for key in first} & {key.rate for key in second}
    for key in sorted(first.keys() ^ second.keys()):
        if key.rate in rates:
            yield f"{key.path} is only in {ours.path if key in first else theirs.path}"
    strays, others = ours.contents.strays, theirs.contents.strays
    for name in sorted(set(strays) ^ set(others)):
        yield f"{name} is only in {ours.path if name in strays else theirs.path}"


def _fingerprints(
    ours: TaskReader, theirs: TaskReader, problems: list[str]
) -> tuple[dict[int, list[ClipKey]], list[ClipKey]]:
    """By rate, the clips with the same length in both, and the list of those whose samples differ."""
    first, second = _clips(ours), _clips(theirs)
    compared: dict[int, list[ClipKey]] = {}
    changed = []
    for key in sorted(first.keys() & second.keys()):
        one, other = first[key], second[key]
        if problem := one.problem or other.problem:
            problems.append(f"{one.path} {problem}")
        elif _form(one) != _form(other):
            problems.append(f"{one.path}: {_form_text(one)} and {_form_text(other)}")
        elif one.bits != SAMPLE_BITS and one.sha256 != other.sha256:
            problems.append(f"{one.path}: the samples differ, and are not compared, as they have {one.bits} bits")
        else:
            compared.setdefault(key.rate, []).append(key)
            if one.sha256 != other.sha256:
                changed.append(key)
    return compared, changed


def _clips(copy: TaskReader) -> Mapping[ClipKey, ClipFile]:
    return {clip.key: clip for clip in copy.contents.clip_files.values()}


def _form(clip: ClipFile) -> tuple[int, ...]:
    return clip.length, clip.header_rate, clip.channels, clip.bits


def _form_text(clip: ClipFile) -> str:
    channels = "" if clip.channels == 1 else f", {clip.channels} channels"
    bits = "" if clip.bits == 16 else f", {clip.bits} bits"
    return f"{clip.length:,} samples at {clip.header_rate:,} Hz{channels}{bits}"
