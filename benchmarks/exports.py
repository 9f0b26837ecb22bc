"""Measure exports of a finished task with many clips: time and peak memory, which must not grow with the clips.

    python benchmarks/exports.py [--to FORMAT ...] [--clips 50000] [--seconds 1] [--rate 16000] [--folder DIR]

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

import measure
import numpy as np

from hearpreprocess.audio import write_wav
from hearpreprocess.exporting import FORMATS

MOST_MIB = 400
RECORDINGS, LABELS = 16, 10
SPLITS = {"train": 0.8, "valid": 0.1, "test": 0.1}


def finished_task(parent: Path, clips: int, seconds: float, rate: int) -> Path:
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
        labels = {
            f"recording_{number:06d}.wav": [f"label {number % LABELS:02d}"] for number in range(first, first + count)
        }
        for number, (file, of_clip) in enumerate(labels.items()):
            length, sha256 = fingerprints[number % RECORDINGS]
            os.link(recordings / f"{number % RECORDINGS}.wav", folder / str(rate) / split / file)
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
                "audio": {str(rate): {"length": length, "sha256": sha256}},
            }
        (folder / f"{split}.json").write_text(json.dumps(labels))
        first += count
    metadata = {
        "task_name": "many",
        "version": "v1",
        "mode": "full",
        "embedding_type": "scene",
        "prediction_type": "multiclass",
        "split_mode": "trainvaltest",
        "sample_duration": seconds,
        "splits": list(SPLITS),
        "evaluation": ["top1_acc"],
    }
    rows = [f"{number},label {number:02d}" for number in range(min(LABELS, clips))]
    manifest = {"version": 2, "task": "many-v1-full", "sample_rates": [rate], "clips": of_clips}
    (folder / "task_metadata.json").write_text(json.dumps(metadata))
    (folder / "labelvocabulary.csv").write_text("\n".join(["idx,label", *rows, ""]))
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def main() -> int:
    """Export to each format in turn; the exit status is 1 if one needs too much memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", nargs="+", choices=FORMATS, default=list(FORMATS))
    parser.add_argument("--clips", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--rate", type=int, default=16_000)
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    options = parser.parse_args()
    largest = 0.0
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        parent = Path(name)
        folder = finished_task(parent, options.clips, options.seconds, options.rate)
        for to in options.to:
            command = [sys.executable, "-m", "hearpreprocess", "export", folder, "--to", to, "--to-dir", parent / to]
            cost = measure.run(command, parent)
            size = measure.occupied(parent / to)
            shutil.rmtree(parent / to)
            largest = max(largest, cost.peak)
            print(
                f"{to:<12}{options.clips:>8,} clips{size / 1e6:>8,.0f} MB{cost.wall:>8.1f} s{cost.peak:>8.0f} MiB",
                flush=True,
            )
    return 0 if largest <= MOST_MIB else 1


if __name__ == "__main__":
    sys.exit(main())
