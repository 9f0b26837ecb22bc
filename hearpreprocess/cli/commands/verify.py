"""Check finished tasks, ours or downloaded from anywhere: folders, tarballs, or folders of them."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from hearpreprocess.cli.addresses import path_or_object
from hearpreprocess.cli.console import MISUSED
from hearpreprocess.errors import OutputError
from hearpreprocess.finished import is_folder, is_task_folder, task_folders_in
from hearpreprocess.objects import ObjectPath, tarballs_at
from hearpreprocess.storage import counted
from hearpreprocess.verify import MISMATCH, OK, UNVERIFIED, Finding, Verification, verify

SOUND, AT_FAULT = 0, 1
_SHOWN = 20

EPILOG = """\
Prints every fault, then one line for all copies. A copy is "ok" where something is known of its task and all of it
agrees, "MISMATCH" where something does not, "unverified" where it is sound and there is nothing to compare it with.

exit status: 0 no mismatch, 1 at least one, 2 usage error, or a PATH is not a finished task or cannot
be read; the others are still checked
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `verify`."""
    parser.add_argument(
        "paths",
        nargs="+",
        type=path_or_object,
        metavar="PATH",
        help="a task's folder or tarball, or a folder; with the extra 'storage' also s3://bucket/prefix, gs:// or az://",
    )
    parser.add_argument("--task", metavar="TASK", help="the task module of a task of your own")
    detail = parser.add_mutually_exclusive_group()
    detail.add_argument("--verbose", action="store_true", help="show what was compared in each copy, and notes")
    detail.add_argument("--json", action="store_true", help="print all results as a JSON list")


def run(options: argparse.Namespace) -> int:
    """Check the finished tasks; the exit status is 1 if one of them has a fault."""
    verifications: list[Verification] = []
    refused = False
    try:
        for judged in _judged(options.paths, options.task):
            if isinstance(judged, OutputError):
                refused = True
                print(f"hearpreprocess verify: {judged}", file=sys.stderr)
                continue
            verifications.append(judged)
            if not options.json and (options.verbose or judged.outcome != OK):
                print("\n".join(_lines(judged, verbose=options.verbose)), flush=True)
    finally:
        if options.json:
            print(json.dumps([verification.to_json() for verification in verifications], indent=1))
    if not options.json and verifications:
        print("\n".join(_summary(verifications, verbose=options.verbose)))
    if refused:
        return MISUSED
    return AT_FAULT if any(verification.outcome == MISMATCH for verification in verifications) else SOUND


def _summary(verifications: Sequence[Verification], *, verbose: bool) -> Iterator[str]:
    """What a user may want to know of the copies, and one line on all of them, which is the last."""
    outcomes = Counter(verification.outcome for verification in verifications)
    parts = [f"{outcomes[outcome]:,} {outcome}" for outcome in (OK, MISMATCH, UNVERIFIED) if outcomes[outcome]]
    if len(outcomes) == 1:
        parts = [f"all {outcome}" if len(verifications) > 1 else outcome for outcome in outcomes]
    excerpts = sum(verification.is_excerpt for verification in verifications)
    if excerpts:
        yield f"note: {excerpts:,} of an excerpt or of synthetic recordings, for which no splits are published"
    notes = sum(not finding.is_fault for verification in verifications for finding in verification.findings)
    if notes and not verbose:
        yield f"note: {counted(notes, 'remarks')}, such as silent or equal clips; --verbose shows them"
    yield f"{counted(len(verifications), 'copies')}: {', '.join(parts)}"


def _judged(paths: Iterable[Path], task: str | None) -> Iterator[Verification | OutputError]:
    """The verification of each finished task at these paths, or why there is none: no copy keeps others from it.

    A copy that is at several of the paths counts once.
    """
    seen: set[Path] = set()
    for given in paths:
        try:
            tasks = copies(given)
        except OutputError as error:
            yield error
            continue
        for path in tasks:
            if (real := path.resolve()) in seen:
                continue
            seen.add(real)
            try:
                judged: Verification | OutputError = verify(path, task)
            except OutputError as error:
                judged = error
            yield judged


def copies(path: Path) -> list[Path]:
    """The finished tasks at a path, or in it if it is an output folder of a run.

    Raises OutputError where there are none.
    """
    if isinstance(path, ObjectPath):
        tarballs = tarballs_at(path)
        if not tarballs:
            raise OutputError(f"{path}: no tarball there; expected names that end with .tar.gz")
        return list(tarballs)
    if not is_folder(path) or is_task_folder(path):
        return [path]
    folders = [*task_folders_in(path), *task_folders_in(path / "tasks")]
    tasks = sorted([*folders, *path.glob("*.tar.gz")])
    if not tasks:
        raise OutputError(f"{path} is not a finished task and holds none")
    return tasks


def _lines(verification: Verification, *, verbose: bool) -> Iterator[str]:
    """A copy with what is wrong of it; `verbose`: and with what is right, and notes."""
    rates = ", ".join(map(str, verification.rates)) or "no"
    task = f"{verification.task or 'no task'}, {counted(verification.clips, 'clips')} at {rates} Hz"
    yield f"{verification.path}: {verification.outcome}  ({task})"
    for aspect, outcome in verification.outcomes.items():
        if verbose or outcome == MISMATCH:
            yield f"  {outcome:<10}  {aspect}"
    if not verbose and verification.outcome == UNVERIFIED:
        yield "  nothing is known to compare it with; for a task of your own, give its module with --task"
    for is_fault, kind in ((True, "fault"), (False, "note")):
        of_kind = [finding for finding in verification.findings if finding.is_fault == is_fault]
        for aspect, findings in _by_aspect(of_kind if verbose or is_fault else ()):
            for finding in findings[:_SHOWN]:
                yield f"  {kind:<10}  {aspect}: {finding.where}: {finding.text}"
            if len(findings) > _SHOWN:
                yield f"  {kind:<10}  {aspect}: and {len(findings) - _SHOWN:,} more; --json lists all"


def _by_aspect(findings: Iterable[Finding]) -> Iterable[tuple[str, list[Finding]]]:
    grouped: dict[str, list[Finding]] = {}
    for finding in findings:
        grouped.setdefault(finding.aspect, []).append(finding)
    return grouped.items()
