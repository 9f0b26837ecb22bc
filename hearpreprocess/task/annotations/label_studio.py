"""Exports of Label Studio: a list of tasks, as JSON with results or as JSON-MIN with a key for each control.

Source: "Export Annotations" and "Audio" in Label Studio's documentation. Times are in seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from hearpreprocess.errors import CorpusError
from hearpreprocess.task.annotations.collector import AnnotationError, EventCollector
from hearpreprocess.task.annotations.json_content import json_value, objects
from hearpreprocess.task.annotations.options import AnnotationOptions, Format, chosen_tier
from hearpreprocess.task.annotations.seconds import exact_seconds
from hearpreprocess.task.annotations.tables import file_column
from hearpreprocess.task.values import shown

_LABELS, _LENGTH = "labels", "original_length"
_RESULTS = ("annotations", "completions")
"""The second is what they were called until version 1.0."""

_LONGER = Fraction("0.1")
"""Seconds that a region may go beyond the end of its recording: the editor rounds its length."""


class _Region(NamedTuple):
    """A result with the control that it comes from. `value`: its times and labels."""

    where: str
    recording: str
    control: str
    value: Mapping[str, Any]
    length: Any


def is_label_studio(document: Any) -> bool:
    """Whether a JSON document is written so."""
    tasks = objects(document)
    return bool(tasks) and (
        any("data" in task and any(name in task for name in _RESULTS) for task in tasks)
        or any(_is_minimal_region(region) for task in tasks for regions in task.values() for region in objects(regions))
    )


def read_label_studio(content: bytes, options: AnnotationOptions, collector: EventCollector) -> None:
    """Collect the regions of all tasks, once for each label; a tier is a control, such as `label`."""
    document = json_value(content, options.encoding)
    if not is_label_studio(document):
        raise CorpusError("expected a list of tasks with data and annotations, or with regions that have labels")
    regions = [region for task in objects(document) for region in _regions(task, collector)]
    if len(collector.by_recording) < len(document):
        raise CorpusError("two tasks have the same recording. Keep one of them, and export again")
    controls = [region.control for region in regions if _LABELS in region.value or region.control == options.tier]
    control = chosen_tier(list(dict.fromkeys(controls)), options, "control") if regions else ""
    has_labels = any(_LABELS in region.value for region in regions if region.control == control)
    for region in regions:
        # Beside labels, a text is a remark on a region.
        is_remark = has_labels and _LABELS not in region.value and "text" in region.value
        if region.control == control and not is_remark:
            with collector.at(region.where):
                _collect(region, collector)


LABEL_STUDIO = Format("label-studio", "Label Studio export", read_label_studio, ("tier", "encoding"))


def _is_minimal_region(region: Mapping[str, Any]) -> bool:
    return "start" in region and "end" in region and _LABELS in region


def _regions(task: Mapping[str, Any], collector: EventCollector) -> Iterator[_Region]:
    where = f"task {shown(task.get('id', '?'))}"
    data: Any = task.get("data")
    if not isinstance(data, dict):
        recording = _recording(where, task)
        collector.declare(recording)
        for control, items in task.items():
            for number, region in enumerate(objects(items), 1):
                if "start" in region:
                    place = f"{where}, region {number} of {shown(control)}"
                    yield _Region(place, recording, control, region, region.get(_LENGTH))
        return
    recording = _recording(where, data)
    collector.declare(recording)
    annotations = [
        annotation for name in _RESULTS for annotation in objects(task.get(name)) if not annotation.get("was_cancelled")
    ]
    if len(annotations) > 1:
        raise CorpusError(
            f"{where} has {len(annotations)} annotations. Keep one of them in Label Studio, and export again"
        )
    for annotation in annotations:
        for number, result in enumerate(objects(annotation.get("result")), 1):
            value = result.get("value")
            if isinstance(value, dict) and ("start" in value or _LABELS in value):
                control = str(result.get("from_name", ""))
                place = f"{where}, result {shown(result.get('id', number))}"
                yield _Region(place, recording, control, value, result.get(_LENGTH))


def _recording(where: str, data: Mapping[str, Any]) -> str:
    """The recording of a task: of its data, what is called as files are, or the only text."""
    texts = [key for key, value in data.items() if isinstance(value, str)]
    key = file_column(texts) or (texts[0] if len(texts) == 1 else "")
    if not key:
        raise CorpusError(
            f"{where} names no recording under a key such as audio, but has {', '.join(map(shown, data))}"
        )
    return str(data[key])


def _collect(region: _Region, collector: EventCollector) -> None:
    value = region.value
    missing = [key for key in ("start", "end") if key not in value]
    if missing:
        raise AnnotationError(f"has no {missing[0]}")
    start, end = exact_seconds(value["start"]), exact_seconds(value["end"])
    if region.length is not None and end > exact_seconds(region.length) + _LONGER:
        raise AnnotationError(f"ends at {float(end)!r} s, after the end of the recording at {region.length} s")
    labels = value.get(_LABELS, value.get("text"))
    labels = [labels] if isinstance(labels, str) else labels
    if not isinstance(labels, list) or not labels:
        raise AnnotationError("has no label")
    for label in labels:
        collector.add(label, start, end, region.recording)
