"""Measure exports of finished tasks with many clips: time and peak memory, which must not grow with the clips.

    python benchmarks/exports.py [--case CASE ...] [--to FORMAT ...] [--clips 50000] [--seconds 1] [--rate 16000]
                                 [--folder DIR]

Cases: `label`, one label a clip; `labels`, five a clip, and five sample rates in the manifest, as in FSD50K; `events`,
ten a clip; `extra`, three extra fields a clip, of a number, a text and a list.

The clips are hard links to a few WAV files, so that the task takes little space; the exports take what they hold, and
are removed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import measure
import numpy as np

from hearpreprocess.audio import write_wav
from hearpreprocess.exporting import FORMATS

MOST_MIB = 400
RECORDINGS, LABELS = 16, 200
CASES = ("label", "labels", "events", "extra")
RATES = (16000, 22050, 32000, 44100, 48000)
SPLITS = {"train": 0.8, "valid": 0.1, "test": 0.1}


def labels_of(case: str, number: int) -> list[Any]:
    """The labels or events of a clip, by its number."""
    if case == "events":
        return [
            {"label": label_name(number + 7 * event), "start": 90.5 * event, "end": 90.5 * event + 17.25}
            for event in range(10)
        ]
    return [label_name(number + 7 * other) for other in range(5 if case == "labels" else 1)]


def label_name(number: int) -> str:
    """The name of a label, as long as those of usual vocabularies."""
    return f"label_with_a_usual_name_{number % LABELS:03d}"


def finished_task(parent: Path, case: str, clips: int, seconds: float, rate: int) -> Path:
    """Write a finished task of some clips of equal length, and return its folder."""
    folder = parent / "many-v1-full"
    recordings = parent / "recordings"
    recordings.mkdir()
    fingerprints = []
    for number in range(RECORDINGS):
        samples = np.random.default_rng(number).normal(0, 3000, round(seconds * rate)).astype(np.int16)
        fingerprints.append(write_wav(recordings / f"{number}.wav", [samples], rate))
    of_clips, first = {}, 0
    for split, share in SPLITS.items():
        count = round(clips * share)
        (folder / str(rate) / split).mkdir(parents=True)
        labels = {f"recording_{number:06d}.wav": labels_of(case, number) for number in range(first, first + count)}
        for number, (file, of_clip) in enumerate(labels.items()):
            length, sha256 = fingerprints[number % RECORDINGS]
            os.link(recordings / f"{number % RECORDINGS}.wav", folder / str(rate) / split / file)
            extra = {"snr": number / 7, "place": f"room {number % 99}", "angles": [number, 45.0]}
            of_clips[file] = {
                "split": split,
                "labels": of_clip,
                "group": f"speaker {number // 10}",
                "recorded": {
                    "rate": rate,
                    "length": length,
                    "sha256": sha256,
                    "peak": 12000,
                    "clipped": False,
                    "source": {"seconds": seconds, "channels": 1, "format": "WAV PCM_16"},
                },
                "audio": {
                    str(other): {"length": length * other // rate, "sha256": sha256}
                    for other in sorted({rate, *(RATES if case == "labels" else ())})
                },
                **({"extra": extra} if case == "extra" else {}),
            }
        (folder / f"{split}.json").write_text(json.dumps(labels))
        first += count
    metadata = {
        "task_name": "many",
        "version": "v1",
        "mode": "full",
        "embedding_type": "event" if case == "events" else "scene",
        "prediction_type": "multilabel" if case in ("labels", "events") else "multiclass",
        "split_mode": "trainvaltest",
        "sample_duration": seconds,
        "splits": list(SPLITS),
        "evaluation": ["top1_acc"],
    }
    names = sorted(
        {
            label["label"] if isinstance(label, dict) else label
            for of_clip in of_clips.values()
            for label in of_clip["labels"]
        }
    )
    rows = [f"{number},{name}" for number, name in enumerate(names)]
    manifest = {"version": 2, "task": "many-v1-full", "sample_rates": [rate], "clips": of_clips}
    (folder / "task_metadata.json").write_text(json.dumps(metadata))
    (folder / "labelvocabulary.csv").write_text("\n".join(["idx,label", *rows, ""]))
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def main() -> int:
    """Export each case to each format in turn; the exit status is 1 if one needs too much memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--to", nargs="+", choices=FORMATS, default=list(FORMATS))
    parser.add_argument("--clips", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--rate", type=int, default=16_000)
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    options = parser.parse_args()
    largest = 0.0
    for case in options.case:
        with tempfile.TemporaryDirectory(dir=options.folder) as name:
            parent = Path(name)
            folder = finished_task(parent, case, options.clips, options.seconds, options.rate)
            for to in options.to:
                out = parent / to
                command = [sys.executable, "-m", "hearpreprocess", "export", folder, "--to", to, "--to-dir", out]
                cost = measure.run(command, parent)
                size = measure.occupied(out)
                shutil.rmtree(out)
                largest = max(largest, cost.peak)
                print(
                    f"{case:<8}{to:<12}{options.clips:>8,} clips{size / 1e6:>8,.0f} MB{cost.wall:>8.1f} s"
                    f"{cost.peak:>8.0f} MiB",
                    flush=True,
                )
    return 0 if largest <= MOST_MIB else 1


if __name__ == "__main__":
    sys.exit(main())
