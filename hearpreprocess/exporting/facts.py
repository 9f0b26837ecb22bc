"""What exports say of a clip: its labels with their indices, its split, group, lengths and extra fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hearpreprocess import audio
from hearpreprocess.exporting.columns import columns_of
from hearpreprocess.loading import FinishedClip, FinishedTask

_OWN = frozenset(
    (
        "path", "filename", "name", "split", "label", "label_index", "labels", "label_indices", "events", "group",
        "sample_rate", "length", "unpadded_length", "unpadded_seconds",
    )
)  # fmt: skip
"""The names of facts and columns that no extra field has."""

_SPLITS = frozenset(("train", "valid", "test"))


class Facts:
    """The facts of a task's clips, for JSON and tables.

    `kind`: whether its clips have one `label` each, any number of `labels`, or `events`.
    """

    def __init__(self, task: FinishedTask) -> None:
        """Raises OutputError where a clip of a multiclass task does not have one label."""
        self.kind = next(column.kind for column in columns_of(task) if column.kind in ("label", "labels", "events"))
        self._vocabulary = task.vocabulary
        self._extra: dict[str, str] = {}
        for key in dict.fromkeys(key for clip in task.clips() for key in clip.extra):
            name = key
            while name in _OWN or name in self._extra.values():
                name = f"extra_{name}"
            self._extra[key] = name

    def of(self, clip: FinishedClip, content: bytes) -> dict[str, Any]:
        """The same keys for all clips of a task, None where a fact is not known. `content`: of the clip's WAV file.

        Times are in seconds, lengths in samples, indices those of the vocabulary. Extra fields stand at the end.
        """
        length = len(audio.read_wav(content).samples) if clip.length is None else clip.length
        return {
            "name": clip.name,
            "split": clip.split,
            **self._labels(clip),
            "group": clip.group,
            "sample_rate": clip.sample_rate,
            "length": length,
            "unpadded_length": clip.unpadded_length,
            "unpadded_seconds": clip.unpadded_seconds,
            **{name: clip.extra.get(key) for key, name in self._extra.items()},
        }

    def _labels(self, clip: FinishedClip) -> dict[str, Any]:
        index = self._vocabulary.index
        if self.kind == "label":
            return {"label": clip.labels[0], "label_index": index(clip.labels[0])}
        if self.kind == "labels":
            return {"labels": list(clip.labels), "label_indices": list(map(index, clip.labels))}
        events = [
            {"start": event.start, "end": event.end, "label": event.label, "label_index": index(event.label)}
            for event in clip.events
        ]
        return {"events": events}


def fold_numbers(splits: Sequence[str]) -> dict[str, int]:
    """The number of each fold, counted from 1; empty for the splits train, valid and test."""
    return {} if _SPLITS.issuperset(splits) else {fold: number for number, fold in enumerate(sorted(splits), 1)}
