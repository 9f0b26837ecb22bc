"""The checks on the clips that a task module yields.

A corpus has up to 306,000 clips, nearly always without any problem. What they have in common is therefore checked once,
and a clip by itself only where something in it is unusual.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from hearpreprocess.corpus.texts import (
    are_plain_names,
    composed,
    on_any_disk,
    problem_of_label,
    problem_of_name,
    spelled_twice,
)
from hearpreprocess.storage import LONGEST_NAME
from hearpreprocess.task import (
    LARGEST,
    Clip,
    Label,
    PresetFolds,
    Slice,
    TaskMode,
    TrainValidTest,
    kind_of_extra,
    problems_of_events,
    shown,
    unusable_character,
)


def problems_of_clips(clips: Sequence[Clip], task: TaskMode) -> list[str]:
    """The problems of clips, each with the clip's name; events with wrong values are removed."""
    problems = list(_of_wrong_events(clips))  # first, so that the other checks need not expect them
    every_label = dict.fromkeys(chain.from_iterable(clip.labels for clip in clips))
    every_label |= dict.fromkeys(event.label for clip in clips for event in clip.events)
    unusable = {label: problem for label in every_label if (problem := problem_of_label(label))}
    names = [clip.name for clip in clips]
    is_plain = are_plain_names(names)
    unusual = clips if unusable or not is_plain else _unusual(clips, task)
    problems.extend(f"{clip.name!r}: {problem}" for clip in unusual for problem in _problems_of(clip, task, unusable))
    if not is_plain:
        problems.extend(_problems_of_names(names))
    problems.extend(
        f"labels: {forms}. Write both in the same form, with unicodedata.normalize('NFC', label)"
        for forms in spelled_twice(every_label)
    )
    if len(set(map(type, every_label))) > 1:
        problems.append(f"labels must be all str or all int, got {_counts_of_kinds(clips)}")
    problems.extend(_problems_of_extra(clips))
    return problems


def _of_wrong_events(clips: Sequence[Clip]) -> Iterator[str]:
    """The problems of events with wrong values, which are removed, so that the other checks need not expect them."""
    for clip in clips:
        if clip.events and (wrong := list(problems_of_events(clip.events))):
            clip.events = tuple(event for event in clip.events if not any(problems_of_events([event])))
            yield from (f"{clip.name!r}: {problem}" for problem in wrong)


def _unusual(clips: Sequence[Clip], task: TaskMode) -> Sequence[Clip]:
    """The clips with plain names and usable labels that may have a problem of their own."""
    groups = {group for group in {clip.group for clip in clips} if not group.isprintable()}
    every = {(clip.split, clip.labels, bool(clip.events)) for clip in clips}
    wrong = {facts for facts in every if any(_problems_of_facts(*facts, task))}
    return [
        clip
        for clip in clips
        if clip.slice is not None
        or clip.group in groups
        or (wrong and (clip.split, clip.labels, bool(clip.events)) in wrong)
    ]


def _problems_of(clip: Clip, task: TaskMode, unusable_labels: Mapping[Label, str]) -> Iterator[str]:
    name = clip.name
    if problem := problem_of_name(name):
        yield problem
    if clip.group != name and (character := unusable_character(clip.group)):
        yield f"group {shown(clip.group)} has the character {character}, which is not allowed in a group"
    if clip.slice is not None:
        yield from _problems_of_slice(clip.slice)
    yield from _problems_of_facts(clip.split, clip.labels, bool(clip.events), task)
    if unusable_labels:
        for label in dict.fromkeys((*clip.labels, *(event.label for event in clip.events))):
            if label in unusable_labels:
                yield f"label {shown(label)} {unusable_labels[label]}"


