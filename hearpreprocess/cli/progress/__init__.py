"""The progress of a run: up to four lines on a terminal, one in a notebook, dated lines elsewhere."""

from hearpreprocess.cli.progress.cell import is_in_notebook
from hearpreprocess.cli.progress.display import Detail, Display

__all__ = ["Detail", "Display", "is_in_notebook"]
