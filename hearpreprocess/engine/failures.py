"""Report to the journal why a step failed, in words for the user."""

from __future__ import annotations

import traceback
from pathlib import Path

from hearpreprocess.errors import HearPreprocessError
from hearpreprocess.steps import Step
from hearpreprocess.storage import unreadable_message

DEPENDENCY_LOST = "what it needs was removed while the run was at work; give the same command again"
FAILED_ELSEWHERE = "it failed on another host, whose run says why"


def note_error(step: Step, error: BaseException) -> None:
    """Report an error, with its location in the code unless it is a HearPreprocessError."""
    if isinstance(error, HearPreprocessError):
        text = str(error)
    elif isinstance(error, PermissionError) and error.filename:
        text = unreadable_message(error)
    elif isinstance(error, FileNotFoundError) and error.filename:
        text = f"{error.filename}: {error.strerror}; was it moved while the run was at work?"
    else:
        frames = traceback.extract_tb(error.__traceback__)
        location = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
        text = f"unexpected {type(error).__name__}: {error}{location}"
    step.note("failed", text=text)


def note_death(step: Step, how: str) -> None:
    """Report that the step's process died; `how`: such as `with exit code -9`."""
    step.note("failed", text=f"its process ended {how}; was it killed from outside, or did the memory run out?")


def note_timeout(step: Step) -> None:
    """Report that the step exceeded the timeout in the user's Luigi settings."""
    step.note("failed", text="it was ended, as it took longer than [worker] timeout in luigi.cfg allows; raise that")
