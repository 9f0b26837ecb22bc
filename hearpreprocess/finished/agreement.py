"""Whether the label files, the vocabulary and the manifest of a finished task agree with each other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hearpreprocess.errors import OutputError, enumerate_problems
from hearpreprocess.finished.layout import MANIFEST, VOCABULARY
from hearpreprocess.finished.manifest import name_of
from hearpreprocess.finished.reader import TaskReader
from hearpreprocess.storage import counted

_LONGEST = 100


def check_agreement(finished: TaskReader, of_splits: Mapping[str, Mapping[str, list[Any]]]) -> None:
    """Raise OutputError with the clips and labels on which a finished task contradicts itself.

    `of_splits`: its labels, all of them valid, by split and file name. A task without a manifest, such as a published
    one, is held against its vocabulary alone.
    """
    problems = [*_with_vocabulary(finished, of_splits), *_with_manifest(finished, of_splits)]
    if problems:
        headline = (
            f"{finished.path}: its files contradict each other in {counted(len(problems), 'places')}; expected those "
            "of one finished task. Take another copy of the tarball:"
        )
        raise OutputError(enumerate_problems(headline, problems))


def _with_vocabulary(finished: TaskReader, of_splits: Mapping[str, Mapping[str, list[Any]]]) -> Iterator[str]:
    listed = {label for _index, label in finished.vocabulary}
    held: dict[str, str] = {}
    for split, clips in of_splits.items():
        for file, labels in clips.items():
            for label in labels:
                held.setdefault(name_of(label), f"{split}.json gives it to {file}")
    for label in sorted(held.keys() - listed):
        yield f"{VOCABULARY} lacks the label {_shown(label)}; {held[label]}"
    for label in sorted(listed - held.keys()):
        yield f"{VOCABULARY} has the label {_shown(label)}, which no clip has"


def _with_manifest(finished: TaskReader, of_splits: Mapping[str, Mapping[str, list[Any]]]) -> Iterator[str]:
    if finished.manifest is None:
        return
    told = finished.manifest["clips"]
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
