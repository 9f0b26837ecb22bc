"""Check that the manifest holds what a manifest must, and that it and the metadata are of the same task."""

from __future__ import annotations

from collections.abc import Iterator

from hearpreprocess.finished import MANIFEST, METADATA, RELEASE_KEY, manifest
from hearpreprocess.storage import counted, digest
from hearpreprocess.verify.claims import as_json
from hearpreprocess.verify.finding import Finding, shortened
from hearpreprocess.verify.inspection import Inspection
from hearpreprocess.verify.metadata import metadata
from hearpreprocess.verify.structure import ASPECT


def manifest_values(inspection: Inspection) -> Iterator[Finding]:
    """Check the manifest's keys and the kind of each value; a note on events that only padding follows."""
    claimed = inspection.claims.manifest
    if claimed is None:
        return
    for problem in inspection.manifest_problems:
        yield Finding(ASPECT, MANIFEST, problem)
    if inspection.manifest_problems:
        return
    late = {file: events for file, facts in claimed["clips"].items() if (events := manifest.late_events(facts))}
    if text := manifest.padding_note(late):
        yield Finding("audio", MANIFEST, text, is_fault=False)


def agreement(inspection: Inspection) -> Iterator[Finding]:
    """Check that the manifest and the metadata agree, where nothing else is wrong with either."""
    claimed, stated = inspection.claims.manifest, inspection.claims.metadata
    if claimed is None or METADATA in inspection.claims.problems or inspection.manifest_problems:
        return
    if any(finding.is_fault for finding in metadata(inspection)):
        return
    for key in (RELEASE_KEY, "sources"):
        if key in stated and as_json(stated[key]) != as_json(claimed[key]):
            yield Finding("metadata", METADATA, f"has a value of {key} that differs from {MANIFEST}")
            return
    if wrong := _of_another_duration(inspection):
        file = min(wrong)
        text = (
            f"sample_duration is {shortened(stated['sample_duration'])}, and by its manifest "
            f"{counted(len(wrong), 'clips')} have another duration, such as {file} with {wrong[file]:g} s"
        )
        yield Finding("metadata", METADATA, text)
    elif claimed["configuration"] != digest({key: value for key, value in stated.items() if key != RELEASE_KEY}):
        yield Finding("metadata", METADATA, "is not the one that the task was made with, by the digest in its manifest")


def _of_another_duration(inspection: Inspection) -> dict[str, float]:
    """By file name, the seconds of the clips in the manifest that are not of the stated duration."""
    duration = inspection.claims.duration
    if duration is None:
        return {}
    recorded = {
        file: facts["recorded"] for file, facts in inspection.claims.manifest_clips.items() if "recorded" in facts
    }
    seconds = {file: facts["length"] / facts["rate"] for file, facts in recorded.items()}
    return {file: each for file, each in seconds.items() if abs(each - duration) * recorded[file]["rate"] > 1}
