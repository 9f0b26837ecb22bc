"""Execute requests: Luigi runs the graph of steps, with a log and clean interruption."""

from hearpreprocess.steps import JournalReader  # first, as it suppresses Luigi's warnings about its own defaults

# isort: split
from hearpreprocess.engine.interruption import Interruption
from hearpreprocess.engine.needs import ASSUMED_RATE, ASSUMED_RATIO, ASSUMED_SECONDS, members_to_unpack
from hearpreprocess.engine.room import Disk, check_room, disks_holding, size_of_wav
from hearpreprocess.engine.run import Outcome, Watch, preview, run

__all__ = [
    "ASSUMED_RATE",
    "ASSUMED_RATIO",
    "ASSUMED_SECONDS",
    "Disk",
    "Interruption",
    "JournalReader",
    "Outcome",
    "Watch",
    "check_room",
    "disks_holding",
    "members_to_unpack",
    "preview",
    "run",
    "size_of_wav",
]
