"""Exports with a Croissant description: the Parquet export, and `croissant.json` over its files.

Croissant 1.1, a vocabulary in JSON-LD (https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html), with the
fields on responsible use, which hold the known issues of the dataset. It has no `creator` and no `datePublished`, of
which mlcroissant warns: tasks do not record them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hearpreprocess import fetch
from hearpreprocess.exporting import parquet
from hearpreprocess.exporting.columns import Column, ColumnKind, columns_of
from hearpreprocess.exporting.formats import OnClip, Options
from hearpreprocess.exporting.metadata import metadata_of
from hearpreprocess.exporting.names import respelled
from hearpreprocess.exporting.readme import caveats
from hearpreprocess.finished import is_number, is_synthetic, published
from hearpreprocess.loading import FinishedTask
from hearpreprocess.storage import whole_file

CROISSANT = "croissant.json"

_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context of the specification, without which readers warn."""

_PARQUET = "application/x-parquet"
_FILES = "parquet-files"
_TYPES: dict[ColumnKind, str] = {
    "text": "sc:Text",
    "json": "sc:Text",
    "label": "sc:Integer",
    "labels": "sc:Integer",
    "int64": "sc:Integer",
    "float64": "sc:Float",
    "bool": "sc:Boolean",
}
_SPLIT_OF_PATH = r"^(?:.*/)?(.+?)(?:-\d{5}-of-\d{5}\.parquet)?$"
"""The split in the path of a file. It leaves the name of a split as it is, as mlcroissant 1.1 applies it twice."""

_NOT_IN_IDENTIFIERS = re.compile(r"[^\w.-]")
"""mlcroissant 1.1 takes no blanks in them, and a `/` divides them."""

_USE_IN_HEAR = "Evaluation of audio representations, as in HEAR (NeurIPS 2021)"

_VERSION = re.compile(r"v?((?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){0,2})")


def write(task: FinishedTask, folder: Path, options: Options, on_clip: OnClip) -> None:
    """Write a task as Parquet files, and their description."""
    parquet.write(task, folder, options, on_clip)
    with whole_file(folder / CROISSANT) as temporary:
        text = json.dumps(_description(task, folder), indent=1, ensure_ascii=False)
        temporary.write_text(f"{text}\n", encoding="utf-8")


def _description(task: FinishedTask, folder: Path) -> dict[str, Any]:
    metadata = metadata_of(task)
    version = _VERSION.fullmatch(str(metadata.get("version")))
    facts = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": f"{task.title} at {task.sample_rate} Hz",
        "description": metadata.get("description") or f"{task.title}, a finished task of hearpreprocess",
        "license": metadata.get("licence"),
        "url": metadata.get("url"),
        "citeAs": metadata.get("citation"),
        "version": version and version[1],
        "keywords": ["audio", *(["HEAR"] if published.is_of_hear(metadata) else []), task.name],
        "rai:dataLimitations": _limitations(task),
        "rai:dataPreprocessingProtocol": list(_preprocessing(task)),
        "rai:dataUseCases": [_USE_IN_HEAR] if published.is_of_hear(metadata) else [],
        "distribution": list(_distribution(task, folder)),
        "recordSet": list(_record_sets(task, columns_of(task))),
    }
    return {key: value for key, value in facts.items() if value}


def _limitations(task: FinishedTask) -> list[str]:
    synthetic = ["The recordings are synthetic, in the layout of the dataset that is described."]
    excerpt = ["This is an excerpt of the dataset that is described."]
    is_excerpt = bool(task.metadata.get("partial"))
    return [*(synthetic if is_synthetic(task.metadata) else excerpt if is_excerpt else []), *caveats(task)]


def _preprocessing(task: FinishedTask) -> Iterator[str]:
    yield "Recordings were converted to one channel of 16-bit samples."
    duration = task.metadata.get("sample_duration")
    if is_number(duration):
        yield f"Each clip was cut, or padded with zeros at its end, to {duration:g} s."
    if rate := task.metadata.get("resampled_from"):
        yield f"Clips were resampled from finished ones, published at {rate} Hz, to {task.sample_rate} Hz."
    else:
        yield f"Clips were resampled to {task.sample_rate} Hz."


