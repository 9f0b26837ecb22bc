"""Ctrl-C, SIGTERM and a closed terminal during a run: noted at once, acted on between two looks at the steps.

Nothing is raised from within a signal's handler, as Python drops an exception that comes up in the wrong place, such as
a hook that runs around a fork.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

_NOTED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_RESTORED = (*_NOTED, signal.SIGUSR1)  # Luigi's worker handles SIGUSR1: it finishes what it runs and takes no more


class Interruption:
    """A block in which Ctrl-C, SIGTERM and SIGHUP only set `has_arrived`; each run has one of its own.

    Outside the main thread no signal arrives and no handler is changed.
    """

    def __init__(self) -> None:
        self.has_arrived = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interruption:
        if is_main_thread():
            # A handler that is not of Python's making, None here, could not be put back.
            handlers = {number: signal.getsignal(number) for number in _RESTORED}
            self._before = {number: handler for number, handler in handlers.items() if handler is not None}
            for number in _NOTED:
                # What is ignored from the start, as SIGHUP is under nohup, stays so.
                if self._before.get(number, signal.SIG_IGN) != signal.SIG_IGN:
                    signal.signal(number, self._note)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.has_arrived = True

    def act(self) -> None:
        """Raise KeyboardInterrupt if one has arrived."""
        if self.has_arrived:
            raise KeyboardInterrupt


def is_main_thread() -> bool:
    """Whether this thread is the one that may handle signals."""
    return threading.current_thread() is threading.main_thread()
