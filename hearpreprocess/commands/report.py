"""Write an index of finished tasks, which links to the report of each, into their folder.

Reports themselves are made with every task; one that is missing, of a task that was copied from elsewhere, is written.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hearpreprocess.atomic import whole_file
from hearpreprocess.errors import OutputError
from hearpreprocess.package import MANIFEST, REPORT

INDEX = "index.html"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `report`."""
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path("out/tasks"), metavar="DIR", help="default: out/tasks"
    )


def run(options: argparse.Namespace) -> int:
    """Write the index, and the reports that are missing."""
    from hearpreprocess import report

    folders = sorted(path.parent for path in options.folder.glob(f"*/{MANIFEST}"))
    folders = [folder for folder in folders if not folder.name.endswith(".corpus")]
    if not folders:
        raise OutputError(f"{options.folder} holds no finished task with a {MANIFEST}")
    listed = []
    for folder in folders:
        try:
            if not (folder / REPORT).exists():
                _write(folder / REPORT, report.page(folder))
                print(folder / REPORT)
            report.index([folder])
            listed.append(folder)
        except OutputError as error:
            print(f"left out: {error}", file=sys.stderr)
    if not listed:
        return 1
    _write(options.folder / INDEX, report.index(listed))
    print(options.folder / INDEX)
    return 0


def _write(path: Path, text: str) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
