"""Finished tasks with any labels and names, as published ones: without a manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hearpreprocess import audio
from hearpreprocess.corpus import labels

RATE = 1000


def published_task(
    folder: Path,
    splits: Mapping[str, Mapping[str, list[Any]]],
    *,
    prediction_type: str = "multilabel",
    lengths: Mapping[str, int] | None = None,
) -> Path:
    """The folder of a finished task. `splits`: by split and clip's name, its labels or events as in label files."""
    of_clips = [of_clip for clips in splits.values() for of_clip in clips.values()]
    is_event_task = any(isinstance(label, dict) for of_clip in of_clips for label in of_clip)
    metadata = {
        "task_name": "small",
        "version": "v1",
        "mode": "full",
        "embedding_type": "event" if is_event_task else "scene",
        "prediction_type": prediction_type,
        "split_mode": "trainvaltest" if "train" in splits else "new_split_kfold",
        "sample_duration": None,
        "splits": list(splits),
    }
    folder.mkdir(parents=True)
    values = {label["label"] if isinstance(label, dict) else label for of_clip in of_clips for label in of_clip}
    ordered = sorted(values, key=lambda label: (isinstance(label, str), label))
    (folder / "task_metadata.json").write_text(json.dumps(metadata))
    (folder / "labelvocabulary.csv").write_text(labels.vocabulary_csv(ordered), newline="")
    for split, clips in splits.items():
        (folder / f"{split}.json").write_text(json.dumps({f"{name}.wav": clips[name] for name in clips}))
        (folder / str(RATE) / split).mkdir(parents=True)
        for name in clips:
            samples = np.random.default_rng(len(name)).integers(-999, 999, (lengths or {}).get(name, 50), np.int16)
            audio.write_wav(folder / str(RATE) / split / f"{name}.wav", [samples], RATE)
    return folder
