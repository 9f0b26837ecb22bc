"""The task that a finished one is a copy of, and what that tells of its clips."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from hearpreprocess.task import TaskMode, registry


def known_task(title: str, locations: Sequence[str]) -> TaskMode | None:
    """The task, one of those at `locations`, of which a finished one has this title; None where there is none."""
    for location in locations:
        config = registry.load(location)
        prefix = f"{config.name}-{config.version}-"
        if title.startswith(prefix) and title.removeprefix(prefix) in config.modes:
            return config.in_mode(title.removeprefix(prefix))
    return None


def facts_in_name(task: TaskMode, file: str) -> Mapping[str, str]:
    """What the name of a clip's file says of it: its `fold` (counted from 1), `group` or `label`."""
    match = re.fullmatch(task.name_pattern, file.removesuffix(".wav")) if task.name_pattern else None
    return match.groupdict() if match else {}
