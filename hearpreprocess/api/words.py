"""The tasks given by a caller, as words of the command line."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from hearpreprocess.errors import ConfigError

Word = str | os.PathLike[str]
"""A task's name, `name:mode`, a group, or the path of a task module."""


def words_of(tasks: Word | Iterable[Word]) -> list[str]:
    """The words of one task or of several.

    Raises ConfigError on anything but strings and paths.
    """
    several: Iterable[Any] = [tasks] if _is_one(tasks) else tasks  # type: ignore[assignment]
    return [_word_of(task) for task in _checked(several)]


def _is_one(tasks: object) -> bool:
    return isinstance(tasks, str | bytes | os.PathLike) or not isinstance(tasks, Iterable)


def _checked(tasks: Iterable[Any]) -> Iterable[Any]:
    for task in tasks:
        if not isinstance(task, str | os.PathLike) or not isinstance(os.fspath(task), str):
            raise ConfigError(f"tasks: expected a name or a path, or several of them, got {task!r}")
        yield task


def _word_of(task: Word) -> str:
    if isinstance(task, str) and not task.startswith("~"):
        return task
    return os.path.expanduser(task)  # noqa: PTH111  (a path may be given as a text)
