"""Files of other hosts: which running system a file is from, and whether it is old by the file system's own clock.

Locks of this system are always seen, also those that its other containers hold. Some file systems do not show the locks
of another host, so that what comes from there must be old, too, before it counts as abandoned.
"""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from hearpreprocess.storage.locks import has_locks

SECONDS_UNTIL_OLD = 24 * 3600
"""How long nothing may have changed in what another host left."""


@functools.cache
def system_id() -> bytes:
    """An identifier of the running system, the same in all of its containers; empty if it has none."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_bytes().strip()
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        return subprocess.check_output(["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]).strip()
    return b""


class FileServer:
    """The file system of a folder, asked once and only if needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @functools.cached_property
    def _clock_and_locks(self) -> tuple[float, bool]:
        """The time by its clock, and whether it has locks."""
        with tempfile.TemporaryFile(dir=self._folder, buffering=0) as file:
            file.write(b"now")
            return os.fstat(file.fileno()).st_ctime, has_locks(file)

    def holds_abandoned(self, system: bytes, paths: Iterable[str]) -> bool:
        """Whether unlocked files of a system are abandoned: it is this one, or nothing in them has changed for long."""
        if system == system_id() != b"":
            return True
        now, locks = self._clock_and_locks
        return locks and all(_changed(path) < now - SECONDS_UNTIL_OLD for path in paths)


def _changed(path: str) -> float:
    """When a path changed last, by the time of its file system, whatever time it was given; 0 if it is gone."""
    try:
        return os.lstat(path).st_ctime
    except FileNotFoundError:
        return 0.0
