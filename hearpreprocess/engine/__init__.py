"""Execute requests: Luigi runs the graph of steps, with a log and clean interruption."""

from hearpreprocess.steps import JournalReader  # first, as it suppresses Luigi's warnings about its own defaults

# isort: split
from hearpreprocess.engine.interruption import Interruption
from hearpreprocess.engine.run import Outcome, Watch, preview, run

__all__ = ["Interruption", "JournalReader", "Outcome", "Watch", "preview", "run"]
