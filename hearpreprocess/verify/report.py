"""The report on a finished task: what was found, and what is known to be equal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hearpreprocess import fetch
from hearpreprocess.errors import OutputError
from hearpreprocess.finished import CHECKSUM_SUFFIX, look
from hearpreprocess.task import registry
from hearpreprocess.verify.checks import CHECKS, Copy, Finding
from hearpreprocess.verify.task import claims_of, known_task, told_by_name

EQUAL, DIFFERS, NOT_KNOWN = "equal", "differs", "not known"


@dataclass(frozen=True)
class Report:
    """`outcomes`: for each thing that a copy can be compared with, EQUAL, DIFFERS or NOT_KNOWN."""

    path: Path
    task: str
    clips: int
    rates: tuple[int, ...]
    findings: tuple[Finding, ...]
    outcomes: dict[str, str]

    @property
    def faults(self) -> list[Finding]:
        """The findings that should not be."""
        return [finding for finding in self.findings if finding.is_fault]

    @property
    def outcome(self) -> str:
        """EQUAL where something is known of the task and nothing differs, DIFFERS where something is at fault."""
        if self.faults or DIFFERS in self.outcomes.values():
            return DIFFERS
        return EQUAL if EQUAL in self.outcomes.values() else NOT_KNOWN

    def to_json(self) -> dict[str, Any]:
        """The report as a JSON object."""
        return {**asdict(self), "path": str(self.path), "outcome": self.outcome}


def verify(path: Path, task: str | None = None) -> Report:
    """Check the finished task at `path`, a folder or a tarball.

    `task`: the name or path of its task module, where that is not a built-in one.
    Raises OutputError where there is nothing that could be one.
    """
    finished = look(path)
    claims = claims_of(finished)
    locations = registry.find(task) if task else registry.built_in_names()
    known = known_task(claims.title or finished.task, locations)
    if task and known is None:
        raise OutputError(f"{path} is {claims.title or finished.task}, and that is no task of {task}")
    copy = Copy(finished, claims, known)
    if finished.damage:
        copy = Copy(finished, claims, None)
        findings = list(CHECKS[0](copy))
    else:
        findings = [finding for check in CHECKS for finding in check(copy)]
    findings += _checksum_findings(path, finished.sha256)
    return Report(
        path,
        claims.title or finished.task,
        len(claims.placed()),
        tuple(copy.rates),
        tuple(findings),
        _outcomes(copy, findings),
    )


def _outcomes(copy: Copy, findings: Sequence[Finding]) -> dict[str, str]:
    faulty = {finding.aspect for finding in findings if finding.is_fault}

    def outcome(aspect: str, *, known: bool) -> str:
        return DIFFERS if aspect in faulty else EQUAL if known else NOT_KNOWN

    task = copy.task
    published = _published_membership(copy)
    by_draw = bool(task and (copy.drawn or any("fold" in told_by_name(task, file) for file in copy.claims.placed())))
    return {
        "clips of each published split": outcome("counts", known=bool(task and task.published_clips)),
        "splits as they are drawn or named": outcome("membership", known=by_draw),
        "splits and labels as published": published,
        "samples as in the manifest": _samples(copy, faulty),
    }


def _samples(copy: Copy, faulty: set[str]) -> str:
    if copy.finished.damage or not copy.of_manifest or not copy.rates:
        return NOT_KNOWN
    return DIFFERS if faulty & {"audio", "structure"} else EQUAL


def _published_membership(copy: Copy) -> str:
    outcomes = {None: NOT_KNOWN, True: EQUAL, False: DIFFERS}
    return outcomes[copy.is_as_published]


def _checksum_findings(path: Path, of_tar: str) -> list[Finding]:
    beside = path.with_name(f"{path.name}{CHECKSUM_SUFFIX}")
    if not path.is_file() or not beside.is_file():
        return []
    text = beside.read_text(encoding="utf-8", errors="replace")
    rows = re.findall(r"^(?:# )?([0-9a-f]{64}) [ *](.+?)\r?$", text, re.MULTILINE)
    expected = {name: sha256 for sha256, name in rows}
    inner = expected.get(path.name.removesuffix(".gz"))
    if path.name not in expected:
        return [Finding("structure", beside.name, f"has no sha256 of {path.name}")]
    if of_tar and inner not in (None, of_tar):
        return [Finding("structure", path.name, f"holds not the tar archive of which {beside.name} has the checksum")]
    if fetch.checksums(path, ["sha256"])["sha256"] == expected[path.name]:
        return []
    if of_tar and inner == of_tar:
        text = f"was compressed anew; its content has the checksum that {beside.name} tells"
        return [Finding("structure", path.name, text, is_fault=False)]
    return [Finding("structure", path.name, f"is not the file of which {beside.name} has the checksum")]
