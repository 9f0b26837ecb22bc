"""The commands beside a plain run: each is a module with `configure`, which adds its options, and `run`."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from hearpreprocess.errors import HearPreprocessError

COMMANDS = {
    "list": "show the tasks: clips, hours, splits, metric, licence",
    "info": "show all that is known of a task",
    "plan": "tell what a run would download, unpack and write, and how long it would take",
    "doctor": "look whether this machine has what it takes, and say how to mend it",
    "sources": "ask each mirror of the tasks' sources whether it is there",
    "clean": "remove intermediate results",
    "report": "write the HTML reports of finished tasks, and an index of them",
    "new": "begin a task module for a folder of your own recordings",
    "check": "check a task module without network, and show its first clips and its splits",
}

DONE, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130


def run_command(arguments: Sequence[str]) -> int:
    """Run the command that the first argument names, and return its exit status."""
    name = arguments[0]
    module = importlib.import_module(f"hearpreprocess.commands.{name}")
    parser = argparse.ArgumentParser(
        prog=f"hearpreprocess {name}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.configure(parser)
    options = parser.parse_args(arguments[1:])
    try:
        status: int = module.run(options)
        return status
    except HearPreprocessError as error:
        print(f"hearpreprocess {name}: {error}", file=sys.stderr)
        return MISUSED
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return INTERRUPTED
