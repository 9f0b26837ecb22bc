"""Check finished tasks, ours or downloaded from anywhere: folders, tarballs, or folders of them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from hearpreprocess.errors import OutputError
from hearpreprocess.finished import METADATA
from hearpreprocess.verify import DIFFERS, Finding, Report, verify

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
    """Check the finished tasks; the exit status is 1 where one of them differs from what it should be."""
    reports: list[Report] = []
    try:
        for path in copies(options.paths):
            reports.append(verify(path, options.task))
            if not options.json:
                print("\n".join(_lines(reports[-1])), flush=True)
    finally:
        if options.json:
            print(json.dumps([report.to_json() for report in reports], indent=1))
    return AT_FAULT if any(report.outcome == DIFFERS for report in reports) else SOUND


def copies(paths: Iterable[Path]) -> Iterator[Path]:
    """The finished tasks at these paths, or in a folder of the outputs of a run.

    Raises OutputError where a path leads to none.
    """
    for path in paths:
        if not path.is_dir() or (path / METADATA).is_file():
            yield path
            continue
        folders = [place.parent for place in (*path.glob(f"*/{METADATA}"), *path.glob(f"tasks/*/{METADATA}"))]
        finished = [folder for folder in folders if not folder.name.endswith(".corpus")]
        found = sorted([*finished, *path.glob("*.tar.gz")])
        if not found:
            raise OutputError(f"{path} is no finished task and holds none")
        yield from found


def _lines(report: Report) -> Iterator[str]:
    rates = ", ".join(map(str, report.rates))
    yield f"{report.path}: {report.outcome}  ({report.task or 'no task'}, {report.clips:,} clips at {rates or 'no'} Hz)"
    for what, outcome in report.outcomes.items():
        yield f"  {outcome:<9}  {what}"
    for is_fault, kind in ((True, "FAULT"), (False, "note")):
        for aspect, findings in _by_aspect(finding for finding in report.findings if finding.is_fault == is_fault):
            for finding in findings[:_SHOWN]:
                yield f"  {kind:<9}  {aspect}: {finding.where}: {finding.text}"
            if len(findings) > _SHOWN:
                yield f"  {kind:<9}  {aspect}: and {len(findings) - _SHOWN:,} more; --json has all"


def _by_aspect(findings: Iterable[Finding]) -> Iterable[tuple[str, list[Finding]]]:
    grouped: dict[str, list[Finding]] = {}
    for finding in findings:
        grouped.setdefault(finding.aspect, []).append(finding)
    return grouped.items()
