"""The clips of a finished task from its label files and its manifest, checked against each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hearpreprocess.errors import OutputError
from hearpreprocess.finished import TaskReader, checked_labels, events_of
from hearpreprocess.loading.clips import FinishedClip
from hearpreprocess.loading.files import AudioFiles
from hearpreprocess.loading.vocabulary import Vocabulary
from hearpreprocess.task import Label


def clips_of_task(reader: TaskReader, files: AudioFiles, rate: int | None) -> dict[str, tuple[FinishedClip, ...]]:
    """The clips of each split, in the order of its label file. `rate`: in hertz, None if none is chosen.

    Raises OutputError where files are missing, damaged or contradict each other.
    """
    of_splits = checked_labels(reader)
    return {split: tuple(_clips(reader, files, rate, split, of_split)) for split, of_split in of_splits.items()}


def _clips(
    reader: TaskReader, files: AudioFiles, rate: int | None, split: str, of_split: Mapping[str, list[Any]]
) -> Iterator[FinishedClip]:
    title, rates = reader.title, files.rates
    is_event_task = reader.metadata.get("embedding_type") == "event"
    is_resampled = "resampled_from" in reader.metadata
    of_manifest = reader.manifest["clips"] if reader.manifest else {}
    for file, labels in of_split.items():
        name = file.removesuffix(".wav")
        facts = of_manifest.get(file, {})
        sound = facts.get("audio", {}).get(str(rate), {})
        recorded = {} if is_resampled else facts.get("recorded", {})  # of a resampled clip: what was padded already
        length = sound.get("length")
        seconds = recorded.get("source", {}).get("seconds")
        yield FinishedClip(
            name=name,
            split=split,
            labels=() if is_event_task else tuple(labels),
            events=tuple(events_of(labels)) if is_event_task else (),
            group=facts.get("group", name),
            extra=facts.get("extra", {}),
            unpadded_seconds=None if seconds is None else min(seconds, recorded["length"] / recorded["rate"]),
            sample_rate=rate,
            length=length,
            unpadded_length=_unpadded(length, rate, seconds, recorded),
            sha256=sound.get("sha256"),
            _files=files,
            _title=title,
            _rates=rates,
        )


def _unpadded(length: int | None, rate: int | None, seconds: float | None, recorded: Mapping[str, Any]) -> int | None:
    """The samples at a rate that come from the recording: as many as resampling makes, a half rounded up."""
    if length is None or rate is None or seconds is None:
        return None
    own_rate: int = recorded["rate"]
    own = min(round(seconds * own_rate), int(recorded["length"]))
    return min((2 * own * rate + own_rate) // (2 * own_rate), length)


def vocabulary_of(reader: TaskReader, clips: Iterable[FinishedClip]) -> Vocabulary:
    """The labels of a finished task in the order of its vocabulary, of the type that the label files have.

    `clips`: all of the task. Raises OutputError where a label is both a text and a number, or the indices are not 0, 1,
    2 and so on.
    """
    typed: dict[str, Label] = {}
    for clip in clips:
        for label in (*clip.labels, *(event.label for event in clip.events)):
            if typed.setdefault(str(label), label) != label:
                raise OutputError(f"{reader.path}: has the label {str(label)!r} as a text and as a number")
    rows = reader.vocabulary
    if [index for index, _label in rows] != list(map(str, range(len(rows)))):
        raise OutputError(f"{reader.path}: labelvocabulary.csv is not numbered from 0. Take another copy of it")
    return Vocabulary(typed[label] for _index, label in rows)
