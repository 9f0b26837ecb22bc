"""What can go wrong, by kind; each error is also the builtin a caller would expect.

A message says what happened, expected against got, and what to do, and names the file, the clip or the task.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path


class HearPreprocessError(Exception):
    """Base of every error that hearpreprocess raises on purpose."""


class ConfigError(HearPreprocessError, ValueError):
    """A task module, a mode or an option states something impossible."""


class TaskNotFoundError(ConfigError, LookupError):
    """No task, group or mode goes by the name that was asked for."""


class DownloadError(HearPreprocessError, OSError):
    """A source could not be fetched."""


class ChecksumError(DownloadError):
    """A file is there but is not the file that the task names."""


class OfflineError(DownloadError):
    """A file has to be downloaded and the network may not be used."""


class SchedulerError(HearPreprocessError, ConnectionError):
    """The scheduler that several hosts share cannot be reached."""


class BusyError(HearPreprocessError, RuntimeError):
    """This process is at another run."""


class ArchiveError(HearPreprocessError, ValueError):
    """An archive is damaged, unsafe, or lacks a member."""


class CorpusError(HearPreprocessError, ValueError):
    """The clips that a task module yields contradict themselves or their task."""


class SplitError(CorpusError):
    """The splits that a task asks for cannot be made of its clips."""


class AudioError(HearPreprocessError, ValueError):
    """A recording cannot be read, or holds no usable audio."""


class DecoderError(HearPreprocessError, RuntimeError):
    """The program that decodes was ended from outside, or took too long: that says nothing about the recording."""


class OutputError(HearPreprocessError, OSError):
    """An output cannot be written where it was asked for."""


class FinishedTaskError(OutputError):
    """A file of the finished task at `path` is missing or is not what it should be; `problem` says what is wrong."""

    def __init__(self, path: Path, file: str, problem: str) -> None:
        super().__init__(f"{path}: {file} {problem}")
        self.path, self.file, self.problem = path, file, problem

    def __reduce__(self) -> tuple[type[FinishedTaskError], tuple[Path, str, str]]:
        return type(self), (self.path, self.file, self.problem)


class DiskFullError(OutputError):
    """The disk ran full while an output was being written."""


def enumerate_problems(headline: str, problems: Sequence[str], shown: int = 10) -> str:
    """Join many problems into one message: the headline with its count, then the first few, a line each.

    `headline` is a format string with one field, `{count}`.
    """
    lines = [headline.format(count=f"{len(problems):,}"), *(f"  {problem}" for problem in problems[:shown])]
    if len(problems) > shown:
        lines.append(f"  ... and {len(problems) - shown:,} more")
    return "\n".join(lines)


def line_in(error: BaseException, path: Path) -> int | str:
    """The line of the file at `path` from which an error came; `?` where it did not come from there."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return (lines[-1] if lines else None) or "?"
