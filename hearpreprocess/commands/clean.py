"""Remove intermediate results from the work folder.

Downloads and finished outputs stay. Nothing is removed while another run is at work there.
"""

from __future__ import annotations

import argparse
import os

from hearpreprocess.commands.texts import bytes_text
from hearpreprocess.errors import OutputError
from hearpreprocess.options import add_places, workspace_of

STAGES = (
    "checksums",
    "connections",
    "corpus",
    "extract",
    "generate",
    "index",
    "labels",
    "locate",
    "resample",
    "runs",
    "screen",
    "standardize",
    "tar",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `clean`."""
    add_places(parser)
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be removed")
    parser.add_argument("--logs", action="store_true", help="remove the logs, too")


def run(options: argparse.Namespace) -> int:
    """Remove what is of the work folder's own making."""
    from hearpreprocess.atomic import remove
    from hearpreprocess.steps.presence import alone

    workspace = workspace_of(options)
    if not workspace.tmp_dir.is_dir():
        print(f"there is no {options.tmp_dir}; nothing to remove")
        return 0
    total = 0
    with alone(workspace.tmp_dir, os.getpid()) as is_alone:
        if not is_alone and not options.dry_run:
            raise OutputError(f"another run is at work in {options.tmp_dir}; try again when it is done")
        for stage in (*STAGES, *(["logs"] if options.logs else [])):
            folder = workspace.tmp_dir / stage
            if not folder.is_dir():
                continue
            size = sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
            total += size
            print(f"{'would remove' if options.dry_run else 'removed'} {options.tmp_dir / stage}, {bytes_text(size)}")
            if not options.dry_run:
                remove(folder)
    print(f"{bytes_text(total)} in all; files that finished tasks share with it keep their space")
    return 0
