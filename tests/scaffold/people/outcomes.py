"""What the product made of a folder, as facts by recording, to compare with the folder's truth."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import soundfile

from hearpreprocess import archive
from hearpreprocess.corpus import choose_clips
from hearpreprocess.task import Tree, matcher, registry
from tests.scaffold.people.truth import RATE, SECONDS, Facts, PeoplesFolder, Truth

Fact: TypeAlias = tuple[object, ...]
HEAD = round(SECONDS * RATE) // 2
"""So many first samples tell one recording from another."""

Give: TypeAlias = Callable[[Sequence[str]], tuple[int, str]]
"""Gives `new` with more options; returns its exit status and what it says."""


def accepted(people: PeoplesFolder, folder: Path, new: Give) -> str:
    """What `new` says of a folder that it accepts, after the options and corrections that its refusals name."""
    given: list[str] = []
    options, corrections = list(people.options), list(people.corrections)
    refusals: list[str] = []
    while True:
        status, said = new(given)
        if status == 0:
            assert refusals or not people.is_open, f"a guess was taken where several readings are possible:\n{said}"
            return said
        assert status in (1, 2), said
        assert not list(folder.parent.glob("*.py")), "refused, and a module is written"
        refusals.append(said)
        if option := next((option for option in options if option[0] in said), None):
            options.remove(option)
            given += option
        elif correction := next((correction for correction in corrections if correction.words in said), None):
            corrections.remove(correction)
            correction.correct(folder)
        else:
            raise AssertionError(f"refused with {given}, without what helps:\n{said}")


def facts_of_module(module: Path, folder: Path, listing: Path) -> list[tuple[str, Facts]]:
    """The facts of each clip of a task module, with the path of its recording. `listing`: a directory to create."""
    (task,) = registry.references([str(module)], "default")
    config = task.resolve()
    listing.mkdir()
    members = archive.unpack({folder.name: folder}, matcher(config.sources["recordings"].reads), Tree.readable(listing))
    Tree.write(listing, members, "of a test")
    table, _omissions, _warnings = choose_clips(config, {"recordings": Tree("recordings", listing)})
    return [
        (
            member,
            _facts(
                labels,
                [(label, 1000 * start, 1000 * end) for label, start, end in events],
                split,
                "" if group == name else group,
            ),
        )
        for name, member, labels, events, split, group in zip(
            table.name, table.member, table.labels, table.events, table.split, table.group, strict=True
        )
    ]


def facts_of_task(task: Path, folder: Path, truth: Truth) -> list[tuple[str, Facts]]:
    """The facts of each clip of a finished task, with the path of the recording of the truth that has its sound."""
    manifest = json.loads((task / "manifest.json").read_text(encoding="utf-8"))["clips"]
    by_sound: dict[bytes, list[str]] = {}
    for recording in truth:
        by_sound.setdefault(_head(folder / recording), []).append(recording)
    facts = []
    for rate in task.glob("[0-9]*"):
        for split in sorted(rate.iterdir()):
            labels = json.loads((task / f"{split.name}.json").read_text(encoding="utf-8"))
            assert labels.keys() == {path.name for path in split.iterdir()}
            for path in split.iterdir():
                events = [
                    (event["label"], event["start"], event["end"])
                    for event in labels[path.name]
                    if isinstance(event, dict)
                ]
                names = [label for label in labels[path.name] if not isinstance(label, dict)]
                made = _facts(names, events, split.name, manifest[path.name].get("group", ""))
                facts.append((_recording(by_sound.get(_head(path), []), split.name, truth) or str(path), made))
    return facts


def _recording(recordings: Sequence[str], split: str, truth: Truth) -> str:
    """Of the recordings with one sound, that of a split; "" where there is no recording."""
    of_split = (recording for recording in recordings if truth[recording].split == split)
    return next(of_split, recordings[0] if recordings else "")


def _head(path: Path) -> bytes:
    samples, _rate = soundfile.read(path, HEAD, dtype="int16")
    return bytes(samples.tobytes())


def _facts(labels: Iterable[object], events: Sequence[tuple[object, float, float]], split: str, group: str) -> Facts:
    names = sorted({*map(str, labels), *(str(label) for label, _start, _end in events)})
    in_time = sorted((round(start, 6), round(end, 6), str(label)) for label, start, end in events)
    return Facts(tuple(names), tuple((label, start, end) for start, end, label in in_time), split, group)


def problems(made: Sequence[tuple[str, Facts]], truth: Truth) -> list[str]:
    """Where labels, events, splits or groups are not those of the truth, or one split leaks into another."""
    counts = Counter(path for path, _facts in made)
    wrong = [f"{path}: {counts[path]} clips" for path in sorted({*counts, *truth}) if counts[path] != (path in truth)]
    if wrong:
        return wrong
    facts = dict(made)
    for path, fact in facts.items():
        true = truth[path]
        if (fact.labels, fact.events) != (true.labels, true.events):
            wrong.append(f"{path}: {fact.labels} {fact.events}; expected {true.labels} {true.events}")
    wrong += [f"a group of {sorted(group)}" for group in _partition(facts) - _partition(truth)]
    wrong += [f"no group of {sorted(group)}" for group in _partition(truth) - _partition(facts)]
    return wrong + _problems_of_splits({path: fact.split for path, fact in facts.items()}, truth)


def _problems_of_splits(splits: Mapping[str, str], truth: Truth) -> list[str]:
    given = {fact.split for fact in truth.values()} - {""}
    drawn = {"valid", "test"} - given if "train" in given else set()
    wrong = [
        f"{path}: in {split}; expected {truth[path].split}"
        for path, split in splits.items()
        if given and split != truth[path].split and not (truth[path].split == "train" and split in drawn)
    ]
    of_groups = {group: {splits[path] for path in group} for group in _partition(truth)}
    wrong += [
        f"{sorted(group)} is divided: {sorted(of_group)}" for group, of_group in of_groups.items() if len(of_group) > 1
    ]
    return wrong + (["all clips are in one split"] if len(set(splits.values())) < 2 else [])


def _partition(facts: Mapping[str, Facts]) -> set[frozenset[str]]:
    """Which recordings are one group, whatever it is called."""
    groups: dict[str, set[str]] = {}
    for path, fact in facts.items():
        groups.setdefault(f"group {fact.group}" if fact.group else f"recording {path}", set()).add(path)
    return {frozenset(group) for group in groups.values()}
