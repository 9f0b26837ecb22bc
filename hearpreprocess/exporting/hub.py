"""What the Hugging Face libraries read of a dataset: its features in a Parquet file's schema, and its README's YAML.

Features are spelled as `datasets` 3 does, which later versions read, too: a list of labels is a `Sequence`, a list of
events is a list with one mapping. `List`, as version 4 and later spell it, fails in version 3.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hearpreprocess.exporting.columns import Column
from hearpreprocess.exporting.metadata import metadata_of
from hearpreprocess.finished import hub_facts, yaml_block
from hearpreprocess.loading import FinishedTask

_DTYPES = {"text": "string", "json": "string"}


@dataclass(frozen=True)
class SplitFacts:
    """The sizes of a split: its clips, the bytes of its files, and those of its columns before compression."""

    clips: int
    file_bytes: int
    column_bytes: int


def schema_metadata(task: FinishedTask, columns: Iterable[Column]) -> dict[str, str]:
    """The metadata of a Parquet schema, from which `datasets` knows the features."""
    features = {"audio": {"sampling_rate": task.sample_rate, "_type": "Audio"}}
    features |= {column.name: _feature(column, _names(task)) for column in columns}
    return {"huggingface": json.dumps({"info": {"features": features}})}


def card_head(task: FinishedTask, columns: Iterable[Column], splits: Mapping[str, SplitFacts]) -> str:
    """The YAML at the head of the README.md: license, files and features by split."""
    metadata = metadata_of(task)
    names = _names(task)
    clips = sum(facts.clips for facts in splits.values())
    files = [{"split": split, "path": f"data/{split}-*.parquet"} for split in splits]
    info = {
        "features": [
            {"name": "audio", "dtype": {"audio": {"sampling_rate": task.sample_rate}}},
            *(_feature_in_yaml(column, names) for column in columns),
        ],
        "splits": [
            {"name": split, "num_bytes": facts.column_bytes, "num_examples": facts.clips}
            for split, facts in splits.items()
        ],
        "download_size": sum(facts.file_bytes for facts in splits.values()),
        "dataset_size": sum(facts.column_bytes for facts in splits.values()),
    }
    licence, url = (str(metadata.get(key) or "") for key in ("licence", "url"))
    facts = {
        **hub_facts(licence, url, f"{task.title} at {task.sample_rate} Hz", clips),
        "configs": [{"config_name": "default", "data_files": files}],
        "dataset_info": info,
    }
    return yaml_block(facts)


def _names(task: FinishedTask) -> list[str]:
    return [str(label) for label in task.vocabulary]


def _feature(column: Column, names: list[str]) -> Any:
    label = {"names": names, "_type": "ClassLabel"}
    if column.kind == "label":
        return label
    if column.kind == "labels":
        return {"feature": label, "_type": "Sequence"}
    if column.kind == "events":
        return [{"start": _value("float64"), "end": _value("float64"), "label": label}]
    return _value(_DTYPES.get(column.kind, column.kind))


def _value(dtype: str) -> dict[str, str]:
    return {"dtype": dtype, "_type": "Value"}


def _feature_in_yaml(column: Column, names: list[str]) -> dict[str, Any]:
    label = {"class_label": {"names": {str(index): name for index, name in enumerate(names)}}}
    if column.kind == "label":
        return {"name": column.name, "dtype": label}
    if column.kind == "labels":
        return {"name": column.name, "sequence": label}
    if column.kind == "events":
        times = [{"name": name, "dtype": "float64"} for name in ("start", "end")]
        return {"name": column.name, "list": [*times, {"name": "label", "dtype": label}]}
    return {"name": column.name, "dtype": _DTYPES.get(column.kind, column.kind)}
