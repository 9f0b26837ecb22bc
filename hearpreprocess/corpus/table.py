"""The table of the chosen clips, and the checks on what a task module yields.

The table is a pandas DataFrame with one row a clip, sorted by name, and the columns of COLUMNS: `name` (unique, no
slash), `source` and `member` (where the audio is), `start` and `stop` (samples, or -1 for the whole recording),
`start_seconds` and `stop_seconds` (the same in seconds; at most one of each pair is given), `split`
(a split's name, or "" if it is to be drawn), `group` (clips of one group stay in one split), `labels` (tuple of str or
of int), `events` (tuple of (label, start in seconds, end in seconds)), `extra` (dict by column, or None without any).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from hearpreprocess.corpus.texts import composed, on_any_disk, problem_of_label, problem_of_name, spelled_twice
from hearpreprocess.errors import CorpusError, enumerate_problems
from hearpreprocess.storage import LONGEST_NAME, counted
from hearpreprocess.task import (
    LARGEST,
    Clip,
    Label,
    LeftOut,
    PresetFolds,
    Slice,
    TaskMode,
    TrainValidTest,
    kind_of_extra,
    problems_of_events,
    shown,
    unusable_character,
)

if TYPE_CHECKING:
    import pandas as pd


SLICE = Slice._fields
COLUMNS = ("name", "source", "member", *SLICE, "split", "group", "labels", "events", "extra")

WHOLE = -1

LACKING = "the excerpt does not have their files"


@dataclass(frozen=True, slots=True)
class Omission:
    """Clips that are not in a finished task, with the reason: their names, or their number if they have no names."""

    reason: str
    clips: tuple[str, ...] | None = None
    count: int = 0
    of: str = ""

    def to_json(self) -> dict[str, Any]:
        """The omission as a JSON object."""
        if self.clips is not None:
            return {"reason": self.reason, "clips": list(self.clips)}
        return {"reason": self.reason, "count": self.count, "of": self.of}


def to_table(
    clips: Iterable[Clip | LeftOut], task: TaskMode, members: Mapping[str, Collection[str]]
) -> tuple[pd.DataFrame, list[Omission]]:
    """The table of the clips that a task module yields, and the omissions.

    `members`: the paths in each source. A clip whose file is missing is dropped if the corpus is an excerpt, and is an
    error otherwise.

    Raises CorpusError collecting every problem with the clips.
    """
    import pandas as pd

    chosen, problems = [], []
    omitted: dict[str, list[str]] = {}
    lacking = 0
    for clip in clips:
        if isinstance(clip, LeftOut):
            omitted.setdefault(clip.reason, []).append(clip.path.stem)
            continue
        if not isinstance(clip, Clip):
            raise CorpusError(f"{task.title}: clips() must yield Clip objects, got {shown(clip)}")
        if clip.path.source not in members:
            problems.append(f"{clip.name!r}: unknown source {clip.path.source!r}; expected {', '.join(members)}")
        elif clip.path.path in members[clip.path.source]:
            chosen.append(clip)
        elif task.partial:
            lacking += 1
        else:
            problems.append(f"{clip.name!r}: no file {clip.path.path!r} in source {clip.path.source!r}")
    problems.extend(_of_wrong_events(chosen))
    problems.extend(_problems(chosen, task))
    if problems:
        raise CorpusError(
            enumerate_problems(f"{task.title}: {counted(len(problems), 'problems')} with its clips:", problems)
        )
    if not chosen:
        raise CorpusError(f"{task.title}: clips() yields no clips. Check its patterns against the files in the source")
    chosen.sort(key=lambda clip: clip.name)
    table = pd.DataFrame(
        {
            "name": [clip.name for clip in chosen],
            "source": [clip.path.source for clip in chosen],
            "member": [clip.path.path for clip in chosen],
            **{end: [_given(clip, number) for clip in chosen] for number, end in enumerate(SLICE)},
            "split": [clip.split or "" for clip in chosen],
            "group": [clip.group for clip in chosen],
            "labels": [clip.labels for clip in chosen],
            "events": [tuple((event.label, event.start, event.end) for event in clip.events) for clip in chosen],
            "extra": [dict(clip.extra) or None for clip in chosen],
        },
        columns=list(COLUMNS),
    )
    omissions = [Omission(reason, tuple(sorted(names))) for reason, names in sorted(omitted.items())]
    return table, omissions + ([Omission(LACKING, count=lacking, of="clips")] if lacking else [])


def _given(clip: Clip, end: int) -> float:
    """An end of a clip's slice by its position in SLICE; WHOLE if it is not given."""
    value = None if clip.slice is None else clip.slice[end]
    return WHOLE if value is None else value


def _of_wrong_events(clips: Sequence[Clip]) -> Iterator[str]:
    """The problems of events with wrong values, which are removed, so that the other checks need not expect them."""
    for clip in clips:
        if clip.events and (wrong := list(problems_of_events(clip.events))):
            clip.events = tuple(event for event in clip.events if not any(problems_of_events([event])))
            yield from (f"{clip.name!r}: {problem}" for problem in wrong)


