"""Make the 48 kHz tarballs, verify them, and put them into a folder to deposit at Zenodo."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path

from hearpreprocess.cli.commands import run as run_command
from hearpreprocess.cli.console import DONE, FAILED
from hearpreprocess.cli.options import request_of
from hearpreprocess.errors import ConfigError, OutputError
from hearpreprocess.storage import counted

EPILOG = "exit status: that of the run; 1 also where verify finds a mismatch, and then no folder is made"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `zenodo`: those of a run that apply, and the folder."""
    run_command.configure(parser)
    parser.add_argument(
        "--folder", type=Path, default=Path("zenodo"), metavar="DIR", help="replaced as a whole (default: zenodo)"
    )
    parser.set_defaults(mode="all")
    for action in parser._actions:
        if {"--sample-rates", "--from-published"} & set(action.option_strings):
            action.help = argparse.SUPPRESS  # refused, with the reason


def run(options: argparse.Namespace) -> int:
    """Make the tarballs and the folder; the exit status is that of `run` if it fails."""
    from hearpreprocess.finished import PUBLISHED_RATE, tarball_name
    from hearpreprocess.zenodo import bundle

    if options.from_published:
        raise ConfigError("--from-published makes no tarballs to deposit; name the tasks")
    if options.sample_rates:
        raise ConfigError(f"--sample-rates cannot be used: a deposit has the tarballs at {PUBLISHED_RATE} Hz only")
    request = dataclasses.replace(request_of(options), sample_rates=(PUBLISHED_RATE,))
    if status := run_command.fulfil(request, options):
        return status
    titles = [task.resolve().title for task in request.tasks]
    try:
        bundle([request.workspace.tar_dir / tarball_name(title, PUBLISHED_RATE) for title in titles], options.folder)
    except OutputError as error:
        print(f"hearpreprocess zenodo: {error}", file=sys.stderr)
        return FAILED
    print(f"{options.folder} is ready to deposit: {counted(len(titles), 'tarballs')}, verified")
    return DONE
