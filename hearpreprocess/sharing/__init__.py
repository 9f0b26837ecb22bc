"""What hosts that share a directory learn of each other through it: the same files, visible locks, clocks.

`host.py`: what identifies a host. `token.py`: a file that one host locks and the others look for.
"""

from hearpreprocess.sharing.host import Host, this_host
from hearpreprocess.sharing.token import View, held_token, look_at_token

__all__ = ["Host", "View", "held_token", "look_at_token", "this_host"]
