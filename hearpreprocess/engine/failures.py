"""Tell the journal why a step failed, in words for the person who gave the command."""

from __future__ import annotations

import traceback
from pathlib import Path

from hearpreprocess.errors import HearPreprocessError
from hearpreprocess.steps import Step

DEPENDENCY_LOST = "what it needs was removed while the run was at work; give the same command again"
FAILED_ELSEWHERE = "it failed on another host, whose run says why"


def note_error(step: Step, error: BaseException) -> None:
    """Tell of an error, with the place in the code where it is not one of ours."""
    if isinstance(error, HearPreprocessError):
        text = str(error)
    elif isinstance(error, FileNotFoundError | PermissionError) and error.filename:
        text = f"{error.filename}: {error.strerror}; was it moved or locked while the run was at work?"
    else:
        frames = traceback.extract_tb(error.__traceback__)
        place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
        text = f"unexpected {type(error).__name__}: {error}{place}"
    step.note("failed", text=text)


def note_death(step: Step, how: str) -> None:
    """Tell that the step's process ended, as in `with exit code -9`."""
    step.note("failed", text=f"its process ended {how}; was it killed from outside, or did the memory run out?")


def note_timeout(step: Step) -> None:
    """Tell that the step took longer than the user's settings of Luigi allow."""
    step.note("failed", text="it was ended, as it took longer than [worker] timeout in luigi.cfg allows; raise that")
