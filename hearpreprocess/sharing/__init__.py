"""What hosts that share a directory learn of each other through it: the same files, visible locks, delays, clocks.

`host.py`: what identifies a host. `token.py`: a file that one host locks and the others look for. `mounts.py`: the file
system of a directory. `meeting.py`: hosts that find each other in a directory and go through the same phases; the
checks that they do there are in `checks.py`, with their parts in `locking.py`, `changes.py` and `probes.py`.
"""

from hearpreprocess.sharing.changes import CHANGES, LISTED, Delay
from hearpreprocess.sharing.checks import LINES_OF_EACH, Checked, Observation, check_together
from hearpreprocess.sharing.greeting import Greeting, Participants, Stranger
from hearpreprocess.sharing.host import Host, this_host
from hearpreprocess.sharing.locking import LockView
from hearpreprocess.sharing.meeting import FOLDER, Meeting, missing_names
from hearpreprocess.sharing.mounts import Mount, mount_of
from hearpreprocess.sharing.probes import Probes, probe
from hearpreprocess.sharing.token import View, held_token, look_at_token, seconds_ahead

__all__ = [
    "CHANGES",
    "FOLDER",
    "LINES_OF_EACH",
    "LISTED",
    "Checked",
    "Delay",
    "Greeting",
    "Host",
    "LockView",
    "Meeting",
    "Mount",
    "Observation",
    "Participants",
    "Probes",
    "Stranger",
    "View",
    "check_together",
    "held_token",
    "look_at_token",
    "missing_names",
    "mount_of",
    "probe",
    "seconds_ahead",
    "this_host",
]
