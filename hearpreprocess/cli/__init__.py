"""The command line: arguments, progress display, and exit statuses."""

from hearpreprocess.cli.program import main

__all__ = ["main"]
