"""What holds in every process that runs a step: its signals and its log.

Luigi instantiates StepProcess around every step.
"""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Any

from hearpreprocess.steps.interruption import Interruption
from hearpreprocess.steps.log import log_path, log_to

EXIT_STATUS = 143
SECONDS_TO_UNWIND = 5


class StepProcess:
    """Around a step: Ctrl-C is the runner's to handle, SIGTERM unwinds so that half-made things are removed."""

    def __init__(self, process: Any) -> None:
        self._workspace = process.task.workspace

    def __enter__(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGALRM):
            signal.signal(number, _unwind)
        if Interruption.has_arrived:  # between the fork and here
            raise SystemExit(EXIT_STATUS)
        if self._workspace.journal:
            log_to(log_path(self._workspace.journal, self._workspace.tmp_dir))

    def __exit__(self, *exception: object) -> None:
        return None


def _unwind(number: int, frame: FrameType | None) -> None:
    """End the step. Where a library's callback drops the exception, it is raised once more after a while."""
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 2)  # what libraries say of being ended is no news
    signal.alarm(SECONDS_TO_UNWIND if number == signal.SIGTERM else 0)
    raise SystemExit(EXIT_STATUS)
