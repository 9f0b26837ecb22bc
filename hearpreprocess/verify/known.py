"""Find the task that a finished one is a copy of, and the facts in its clips' names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from hearpreprocess.storage import LONGEST_NAME
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
    """The facts in the name of a clip's file: `fold` (counted from 1), `group` or `label`."""
    name = file.removesuffix(".wav")
    match = re.fullmatch(task.name_pattern, name) if task.name_pattern and len(name) <= LONGEST_NAME else None
    facts = {key: value for key, value in match.groupdict().items() if value is not None} if match else {}
    if not re.fullmatch("0*[1-9][0-9]{0,8}", facts.get("fold", "1")):
        del facts["fold"]
    return facts