def _problems(clips: Sequence[Clip], task: TaskMode) -> list[str]:
    unusable = _unusable_labels(clips)
    names = task.splits.names
    problems = [f"{clip.name!r}: {problem}" for clip in clips for problem in _problems_of(clip, task, names, unusable)]
    problems.extend(
        f"{name!r}: {count} clips have this name. Give each its own with name="
        for name, count in Counter(clip.name for clip in clips).items()
        if count > 1
    )
    problems.extend(
        f"{name!r}: the name with .wav has {size} bytes; expected at most {LONGEST_NAME}. Shorten it with name="
        for name in {clip.name: None for clip in clips}
        if (size := len(f"{name}.wav".encode(errors="surrogatepass"))) > LONGEST_NAME
    )
    names_once = list({clip.name: None for clip in clips})
    problems.extend(
        f"clip names: {forms}; many file systems treat them as one file. Give each its own with name="
        for forms in spelled_twice(names_once)
    )
    by_form = {composed(name): name for name in reversed(names_once)}
    folded = Counter(map(on_any_disk, by_form))
    problems.extend(
        f"{name!r}: the name differs from another clip's only in case; many file systems treat them as one file. "
        "Give each its own with name="
        for name in sorted(by_form.values())
        if folded[on_any_disk(name)] > 1
    )
    problems.extend(
        f"labels: {forms}. Write both in the same form, with unicodedata.normalize('NFC', label)"
        for forms in spelled_twice(_labels_once(clips))
    )
    kinds = Counter(map(type, chain.from_iterable(clip.labels for clip in clips)))
    kinds.update(type(event.label) for clip in clips for event in clip.events)
    if len(kinds) > 1:
        counts = " and ".join(
            f"{count:,} of type {kind}"
            for kind, count in sorted((kind.__name__, count) for kind, count in kinds.items())
        )
        problems.append(f"labels must be all str or all int, got {counts}")
    problems.extend(_problems_of_extra(clips))
    return problems


def _problems_of_extra(clips: Sequence[Clip]) -> Iterable[str]:
    """Extra columns with values of several kinds, which no table or export could keep."""
    first: dict[str, dict[str, Clip]] = {}
    for clip in clips:
        for key, value in clip.extra.items():
            if kind := kind_of_extra(value):
                first.setdefault(key, {}).setdefault(kind, clip)
    for key, of_kinds in first.items():
        if len(of_kinds) > 1:
            examples = [f"{shown(clip.extra[key])} ({kind}) in {clip.name}" for kind, clip in of_kinds.items()]
            yield f"extra {shown(key)}: values must have one type in all clips, got {' and '.join(examples)}"


def _unusable_labels(clips: Sequence[Clip]) -> dict[Label, str]:
    """The problem of each unusable label."""
    return {label: problem for label in _labels_once(clips) if (problem := problem_of_label(label))}


def _labels_once(clips: Sequence[Clip]) -> dict[Label, None]:
    """The labels of clips and of their events, in their order."""
    every = dict.fromkeys(chain.from_iterable(clip.labels for clip in clips))
    return every | dict.fromkeys(event.label for clip in clips for event in clip.events)


def _problems_of(
    clip: Clip, task: TaskMode, names: Sequence[str], unusable_labels: Mapping[Label, str]
) -> Iterable[str]:
    name = clip.name
    if problem := problem_of_name(name):
        yield problem
    if clip.group != name and (character := unusable_character(clip.group)):
        yield f"group {shown(clip.group)} has the character {character}, which is not allowed in a group"
    if clip.slice is not None:
        yield from _problems_of_slice(clip.slice)
    yield from _problems_of_split(clip, task, names)
    if task.embedding_type == "scene":
        if clip.events:
            yield "a scene task has labels; got events"
        if task.prediction_type == "multiclass" and len(clip.labels) != 1:
            yield f"a multiclass task has exactly one label a clip; got {shown(list(clip.labels))}"
        if len(clip.labels) > 1 and len(set(clip.labels)) != len(clip.labels):
            yield f"labels must not repeat, got {shown(list(clip.labels))}"
    else:
        if clip.labels:
            yield "an event task has events; got labels"
    if unusable_labels:
        for label in dict.fromkeys((*clip.labels, *(event.label for event in clip.events))):
            if label in unusable_labels:
                yield f"label {shown(label)} {unusable_labels[label]}"


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


def _problems_of_split(clip: Clip, task: TaskMode, names: Sequence[str]) -> Iterable[str]:
    scheme = task.splits
    if isinstance(scheme, TrainValidTest):
        if clip.split is not None and clip.split not in names:
            yield f"unknown split {shown(clip.split)}; expected {', '.join(names)}"
        if clip.split in scheme.drawn:
            yield f"split={shown(clip.split)} must not be given: TrainValidTest draws this split"
    elif isinstance(scheme, PresetFolds):
        if clip.split not in names:
            yield f"unknown split {shown(clip.split)}; with PresetFolds each clip needs one of {', '.join(names)}"
    elif clip.split is not None:
        yield f"split={shown(clip.split)} must not be given: NewFolds draws the folds"


def labels_of(table: pd.DataFrame) -> list[set[Label]]:
    """The labels of each clip, including those of its events, in the table's order."""
    return [
        {*labels, *(label for label, _start, _end in events)}
        for labels, events in zip(table["labels"], table["events"], strict=True)
    ]


def table_to_json(table: pd.DataFrame, columns: Iterable[str] = COLUMNS) -> dict[str, list[Any]]:
    """Some columns of a table of clips as a JSON object."""
    return {column: table[column].tolist() for column in columns}


def table_from_json(columns: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """The table from the result of `table_to_json` with all columns."""
    import pandas as pd

    labels = [tuple(labels) for labels in columns["labels"]]
    events = [tuple(tuple(event) for event in events) for events in columns["events"]]
    table: pd.DataFrame = pd.DataFrame({**columns, "labels": labels, "events": events}, columns=list(COLUMNS))
    return table
