"""All checks of a finished task, and their outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hearpreprocess.errors import OutputError
from hearpreprocess.finished import METADATA, TaskReader
from hearpreprocess.task import registry
from hearpreprocess.verify.audio import audio, sounds
from hearpreprocess.verify.checksums import checksums
from hearpreprocess.verify.claims import claims_of
from hearpreprocess.verify.finding import Finding
from hearpreprocess.verify.inspection import Inspection
from hearpreprocess.verify.known import facts_in_name, known_task
from hearpreprocess.verify.labels import labels
from hearpreprocess.verify.manifest import agreement, manifest_values
from hearpreprocess.verify.membership import membership
from hearpreprocess.verify.metadata import counts, metadata
from hearpreprocess.verify.structure import structure

OK = "ok"
"""The outcome of a finished task that agrees with all known facts on it."""

MISMATCH = "MISMATCH"
"""The outcome of a finished task that differs from a known fact on it."""

UNVERIFIED = "unverified"
"""The outcome of a finished task without known facts to compare it with."""

CHECKS: tuple[Callable[[Inspection], Iterator[Finding]], ...] = (
    structure,
    manifest_values,
    metadata,
    agreement,
    audio,
    labels,
    membership,
    counts,
    sounds,
    checksums,
)
"""Each yields findings; no two checks report the same problem."""

CHECKS_OF_DAMAGED = (structure, checksums)


@dataclass(frozen=True)
class Verification:
    """The result of verifying a finished task.

    `outcomes`: by aspect. `is_excerpt`: whether it is of an excerpt or of synthetic recordings.
    """

    path: Path
    task: str
    clips: int
    rates: tuple[int, ...]
    findings: tuple[Finding, ...]
    outcomes: dict[str, str]
    is_excerpt: bool = False

    @property
    def faults(self) -> list[Finding]:
        """The findings that are faults."""
        return [finding for finding in self.findings if finding.is_fault]

    @property
    def outcome(self) -> str:
        """MISMATCH if there is a fault, OK if some aspect is, else UNVERIFIED."""
        if self.faults or MISMATCH in self.outcomes.values():
            return MISMATCH
        return OK if OK in self.outcomes.values() else UNVERIFIED

    def to_json(self) -> dict[str, Any]:
        """The verification as a JSON object."""
        return {**asdict(self), "path": str(self.path), "outcome": self.outcome}


def verify(path: Path, task: str | None = None) -> Verification:
    """Check the finished task at `path`, a folder or a tarball.

    `task`: the name or path of its task module, if that is not a built-in one.

    Raises OutputError where `path` is neither a folder nor a tarball.
    """
    finished = TaskReader(path)
    contents = finished.contents  # one pass over the files, which all checks use
    claims = claims_of(finished)
    title = claims.title or contents.folder_name
    known = known_task(title, registry.find(task) if task else registry.built_in_names())
    if task and known is None and METADATA in contents.small_files:
        raise OutputError(f"{path} is {title}, which is not a task of {task}")
    inspection = Inspection(finished, claims, None if contents.damage else known)
    checks = CHECKS_OF_DAMAGED if contents.damage else CHECKS
    findings = tuple(finding for check in checks for finding in check(inspection))
    return Verification(
        path,
        title,
        len(claims.splits_of_clips),
        finished.sample_rates,
        findings,
        _outcomes(inspection, findings),
        is_excerpt=known is not None and not known.is_published,
    )


def _outcomes(inspection: Inspection, findings: Sequence[Finding]) -> dict[str, str]:
    faulty = {finding.aspect for finding in findings if finding.is_fault}

    def outcome(aspect: str, *, is_known: bool) -> str:
        return MISMATCH if aspect in faulty else OK if is_known else UNVERIFIED

    published = {None: UNVERIFIED, True: OK, False: MISMATCH}
    has_counts = bool(inspection.known and inspection.known.published_clips)
    return {
        "clips in each published split": outcome("counts", is_known=has_counts),
        "splits reproduced": outcome("membership", is_known=_are_splits_known(inspection)),
        "splits and labels as published": published[inspection.is_as_published],
        "samples as in the manifest": _outcome_of_samples(inspection, faulty),
    }


def _are_splits_known(inspection: Inspection) -> bool:
    """Whether a clip's split follows from the draw or from its name."""
    task = inspection.known
    if task is None:
        return False
    return bool(inspection.drawn) or any(
        "fold" in facts_in_name(task, file) for file in inspection.claims.splits_of_clips
    )


def _outcome_of_samples(inspection: Inspection, faulty: Set[str]) -> str:
    has_samples = inspection.claims.manifest_clips and inspection.finished.sample_rates
    if inspection.contents.damage or not has_samples:
        return UNVERIFIED
    return MISMATCH if faulty & {"audio", "structure"} else OK
