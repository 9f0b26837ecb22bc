"""The command line: what was asked for, what is shown while it runs, and how it ended."""

from hearpreprocess.cli.program import main

__all__ = ["main"]
