"""What programs call: `make` and `list_tasks`, by the same requests and the same engine as the command line."""

from hearpreprocess.api.listing import list_tasks
from hearpreprocess.api.making import make

__all__ = ["list_tasks", "make"]
