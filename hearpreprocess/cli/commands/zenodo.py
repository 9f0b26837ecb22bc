"""The command line of the Zenodo bundle."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from hearpreprocess.cli import run
from hearpreprocess.cli.console import DONE, FAILED, ended
from hearpreprocess.errors import OutputError
from hearpreprocess.finished import PUBLISHED_RATE, tarball_name
from hearpreprocess.task import registry
from hearpreprocess.zenodo import bundle


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status, which is that of the runner where that fails."""
    return ended("zenodo", lambda: _run(arguments))


def parser() -> argparse.ArgumentParser:
    """The options of the command line: those of a run, and the folder."""
    parser = run.parser()
    parser.prog = "python -m hearpreprocess.zenodo"
    parser.description = "Regenerate the 48 kHz tarballs and put them, verified, into a folder to deposit at Zenodo."
    parser.epilog = "exit status: as of the runner; 1 also where verify finds a fault, and then no folder is made"
    parser.add_argument(
        "--folder", type=Path, default=Path("zenodo"), metavar="DIR", help="is replaced as a whole (default: zenodo)"
    )
    parser.set_defaults(mode="all")
    return parser


def _run(arguments: Sequence[str] | None) -> int:
    options = parser().parse_args(arguments)
    options.sample_rates = [str(PUBLISHED_RATE)]
    if status := run.run(options):
        return status
    titles = [task.resolve().title for task in registry.references(options.tasks, options.mode)]
    try:
        bundle([options.tar_dir / tarball_name(title, PUBLISHED_RATE) for title in titles], options.folder)
    except OutputError as error:
        print(f"zenodo: {error}", file=sys.stderr)
        return FAILED
    print(f"{options.folder} is ready to be deposited: {len(titles)} tarballs, verified.")
    return DONE


if __name__ == "__main__":
    sys.exit(main())
