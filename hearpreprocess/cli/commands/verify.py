"""Check finished tasks, ours or downloaded from anywhere: folders, tarballs, or folders of them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from hearpreprocess.cli.console import MISUSED
from hearpreprocess.errors import OutputError
from hearpreprocess.finished import is_folder, is_task_folder, task_folders_in
from hearpreprocess.verify import DIFFERS, Finding, Verification, verify

SOUND, AT_FAULT = 0, 1
_SHOWN = 20

EPILOG = """\
A copy is "equal" where something is known of its task and nothing differs from it, "differs" where something is at
fault, "not known" where it is sound and there is nothing to compare it with.

exit status: 0 all are sound, 1 at least one differs, 2 the command cannot be understood, or a PATH is no finished task
or cannot be read; the others are checked all the same
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `verify`."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a task's folder or tarball")
    parser.add_argument("--task", metavar="TASK", help="the task module of a task of your own")
    parser.add_argument("--json", action="store_true", help="print the reports as a JSON list")


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
            if not options.json:
                print("\n".join(_lines(judged)), flush=True)
    finally:
        if options.json:
            print(json.dumps([verification.to_json() for verification in verifications], indent=1))
    if refused:
        return MISUSED
    return AT_FAULT if any(verification.outcome == DIFFERS for verification in verifications) else SOUND


def _judged(paths: Iterable[Path], task: str | None) -> Iterator[Verification | OutputError]:
    """The verification of each finished task at these paths, or why there is none: no copy keeps others from it."""
    for given in paths:
        try:
            tasks = copies(given)
        except OutputError as error:
            yield error
            continue
        for path in tasks:
            try:
                judged: Verification | OutputError = verify(path, task)
            except OutputError as error:
                judged = error
            yield judged


def copies(path: Path) -> list[Path]:
    """The finished tasks at a path, or in it if it is an output folder of a run.

    Raises OutputError where there are none.
    """
    if not is_folder(path) or is_task_folder(path):
        return [path]
    folders = [*task_folders_in(path), *task_folders_in(path / "tasks")]
    tasks = sorted([*folders, *path.glob("*.tar.gz")])
    if not tasks:
        raise OutputError(f"{path} is no finished task and holds none")
    return tasks


def _lines(verification: Verification) -> Iterator[str]:
    rates = ", ".join(map(str, verification.rates)) or "no"
    task = f"{verification.task or 'no task'}, {verification.clips:,} clips at {rates} Hz"
    yield f"{verification.path}: {verification.outcome}  ({task})"
    for aspect, outcome in verification.outcomes.items():
        yield f"  {outcome:<9}  {aspect}"
    for is_fault, kind in ((True, "FAULT"), (False, "note")):
        of_kind = [finding for finding in verification.findings if finding.is_fault == is_fault]
        for aspect, findings in _by_aspect(of_kind):
            for finding in findings[:_SHOWN]:
                yield f"  {kind:<9}  {aspect}: {finding.where}: {finding.text}"
            if len(findings) > _SHOWN:
                yield f"  {kind:<9}  {aspect}: and {len(findings) - _SHOWN:,} more; --json has all"


def _by_aspect(findings: Iterable[Finding]) -> Iterable[tuple[str, list[Finding]]]:
    grouped: dict[str, list[Finding]] = {}
    for finding in findings:
        grouped.setdefault(finding.aspect, []).append(finding)
    return grouped.items()
