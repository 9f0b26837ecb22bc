"""The commands beside a plain run: each is a module with `configure`, which adds its options, and `run`."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence
from typing import Any

from hearpreprocess.console import ended

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


def run_command(arguments: Sequence[str]) -> int:
    """Run the command that the first argument names, and return its exit status."""
    name, *others = arguments
    module = _module(name)
    options = parser_of(name).parse_args(others)
    return ended(f"hearpreprocess {name}", lambda: module.run(options))


def parser_of(name: str) -> argparse.ArgumentParser:
    """The options of a command."""
    module = _module(name)
    parser = argparse.ArgumentParser(
        prog=f"hearpreprocess {name}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.configure(parser)
    return parser


def _module(name: str) -> Any:
    return importlib.import_module(f"hearpreprocess.commands.{name}")
