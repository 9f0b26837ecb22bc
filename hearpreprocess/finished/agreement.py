"""The labels of a finished task as values, held against its vocabulary and its manifest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from hearpreprocess.errors import FinishedTaskError, OutputError, enumerate_problems
from hearpreprocess.finished.events import events_of
from hearpreprocess.finished.layout import MANIFEST, VOCABULARY
from hearpreprocess.finished.manifest_reading import ManifestReader
from hearpreprocess.finished.parsing import is_label, is_valid_event
from hearpreprocess.finished.reader import TaskReader
from hearpreprocess.storage import counted
from hearpreprocess.task import Event, Label

LabelsOfClip: TypeAlias = "tuple[Label, ...] | tuple[Event, ...]"
LabelsOfSplits: TypeAlias = "dict[str, dict[str, LabelsOfClip]]"
"""By split and file name, in the order of the label files."""

_LONGEST = 100


def checked_labels(reader: TaskReader) -> LabelsOfSplits:
    """The labels of all clips in the types that the label files have, or their events with times in seconds.

    Raises OutputError where one is not a label or event, where a clip is in two splits, and where the label files
    contradict the vocabulary.
    """
    is_event_task = reader.metadata.get("embedding_type") == "event"
    known: dict[Label, Label] = {}  # one object for each label, as JSON gives one for each time that it occurs
    labels: LabelsOfSplits = {}
    for split in reader.splits:
        labels[split] = of_split = {}
        for file, listed in reader.labels(split).items():
            of_clip = _values_of(listed, known, is_event_task=is_event_task)
            if of_clip is None:
                kind = "an event with label, start and end" if is_event_task else "a text or an integer"
                raise FinishedTaskError(reader.path, f"{split}.json", f"gives {file} a label that is not {kind}")
            of_split[file] = of_clip
    _raise_if_any(reader, [*_several_splits(labels), *_with_vocabulary(reader, labels)])
    return labels


def agreeing_facts(reader: TaskReader, labels: LabelsOfSplits) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The file name and the manifest's facts of each clip; none without a manifest, as of the published tasks.

    They are read a few at a time, as all of a large task need hundreds of megabytes. Raises OutputError, at the end,
    naming the clips on which manifest and label files differ.
    """
    with reader.open_manifest() as manifest:
        if manifest is not None:
            yield from _agreeing(reader, labels, manifest)


def _agreeing(
    reader: TaskReader, labels: LabelsOfSplits, manifest: ManifestReader
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    is_event_task = reader.metadata.get("embedding_type") == "event"
    split_of = {file: split for split, of_split in labels.items() for file in of_split}
    known: dict[Label, Label] = {}
    problems = []
    missing = set(split_of)
    for file, of_file in manifest.clips():
        split = split_of.get(file)
        missing.discard(file)
        if split is None:
            problems.append(f"{file} is in {MANIFEST} but in no split")
        elif split != of_file["split"]:
            problems.append(f"{file} is in {split}.json but in {_shown(of_file['split'])} by {MANIFEST}")
        else:
            of_clip = labels[split][file]
            if _values_of(of_file["labels"], known, is_event_task=is_event_task) != of_clip:
                texts = [str(_text_of(label)) for label in of_clip]
                problems.append(f"{file} has the labels {_shown(texts)} but {_shown(of_file['labels'])} by {MANIFEST}")
            else:
                yield file, of_file
    problems += [f"{file} is in {split_of[file]}.json but not in {MANIFEST}" for file in sorted(missing)]
    _raise_if_any(reader, problems)


def _values_of(listed: Sequence[Any], known: dict[Label, Label], *, is_event_task: bool) -> LabelsOfClip | None:
    """The labels or the events of a clip from JSON; None where one is of another kind."""
    if not all(map(is_valid_event if is_event_task else is_label, listed)):
        return None
    if is_event_task:
        return tuple(events_of({**event, "label": _one(event["label"], known)} for event in listed))
    return tuple(_one(label, known) for label in listed)


def _one(label: Label, known: dict[Label, Label]) -> Label:
    return known.setdefault(label, label)


def _raise_if_any(reader: TaskReader, problems: Sequence[str]) -> None:
    if problems:
        headline = (
            f"{reader.path}: its files contradict each other in {counted(len(problems), 'places')}; expected those "
            "of one finished task. Get another copy:"
        )
        raise OutputError(enumerate_problems(headline, problems))


def _several_splits(labels: LabelsOfSplits) -> Iterator[str]:
    first: dict[str, str] = {}
    for split, of_split in labels.items():
        for file in of_split:
            if (other := first.setdefault(file, split)) != split:
                yield f"{file} is in {other}.json and in {split}.json"


def _with_vocabulary(reader: TaskReader, labels: LabelsOfSplits) -> Iterator[str]:
    listed = {label for _index, label in reader.vocabulary}
    held: dict[str, str] = {}
    for split, of_split in labels.items():
        for file, of_clip in of_split.items():
            for label in of_clip:
                held.setdefault(str(_text_of(label)), f"{file} in {split}.json has it")
    for label in sorted(held.keys() - listed):
        yield f"{VOCABULARY} lacks the label {_shown(label)}; {held[label]}"
    for label in sorted(listed - held.keys()):
        yield f"{VOCABULARY} has the label {_shown(label)}, which no clip has"


def _text_of(label: Label | Event) -> Label:
    return label.label if isinstance(label, Event) else label


def _shown(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."
