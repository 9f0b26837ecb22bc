"""The table of the chosen clips: a list for each column, a position for each clip.

A frozen class of plain lists takes a third of the memory of a pandas DataFrame of such values, and no process needs to
load pandas for it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, compress
from typing import Any

from hearpreprocess.task import Extra, Label, Slice

SLICE = Slice._fields
WHOLE = -1

LACKING = "the excerpt does not have their files"

RawEvent = tuple[Label, float, float]
"""A label with its start and end in seconds."""


@dataclass(frozen=True, slots=True)
class ClipTable:
    """The chosen clips, as a rule sorted by name.

    `name`: unique, without slash. `source`, `member`: where the audio is. `start`, `stop`: samples, or WHOLE for the
    whole recording; `start_seconds`, `stop_seconds`: the same in seconds; at most one of each pair is given. `split`: a
    split's name, or "" if it is to be drawn. `group`: clips of one group stay in one split. `labels`: all str or all
    int. `extra`: by column, or None without any.
    """

    name: Sequence[str]
    source: Sequence[str]
    member: Sequence[str]
    start: Sequence[float]
    stop: Sequence[float]
    start_seconds: Sequence[float]
    stop_seconds: Sequence[float]
    split: Sequence[str]
    group: Sequence[str]
    labels: Sequence[tuple[Label, ...]]
    events: Sequence[tuple[RawEvent, ...]]
    extra: Sequence[Mapping[str, Extra] | None]

    def __len__(self) -> int:
        return len(self.name)

    def where(self, is_chosen: Iterable[object]) -> ClipTable:
        """The clips for which a value of `is_chosen`, one for each, is true."""
        chosen = list(is_chosen)
        return ClipTable(*(list(compress(getattr(self, column), chosen)) for column in COLUMNS))

    def to_json(self) -> dict[str, Any]:
        """The table as a JSON object."""
        return {column: getattr(self, column) for column in COLUMNS}

    @classmethod
    def from_json(cls, columns: Mapping[str, Sequence[Any]]) -> ClipTable:
        """The table from the result of `to_json`."""
        labels = [tuple(labels) for labels in columns["labels"]]
        events = [tuple(tuple(event) for event in events) for events in columns["events"]]
        return cls(**{**columns, "labels": labels, "events": events})


COLUMNS = tuple(field.name for field in dataclasses.fields(ClipTable))


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


def labels_of(table: ClipTable) -> Sequence[Collection[Label]]:
    """The labels of each clip, including those of its events, in the table's order."""
    if not any(table.events):
        return table.labels
    return [
        frozenset(chain(labels, (label for label, _start, _end in events)))
        for labels, events in zip(table.labels, table.events, strict=True)
    ]
