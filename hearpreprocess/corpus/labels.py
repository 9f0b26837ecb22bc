"""The label files of a finished task: a JSON file for each split, and the label vocabulary."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hearpreprocess.corpus.table import labels_of
from hearpreprocess.errors import CorpusError, enumerate_problems
from hearpreprocess.task import Label

if TYPE_CHECKING:
    import pandas as pd

RawEvent = tuple[Label, float, float]


def trim_events(table: pd.DataFrame, sample_duration: float) -> pd.DataFrame:
    """The table with its events cut to clips of `sample_duration` seconds.

    Events that start at or after the end are dropped, the ends of others are cut to it.
    Raises CorpusError naming the clips that are left without any event.
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
    """The labels of each clip of a split by file name: labels, or events with their times in milliseconds."""
    of_split = table[table["split"] == split]
    if embedding_type == "scene":
        return {f"{name}.wav": list(labels) for name, labels in zip(of_split["name"], of_split["labels"], strict=True)}
    return {
        f"{name}.wav": [{"label": label, "start": start * 1000.0, "end": end * 1000.0} for label, start, end in events]
        for name, events in zip(of_split["name"], of_split["events"], strict=True)
    }


def membership_digest(clips: Mapping[str, Mapping[str, list[Any]]]) -> str:
    """The sha256 of who is where: a JSON list a clip of its split, file name and labels, a line each, all sorted.

    `clips`: by split and file name, as `split_labels` gives them. Two copies of a task with this digest in common have
    the same clips in the same splits with the same labels.
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
    """The labels that occur in a table, sorted: numbers as numbers, texts by code point."""
    every: set[Any] = set().union(*labels_of(table))
    return sorted(every)


def vocabulary_csv(labels: Sequence[Label]) -> str:
    """The text of labelvocabulary.csv: a header and one line a label, numbered from 0."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("idx", "label"))
    writer.writerows(enumerate(labels))
    return text.getvalue()


def to_json(value: Any) -> str:
    """The text of a JSON file as finished tasks hold it."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
