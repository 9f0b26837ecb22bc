"""What a process remembers of the disk during one run: the next run in the same process looks again."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from hearpreprocess.errors import BusyError

_forgetting: list[Callable[[], object]] = []
_running = threading.Lock()


def on_new_run(forget: Callable[[], object]) -> None:
    """Have `forget` called whenever a run begins."""
    _forgetting.append(forget)


@contextlib.contextmanager
def only_run() -> Iterator[None]:
    """A run of this process: nothing is remembered from earlier ones, which may have seen other files.

    Raises BusyError where this process is in another run, as Luigi, its log and signal handlers are a process' own.
    """
    if not _running.acquire(blocking=False):
        raise BusyError("this process is at another run; wait for its end, or start a process for each")
    try:
        _forget()
        yield
    finally:
        _running.release()


def forget_unless_running() -> None:
    """Forget what earlier runs have seen; a run that another thread of this process is in keeps what it remembers."""
    if _running.acquire(blocking=False):
        try:
            _forget()
        finally:
            _running.release()


def _forget() -> None:
    for forget in _forgetting:
        forget()
