"""Ctrl-C, SIGTERM and a closed terminal during a run: recorded at once, handled at safe points between steps.

Signal handlers do not raise, as Python discards exceptions in some places, such as fork hooks.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

_NOTED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_RESTORED = (*_NOTED, signal.SIGUSR1)  # Luigi's worker handles it: finish the running steps, start no more


class Interruption:
    """A block in which Ctrl-C, SIGTERM and SIGHUP only set `has_arrived`; each run has its own.

    Outside the main thread no signal arrives and no handler is changed.
    """

    def __init__(self) -> None:
        self.has_arrived = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interruption:
        if is_main_thread():
            # A handler that was not installed by Python (None) cannot be restored.
            handlers = {number: signal.getsignal(number) for number in _RESTORED}
            self._before = {number: handler for number, handler in handlers.items() if handler is not None}
            for number in _NOTED:
                # Signals that were ignored before, such as SIGHUP under nohup, stay ignored.
                if self._before.get(number, signal.SIG_IGN) != signal.SIG_IGN:
                    signal.signal(number, self._note)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.has_arrived = True

    def act(self) -> None:
        """Raise KeyboardInterrupt if a signal has arrived."""
        if self.has_arrived:
            raise KeyboardInterrupt


def is_main_thread() -> bool:
    """Whether this thread is the one that may handle signals."""
    return threading.current_thread() is threading.main_thread()
