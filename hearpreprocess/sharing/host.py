"""What identifies a host: its name for people, and its running system, as containers may share a name."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from hearpreprocess.storage import system_id


@dataclass(frozen=True)
class Host:
    """A host. `name`: its host name. `system`: the identifier of its running system, "" if it has none."""

    name: str
    system: str


def this_host() -> Host:
    """The host of this process."""
    return Host(socket.gethostname(), system_id().decode(errors="replace"))
