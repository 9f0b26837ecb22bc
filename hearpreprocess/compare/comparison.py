"""What two copies of a task have in common and what not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from hearpreprocess.compare.samples import Difference, Key, differences
from hearpreprocess.errors import OutputError
from hearpreprocess.finished import COMMON_METADATA, METADATA, VOCABULARY, Finished, Recording, look

IDENTICAL, WITHIN_DITHER, DIFFERENT = "identical", "within dither", "different"


@dataclass(frozen=True)
class Comparison:
    """`problems`: what differs, by aspect (`metadata`, `splits`, `labels`, `vocabulary`, `rates`, `audio`, `lengths`).

    `samples`: by rate, the number of clips compared, of those that are identical, and how the others differ.
    """

    first: Path
    second: Path
    problems: dict[str, list[str]]
    samples: dict[int, tuple[int, int, list[Difference]]]

    def outcome(self, rate: int) -> str:
        """How the samples at a rate compare."""
        compared, identical, others = self.samples[rate]
        if identical == compared:
            return IDENTICAL
        return WITHIN_DITHER if all(each.is_within_dither for each in others) else DIFFERENT

    @property
    def is_same(self) -> bool:
        """Whether splits and labels are identical, and no sample differs by more than dither does."""
        outcomes = {self.outcome(rate) for rate in self.samples}
        faults = [found for aspect, found in self.problems.items() if aspect != "rates"]
        return not any(faults) and bool(outcomes) and outcomes <= {IDENTICAL, WITHIN_DITHER}

    def to_json(self) -> dict[str, Any]:
        """The comparison as a JSON object."""
        rates = {
            str(rate): {
                "outcome": self.outcome(rate),
                "compared": compared,
                "identical": identical,
                "largest_difference": max((each.largest for each in others), default=0),
                "median_snr": median_snr(others),
                "different": sorted(each.file for each in others if not each.is_within_dither),
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
    """The median signal-to-noise ratio in dB; None where no clip has one."""
    ratios = [each.snr for each in others if each.snr is not None]
    return median(ratios) if ratios else None


def compare(first: Path, second: Path) -> Comparison:
    """Compare two copies of a task, each a folder or a tarball.

    Raises OutputError where one of them is none, or damaged.
    """
    with ThreadPoolExecutor(2) as pool:
        ours, theirs = pool.map(look, (first, second))
    for copy in (ours, theirs):
        if copy.damage:
            raise OutputError(f"{copy.path}: {copy.damage}")
        if METADATA not in copy.texts:
            raise OutputError(f"{copy.path} is no finished task: it has no {METADATA}")
    problems = {
        "metadata": list(_metadata(ours, theirs)),
        "splits": list(_splits(ours, theirs)),
        "labels": list(_labels(ours, theirs)),
        "vocabulary": [] if _vocabulary(ours) == _vocabulary(theirs) else ["the label vocabularies differ"],
        "rates": list(_rates(ours, theirs)),
        "audio": list(_audio(ours, theirs)),
        "lengths": [],
    }
    compared, changed = _fingerprints(ours, theirs, problems["lengths"])
    found: dict[int, list[Difference]] = {}
    for each in differences(first, second, changed) if changed else ():
        found.setdefault(each.rate, []).append(each)
    samples = {}
    for rate, keys in sorted(compared.items()):
        others = found.get(rate, [])
        samples[rate] = (len(keys), len(keys) - len(others), others)
    return Comparison(first, second, problems, samples)


def _metadata(ours: Finished, theirs: Finished) -> Iterator[str]:
    first, second = (_read(copy, METADATA) for copy in (ours, theirs))
    for key in COMMON_METADATA:
        if key in first and key in second and first[key] != second[key]:
            yield f"{key}: {first[key]!r} and {second[key]!r}"


def _placed(copy: Finished) -> dict[str, list[tuple[str, Any]]]:
    """The splits and the labels of each clip, by its file name; sound copies have each in one split."""
    splits = [name.removesuffix(".json") for name in copy.texts if name.endswith(".json")]
    known = _read(copy, METADATA).get("splits")
    placed: dict[str, list[tuple[str, Any]]] = {}
    for split in sorted(splits):
        if not isinstance(known, list) or split in known:
            for file, found in _read(copy, f"{split}.json").items():
                if not isinstance(found, list):
                    raise OutputError(f"{copy.path}: the labels of {file} are no list")
                placed.setdefault(file, []).append((split, found))
    return placed


def _splits(ours: Finished, theirs: Finished) -> Iterator[str]:
    first, second = _placed(ours), _placed(theirs)
    for file in sorted(first.keys() | second.keys()):
        one, other = (" and ".join(split for split, _found in placed.get(file, [])) for placed in (first, second))
        if not other:
            yield f"{file} is only in {ours.path}, in {one}"
        elif not one:
            yield f"{file} is only in {theirs.path}, in {other}"
        elif one != other:
            yield f"{file} is in {one} and in {other}"


def _labels(ours: Finished, theirs: Finished) -> Iterator[str]:
    first, second = _placed(ours), _placed(theirs)
    for file in sorted(first.keys() & second.keys()):
        one, other = ([_in_order(found) for _split, found in placed[file]] for placed in (first, second))
        if one != other:
            yield f"{file} has {first[file][0][1]} and {second[file][0][1]}"


def _in_order(found: Any) -> list[str]:
    """Labels in an order of their own: that in which a clip's labels are listed means nothing."""
    return sorted(json.dumps(label, sort_keys=True) for label in found)


