"""The label files of a finished task: a JSON file for each split, and the label vocabulary."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hearpreprocess.corpus.table import labels_of
from hearpreprocess.errors import CorpusError, enumerate_problems
from hearpreprocess.storage import csv_line
from hearpreprocess.task import Label

if TYPE_CHECKING:
    import pandas as pd

RawEvent = tuple[Label, float, float]


def trim_events(table: pd.DataFrame, sample_duration: float) -> pd.DataFrame:
    """The table with its events cut to clips of `sample_duration` seconds.

    Events with an onset at or after the end are dropped, later offsets are cut to it.

    Raises CorpusError naming the clips that have no event left.
    """
    import pandas as pd

    trimmed = [tuple(_within(events, sample_duration)) for events in table["events"]]
    silent = [name for name, events in zip(table["name"], trimmed, strict=True) if not events]
    if silent:
        raise CorpusError(
            enumerate_problems(f"{{count}} clips have no event within their first {sample_duration:g} s:", silent)
        )
    cut: pd.DataFrame = table.assign(events=pd.Series(trimmed, index=table.index, dtype=object))
    return cut


def _within(events: Sequence[RawEvent], duration: float) -> Iterable[RawEvent]:
    return ((label, start, min(end, duration)) for label, start, end in events if start < duration)


def split_labels(table: pd.DataFrame, split: str, embedding_type: str) -> dict[str, list[Any]]:
    """By file name, the labels of each clip of a split, or its events with times in milliseconds."""
    of_split = table[table["split"] == split]
    if embedding_type == "scene":
        return {f"{name}.wav": list(labels) for name, labels in zip(of_split["name"], of_split["labels"], strict=True)}
    return {
        f"{name}.wav": [{"label": label, "start": start * 1000.0, "end": end * 1000.0} for label, start, end in events]
        for name, events in zip(of_split["name"], of_split["events"], strict=True)
    }


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


def vocabulary(table: pd.DataFrame) -> list[Label]:
    """The labels that occur in a table, sorted: numbers by value, texts by code point."""
    every: set[Any] = set().union(*labels_of(table))
    return sorted(every)


def vocabulary_csv(labels: Sequence[Label]) -> str:
    """The text of labelvocabulary.csv: a header and one line per label, numbered from 0."""
    return "".join(map(csv_line, (("idx", "label"), *enumerate(labels))))


def to_json(value: Any) -> str:
    """The text of a JSON file in the style of finished tasks."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
