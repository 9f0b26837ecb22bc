"""The command line of the Zenodo bundle."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from hearpreprocess import registry, runner
from hearpreprocess.errors import HearPreprocessError
from hearpreprocess.package import tarball_name
from hearpreprocess.published import PUBLISHED_RATE
from hearpreprocess.zenodo.bundle import bundle

_EPILOG = "Any other option is one of the runner, such as --download-dir; see python -m hearpreprocess.runner --help."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status, which is that of the runner where that fails."""
    parser = argparse.ArgumentParser(
        prog="python -m hearpreprocess.zenodo",
        description="Regenerate the published 48 kHz tarballs and put them, verified, into a folder to deposit.",
        epilog=_EPILOG,
        allow_abbrev=False,
    )
    parser.add_argument("tasks", nargs="+", metavar="TASK", help="a task's name, or a group: open, all")
    parser.add_argument("--mode", default="all", help="as of the runner (default: all)")
    parser.add_argument("--folder", type=Path, default=Path("zenodo"), metavar="DIR", help="default: zenodo")
    parser.add_argument("--tar-dir", type=Path, default=Path("out"), metavar="DIR", help="default: out")
    options, others = parser.parse_known_args(arguments)
    try:
        titles = [task.resolve().title for task in registry.references(options.tasks, options.mode)]
    except HearPreprocessError as error:
        print(f"zenodo: {error}", file=sys.stderr)
        return runner.MISUSED
    places = ["--mode", options.mode, "--tar-dir", str(options.tar_dir)]
    command = [*options.tasks, *places, *others, "--sample-rates", str(PUBLISHED_RATE)]
    if status := runner.main(command):
        return status
    try:
        bundle([options.tar_dir / tarball_name(title, PUBLISHED_RATE) for title in titles], options.folder)
    except HearPreprocessError as error:
        print(f"zenodo: {error}", file=sys.stderr)
        return runner.FAILED
    print(f"{options.folder} is ready to be deposited: {len(titles)} tarballs, verified.")
    return runner.DONE


if __name__ == "__main__":
    sys.exit(main())
