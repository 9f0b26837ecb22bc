"""The label files of a finished task: a JSON file for each split, and the label vocabulary."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from hearpreprocess.corpus.table import ClipTable, RawEvent, labels_of
from hearpreprocess.errors import CorpusError, enumerate_problems
from hearpreprocess.storage import counted, csv_line
from hearpreprocess.task import Label, TaskMode, latest_milliseconds, milliseconds


def trim_events(table: ClipTable, task: TaskMode) -> ClipTable:
    """The table of an event task with its events cut to the duration of clips.

    Events with an onset at or after the end are dropped, later offsets are cut to it.

    Raises CorpusError naming the clips that have no event left, unless the task allows them, and where no clip has any.
    """
    duration = task.sample_duration or math.inf
    end = duration if task.resampled is None else latest_milliseconds(duration)
    trimmed = [tuple(_within(events, end)) for events in table.events]
    silent = [name for name, events in zip(table.name, trimmed, strict=True) if not events]
    if silent and not task.allow_empty:
        have = "has" if len(silent) == 1 else "have"
        headline = f"{task.title}: {counted(len(silent), 'clips')} {have} no event within the first {duration:g} s:"
        raise CorpusError(
            enumerate_problems(headline, silent)
            + "\n  Leave them out (windows: keep_empty=False), or keep them with allow_empty=True in TaskConfig"
        )
    if len(silent) == len(table):
        raise CorpusError(f"{task.title}: no clip has an event; expected one or more, for the label vocabulary")
    return replace(table, events=trimmed)


def _within(events: Sequence[RawEvent], duration: float) -> Iterable[RawEvent]:
    return ((label, start, min(end, duration)) for label, start, end in events if start < duration)


def split_labels(table: ClipTable, split: str, task: TaskMode) -> dict[str, list[Any]]:
    """By file name, the labels of each clip of a split, or its events with times in milliseconds."""
    if task.embedding_type == "scene":
        scenes = zip(table.split, table.name, table.labels, strict=True)
        return {f"{name}.wav": list(labels) for of_clip, name, labels in scenes if of_clip == split}
    convert = _to_milliseconds(task)
    clips = zip(table.split, table.name, table.events, strict=True)
    return {
        f"{name}.wav": [{"label": label, "start": convert(start), "end": convert(end)} for label, start, end in events]
        for of_clip, name, events in clips
        if of_clip == split
    }


def _to_milliseconds(task: TaskMode) -> Callable[[float], float]:
    """The function that gives an event's times as they are written to the label files."""
    if task.resampled is not None:  # its events have the milliseconds of the finished task that it is made from
        return float
    return milliseconds if task.event_times == "exact" else lambda seconds: seconds * 1000.0


def membership_digest(clips: Mapping[str, Mapping[str, list[Any]]]) -> str:
    """The sha256 of all splits and labels, as sorted lines of JSON lists [split, file name, labels].

    `clips`: by split and file name, from `split_labels`. Two copies of a task with the same digest have the same clips
    in the same splits with the same labels.
    """
    rows = sorted(
        json.dumps([split, file, sorted(map(_text, labels))], ensure_ascii=False)
        for split, of_split in clips.items()
        for file, labels in of_split.items()
    )
    return hashlib.sha256("".join(f"{row}\n" for row in rows).encode()).hexdigest()


def _text(label: Any) -> str:
    return json.dumps(label, sort_keys=True, ensure_ascii=False)


def vocabulary(table: ClipTable) -> list[Label]:
    """The labels that occur in a table, sorted: numbers by value, texts by code point."""
    every: set[Any] = set(chain.from_iterable(labels_of(table)))
    return sorted(every)


def vocabulary_csv(labels: Sequence[Label]) -> str:
    """The text of labelvocabulary.csv: a header and one line per label, numbered from 0."""
    return "".join(map(csv_line, (("idx", "label"), *enumerate(labels))))


def to_json(value: Any) -> str:
    """The text of a JSON file in the style of finished tasks."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
