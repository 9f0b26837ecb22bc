"""Check that the labels fit the kind of task and that the vocabulary matches them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import Any

from hearpreprocess.finished import VOCABULARY, is_label, is_valid_event
from hearpreprocess.task import Label, latest_milliseconds
from hearpreprocess.verify.claims import Claims, values_of
from hearpreprocess.verify.finding import Finding, shortened
from hearpreprocess.verify.inspection import Inspection

ASPECT = "labels"


def labels(inspection: Inspection) -> Iterator[Finding]:
    """Check that the vocabulary has the splits' labels in order, and that each label file fits the kind of task."""
    claims = inspection.claims
    held: set[Label] = set()
    for split, clips in claims.clips.items():
        for file, of_clip in sorted(clips.items()):
            yield from _of_clip(claims, f"{split}.json: {file}", of_clip)
            held |= values_of(of_clip)
    if VOCABULARY not in claims.problems and claims.are_clips_known:
        yield from _vocabulary(claims.vocabulary, held)


def _of_clip(claims: Claims, where: str, labels: Sequence[Any]) -> Iterator[Finding]:
    if claims.metadata.get("embedding_type") == "event":
        end = float("inf") if claims.duration is None else latest_milliseconds(claims.duration)
        for event in labels:
            if not _is_event_within(event, end):
                yield Finding(ASPECT, where, f"has an event that is invalid or outside the clip: {shortened(event)}")
        if not labels and claims.metadata.get("allow_empty") is not True:
            yield Finding(ASPECT, where, "has no event")
    elif not all(map(is_label, labels)):
        yield Finding(ASPECT, where, f"has a label that is neither a text nor an integer: {shortened(labels)}")
    elif claims.metadata.get("prediction_type") == "multiclass" and len(labels) != 1:
        yield Finding(ASPECT, where, f"has {len(labels)} labels, expected one")


def _is_event_within(event: Any, end: float) -> bool:
    """Whether this is a valid event in a clip that ends at `end`, in milliseconds."""
    return is_valid_event(event) and event["end"] <= end


def _vocabulary(rows: Sequence[tuple[str, str]], held: Set[Label]) -> Iterator[Finding]:
    listed = [label for _index, label in rows]
    texts = {str(label) for label in held}
    for label in sorted(texts - set(listed)):
        yield Finding(ASPECT, VOCABULARY, f"lacks the label {label!r}")
    for label in sorted(set(listed) - texts):
        yield Finding(ASPECT, VOCABULARY, f"has the label {label!r}, which no clip has")
    if len(set(listed)) < len(listed):
        yield Finding(ASPECT, VOCABULARY, "has a label twice")
    elif texts == set(listed):
        # Numbers come first, sorted by value, then texts.
        in_order = [str(label) for label in sorted(held, key=lambda label: (isinstance(label, str), label))]
        wrong = (index for index, (label, due) in enumerate(zip(listed, in_order, strict=True)) if label != due)
        if (first := next(wrong, None)) is not None:
            yield Finding(ASPECT, VOCABULARY, f"is not in order from {listed[first]!r} (idx {first}) on")
    if [index for index, _label in rows] != [str(index) for index in range(len(rows))]:
        yield Finding(ASPECT, VOCABULARY, "is not numbered from 0")
