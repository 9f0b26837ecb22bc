"""Caches of the state of the disk, valid during one run: the next run in the same process reads it again."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from hearpreprocess.errors import BusyError

_forgetting: list[Callable[[], object]] = []
_running = threading.Lock()


def on_new_run(forget: Callable[[], object]) -> None:
    """Register `forget` to be called whenever a run begins."""
    _forgetting.append(forget)


@contextlib.contextmanager
def only_run() -> Iterator[None]:
    """Mark a run of this process, and clear the caches of earlier ones, as files may have changed since.

    Raises BusyError if another run is active in this process: Luigi, its log and its signal handlers are global.
    """
    if not _running.acquire(blocking=False):
        raise BusyError("another run is active in this process. Wait until it ends, or use a separate process")
    try:
        _forget()
        yield
    finally:
        _running.release()


def forget_unless_running() -> None:
    """Clear the caches of earlier runs, unless a run is active in another thread of this process."""
    if _running.acquire(blocking=False):
        try:
            _forget()
        finally:
            _running.release()


def _forget() -> None:
    for forget in _forgetting:
        forget()
