"""The commands beside a plain run.

Each of COMMANDS is a module here with `configure`, which adds its options, and `run`; the other modules serve them.
Each of PROGRAMS is a package of its own, which `python -m` starts as well.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence
from typing import Any

from hearpreprocess.cli.console import ended

COMMANDS = {
    "list": "the tasks: clips, hours, splits, metric, licence",
    "info": "all that is known of a task",
    "plan": "what a run would download, unpack and write, and how long it would take",
    "doctor": "whether this machine has what it takes, and how to mend it",
    "sources": "whether each mirror of the tasks' sources is there",
    "clean": "remove intermediate results",
    "report": "write the index of finished tasks' reports",
    "new": "begin a task module for a folder of your own recordings",
    "check": "check a task module without network: its first clips and its splits",
}


PROGRAMS = {
    "verify": "check finished tasks, folders or tarballs, whoever made them",
    "compare": "tell how two copies of a task differ",
    "zenodo": "make a folder of 48 kHz tarballs to deposit",
}


def run_command(arguments: Sequence[str]) -> int:
    """Run the command that the first argument names, and return its exit status."""
    name, *others = arguments
    if name in PROGRAMS:
        status: int = _program(name).main(others)
        return status
    module = _module(name)
    options = parser_of(name).parse_args(others)
    return ended(f"hearpreprocess {name}", lambda: module.run(options))


def parser_of(name: str) -> argparse.ArgumentParser:
    """The options of a command."""
    if name in PROGRAMS:
        options: argparse.ArgumentParser = _program(name).parser()
        return options
    module = _module(name)
    parser = argparse.ArgumentParser(
        prog=f"hearpreprocess {name}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.configure(parser)
    return parser


def _program(name: str) -> Any:
    return importlib.import_module(f"hearpreprocess.cli.commands.{name}")


def _module(name: str) -> Any:
    return importlib.import_module(f"hearpreprocess.cli.commands.{name}")
