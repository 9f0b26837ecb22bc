"""Report the failure of a step to the journal, with a message for the user."""

from __future__ import annotations

import traceback
from pathlib import Path

from hearpreprocess.errors import HearPreprocessError
from hearpreprocess.steps import Step
from hearpreprocess.storage import unreadable_message

DEPENDENCY_LOST = "a dependency was deleted during the run. Run the same command again"
FAILED_ELSEWHERE = "failed on another host; see the log of the run there"


def note_error(step: Step, error: BaseException) -> None:
    """Report an error, with its location in the code unless it is a HearPreprocessError."""
    if isinstance(error, HearPreprocessError):
        text = str(error)
    elif isinstance(error, PermissionError) and error.filename:
        text = unreadable_message(error)
    elif isinstance(error, FileNotFoundError) and error.filename:
        text = f"{error.filename}: {error.strerror}; it may have been moved during the run"
    else:
        frames = traceback.extract_tb(error.__traceback__)
        location = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
        text = f"unexpected {type(error).__name__}: {error}{location}"
    step.note("failed", text=text)


def text_of_death(how: str) -> str:
    """The message for a process of a step that died; `how`: such as `with exit code -9`."""
    return f"the worker process died {how} (killed, or out of memory)"


def note_death(step: Step, how: str) -> None:
    """Report that the step's process died; `how` as in `text_of_death`."""
    step.note("failed", text=text_of_death(how))


def note_timeout(step: Step) -> None:
    """Report that the step exceeded the timeout in the user's Luigi settings."""
    step.note("failed", text="stopped after the time limit. Raise [worker] timeout in luigi.cfg")
