"""Ctrl-C and SIGTERM, for the process that runs the graph."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

EXIT_STATUS = 130


class Interruption:
    """Makes Ctrl-C and SIGTERM a KeyboardInterrupt that cannot get lost.

    Python drops an exception that a signal raises in the wrong place, such as a hook that runs around a fork; so it is
    raised again and again until `has_arrived` tells that it was seen.
    """

    SECONDS = 0.2

    def __init__(self) -> None:
        self._process = os.getpid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
            signal.signal(number, self._raise)
        self._report_dropped = sys.unraisablehook
        sys.unraisablehook = self._keep_quiet_about_drops

    def _raise(self, number: int, frame: object) -> None:
        if os.getpid() != self._process:  # a process that was just forked, and has not begun its step yet
            os._exit(EXIT_STATUS)
        signal.setitimer(signal.ITIMER_REAL, self.SECONDS)
        raise KeyboardInterrupt

    def _keep_quiet_about_drops(self, dropped: Any) -> None:
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            self._report_dropped(dropped)

    def has_arrived(self) -> None:
        """Stop raising it."""
        signal.setitimer(signal.ITIMER_REAL, 0)