def _vocabulary(copy: Finished) -> list[str]:
    return copy.texts.get(VOCABULARY, b"").decode(errors="replace").split()


def _rates(ours: Finished, theirs: Finished) -> Iterator[str]:
    first, second = ({each.rate for each in copy.recordings.values()} for copy in (ours, theirs))
    for copy, rates in ((ours, first - second), (theirs, second - first)):
        if rates:
            yield f"{', '.join(map(str, sorted(rates)))} Hz only in {copy.path}"


def _audio(ours: Finished, theirs: Finished) -> Iterator[str]:
    """What has no counterpart: recordings at a rate that both have, and what belongs to no task."""
    first, second = _recordings(ours), _recordings(theirs)
    rates = {rate for rate, _split, _file in first} & {rate for rate, _split, _file in second}
    for rate, split, file in sorted(first.keys() ^ second.keys()):
        if rate in rates:
            yield f"{rate}/{split}/{file} is only in {ours.path if (rate, split, file) in first else theirs.path}"
    for name in sorted(set(ours.strays) ^ set(theirs.strays)):
        yield f"{name} is only in {ours.path if name in ours.strays else theirs.path}"


def _fingerprints(ours: Finished, theirs: Finished, problems: list[str]) -> tuple[dict[int, list[Key]], list[Key]]:
    """The clips of the same length in both, by rate, and those of them whose samples differ."""
    first, second = _recordings(ours), _recordings(theirs)
    compared: dict[int, list[Key]] = {}
    changed = []
    for key in sorted(first.keys() & second.keys()):
        one, other = first[key], second[key]
        if problem := one.problem or other.problem:
            problems.append(f"{one.path} {problem}")
        elif _form(one) != _form(other):
            problems.append(f"{one.path}: {_form_text(one)} and {_form_text(other)}")
        else:
            compared.setdefault(key[0], []).append(key)
            if one.sha256 != other.sha256:
                changed.append(key)
    return compared, changed


def _recordings(copy: Finished) -> Mapping[Key, Recording]:
    return {(each.rate, each.split, each.file): each for each in copy.recordings.values()}


def _form(recording: Recording) -> tuple[int, ...]:
    return recording.length, recording.header_rate, recording.channels, recording.bits


def _form_text(recording: Recording) -> str:
    channels = "" if recording.channels == 1 else f", {recording.channels} channels"
    bits = "" if recording.bits == 16 else f", {recording.bits} bits"
    return f"{recording.length:,} samples at {recording.header_rate:,} Hz{channels}{bits}"


def _read(copy: Finished, name: str) -> dict[str, Any]:
    try:
        found = json.loads(copy.texts.get(name, b"{}").decode())
    except (ValueError, RecursionError) as error:
        raise OutputError(f"{copy.path}: {name} is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise OutputError(f"{copy.path}: {name} is no JSON object")
    return found
