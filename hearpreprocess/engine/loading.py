"""Load the libraries of most steps in a thread, while the first step works, for the processes that are forked later.

Libraries of a few steps, such as pandas, are loaded by the processes that run them.
"""

from __future__ import annotations

import contextlib
import importlib
import threading
from collections.abc import Callable, Iterator
from functools import partial

from hearpreprocess import archive, audio

_LIBRARIES = ("numpy", "soundfile", "soxr", "isal.igzip_threaded")
_ROOMS = (archive, audio)
"""What the steps of audio and the tarballs need; the longest of them is numpy, with a tenth of a second."""


class Loading(threading.Thread):
    """The thread; it pauses between two libraries. `is_done`: whether it has loaded them all."""

    def __init__(self) -> None:
        super().__init__(name="loading", daemon=True)
        self.is_done = False
        self._importing = threading.Lock()
        self._may_go_on = threading.Event()
        self._may_go_on.set()

    def run(self) -> None:
        """Load the libraries."""
        for load in _parts():
            self._may_go_on.wait()
            with self._importing:
                load()
        self.is_done = True

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """A block without an import of the thread: a process forked during one could never finish that import."""
        self._may_go_on.clear()
        try:
            with self._importing:
                yield
        finally:
            self._may_go_on.set()


def _parts() -> Iterator[Callable[[], object]]:
    """What loads one library, or one module of a room, each."""
    for library in _LIBRARIES:
        yield partial(importlib.import_module, library)
    for room in _ROOMS:
        yield from (partial(getattr, room, name) for name in room.__all__)
