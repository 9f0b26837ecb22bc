"""Remove intermediate results from the work directory: unpacked archives, intermediate audio, synthetic corpora.

Downloads, indexes, labels and finished outputs are kept, so that finished tasks stay up to date; indexes and labels
of another version of hearpreprocess or of its libraries are removed, as no run reads them. Nothing is removed while a
run is active there. Unfinished files of killed runs are removed from all directories of a run.

Some file systems do not show one host the locks of another (sshfs, NFS with local_lock, Lustre with localflock). So
a run of another host counts as ended when it has shown no sign of life for a day, by the clock of the file server; its
unfinished files are removed when nothing in them has changed for a day, either. What is kept is listed with the reason.
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Sequence
from pathlib import Path

from hearpreprocess.cli.options import add_directories, workspace_of
from hearpreprocess.errors import OutputError
from hearpreprocess.storage import SEAL, KeptTemporary, bytes_text, counted, discard, sealed_by, size_of


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `clean`."""
    add_directories(parser)
    parser.add_argument("--dry-run", action="store_true", help="only show what would be removed")
    parser.add_argument(
        "--force",
        action="store_true",
        help="also remove what another run might still use: on a file system without locks, or left less than a day "
        "ago by other hosts, earlier versions or before a restart; what is locked stays, or may be locked by another "
        "user",
    )


def run(options: argparse.Namespace) -> int:
    """Remove the intermediate results in the work directory."""
    from hearpreprocess.steps import remove_leftovers
    from hearpreprocess.storage import alone, runs_that_may_be_active

    workspace = workspace_of(options)
    if not workspace.tmp_dir.is_dir():
        print(f"{options.tmp_dir}: no such directory; nothing to remove")
        return 0
    if options.dry_run:
        total = _clean(options, workspace.tmp_dir)
    else:
        with alone(workspace.tmp_dir, force=options.force) as is_alone:
            if not is_alone:
                runs = "".join(f"\n  {run}" for run in runs_that_may_be_active(workspace.tmp_dir))
                if is_alone is False:
                    raise OutputError(f"{options.tmp_dir}: a run is active. Try again when it has ended{runs}")
                if options.force:
                    raise OutputError(
                        f"{options.tmp_dir}: cannot tell whether a run of another user is active: its file cannot be "
                        "opened. Ask that user, or run the command again when the run has shown no sign of life for a "
                        f"day{runs}"
                    )
                raise OutputError(
                    f"{options.tmp_dir}: cannot tell whether a run is active: it was started by another host or user, "
                    "before this machine was restarted, or on a file system without locks. "
                    f"If no run is active on any host, add --force{runs}"
                )
            total = _clean(options, workspace.tmp_dir)
            kept = remove_leftovers(workspace, force=options.force)
        _report(kept, options)
    print(f"{bytes_text(total)} in total; files shared with finished tasks keep their disk space")
    return 0


def _report(kept: Sequence[KeptTemporary], options: argparse.Namespace) -> None:
    """Print what was kept, by reason, each with the first path."""
    by_reason: dict[str, list[Path]] = {}
    for path, reason in kept:
        by_reason.setdefault(reason, []).append(path)
    for reason, paths in by_reason.items():
        print(f"kept {counted(len(paths), 'unfinished outputs')}, such as {paths[0]}: {reason}")
    if kept and not options.force:
        print("--force removes those that are not locked")


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
