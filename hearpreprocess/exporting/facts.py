"""What exports say of a clip: its labels with their indices, its split, group and lengths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hearpreprocess import audio
from hearpreprocess.exporting.columns import Kind, columns_of
from hearpreprocess.loading import FinishedClip, FinishedTask, Vocabulary

_SPLITS = frozenset(("train", "valid", "test"))


def kind_of(task: FinishedTask) -> Kind:
    """Whether the clips of a task have one `label` each, any number of `labels`, or `events`.

    Raises OutputError where a clip of a multiclass task does not have one label.
    """
    return next(column.kind for column in columns_of(task) if column.kind in ("label", "labels", "events"))


def facts_of(clip: FinishedClip, content: bytes, kind: Kind, vocabulary: Vocabulary) -> dict[str, Any]:
    """The facts of a clip, for JSON: the same keys for all clips of a task, None where a fact is not known.

    `content`: of its WAV file. Times are in seconds, lengths in samples, indices those of the vocabulary. `extra`: its
    extra columns.
    """
    return {
        "name": clip.name,
        "split": clip.split,
        **label_facts(clip, kind, vocabulary),
        "group": clip.group,
        "sample_rate": clip.sample_rate,
        "length": length_of(clip, content),
        "unpadded_length": clip.unpadded_length,
        "unpadded_seconds": clip.unpadded_seconds,
        "extra": dict(clip.extra),
    }


def label_facts(clip: FinishedClip, kind: Kind, vocabulary: Vocabulary) -> dict[str, Any]:
    """The labels of a clip with their indices, or its events."""
    if kind == "label":
        return {"label": clip.labels[0], "label_index": vocabulary.index(clip.labels[0])}
    if kind == "labels":
        return {"labels": list(clip.labels), "label_indices": [vocabulary.index(label) for label in clip.labels]}
    events = [
        {"start": event.start, "end": event.end, "label": event.label, "label_index": vocabulary.index(event.label)}
        for event in clip.events
    ]
    return {"events": events}


def length_of(clip: FinishedClip, content: bytes) -> int:
    """The samples of a clip, by its WAV file where no manifest tells. `content`: of that file."""
    return len(audio.read_wav(content).samples) if clip.length is None else clip.length


def fold_numbers(splits: Sequence[str]) -> dict[str, int]:
    """The number of each fold, counted from 1; empty for the splits train, valid and test."""
    return {} if _SPLITS.issuperset(splits) else {fold: number for number, fold in enumerate(sorted(splits), 1)}
