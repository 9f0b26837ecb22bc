"""The columns of an export as a table: a clip's file, its labels or events, its group and its extra fields."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from hearpreprocess.errors import OutputError, enumerate_problems
from hearpreprocess.loading import FinishedClip, FinishedTask, Vocabulary

ColumnKind = Literal["text", "label", "labels", "events", "int64", "float64", "bool", "json"]
"""The kinds of columns. Labels are indices in the vocabulary; `json` is text with a JSON value."""

_INT64 = range(-(2**63), 2**63)
_EXACT_IN_FLOAT64 = range(-(2**53), 2**53 + 1)


@dataclass(frozen=True)
class Column:
    """A column: its name, kind and meaning, and `of`, which gives the value of a clip, None where it has none."""

    name: str
    kind: ColumnKind
    meaning: str
    of: Callable[[FinishedClip], Any]


def columns_of(task: FinishedTask) -> tuple[Column, ...]:
    """The columns of a task, without its audio.

    `file`; then `label`, `labels` or `events`; `group` where a clip's group is not its own name; then one for each
    extra field. Raises OutputError where a clip of a multiclass task does not have one label.
    """
    clips = task.clips()
    columns = [Column("file", "text", "the name of the clip's file", lambda clip: clip.file), _labels(task)]
    if any(clip.group != clip.name for clip in clips):
        meaning = "clips of one group, such as a speaker, are in one split"
        columns.append(Column("group", "text", meaning, lambda clip: clip.group))
    taken = {column.name for column in columns} | {"audio", "split"}
    for key in dict.fromkeys(key for clip in clips for key in clip.extra):
        name = key
        while name in taken or not name:
            name = f"extra_{name}"
        taken.add(name)
        columns.append(_extra(key, name, clips))
    return tuple(columns)


def _labels(task: FinishedTask) -> Column:
    vocabulary = task.vocabulary
    if task.metadata.get("embedding_type") == "event":
        return Column("events", "events", "events with a label each, times in seconds", _events(vocabulary))
    if task.metadata.get("prediction_type") != "multiclass":
        return Column("labels", "labels", "the clip's labels", lambda clip: list(map(vocabulary.index, clip.labels)))
    problems = [
        f"{clip.split}.json: {clip.file} has {len(clip.labels)}" for clip in task.clips() if len(clip.labels) != 1
    ]
    if problems:
        headline = f"{task.path}: multiclass, but {{count}} of its clips do not have one label:"
        raise OutputError(enumerate_problems(headline, problems))
    return Column("label", "label", "the clip's label", lambda clip: vocabulary.index(clip.labels[0]))


def _events(vocabulary: Vocabulary) -> Callable[[FinishedClip], list[dict[str, Any]]]:
    return lambda clip: [
        {"start": float(event.start), "end": float(event.end), "label": vocabulary.index(event.label)}
        for event in clip.events
    ]


def _extra(key: str, name: str, clips: Iterable[FinishedClip]) -> Column:
    """The column of an extra field: of the type that all its values have, of JSON texts where they have several."""
    values = [value for clip in clips if (value := clip.extra.get(key)) is not None]
    kind = _kind_of(values)
    meaning = f"the extra field {key!r}" + (", each value as JSON text" if kind == "json" else "")
    convert: dict[ColumnKind, Callable[[Any], Any]] = {"json": _as_json, "float64": float}
    return Column(
        name,
        kind,
        meaning,
        lambda clip: None if (value := clip.extra.get(key)) is None else convert.get(kind, lambda same: same)(value),
    )


def _kind_of(values: list[Any]) -> ColumnKind:
    types = {type(value) for value in values}
    if types == {str}:
        return "text"
    if types == {bool}:
        return "bool"
    integers = [value for value in values if type(value) is int]
    if types == {int} and all(value in _INT64 for value in integers):
        return "int64"
    if types and types <= {int, float} and all(value in _EXACT_IN_FLOAT64 for value in integers):
        return "float64"
    return "json"


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def columns_table(columns: Iterable[Column]) -> Iterator[str]:
    """The columns as a table in Markdown."""
    types: dict[ColumnKind, str] = {
        "text": "string",
        "label": "int64",
        "labels": "list of int64",
        "events": "list of (start: float64, end: float64, label: int64)",
        "json": "string",
    }
    yield "| column | type | meaning |"
    yield "|---|---|---|"
    for column in columns:
        yield f"| `{column.name}` | {types.get(column.kind, column.kind)} | {column.meaning} |"
