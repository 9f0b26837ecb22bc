"""The command line: arguments, progress display, and exit statuses."""

from hearpreprocess.cli.program import main
from hearpreprocess.cli.watching import watcher

__all__ = ["main", "watcher"]