def _distribution(task: FinishedTask, folder: Path) -> Iterator[dict[str, Any]]:
    paths = [shard.path for shard in parquet.shards_of(task)]
    for path in paths:
        yield {
            "@type": "cr:FileObject",
            "@id": path,
            "name": path,
            "contentUrl": path,
            "contentSize": f"{(folder / path).stat().st_size} B",
            "encodingFormat": _PARQUET,
            "sha256": fetch.checksums(folder / path, ["sha256"])["sha256"],
        }
    yield {
        "@type": "cr:FileSet",
        "@id": _FILES,
        "name": _FILES,
        "description": "The Parquet files of all splits.",
        "encodingFormat": _PARQUET,
        "includes": "data/*.parquet",
    }


def _record_sets(task: FinishedTask, columns: Sequence[Column]) -> Iterator[dict[str, Any]]:
    splits = [{"name": name} for name in parquet.split_names(task.splits).values()]
    yield _enumeration("splits", "The splits.", ["cr:Split"], splits)
    if labels := [{"index": index, "name": str(label)} for index, label in enumerate(task.vocabulary)]:
        yield _enumeration("labels", "The vocabulary.", ["sc:Enumeration"], labels)
    yield {
        "@type": "cr:RecordSet",
        "@id": "clips",
        "name": "clips",
        "description": "The clips of all splits.",
        "key": [{"@id": "clips/split"}, {"@id": "clips/file"}],
        "field": list(_fields(task, columns)),
    }


def _enumeration(name: str, description: str, types: list[str], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """A record set whose rows are in the description itself."""
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"{name}/{key}",
            "name": key,
            "dataType": "sc:Integer" if key == "index" else "sc:Text",
        }
        for key in rows[0]
    ]
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": description,
        "dataType": types,
        "key": {"@id": fields[0]["@id"]},
        "field": fields,
        "data": [{f"{name}/{key}": value for key, value in row.items()} for row in rows],
    }


def _fields(task: FinishedTask, columns: Sequence[Column]) -> Iterator[dict[str, Any]]:
    yield {
        **_field("split", "sc:Text", "the split that the clip is in"),
        "source": {
            "fileSet": {"@id": _FILES},
            "extract": {"fileProperty": "fullpath"},
            "transform": {"regex": _SPLIT_OF_PATH},
        },
        "references": {"field": {"@id": "splits/name"}},
    }
    identifiers = respelled([column.name for column in columns], lambda name: _NOT_IN_IDENTIFIERS.sub("_", name))
    audio = _field("audio", "sc:AudioObject", f"a 16-bit mono WAV file at {task.sample_rate} Hz")
    yield {**audio, "source": _column("audio", "bytes")}
    for column, identifier in zip(columns, identifiers, strict=True):
        if column.kind == "events":
            times = [("start", "sc:Float", "in seconds"), ("end", "sc:Float", "in seconds")]
            of_event = [*times, ("label", "sc:Integer", "its index in the vocabulary")]
            yield {
                **_field(column.name, None, column.meaning),
                **_ARRAY,
                "subField": [
                    {
                        **_field(name, data_type, meaning, f"{column.name}/{name}"),
                        "source": _column(column.name, name),
                    }
                    for name, data_type, meaning in of_event
                ],
            }
            continue
        field = _field(column.name, _TYPES[column.kind], column.meaning, identifier) | {"source": _column(column.name)}
        yield field | (_ARRAY if column.kind == "labels" else {})


_ARRAY = {"isArray": True, "arrayShape": "-1"}


def _field(name: str, data_type: str | None, meaning: str, identifier: str = "") -> dict[str, Any]:
    """A field of the clips. `identifier`: its own part of its `@id`, by default its name."""
    field = {
        "@type": "cr:Field",
        "@id": f"clips/{identifier or name}",
        "name": name,
        "description": meaning,
    }
    return field | ({"dataType": data_type} if data_type else {})


def _column(name: str, key: str | None = None) -> dict[str, Any]:
    """The source of a field: a column, or a key in the mappings of a column."""
    source = {"fileSet": {"@id": _FILES}, "extract": {"column": name}}
    return source | ({"transform": {"jsonPath": key}} if key else {})
