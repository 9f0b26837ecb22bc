"""A finished task with all that the built-in ones of tests/finished_tasks.py lack, and what an export must hold."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from tests import finished_tasks


def numbers(parent: Path) -> Path:
    """A multilabel task whose labels are numbers, with groups and extra fields of several types."""
    folder = finished_tasks.finished_task(parent, "esc50")
    metadata = json.loads((folder / "task_metadata.json").read_text())
    manifest = json.loads((folder / "manifest.json").read_text())
    for split in metadata["splits"]:
        labels = json.loads((folder / f"{split}.json").read_text())
        labels = {file: [9, 10] if file.endswith("1.wav") else [100] for file in labels}
        (folder / f"{split}.json").write_text(json.dumps(labels))
        for number, (file, of_clip) in enumerate(labels.items()):
            extra: dict[str, Any] = {
                "snr": 6.5 + number,
                "take": number,
                "is_loud": number > 0,
                "text": "Grüße: \u2028",
            }
            extra |= {"mixed": [1, "a"] if number else 2, "file": "another"} | ({"rare": 7} if number else {})
            manifest["clips"][file] |= {"labels": of_clip, "group": f"speaker {split}", "extra": extra}
    metadata |= {"prediction_type": "multilabel", "caveats": ["Labels are made up."], "licence": "CC BY 4.0: yes"}
    (folder / "labelvocabulary.csv").write_text("idx,label\n0,9\n1,10\n2,100\n")
    (folder / "task_metadata.json").write_text(json.dumps(metadata))
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def expected(folder: Path, rate: int) -> dict[str, Any]:
    """What a reader of an export must find, from the JSON files of the task."""
    metadata = json.loads((folder / "task_metadata.json").read_text())
    facts = json.loads((folder / "manifest.json").read_text())["clips"]
    has_groups = any("group" in of_clip for of_clip in facts.values())
    keys = dict.fromkeys(key for of_clip in facts.values() for key in of_clip.get("extra", {}))
    clips = []
    for split in metadata["splits"]:
        for file, labels in json.loads((folder / f"{split}.json").read_text()).items():
            of_clip = facts[file]
            clip = {"split": split, "file": file, "rate": rate, "sha256": of_clip["audio"][str(rate)]["sha256"]}
            if metadata["embedding_type"] == "event":
                clip["events"] = [
                    {"start": event["start"] / 1000, "end": event["end"] / 1000, "label": str(event["label"])}
                    for event in labels
                ]
            elif metadata["prediction_type"] == "multiclass":
                (clip["label"],) = map(str, labels)
            else:
                clip["labels"] = list(map(str, labels))
            if has_groups:
                clip["group"] = of_clip.get("group", file.removesuffix(".wav"))
            extra = of_clip.get("extra", {})
            for key in keys:
                value = extra.get(key)
                clip["extra_file" if key == "file" else key] = json.dumps(value) if key == "mixed" else value
            clips.append(clip)
    with (folder / "labelvocabulary.csv").open(encoding="utf-8") as file:
        vocabulary = [row["label"] for row in csv.DictReader(file)]
    return {"splits": metadata["splits"], "vocabulary": vocabulary, "clips": clips}
