"""The clips of a finished task from its label files and its manifest, checked against each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from hearpreprocess.errors import FinishedTaskError, OutputError
from hearpreprocess.finished import MANIFEST, TaskReader, agreeing_facts, checked_labels
from hearpreprocess.loading.clips import FinishedClip
from hearpreprocess.loading.files import AudioFiles
from hearpreprocess.loading.vocabulary import Vocabulary
from hearpreprocess.task import Event, Label


def clips_of_task(reader: TaskReader, files: AudioFiles, rate: int | None) -> dict[str, tuple[FinishedClip, ...]]:
    """The clips of each split, in the order of its label file. `rate`: in hertz, None if none is chosen.

    Raises OutputError where files are missing, damaged or contradict each other.
    """
    labels = checked_labels(reader)
    is_resampled = "resampled_from" in reader.metadata
    of_manifest = {}
    for file, facts in agreeing_facts(reader, labels):
        try:
            of_manifest[file] = _from_manifest(facts, rate, is_resampled=is_resampled)
        except (LookupError, TypeError, AttributeError, ArithmeticError, ValueError) as error:
            problem = f"has facts on {file} that cannot be understood ({type(error).__name__}: {error})"
            raise FinishedTaskError(reader.path, MANIFEST, problem) from error
    title, rates = reader.title, files.rates
    kind = "events" if reader.metadata.get("embedding_type") == "event" else "labels"

    def clip(split: str, file: str, labels_of_clip: object) -> FinishedClip:
        name = file.removesuffix(".wav")
        given: dict[str, Any] = {"group": name, kind: labels_of_clip, **of_manifest.pop(file, {})}
        return FinishedClip(name, split, sample_rate=rate, _files=files, _title=title, _rates=rates, **given)

    return {
        split: tuple(clip(split, file, of_clip) for file, of_clip in of_split.items())
        for split, of_split in labels.items()
    }


def _from_manifest(facts: Mapping[str, Any], rate: int | None, *, is_resampled: bool) -> dict[str, Any]:
    """What a FinishedClip takes from a clip's facts in the manifest."""
    sound = facts.get("audio", {}).get(str(rate), {})
    taken = {key: facts[key] for key in ("group", "extra") if key in facts}
    taken |= {key: sound[key] for key in ("length", "sha256") if key in sound}
    # The recording of a resampled clip is another clip, which was padded already.
    if not is_resampled and "recorded" in facts:
        recorded = facts["recorded"]
        own_rate, own_length, seconds = recorded["rate"], recorded["length"], recorded["source"]["seconds"]
        taken["unpadded_seconds"] = min(seconds, own_length / own_rate)
        if rate is not None and "length" in sound:
            own = min(round(seconds * own_rate), own_length)
            # As many samples as resampling makes of these, a half rounded up.
            taken["unpadded_length"] = min((2 * own * rate + own_rate) // (2 * own_rate), sound["length"])
    return taken


def vocabulary_of(reader: TaskReader, clips: Iterable[FinishedClip]) -> Vocabulary:
    """The labels of a finished task in the order of its vocabulary, of the type that the label files have.

    `clips`: all of the task. Raises OutputError where a label is both a text and a number or is listed twice, or the
    indices are not 0, 1, 2 and so on.
    """
    typed: dict[str, Label] = {}
    for clip in clips:
        for label in (*clip.labels, *map(_label_of, clip.events)):
            if typed.setdefault(str(label), label) != label:
                raise OutputError(f"{reader.path}: has the label {str(label)!r} as a text and as a number")
    rows = reader.vocabulary
    if [index for index, _label in rows] != list(map(str, range(len(rows)))):
        raise OutputError(f"{reader.path}: labelvocabulary.csv is not numbered from 0. Get another copy")
    labels = [label for _index, label in rows]
    if len(set(labels)) < len(labels):
        repeated = sorted(label for label, count in Counter(labels).items() if count > 1)
        raise OutputError(f"{reader.path}: labelvocabulary.csv has {repeated[0]!r} twice. Get another copy")
    return Vocabulary(typed[label] for label in labels)


def _label_of(event: Event) -> Label:
    return event.label
