"""The events in the label files of a finished task, whose times are milliseconds, as events with times in seconds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from hearpreprocess.task import Event
from hearpreprocess.task import milliseconds as exact_milliseconds


def events_of(listed: Iterable[Mapping[str, Any]]) -> list[Event]:
    """The events of a clip from its label file, with times in seconds; each must be a valid one."""
    return [Event(event["label"], _seconds(event["start"]), _seconds(event["end"])) for event in listed]


def _seconds(milliseconds: float) -> float:
    """Milliseconds as the shortest decimal number of seconds that gives them when multiplied by 1,000.

    They are so by the decimal number, as in tasks whose times are exact, or by the floating-point product, as in the
    published tasks of HEAR: both 1009.0 and 1008.9999999999999 ms are 1.009 s.
    """
    near = milliseconds / 1000.0
    candidates = (near, math.nextafter(near, math.inf), math.nextafter(near, -math.inf))
    fitting = [seconds for seconds in candidates if milliseconds in (seconds * 1000.0, exact_milliseconds(seconds))]
    return min(fitting, key=lambda seconds: len(repr(seconds)), default=near)
