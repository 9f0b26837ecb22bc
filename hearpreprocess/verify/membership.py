"""Check that each clip is in one split, and has the expected split and labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hearpreprocess.task import fold
from hearpreprocess.verify.claims import as_json
from hearpreprocess.verify.finding import Finding, shortened
from hearpreprocess.verify.inspection import Inspection
from hearpreprocess.verify.known import facts_in_name

ASPECT = "membership"


def membership(inspection: Inspection) -> Iterator[Finding]:
    """Check that each clip is in one split, and has the expected split and labels."""
    claims = inspection.claims
    findings = [
        finding
        for file, splits in sorted(claims.splits_of_clips.items())
        for finding in _of_clip(inspection, file, splits)
    ]
    yield from findings
    if inspection.is_as_published is False and not findings and claims.are_clips_known:
        folder = inspection.contents.folder_name
        yield Finding(ASPECT, folder, "differs from the published task in clips, splits or labels")
    if claims.manifest is not None:
        for file in sorted(claims.manifest_clips.keys() ^ claims.splits_of_clips.keys()):
            is_lost = file in claims.manifest_clips
            if not claims.splits or (is_lost and claims.manifest_clips[file]["split"] in claims.unread_splits):
                continue  # that the file cannot be read is a finding already
            text = "is in no split, and its manifest has it" if is_lost else "its manifest does not have it"
            yield Finding(ASPECT, file, text)


def _of_clip(inspection: Inspection, file: str, splits: Sequence[str]) -> Iterator[Finding]:
    if len(splits) > 1:
        yield Finding(ASPECT, file, f"is in {' and in '.join(splits)}")
        return
    (split,) = splits
    labels = inspection.claims.clips[split][file]
    expected_splits, expected_labels = _expected(inspection, file)
    if wrong := {source: due for source, due in expected_splits.items() if due != split}:
        yield Finding(ASPECT, file, f"is in {split}, expected {_text(wrong)}")
    if wrong := {source: due for source, due in expected_labels.items() if not _are_same(labels, due)}:
        yield Finding(ASPECT, file, f"has the labels {shortened(labels)}, expected {_text(wrong)}")


def _expected(inspection: Inspection, file: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The expected splits and labels of a clip, each by its origin."""
    splits: dict[str, Any] = {}
    labels: dict[str, Any] = {}
    if facts := inspection.claims.manifest_clips.get(file):
        splits["its manifest"], labels["its manifest"] = facts["split"], facts["labels"]
    in_name = facts_in_name(inspection.known, file) if inspection.known else {}
    if "fold" in in_name:
        splits["its name"] = fold(int(in_name["fold"]) - 1)
    if "label" in in_name:
        labels["its name"] = in_name["label"]
    if file in inspection.drawn:
        splits["the draw"] = inspection.drawn[file]
    return splits, labels


def _are_same(labels: list[Any], due: Any) -> bool:
    return as_json(labels) == as_json(due) if isinstance(due, list) else [str(label) for label in labels] == [due]


def _text(expected: Mapping[str, Any]) -> str:
    by_value: dict[str, list[str]] = {}
    for source, value in expected.items():
        by_value.setdefault(shortened(value), []).append(source)
    return "; ".join(f"{value} by {' and '.join(sources)}" for value, sources in by_value.items())
