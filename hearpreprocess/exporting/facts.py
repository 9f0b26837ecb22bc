"""What exports say of a clip: its labels with their indices, its split, group and lengths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from hearpreprocess import audio
from hearpreprocess.loading import FinishedClip, FinishedTask, Vocabulary

Kind = Literal["label", "labels", "events"]

_SPLITS = frozenset(("train", "valid", "test"))


def kind_of(task: FinishedTask) -> Kind:
    """Whether the clips of a task have one label each, any number of labels, or events."""
    if task.metadata.get("embedding_type") == "event":
        return "events"
    is_multiclass = task.metadata.get("prediction_type") == "multiclass"
    return "label" if is_multiclass and all(len(clip.labels) == 1 for clip in task.clips()) else "labels"


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


def extra_columns(task: FinishedTask) -> list[str]:
    """The names of the extra columns of a task's clips, sorted."""
    return sorted({column for clip in task.clips() for column in clip.extra})


def fold_numbers(splits: Sequence[str]) -> dict[str, int]:
    """The number of each fold, counted from 1; empty for the splits train, valid and test."""
    return {} if _SPLITS.issuperset(splits) else {fold: number for number, fold in enumerate(sorted(splits), 1)}
