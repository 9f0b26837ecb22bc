"""What holds for every process that runs steps: its signals, its log, and the failures that it cannot tell itself.

Luigi instantiates StepProcess around every step that it runs in a process of its own.
"""

from __future__ import annotations

import multiprocessing
import signal
from typing import Any

import luigi

from hearpreprocess.steps.base import Step
from hearpreprocess.steps.log import log_path, log_to


class StepProcess:
    """Around a step: Ctrl-C is the runner's to handle, SIGTERM unwinds so that half-made things are removed."""

    def __init__(self, process: Any) -> None:
        self._workspace = process.task.workspace

    def __enter__(self) -> None:
        if multiprocessing.parent_process() is None:
            return
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, _unwind)
        if self._workspace.journal:
            log_to(log_path(self._workspace.journal, self._workspace.tmp_dir))

    def __exit__(self, *exception: object) -> None:
        return None


def _unwind(signal_number: int, frame: object) -> None:
    raise SystemExit(128 + signal_number)


def _died(step: Step, message: str) -> None:
    step.tell(
        "failed", text=f"{message.rpartition(' died ')[2] or message}; a process killed from outside, or out of memory?"
    )


def _broken(step: Step, error: BaseException) -> None:
    step.tell("failed", text=f"{type(error).__name__}: {error}")


Step.event_handler(luigi.Event.PROCESS_FAILURE)(_died)
Step.event_handler(luigi.Event.BROKEN_TASK)(_broken)
