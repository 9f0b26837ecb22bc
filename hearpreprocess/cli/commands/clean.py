"""Remove intermediate results from the work folder: what was unpacked, audio halfway, made-up corpora.

Downloads, listings, labels and finished outputs stay, so that a finished task is known to be finished; listings and
labels that another version or other libraries made are removed, as no run reads them. Nothing is
removed while another run is at work there. Unfinished files that killed runs left are removed, too, in all of a run's
directories; what another host left, once nothing in it has changed for a day.
"""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path

from hearpreprocess.cli.options import add_directories, workspace_of
from hearpreprocess.errors import OutputError
from hearpreprocess.storage import SEAL, bytes_text, counted, discard, sealed_by, size_of


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `clean`."""
    add_directories(parser)
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be removed")
    parser.add_argument(
        "--force",
        action="store_true",
        help="remove also where the file system has no locks, so that nobody knows whether another run is at work, and "
        "what other hosts, earlier versions or a machine that was restarted since left less than a day ago; what is "
        "locked stays",
    )


def run(options: argparse.Namespace) -> int:
    """Remove the intermediate results in the work folder."""
    from hearpreprocess.steps import remove_leftovers
    from hearpreprocess.storage import alone

    workspace = workspace_of(options)
    if not workspace.tmp_dir.is_dir():
        print(f"there is no {options.tmp_dir}; nothing to remove")
        return 0
    if options.dry_run:
        total = _clean(options, workspace.tmp_dir)
    else:
        with alone(workspace.tmp_dir, force=options.force) as is_alone:
            if is_alone is None:
                raise OutputError(
                    f"{options.tmp_dir}: a run is at work there, or was killed; it began before this machine was "
                    "restarted, or is of another host or user, or the file system has no locks, so nobody knows which. "
                    "If no run is at work, on any host, give the command with --force"
                )
            if not is_alone:
                raise OutputError(f"another run is at work in {options.tmp_dir}; try again when it is done")
            total = _clean(options, workspace.tmp_dir)
            unknown = remove_leftovers(workspace, force=options.force)
        if unknown:
            print(
                f"{counted(len(unknown), 'unfinished outputs')} stayed, of another host, user or version, or without "
                f"locks, such as {unknown[0]}; --force removes what may be removed"
            )
    print(f"{bytes_text(total)} in all; files that finished tasks share with it keep their space")
    return 0


def _clean(options: argparse.Namespace, tmp_dir: Path) -> int:
    """Remove the steps' results, or only print them; return their size in bytes."""
    from hearpreprocess.steps import SMALL_STAGES, STAGES, Generate, made_by

    total = 0
    for stage in (Generate.stage, *STAGES, *SMALL_STAGES):
        folders = [folder for folder in (tmp_dir / stage).glob("*") if (folder / SEAL).is_file()]
        if stage in SMALL_STAGES:
            folders = [folder for folder in folders if sealed_by(folder) != made_by()]
        size = sum(map(size_of, folders))
        if folders:
            print(f"{'would remove' if options.dry_run else 'removed'} {options.tmp_dir / stage}, {bytes_text(size)}")
        if not options.dry_run:
            for folder in folders:
                discard(folder)
            with contextlib.suppress(OSError):  # it contains foreign files, too
                (tmp_dir / stage).rmdir()
        total += size
    return total
