"""The events in the label files of a finished task, whose times are milliseconds, as events with times in seconds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from hearpreprocess.task import Event


def events_of(listed: Iterable[Mapping[str, Any]]) -> list[Event]:
    """The events of a clip from its label file, with times in seconds; each must be a valid one."""
    return [Event(event["label"], _seconds(event["start"]), _seconds(event["end"])) for event in listed]


def _seconds(milliseconds: float) -> float:
    """Milliseconds as the seconds that give exactly these milliseconds when multiplied by 1,000."""
    near = milliseconds / 1000.0
    candidates = (near, math.nextafter(near, math.inf), math.nextafter(near, -math.inf))
    return next((seconds for seconds in candidates if seconds * 1000.0 == milliseconds), near)
