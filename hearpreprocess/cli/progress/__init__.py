"""What a person sees of a run: four lines at most on a terminal, one in a notebook, dated lines elsewhere."""

from hearpreprocess.cli.progress.display import Detail, Display

__all__ = ["Detail", "Display"]
