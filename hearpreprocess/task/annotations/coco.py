"""COCO-style JSON: a list of recordings, one of categories, and one of annotations that refer to both.

Source of the structure: "COCO data format", cocodataset.org. It is one of images; what those who use it for recordings
have in common is read: the list is called audios, sounds, recordings, files or images, an annotation refers to it by
`audio_id` or the like, and has a start and an end as columns of tables do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hearpreprocess.errors import CorpusError
from hearpreprocess.task.annotations.collector import AnnotationError, EventCollector
from hearpreprocess.task.annotations.json_content import json_value, objects
from hearpreprocess.task.annotations.options import AnnotationOptions, Format
from hearpreprocess.task.annotations.tables import file_column
from hearpreprocess.task.annotations.time_columns import Times, has_times, times_in
from hearpreprocess.task.values import shown

LISTS = ("audios", "audio", "sounds", "recordings", "files", "clips", "images")
_LABELS = ("category", "label", "category_name", "class")
_OTHER_REFERENCES = ("id", "category_id", "annotator_id", "segment_id")


def is_coco(document: Any) -> bool:
    """Whether a JSON document is written so."""
    return isinstance(document, dict) and isinstance(document.get("annotations"), list) and bool(_list_in(document))


def read_coco(content: bytes, options: AnnotationOptions, collector: EventCollector) -> None:
    """Collect the annotations of all recordings; the label is the name of the category."""
    document = json_value(content, options.encoding)
    if not is_coco(document):
        raise CorpusError(f"expected an object with annotations and a list of recordings: {', '.join(LISTS)}")
    recordings = _recordings(document)
    categories = {str(item.get("id")): item.get("name") for item in objects(document.get("categories"))}
    annotations = objects(document["annotations"])
    if len(annotations) < len(document["annotations"]):
        raise CorpusError("expected annotations that are objects")
    for recording in recordings.values():
        collector.declare(recording)
    times = _times(annotations, options)
    for number, annotation in enumerate(annotations, 1):
        with collector.at(f"annotation {shown(annotation.get('id', number))}"):
            assert times is not None  # noqa: S101  (there are annotations)
            recording = _reference(annotation, recordings)
            collector.add(_label(annotation, categories, options), *times.of(annotation), recording)


COCO = Format("coco", "COCO-style JSON", read_coco, ("label", "unit", "rate", "encoding"))


def _list_in(document: Mapping[str, Any]) -> str:
    return next((name for name in LISTS if isinstance(document.get(name), list)), "")


def _recordings(document: Mapping[str, Any]) -> dict[str, str]:
    """The names of the recordings, by their ids."""
    title = _list_in(document)
    recordings: dict[str, str] = {}
    for number, item in enumerate(document[title], 1):
        key = file_column([*item]) if isinstance(item, dict) else ""
        if not key or "id" not in item or not isinstance(item[key], str):
            raise CorpusError(f"item {number} of {title}: expected an object with id and file_name")
        if recordings.setdefault(str(item["id"]), item[key]) != item[key] or len(recordings) < number:
            raise CorpusError(f"item {number} of {title}: another has the id {shown(item['id'])}")
    if len(set(recordings.values())) < len(recordings):
        raise CorpusError(f"two of {title} have the same file name")
    return recordings


def _times(annotations: list[dict[str, Any]], options: AnnotationOptions) -> Times | None:
    if not annotations:
        return None
    keys = list(dict.fromkeys(key for annotation in annotations for key in annotation))
    if not has_times(keys):
        raise CorpusError(
            f"annotations have no start and end, but {', '.join(map(shown, keys[:12]))}; boxes in an image of a "
            "spectrogram are not read. Add start and end in seconds"
        )

    def values(key: str) -> Iterator[Any]:
        return (annotation.get(key) for annotation in annotations)

    return times_in(keys, options, values)


def _reference(annotation: Mapping[str, Any], recordings: Mapping[str, str]) -> str:
    """The recording that an annotation refers to."""
    keys = [key for key in annotation if key.endswith("_id") and key not in _OTHER_REFERENCES]
    if len(keys) != 1:
        raise AnnotationError(f"refers to no recording by a key such as audio_id, but has {', '.join(annotation)}")
    if (identifier := str(annotation[keys[0]])) not in recordings:
        raise AnnotationError(f"{keys[0]} is {shown(annotation[keys[0]])}, which no recording has")
    return recordings[identifier]


def _label(annotation: Mapping[str, Any], categories: Mapping[str, Any], options: AnnotationOptions) -> Any:
    if options.label is None and "category_id" in annotation:
        if (identifier := str(annotation["category_id"])) not in categories:
            raise AnnotationError(f"category_id is {shown(annotation['category_id'])}, which no category has")
        return categories[identifier]
    keys = [key for key in (_LABELS if options.label is None else (options.label,)) if key in annotation]
    if not keys:
        raise AnnotationError(f"has no label, but {', '.join(map(shown, annotation))}. Set label= to the key with it")
    return annotation[keys[0]]
