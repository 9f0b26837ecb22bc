"""The errors of hearpreprocess by kind; each is also the builtin error that a caller would expect.

A message names the file, the clip or the task, and says what is wrong, what was expected, and what to do.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class HearPreprocessWarning(UserWarning):
    """Something in a task that needs attention, such as clips that were left out, though the task can be made."""


class HearPreprocessError(Exception):
    """Base of every error that hearpreprocess raises on purpose."""


class ConfigError(HearPreprocessError, ValueError):
    """A task module, a mode or an option states something impossible."""


class TaskNotFoundError(ConfigError, LookupError):
    """No task, group or mode has the given name."""


class LabelNotFoundError(HearPreprocessError, ValueError, LookupError):
    """A finished task's vocabulary has no such label."""


class DownloadError(HearPreprocessError, OSError):
    """A source could not be fetched."""


class ChecksumError(DownloadError):
    """A file exists but is not the file that the task specifies."""


class OfflineError(DownloadError):
    """A file has to be downloaded, but the network must not be used."""


class SchedulerError(HearPreprocessError, ConnectionError):
    """The scheduler that several hosts share cannot be reached."""


class BusyError(HearPreprocessError, RuntimeError):
    """Another run is active in this process."""


class ProcessError(HearPreprocessError, RuntimeError):
    """This process cannot start the worker processes that a run needs."""


class Failure(NamedTuple):
    """Why a step of a run has failed: the task or the file that it worked on, its stage, and the reason."""

    title: str
    stage: str
    reason: str


class UnfinishedError(HearPreprocessError, RuntimeError):
    """A run has ended before everything was made; what was finished is kept.

    `unfinished`: the titles of the tasks or files that are missing. `failures`: what the steps reported. `log`: the
    file with all messages of the run; None if there is none. `advice`: what else to tell the user, "" for nothing.
    """

    def __init__(
        self, unfinished: Sequence[str], failures: Sequence[Failure], log: Path | None, advice: str = ""
    ) -> None:
        self.unfinished, self.failures, self.log, self.advice = tuple(unfinished), tuple(failures), log, advice
        super().__init__(self.text(str(log)))

    def text(self, log: str) -> str:
        """The message. `log`: the path of the log as the reader would write it."""
        of_reasons = {failure.reason: failure for failure in reversed(self.failures)}  # the first failure of each
        paragraphs = [
            f"Not finished: {', '.join(self.unfinished)}",
            *(f"{title}, {stage}:\n{reason}" for title, stage, reason in reversed(of_reasons.values())),
            *([] if self.failures else ["No step reported an error."]),
            *filter(None, [self.advice]),
            f"Full log: {log if self.log else 'none'}. "
            "Fix the problem and run the same command again; finished work is kept.",
        ]
        return "\n\n".join(paragraphs)

    def __reduce__(self) -> tuple[type[UnfinishedError], tuple[Sequence[str], Sequence[Failure], Path | None, str]]:
        return type(self), (self.unfinished, self.failures, self.log, self.advice)


class ChangedCodeError(HearPreprocessError, RuntimeError):
    """The program was changed on the disk while it was running, so that nobody knows which code made an output."""


class ArchiveError(HearPreprocessError, ValueError):
    """An archive is damaged, unsafe, or lacks a member."""


class CorpusError(HearPreprocessError, ValueError):
    """The clips that a task module yields contradict themselves or their task."""


class SplitError(CorpusError):
    """The splits of a task cannot be made from its clips."""


class AudioError(HearPreprocessError, ValueError):
    """A recording cannot be read, or holds no usable audio."""


class DecoderError(HearPreprocessError, RuntimeError):
    """The decoder was killed from outside, which says nothing about the recording."""


class OutputError(HearPreprocessError, OSError):
    """An output cannot be written."""


class FinishedTaskError(OutputError):
    """A file of the finished task at `path` is missing or invalid; `problem` says what is wrong."""

    def __init__(self, path: Path, file: str, problem: str) -> None:
        super().__init__(f"{path}: {file} {problem}")
        self.path, self.file, self.problem = path, file, problem

    def __reduce__(self) -> tuple[type[FinishedTaskError], tuple[Path, str, str]]:
        return type(self), (self.path, self.file, self.problem)


class DiskFullError(OutputError):
    """The disk ran full while an output was being written."""


def enumerate_problems(headline: str, problems: Sequence[str], shown: int = 10) -> str:
    """Join many problems into one message: the headline with its count, then the first few, a line each.

    `headline`: with `{count}` where the number belongs, if it is not in it already.
    """
    lines = [headline.replace("{count}", f"{len(problems):,}"), *(f"  {problem}" for problem in problems[:shown])]
    if len(problems) > shown:
        lines.append(f"  ... and {len(problems) - shown:,} more")
    return "\n".join(lines)


def line_in(error: BaseException, path: Path) -> int | str:
    """The line of the file at `path` that raised an error; `?` if none did."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return (lines[-1] if lines else None) or "?"
