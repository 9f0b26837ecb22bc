"""Check finished tasks, ours or downloaded from anywhere: folders, tarballs, or folders of them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from hearpreprocess.errors import OutputError
from hearpreprocess.finished import METADATA
from hearpreprocess.verify import DIFFERS, Finding, Verification, verify

SOUND, AT_FAULT = 0, 1
_SHOWN = 20

EPILOG = """\
A copy is "equal" where something is known of its task and nothing differs from it, "differs" where something is at
fault, "not known" where it is sound and there is nothing to compare it with.

exit status: 0 all are sound, 1 at least one differs, 2 the command cannot be understood
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `verify`."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a task's folder or tarball")
    parser.add_argument("--task", metavar="TASK", help="the task module of a task of your own")
    parser.add_argument("--json", action="store_true", help="print the reports as a JSON list")


def run(options: argparse.Namespace) -> int:
    """Check the finished tasks; the exit status is 1 if one of them has a fault."""
    verifications: list[Verification] = []
    try:
        for path in copies(options.paths):
            verifications.append(verify(path, options.task))
            if not options.json:
                print("\n".join(_lines(verifications[-1])), flush=True)
    finally:
        if options.json:
            print(json.dumps([verification.to_json() for verification in verifications], indent=1))
    return AT_FAULT if any(verification.outcome == DIFFERS for verification in verifications) else SOUND


def copies(paths: Iterable[Path]) -> Iterator[Path]:
    """The finished tasks at these paths, or in them if they are output folders of a run.

    Raises OutputError where a path has none.
    """
    for path in paths:
        if not path.is_dir() or (path / METADATA).is_file():
            yield path
            continue
        folders = [file.parent for file in (*path.glob(f"*/{METADATA}"), *path.glob(f"tasks/*/{METADATA}"))]
        finished = [folder for folder in folders if not folder.name.endswith(".corpus")]
        tasks = sorted([*finished, *path.glob("*.tar.gz")])
        if not tasks:
            raise OutputError(f"{path} is no finished task and holds none")
        yield from tasks


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
