"""Write the overview of finished tasks beside their folder, out/index.html, with a link to the report of each.

Runs write both; a report that is missing, of a task that was copied from elsewhere, is written.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hearpreprocess.cli.options import OldSpelling
from hearpreprocess.errors import OutputError
from hearpreprocess.finished import MANIFEST, REPORT, is_task_folder


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `report`."""
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path("out/tasks"), metavar="DIR", help="default: out/tasks"
    )
    parser.add_argument("--force", action="store_true", help="rewrite existing reports")
    parser.add_argument("--anew", action=OldSpelling, now="--force", dest="force", nargs=0)


def run(options: argparse.Namespace) -> int:
    """Write the overview and the missing reports; the exit status is 1 if a task is left out."""
    from hearpreprocess import report

    tasks_dir = _tasks_dir(options.folder)
    overview = report.overview_path(tasks_dir)
    report.check_page(overview)
    left_out: dict[Path, OutputError] = {}
    for folder in report.finished_in(tasks_dir):
        path = folder / REPORT
        if options.force or not path.exists():
            try:
                report.write_page(path, report.page(folder))
                print(path)
            except OutputError as error:
                left_out[folder] = error
    made = report.write_overview(tasks_dir)
    left_out |= made.left_out
    for folder in sorted(left_out):
        print(f"left out: {left_out[folder]}", file=sys.stderr)
    if made.text:
        print(overview)
    return 1 if left_out else 0


def _tasks_dir(folder: Path) -> Path:
    """The folder of finished tasks, which is the given one or `tasks` in it.

    Raises OutputError where there are none.
    """
    from hearpreprocess import report

    if is_task_folder(folder):
        raise OutputError(f"{folder} is one task, whose report is {REPORT} in it; name the folder that it is in")
    for tasks_dir in (folder, folder / report.TASKS):
        if report.finished_in(tasks_dir):
            return tasks_dir
    raise OutputError(f"{folder} holds no finished task with a {MANIFEST}")
