"""The claims of a finished task: its metadata, labels, vocabulary and manifest, as far as they can be read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from hearpreprocess.errors import FinishedTaskError
from hearpreprocess.finished import Manifest, TaskReader, is_label, is_number, title_in
from hearpreprocess.task import Label

Value = TypeVar("Value")


@dataclass(frozen=True)
class Claims:
    """The claims of a finished task; those of unreadable files are empty or None.

    `clips`: the labels of each clip by split and file name. `vocabulary`: the idx and the label of each row.
    `problems`: why a file could not be read, by its name.
    """

    metadata: Mapping[str, Any]
    splits: Sequence[str]
    clips: Mapping[str, Mapping[str, list[Any]]]
    vocabulary: Sequence[tuple[str, str]]
    manifest: Manifest | None
    problems: Mapping[str, str]

    @property
    def title(self) -> str | None:
        """The task's title, by the metadata."""
        return title_in(self.metadata)

    @property
    def duration(self) -> float | None:
        """Seconds of every clip, or None."""
        duration = self.metadata.get("sample_duration")
        return float(duration) if is_number(duration) and duration > 0 else None

    @property
    def manifest_clips(self) -> Mapping[str, Any]:
        """By file name, each clip's entry in the manifest."""
        return self.manifest["clips"] if self.manifest else {}

    @cached_property
    def unread_splits(self) -> frozenset[str]:
        """The splits whose label files cannot be read: nothing is known of their clips."""
        return frozenset(self.splits) - self.clips.keys()

    @property
    def are_clips_known(self) -> bool:
        """Whether the label files of all splits could be read, and there are some."""
        return bool(self.splits) and not self.unread_splits

    @cached_property
    def splits_of_clips(self) -> Mapping[str, Sequence[str]]:
        """By file name, the splits of each clip."""
        splits_of_clips: dict[str, list[str]] = {}
        for split, clips in self.clips.items():
            for file in clips:
                splits_of_clips.setdefault(file, []).append(split)
        return splits_of_clips


def claims_of(finished: TaskReader) -> Claims:
    """Read the claims of a finished task."""
    problems: dict[str, str] = {}

    def read(get: Callable[..., Value], *arguments: str) -> Value | None:
        try:
            return get(*arguments)
        except FinishedTaskError as error:
            problems[error.file] = error.problem
            return None

    metadata = read(lambda: finished.metadata) or {}
    splits = read(lambda: finished.splits) or ()
    of_splits = {split: read(finished.labels, split) for split in splits}
    return Claims(
        metadata=metadata,
        splits=splits,
        clips={split: clips for split, clips in of_splits.items() if clips is not None},
        vocabulary=read(lambda: finished.vocabulary) or (),
        manifest=read(lambda: finished.manifest),
        problems=problems,
    )


def values_of(labels: Iterable[Any]) -> set[Label]:
    """The texts and numbers of the labels or events in a file, without invalid ones."""
    values = (label.get("label") if isinstance(label, dict) else label for label in labels)
    return {value for value in values if is_label(value)}


def as_json(value: Any) -> str:
    """A value from JSON as text that shows its types: `1`, `1.0` and `true` are equal in Python only."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
