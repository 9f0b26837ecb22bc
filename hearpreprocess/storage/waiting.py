"""Wait for something that another process holds, and say so to the user."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

SECONDS_UNTIL_SAID = 3.0
"""Shorter waits are not reported."""

SHORTEST_INTERVAL, LONGEST_INTERVAL = 60.0, 600.0

Value = TypeVar("Value")


def wait_for(
    attempt: Callable[[], Value | None],
    say: Callable[[float], object],
    seconds_between: Callable[[], float],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> Value:
    """Try until `attempt` returns a value, and return it.

    `say` is called with the seconds waited so far: first after SECONDS_UNTIL_SAID, then after SHORTEST_INTERVAL, and
    after intervals that double, up to LONGEST_INTERVAL. `clock`, `sleep`: for tests, which cannot wait that long.
    """
    began = clock()
    next_said, interval = SECONDS_UNTIL_SAID, SHORTEST_INTERVAL
    while (value := attempt()) is None:
        waited = clock() - began
        if waited >= next_said:
            say(waited)
            next_said, interval = waited + interval, min(2 * interval, LONGEST_INTERVAL)
        sleep(seconds_between())
    return value


def waiting_text(seconds: float) -> str:
    """The beginning of a message about a wait that has lasted this long."""
    minutes = round(seconds / 60)
    return f"still waiting after {minutes:,} min" if minutes else "waiting"
