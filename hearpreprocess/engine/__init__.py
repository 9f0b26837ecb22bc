"""How a request is fulfilled: Luigi runs the graph of steps, with a log, and a way to interrupt it."""

from hearpreprocess.steps import JournalReader  # first of all, as it keeps Luigi from warning of its own defaults

# isort: split
from hearpreprocess.engine.interruption import Interruption
from hearpreprocess.engine.run import Outcome, Watch, preview, run

__all__ = ["Interruption", "JournalReader", "Outcome", "Watch", "preview", "run"]
