"""Flush the steps' files to the disk continuously, while the steps run.

A finished output is flushed before it is renamed into place. By default the system buffers gigabytes for half a minute,
and then all steps wait for them at once: a run of 2,000 clips took 8 % longer.
"""

from __future__ import annotations

import threading
from pathlib import Path

from hearpreprocess.storage import sync_file_system

SECONDS_BETWEEN = 0.5


class Flushing:
    """A block during which a thread of this process flushes the file systems of the given folders."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._flush, name="flushing", daemon=True)

    def __enter__(self) -> Flushing:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()

    def _flush(self) -> None:
        while not self._over.wait(SECONDS_BETWEEN):
            for folder in self._folders:
                sync_file_system(folder)
