"""How a graph of steps is run: by Luigi, in processes that stay, with a log and a way to interrupt it."""

from hearpreprocess.engine.execution import execute
from hearpreprocess.engine.log import log_path, log_to

__all__ = ["execute", "log_path", "log_to"]
