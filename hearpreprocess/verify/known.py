"""Find the task that a finished one is a copy of, and the facts in its clips' names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from hearpreprocess.task import TaskMode, registry


def known_task(title: str, locations: Sequence[str]) -> TaskMode | None:
    """The task among those at `locations` with this title; None if there is none."""
    for location in locations:
        config = registry.load(location)
        prefix = f"{config.name}-{config.version}-"
        if title.startswith(prefix) and title.removeprefix(prefix) in config.modes:
            return config.in_mode(title.removeprefix(prefix))
    return None


def facts_in_name(task: TaskMode, file: str) -> Mapping[str, str]:
    """The facts in the name of a clip's file: `fold` (counted from 1), `group` or `label`, as far as it has them."""
    match = re.fullmatch(task.name_pattern, file.removesuffix(".wav")) if task.name_pattern else None
    facts = match.groupdict() if match else {}
    return {
        fact: text
        for fact, text in facts.items()
        if text is not None and (fact != "fold" or (re.fullmatch("[0-9]{1,9}", text) and int(text) > 0))
    }
