"""What hosts say of themselves when they meet, and who takes part."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hearpreprocess.sharing.host import Host, this_host
from hearpreprocess.sharing.mounts import Mount, mount_of
from hearpreprocess.sharing.token import seconds_ahead
from hearpreprocess.storage import printable


@dataclass(frozen=True)
class Greeting:
    """What a host says of itself. `path`: of the shared directory. `versions`: of what decides the bytes of results.

    `seconds_ahead`: its clock minus the file system's. `user`: the number of the user. `in_kubernetes`: in a pod.
    """

    host: Host
    process: int
    path: str
    versions: Mapping[str, str]
    mount: Mount
    seconds_ahead: float
    user: int
    in_kubernetes: bool
    wait: float

    @classmethod
    def of_this_host(cls, folder: Path, versions: Mapping[str, str], wait: float) -> Greeting:
        """The greeting of this process; raises OSError or OutputError where the folder cannot be written to."""
        return cls(
            host=this_host(),
            process=os.getpid(),
            path=str(folder.resolve()),
            versions=versions,
            mount=mount_of(folder),
            seconds_ahead=seconds_ahead(folder),
            user=os.geteuid(),
            in_kubernetes="KUBERNETES_SERVICE_HOST" in os.environ,
            wait=wait,
        )

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Greeting:
        """The greeting in a message."""
        mount = Mount(**content["mount"] | {"options": tuple(content["mount"]["options"])})
        return cls(
            **{**content, "host": Host(printable(content["host"]["name"]), content["host"]["system"]), "mount": mount}
        )


@dataclass(frozen=True)
class Stranger:
    """A host whose messages have another version, so that it cannot take part."""

    name: str
    version: str


@dataclass(frozen=True)
class Participants:
    """Who takes part. `missing`: names that were asked for and did not come."""

    greetings: Mapping[str, Greeting]
    missing: tuple[str, ...]
    strangers: tuple[Stranger, ...]

    def label(self, member: str) -> str:
        """The name of a member's host, with its process where several have the name, and its identifier as the last."""
        greeting = self.greetings[member]
        same = [other for other in self.greetings.values() if other.host.name == greeting.host.name]
        if len(same) == 1:
            return greeting.host.name
        unique = [other.process for other in same].count(greeting.process) == 1
        return (
            f"{greeting.host.name} (process {greeting.process})" if unique else f"{greeting.host.name} ({member[:4]})"
        )
