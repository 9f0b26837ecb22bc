"""Reads an export with a library and prints what it finds as JSON; run by the Python of that library's environment."""

from __future__ import annotations

import hashlib
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def samples_of(content: bytes) -> dict[str, Any]:
    import soundfile

    samples, rate = soundfile.read(io.BytesIO(content), dtype="int16")
    return {"sha256": hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest(), "rate": rate}


def with_datasets(folder: str) -> dict[str, Any]:
    import datasets

    assert "torch" not in sys.modules
    loaded = datasets.load_dataset(folder)
    clips, names = [], set()
    for split, of_split in loaded.items():
        features = of_split.features
        assert isinstance(features["audio"], datasets.Audio)
        without = of_split.cast_column("audio", datasets.Audio(decode=False))
        label = class_label(features, datasets)
        names.add(tuple(label.names))
        for row in without:
            audio = row.pop("audio")
            assert audio["path"] == row["file"]
            clips.append({"split": split, **samples_of(audio["bytes"]), **named(row, label.names)})
    assert len(names) == 1
    return {"vocabulary": list(names.pop()), "splits": list(loaded), "clips": clips}


def class_label(features: Any, datasets: Any) -> Any:
    if "label" in features:
        label = features["label"]
    elif "labels" in features:
        label = features["labels"].feature
    else:
        events = features["events"]
        label = (events[0] if isinstance(events, list) else events.feature)["label"]
    assert isinstance(label, datasets.ClassLabel)
    return label


def named(row: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """A row with names in place of the indices of labels."""
    if "label" in row:
        return {**row, "label": names[row["label"]]}
    if "labels" in row:
        return {**row, "labels": [names[index] for index in row["labels"]]}
    return {**row, "events": [{**event, "label": names[event["label"]]} for event in row["events"]]}


def with_croissant(folder: str) -> dict[str, Any]:
    import mlcroissant

    dataset = mlcroissant.Dataset(Path(folder) / "croissant.json")
    assert dataset.metadata.ctx.is_v1_1()
    vocabulary = {row["index"]: row["name"] for row in records(dataset, "labels")}
    names = [vocabulary[index] for index in range(len(vocabulary))]
    clips = []
    for row in records(dataset, "clips"):
        content = row.pop("audio")
        clips.append({**samples_of(content), **named(row, names)})
    splits = [row["name"] for row in records(dataset, "splits")]
    return {"vocabulary": names, "splits": splits, "clips": clips}


def records(dataset: Any, record_set: str) -> Iterator[dict[str, Any]]:
    """The records of a set, as plain values by the names of fields without the set's own."""
    for record in dataset.records(record_set):
        yield {key.rpartition("/")[2]: plain(value) for key, value in record.items()}


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key.rpartition("/")[2]: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, bytes) and not value.startswith(b"RIFF"):
        return value.decode()  # its texts are bytes
    return value.item() if hasattr(value, "item") else value


if __name__ == "__main__":
    library, folder = sys.argv[1:]
    print(json.dumps({"datasets": with_datasets, "mlcroissant": with_croissant}[library](folder)))
