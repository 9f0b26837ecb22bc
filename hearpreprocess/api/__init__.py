"""The functions for programs, `make` and `list_tasks`, with the same requests and engine as the command line."""

from hearpreprocess.api.listing import list_tasks
from hearpreprocess.api.making import make

__all__ = ["list_tasks", "make"]
