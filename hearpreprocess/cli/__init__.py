"""The command line: arguments, progress display, and exit statuses."""

from hearpreprocess.cli.program import main
from hearpreprocess.cli.watching import print_note, watcher

__all__ = ["main", "print_note", "watcher"]
