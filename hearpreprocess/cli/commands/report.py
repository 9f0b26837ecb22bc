"""Write an index of finished tasks, which links to the report of each, into their folder.

Reports themselves are made with every task; one that is missing, of a task that was copied from elsewhere, is written.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from hearpreprocess.errors import OutputError
from hearpreprocess.finished import MANIFEST, REPORT, is_task_folder, task_folders_in
from hearpreprocess.storage import whole_file

INDEX = "index.html"
GENERATOR, MOST_BEFORE_GENERATOR = '<meta name="generator" content="hearpreprocess">', 4096
"""The mark of our pages, and the number of bytes in which it must start."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `report`."""
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path("out/tasks"), metavar="DIR", help="default: out/tasks"
    )
    parser.add_argument("--anew", action="store_true", help="write reports that are there already, too")


def run(options: argparse.Namespace) -> int:
    """Write the index and the missing reports; the exit status is 1 if a task is left out."""
    from hearpreprocess import report

    parent, folders = _finished(options.folder)
    rows = []
    for folder in folders:
        try:
            if options.anew or not (folder / REPORT).exists():
                _write(folder / REPORT, report.page(folder))
            rows.append(report.row(folder))
        except OutputError as error:
            print(f"left out: {error}", file=sys.stderr)
    if rows:
        _write(parent / INDEX, report.index(rows))
    return 0 if len(rows) == len(folders) else 1


def _finished(folder: Path) -> tuple[Path, list[Path]]:
    """The folder of finished tasks, which is the given one or `tasks` in it, and the finished tasks.

    Raises OutputError where there are none.
    """
    if is_task_folder(folder):
        raise OutputError(f"{folder} is one task, whose report is {REPORT} in it; name the folder that it is in")
    for parent in (folder, folder / "tasks"):
        if folders := [path for path in task_folders_in(parent) if os.path.lexists(path / MANIFEST)]:
            return parent, folders
    raise OutputError(f"{folder} holds no finished task with a {MANIFEST}")


def _write(path: Path, text: str) -> None:
    """Write a page and print its path; refuse to replace a foreign file."""
    try:
        is_foreign = os.path.lexists(path) and not _is_ours(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be replaced: {error.strerror}") from error
    if is_foreign:
        raise OutputError(f"{path} was not made by hearpreprocess; move it away")
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    print(path)


def _is_ours(path: Path) -> bool:
    return path.is_file() and GENERATOR in path.read_text(encoding="utf-8", errors="replace")[:MOST_BEFORE_GENERATOR]
