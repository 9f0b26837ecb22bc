"""List the available tasks."""

from __future__ import annotations

from collections.abc import Iterable

from hearpreprocess.api.words import Word, words_of
from hearpreprocess.storage import forget_unless_running
from hearpreprocess.task import TaskSummary, registry, task_summary


def list_tasks(tasks: Word | Iterable[Word] = "all") -> list[TaskSummary]:
    """The known facts on tasks before they are made: modes, number of clips, license and so on.

    `tasks`: names, groups, or paths of task modules; each task is listed once, in the order given, groups by name.

    Raises TaskNotFoundError where a task is unknown; ConfigError where a module cannot be loaded.
    """
    forget_unless_running()
    locations = dict.fromkeys(location for location, _mode in registry.expand(words_of(tasks)))
    return [task_summary(location) for location in locations]
