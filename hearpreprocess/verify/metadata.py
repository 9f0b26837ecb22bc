"""Compare the metadata of a finished task, and the number of its clips, with the known task."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hearpreprocess.finished import COMMON_METADATA, METADATA
from hearpreprocess.storage import counted
from hearpreprocess.verify.finding import Finding, shortened
from hearpreprocess.verify.inspection import Inspection


def metadata(inspection: Inspection) -> Iterator[Finding]:
    """Check that the metadata are whole and those of the known task; a note if clips were resampled or left out."""
    stated = inspection.claims.metadata
    if rate := stated.get("resampled_from"):
        text = f"resampled from {shortened(rate)} Hz, so its samples are not those made from the corpus"
        yield Finding("metadata", METADATA, text, is_fault=False)
    skipped = stated.get("skipped_clips")
    if isinstance(skipped, dict) and skipped:
        text = f"{counted(len(skipped), 'clips')} left out as unusable, such as {shortened(min(skipped))}"
        yield Finding("metadata", METADATA, text, is_fault=False)
    for problem in inspection.metadata_problems:
        yield Finding("metadata", METADATA, problem)
    if inspection.known is None or inspection.metadata_problems or METADATA in inspection.claims.problems:
        return
    expected = inspection.known.metadata()
    for key in COMMON_METADATA:
        if key in expected and key not in stated and inspection.is_ours:
            yield Finding("metadata", METADATA, f"lacks {key!r}")
        elif key in expected and key in stated and not _are_same(stated[key], expected[key]):
            text = f"{key} is {shortened(repr(stated[key]))}, expected {expected[key]!r}"
            yield Finding("metadata", METADATA, text)


def _are_same(stated: Any, expected: Any) -> bool:
    """Whether two values are equal, of which one is from JSON: `true` is not 1, but 5 is 5.0."""
    return bool(stated == expected) and isinstance(stated, bool) == isinstance(expected, bool)


def counts(inspection: Inspection) -> Iterator[Finding]:
    """Check that each split has the published number of clips."""
    task, clips = inspection.known, inspection.claims.clips
    if task is None or task.published_clips is None:
        return
    for split, published in zip(task.splits.names, task.published_clips, strict=True):
        if split in clips and len(clips[split]) != published:
            yield Finding("counts", f"{split}.json", f"has {len(clips[split]):,} clips, published were {published:,}")
