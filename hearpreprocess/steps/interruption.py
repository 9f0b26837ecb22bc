"""Ctrl-C, SIGTERM and a closed terminal while the graph runs: noted at once, acted on between two looks at the steps.

Nothing is raised from within a signal's handler, as Python drops an exception that comes up in the wrong place, such as
a hook that runs around a fork.
"""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """A block in which Ctrl-C, SIGTERM and SIGHUP only set `has_arrived`."""

    has_arrived = False

    def __enter__(self) -> Interruption:
        Interruption.has_arrived = False
        # What is ignored from the start, as SIGHUP is under nohup, stays so.
        heard = [number for number in _SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
        self._before: dict[signal.Signals, Any] = {number: signal.signal(number, self._note) for number in heard}
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @staticmethod
    def _note(number: int, frame: FrameType | None) -> None:
        Interruption.has_arrived = True

    @staticmethod
    def act() -> None:
        """Raise KeyboardInterrupt if one has arrived.

        What a step makes takes its place only after this: a library that calls us back, as libsndfile does to read and
        to write, drops what is raised there, and goes on without the bytes.
        """
        if Interruption.has_arrived:
            raise KeyboardInterrupt
