"""Whether the label files, the vocabulary and the manifest of a finished task agree with each other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hearpreprocess.errors import FinishedTaskError, OutputError, enumerate_problems
from hearpreprocess.finished.layout import MANIFEST, VOCABULARY
from hearpreprocess.finished.manifest import name_of
from hearpreprocess.finished.parsing import is_label, is_valid_event
from hearpreprocess.finished.reader import TaskReader
from hearpreprocess.storage import counted

_LONGEST = 100


def checked_labels(reader: TaskReader) -> dict[str, dict[str, list[Any]]]:
    """By split and file name, the labels or events of all clips, in the types that the label files have.

    Raises OutputError where one is no label, or no event, and where the label files contradict the vocabulary or the
    manifest; a task without a manifest, such as a published one, is held against its vocabulary alone.
    """
    is_event_task = reader.metadata.get("embedding_type") == "event"
    is_valid = is_valid_event if is_event_task else is_label
    labels = {split: reader.labels(split) for split in reader.splits}
    for split, of_split in labels.items():
        for file, of_clip in of_split.items():
            if not all(map(is_valid, of_clip)):
                kind = "an event with label, start and end" if is_event_task else "a text or a whole number"
                raise FinishedTaskError(reader.path, f"{split}.json", f"gives {file} a label that is not {kind}")
    problems = [*_with_vocabulary(reader, labels), *_with_manifest(reader, labels)]
    if problems:
        headline = (
            f"{reader.path}: its files contradict each other in {counted(len(problems), 'places')}; expected those "
            "of one finished task. Take another copy of it:"
        )
        raise OutputError(enumerate_problems(headline, problems))
    return labels


def _with_vocabulary(reader: TaskReader, of_splits: Mapping[str, Mapping[str, list[Any]]]) -> Iterator[str]:
    listed = {label for _index, label in reader.vocabulary}
    held: dict[str, str] = {}
    for split, clips in of_splits.items():
        for file, labels in clips.items():
            for label in labels:
                held.setdefault(name_of(label), f"{split}.json gives it to {file}")
    for label in sorted(held.keys() - listed):
        yield f"{VOCABULARY} lacks the label {_shown(label)}; {held[label]}"
    for label in sorted(listed - held.keys()):
        yield f"{VOCABULARY} has the label {_shown(label)}, which no clip has"


def _with_manifest(reader: TaskReader, of_splits: Mapping[str, Mapping[str, list[Any]]]) -> Iterator[str]:
    if reader.manifest is None:
        return
    told = reader.manifest["clips"]
    listed: dict[str, str] = {}
    for split, clips in of_splits.items():
        for file, labels in clips.items():
            listed[file] = split
            if file not in told:
                yield f"{file} is in {split}.json, and not in {MANIFEST}"
            elif split != told[file]["split"]:
                yield f"{file} is in {split}.json, and in {_shown(told[file]['split'])} by {MANIFEST}"
            elif _text(labels) != _text(told[file]["labels"]):
                yield f"{file} has the labels {_shown(labels)}, and {_shown(told[file]['labels'])} by {MANIFEST}"
    for file in sorted(told.keys() - listed.keys()):
        yield f"{file} is in {MANIFEST}, and in no split"


def _text(value: Any) -> str:
    """A value from JSON as text that shows its types."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _shown(value: Any) -> str:
    text = _text(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."
