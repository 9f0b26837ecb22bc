"""Files of other hosts: which running system wrote a file, and whether it is old by the file system's own clock.

Locks of this system are always visible, including those of its other containers. Some file systems do not show the
locks of another host, so files from there must also be old before they count as abandoned.
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
"""The seconds without a change after which another host's files count as old."""


@functools.cache
def system_id() -> bytes:
    """An identifier of the running system, the same in all of its containers; empty if it has none."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_bytes().strip()
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        return subprocess.check_output(["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]).strip()
    return b""


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

    def holds_abandoned(self, system: bytes, paths: Iterable[str]) -> bool:
        """Whether unlocked files of a system are abandoned: they are of this system, or all of them are old."""
        if system == system_id() != b"":
            return True
        now, locks = self._clock_and_locks
        return locks and all(_changed(path) < now - SECONDS_UNTIL_OLD for path in paths)


def _changed(path: str) -> float:
    """The time of a path's last change by its file system's clock, which no program can set; 0 if it is missing."""
    try:
        return os.lstat(path).st_ctime
    except FileNotFoundError:
        return 0.0
