"""The exceptions of hearpreprocess; each is also the builtin exception that a caller would expect.

A message names the file, the clip or the task, and says what is wrong, what was expected, and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class HearPreprocessWarning(UserWarning):
    """A problem of a task that needs attention but does not stop it, such as clips that were left out."""


class HearPreprocessError(Exception):
    """Base of every error that hearpreprocess raises on purpose."""


class ConfigError(HearPreprocessError, ValueError):
    """A task module, a mode or an option is invalid."""


class TaskNotFoundError(ConfigError, LookupError):
    """No task, group or mode has the given name."""


class LabelNotFoundError(HearPreprocessError, ValueError, LookupError):
    """The vocabulary of a finished task does not have the label."""


class DownloadError(HearPreprocessError, OSError):
    """A source could not be fetched."""


class ChecksumError(DownloadError):
    """A file exists but is not the file that the task specifies, by its checksum or content."""


class OfflineError(DownloadError):
    """A file has to be downloaded, but use of the network is disabled (`--offline`)."""


class SchedulerError(HearPreprocessError, ConnectionError):
    """The scheduler that several hosts share cannot be reached."""


class BusyError(HearPreprocessError, RuntimeError):
    """Another run is active in this process."""


class ProcessError(HearPreprocessError, RuntimeError):
    """This process cannot start the worker processes that a run needs."""


class Failure(NamedTuple):
    """A failed step of a run: the task or file that it worked on, its stage, and the reason."""

    title: str
    stage: str
    reason: str


class UnfinishedError(HearPreprocessError, RuntimeError):
    """A run ended before all outputs were finished; finished work is kept.

    `unfinished`: the titles of the missing tasks or files. `failures`: the failures that the steps reported. `log`: the
    path of the run's log, or None. `advice`: what else to do, or "".
    """

    def __init__(
        self, unfinished: Sequence[str], failures: Sequence[Failure], log: Path | None, advice: str = ""
    ) -> None:
        self.unfinished, self.failures, self.log, self.advice = tuple(unfinished), tuple(failures), log, advice
        super().__init__(self.text(str(log)))

    def text(self, log: str) -> str:
        """The message. `log`: the path of the log, as to be shown to the reader."""
        of_reasons = {failure.reason: failure for failure in reversed(self.failures)}  # the first failure of each
        paragraphs = [
            f"Not finished: {', '.join(self.unfinished)}",
            *(f"{title}, {stage}:\n{reason}" for title, stage, reason in reversed(of_reasons.values())),
            *([] if self.failures else ["No step reported an error; see the log."]),
            *filter(None, [self.advice]),
            f"Full log: {log if self.log else 'none'}. "
            "Fix the problem and run the same command again; finished work is kept.",
        ]
        return "\n\n".join(paragraphs)

    def __reduce__(self) -> tuple[type[UnfinishedError], tuple[Sequence[str], Sequence[Failure], Path | None, str]]:
        return type(self), (self.unfinished, self.failures, self.log, self.advice)


class ChangedCodeError(HearPreprocessError, RuntimeError):
    """The program was changed on disk while it was running, so that the code that made an output is unknown."""


class ArchiveError(HearPreprocessError, ValueError):
    """An archive is damaged or unsafe, or a member is missing."""


class CorpusError(HearPreprocessError, ValueError):
    """The clips of a task module contradict each other or the task."""


class SplitError(CorpusError):
    """The clips of a task cannot be divided into its splits."""


class AudioError(HearPreprocessError, ValueError):
    """A recording cannot be read or has no usable audio."""


class DecoderError(HearPreprocessError, RuntimeError):
    """The decoder was killed by another process, so that nothing is known about the recording."""


class OutputError(HearPreprocessError, OSError):
    """An output cannot be written."""


class FinishedTaskError(OutputError):
    """A file of the finished task at `path` is missing or invalid; `problem`: the description of the problem."""

    def __init__(self, path: Path, file: str, problem: str) -> None:
        super().__init__(f"{path}: {file} {problem}")
        self.path, self.file, self.problem = path, file, problem

    def __reduce__(self) -> tuple[type[FinishedTaskError], tuple[Path, str, str]]:
        return type(self), (self.path, self.file, self.problem)


class ObjectStoreError(OutputError):
    """An object store refuses a request or cannot be reached; the message holds no secrets."""


class DiskFullError(OutputError):
    """The disk is full, or would be, before an output is complete."""


def enumerate_problems(headline: str, problems: Sequence[str], shown: int = 10) -> str:
    """Join many problems into one message: the headline with their count, then the first few, one per line.

    `headline`: with `{count}` in place of the count, if it does not contain the count already.
    """
    lines = [headline.replace("{count}", f"{len(problems):,}"), *(f"  {problem}" for problem in problems[:shown])]
    if len(problems) > shown:
        lines.append(f"  ... and {len(problems) - shown:,} more")
    return "\n".join(lines)


def line_in(error: BaseException, path: Path) -> int | str:
    """The line of the file at `path` that raised an error; `?` if unknown."""
    import traceback  # late, as few processes need it

    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return (lines[-1] if lines else None) or "?"
