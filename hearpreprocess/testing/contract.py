"""The contract that every task module keeps, built-in or a user's own: what a test of one asserts to be empty."""

from __future__ import annotations

import csv
import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hearpreprocess import registry
from hearpreprocess.config import TaskConfig, TaskMode
from hearpreprocess.package import METADATA, VOCABULARY, clip_path
from hearpreprocess.sources import Local, Synthetic

METRICS = (
    "aucroc",
    "chroma_acc",
    "d_prime",
    "event_onset_200ms_fms",
    "event_onset_50ms_fms",
    "event_onset_offset_50ms_20perc_fms",
    "mAP",
    "pitch_acc",
    "segment_1s_er",
    "top1_acc",
)
"""The metrics that the HEAR evaluation knows (heareval, `score.py`)."""


def problems(task: str) -> list[str]:
    """What is wrong with the facts of a task module; `task` is its name or its path.

    Raises ConfigError where it cannot be loaded at all.
    """
    (location,) = registry.find(task)
    return list(_problems(registry.load(location), registry.documentation(location)))


def _problems(config: TaskConfig, documentation: str) -> Iterator[str]:
    if "https://" not in documentation:
        yield "the module's docstring gives no link to the dataset"
    if not config.url.startswith("https://"):
        yield f"url {config.url!r} is no https link to the dataset"
    if not config.licence:
        yield "the licence is not named"
    yield from (
        f"the HEAR evaluation knows no metric {metric!r}" for metric in config.evaluation if metric not in METRICS
    )
    if config.default_mode not in config.published_modes:
        yield f"the default mode {config.default_mode!r} is an excerpt or made up"
    for mode in config.modes:
        yield from _problems_of_sources(config.in_mode(mode))


def _problems_of_sources(task: TaskMode) -> Iterator[str]:
    for name, source in task.sources.items():
        if isinstance(source, Synthetic | Local):
            continue
        for file in source.files:
            if not any(url.startswith("https://") for url in file.urls):
                yield f"{task.title}: {file.filename} of source {name!r} has no https mirror"


def problems_of_result(folder: Path) -> list[str]:
    """What is wrong with a finished task's folder: its files, names, labels, and the length of every clip.

    A split of an excerpt may be empty.
    """
    metadata = json.loads((folder / METADATA).read_text(encoding="utf-8"))
    splits = {split: json.loads((folder / f"{split}.json").read_text(encoding="utf-8")) for split in metadata["splits"]}
    return [
        *_problems_of_names(splits, metadata["partial"]),
        *_problems_of_labels(splits, folder, metadata),
        *_problems_of_audio(splits, folder, metadata),
    ]


def _problems_of_names(splits: dict[str, dict[str, Any]], partial: bool) -> Iterator[str]:
    found: dict[str, str] = {}
    for split, clips in splits.items():
        if not clips and not partial:
            yield f"{split} has no clips"
        for name in clips:
            if name in found:
                yield f"{name} is in {found[name]} and in {split}"
            found[name] = split


def _problems_of_labels(splits: dict[str, dict[str, Any]], folder: Path, metadata: dict[str, Any]) -> Iterator[str]:
    with (folder / VOCABULARY).open(newline="") as file:
        rows = list(csv.DictReader(file))
    held: set[Any] = set()
    for clips in splits.values():
        for name, labels in clips.items():
            if metadata["prediction_type"] == "multiclass" and len(labels) != 1:
                yield f"{name} has {len(labels)} labels"
            held.update(label["label"] if isinstance(label, dict) else label for label in labels)
    if [row["label"] for row in rows] != [str(label) for label in sorted(held)]:
        yield f"the vocabulary has {len(rows)} labels, the splits have {len(held)}, or they are not in order"
    if [row["idx"] for row in rows] != [str(index) for index in range(len(rows))]:
        yield "the vocabulary is not numbered from 0"


def _problems_of_audio(splits: dict[str, dict[str, Any]], folder: Path, metadata: dict[str, Any]) -> Iterator[str]:
    rates = [int(path.name) for path in folder.iterdir() if path.is_dir()]
    expected = {clip_path(rate, split, Path(name).stem) for rate in rates for split in splits for name in splits[split]}
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*.wav")}
    yield from (f"{path} is missing" for path in sorted(expected - found))
    yield from (f"{path} is in no split" for path in sorted(found - expected))
    if not rates:
        yield "there is no audio"
    for path in sorted(expected & found):
        with wave.open(str(folder / path)) as clip:
            rate = int(path.partition("/")[0])
            if (clip.getnchannels(), clip.getsampwidth(), clip.getframerate()) != (1, 2, rate):
                yield f"{path} is not 16-bit mono at {rate} Hz"
            seconds = metadata["sample_duration"]
            # A clip is fitted at its own rate first, so its length may differ by the rounding there and here.
            if seconds is not None and abs(clip.getnframes() - seconds * rate) > 1 + rate / 8000:
                yield f"{path} has {clip.getnframes()} samples, expected {seconds * rate:g}"