def _problems_of_facts(split: str | None, labels: tuple[Label, ...], has_events: bool, task: TaskMode) -> Iterator[str]:
    """The problems of what many clips have in common."""
    yield from _problems_of_split(split, task)
    if task.embedding_type == "scene":
        if has_events:
            yield "a scene task has labels; got events"
        if task.prediction_type == "multiclass" and len(labels) != 1:
            yield f"a multiclass task has exactly one label a clip; got {shown(list(labels))}"
        if len(labels) > 1 and len(set(labels)) != len(labels):
            yield f"labels must not repeat, got {shown(list(labels))}"
    elif labels:
        yield "an event task has events; got labels"


def _problems_of_slice(part: Slice) -> Iterator[str]:
    ends = {name: value for name, value in part._asdict().items() if value is not None}
    for name in ("start", "stop"):
        if f"{name}_seconds" in ends and name in ends:
            yield f"{name} and {name}_seconds are both given; give one of them"
    for name, value in ends.items():
        if isinstance(value, float) and not math.isfinite(value):
            yield f"{name} must be a finite number, got {shown(value)}"
        elif not 0 <= value <= LARGEST:
            yield f"{name} must be from 0 to {LARGEST}, got {shown(value)}"
    for start, stop in (("start", "stop"), ("start_seconds", "stop_seconds")):
        if stop in ends and ends[stop] <= (ends.get(start) or 0):
            yield f"{stop} must be greater than {start}, {shown(ends.get(start, 0))}, got {shown(ends[stop])}"


def _problems_of_split(split: str | None, task: TaskMode) -> Iterator[str]:
    scheme, names = task.splits, task.splits.names
    if isinstance(scheme, TrainValidTest):
        if split is not None and split not in names:
            yield f"unknown split {shown(split)}; expected {', '.join(names)}"
        if split in scheme.drawn:
            yield f"split={shown(split)} must not be given: TrainValidTest draws this split"
    elif isinstance(scheme, PresetFolds):
        if split not in names:
            yield f"unknown split {shown(split)}; with PresetFolds each clip needs one of {', '.join(names)}"
    elif split is not None:
        yield f"split={shown(split)} must not be given: NewFolds draws the folds"


def _problems_of_names(names: Sequence[str]) -> Iterator[str]:
    """The problems of names beside one another, and of their length."""
    counts = Counter(names)
    for name, count in counts.items():
        if count > 1:
            yield f"{name!r}: {count} clips have this name. Give each its own with name="
    for name in counts:
        if (size := len(f"{name}.wav".encode(errors="surrogatepass"))) > LONGEST_NAME:
            yield (
                f"{name!r}: the name with .wav has {size} bytes; expected at most {LONGEST_NAME}. Shorten it with name="
            )
    for forms in spelled_twice(counts):
        yield f"clip names: {forms}; many file systems treat them as one file. Give each its own with name="
    by_form = {composed(name): name for name in reversed(counts)}
    folded = Counter(map(on_any_disk, by_form))
    for name in sorted(by_form.values()):
        if folded[on_any_disk(name)] > 1:
            yield (
                f"{name!r}: the name differs from another clip's only in case; many file systems treat them as one "
                "file. Give each its own with name="
            )


def _counts_of_kinds(clips: Sequence[Clip]) -> str:
    kinds = Counter(type(label).__name__ for clip in clips for label in clip.labels)
    kinds.update(type(event.label).__name__ for clip in clips for event in clip.events)
    return " and ".join(f"{count:,} of type {kind}" for kind, count in sorted(kinds.items()))


def _problems_of_extra(clips: Sequence[Clip]) -> Iterable[str]:
    """Extra columns with values of several kinds, which no table or export could keep."""
    first: dict[str, dict[str, Clip]] = {}
    for clip in clips:
        for key, value in clip.extra.items() if clip.extra else ():
            if kind := kind_of_extra(value):
                first.setdefault(key, {}).setdefault(kind, clip)
    for key, of_kinds in first.items():
        if len(of_kinds) > 1:
            examples = [f"{shown(clip.extra[key])} ({kind}) in {clip.name}" for kind, clip in of_kinds.items()]
            yield f"extra {shown(key)}: values must have one type in all clips, got {' and '.join(examples)}"
