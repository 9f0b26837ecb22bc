"""Files of other hosts: whether their locks are visible here, and whether they are old by the file system's own clock.

The locks of this running system are visible, including those of its other containers, if the file is on the same mount:
FUSE file systems (sshfs), NFS with `local_lock` or `nolock` and Lustre with `localflock` keep locks on each mount. So a
file with a lock names the system and the mount of its writer, and from any other it must also be old before it counts
as abandoned.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import socket
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from hearpreprocess.storage.locks import has_locks
from hearpreprocess.storage.wording import printable, shortened

SECONDS_UNTIL_OLD = 24 * 3600
"""The seconds without a change after which another host's files count as old."""

_LONGEST_HOST, _UNKNOWN_MOUNT = 100, 0


@functools.cache
def system_id() -> bytes:
    """An identifier of the running system, the same in all of its containers; empty if it has none."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_bytes().strip()
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        return subprocess.check_output(["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]).strip()
    return b""


@dataclass(frozen=True)
class Writer:
    """The writer of a lock file.

    `host`: the host's name, for people; "" if unknown. `system`: the identifier of its running system, "" if it has
    none. `mount`: the number that its system has for the file's mount; 0 if it was written by an earlier version.
    """

    host: str = ""
    system: str = ""
    mount: int = _UNKNOWN_MOUNT

    @classmethod
    def of(cls, file: BinaryIO) -> Writer:
        """This process as the writer of an open file."""
        return cls(socket.gethostname(), system_id().decode(errors="replace"), os.fstat(file.fileno()).st_dev)

    @classmethod
    def parse(cls, content: bytes) -> Writer:
        """The writer by the content of its file."""
        system, mount, host, *_more = [*content.decode(errors="replace").split("\n"), "", "", ""]
        known = int(mount) if re.fullmatch("[0-9]{1,20}", mount) else _UNKNOWN_MOUNT
        return cls(shortened(printable(host), _LONGEST_HOST), system, known)

    def text(self) -> str:
        """The content of its file."""
        return f"{self.system}\n{self.mount}\n{self.host}\n"

    def is_visible_from(self, own: Writer) -> bool:
        """Whether `own`, which has the same file open, sees its locks for certain."""
        return self.system == own.system != "" and self.mount in (own.mount, _UNKNOWN_MOUNT)


class FileSystem:
    """The clock and lock support of a folder's file system, queried once and only if needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @functools.cached_property
    def _clock_and_locks(self) -> tuple[float, bool]:
        """The current time by its clock, and whether it supports locks."""
        with tempfile.TemporaryFile(dir=self._folder, buffering=0) as file:
            file.write(b"now")
            return os.fstat(file.fileno()).st_ctime, has_locks(file)

    @property
    def has_locks(self) -> bool:
        """Whether it supports locks."""
        return self._clock_and_locks[1]

    def are_old(self, paths: Iterable[str]) -> bool:
        """Whether nothing has changed at the paths for SECONDS_UNTIL_OLD.

        If the clock is set back, what changed before counts as recent until it is old by the new time.
        """
        return all(self.seconds_since_change(path) > SECONDS_UNTIL_OLD for path in paths)

    def seconds_since_change(self, path: str) -> float:
        """The seconds since a path has changed, by the file system's clock; as if very old if it is missing."""
        return self._clock_and_locks[0] - _changed(path)


def _changed(path: str) -> float:
    """The time of a path's last change by its file system's clock, which no program can set; 0 if it is missing."""
    try:
        return os.lstat(path).st_ctime
    except FileNotFoundError:
        return 0.0
