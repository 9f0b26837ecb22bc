"""Calls to slow file systems, several at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import count

import pytest

from hearpreprocess.storage import CallsAhead, in_order
from hearpreprocess.storage.latency import AT_ONCE, LARGEST_HELD, MOST_HELD, PROBED

SLOW, FAST = 0.001, 0.00001


def clock(seconds: float) -> Callable[[], float]:
    """A clock on which every call takes so long."""
    ticks = count()
    return lambda: next(ticks) * seconds


class Server:
    """Answers calls, and counts those that are on their way."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.threads: set[int] = set()
        self._lock = threading.Lock()

    def answer(self, number: int) -> int:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.threads.add(threading.get_ident())
        time.sleep(SLOW)
        with self._lock:
            self.now -= 1
        return number * number


def test_results_come_in_order_and_several_calls_are_on_their_way() -> None:
    server, before = Server(), threading.active_count()
    assert list(in_order(server.answer, range(300))) == [number * number for number in range(300)]
    assert 1 < server.most <= AT_ONCE
    assert threading.active_count() == before


def test_fast_calls_are_made_one_after_the_other_by_the_thread_itself() -> None:
    threads = set()
    with CallsAhead[None](clock(FAST)) as ahead:
        for _ in range(3 * PROBED):
            ahead.call(lambda: threads.add(threading.get_ident()))
    assert threads == {threading.get_ident()}


@pytest.mark.parametrize("number", [0, PROBED - 1, PROBED, PROBED + 5, 290])
def test_an_error_is_raised_and_what_has_not_begun_is_not_made(number: int) -> None:
    made = []

    def call(item: int) -> int:
        if item == number:
            raise OSError(28, "full")
        time.sleep(SLOW)
        made.append(item)
        return item

    before = threading.active_count()
    with pytest.raises(OSError, match="full"):
        list(in_order(call, range(1_000)))
    assert set(range(number)) <= set(made)
    assert len(made) < number + MOST_HELD + AT_ONCE
    assert threading.active_count() == before


def test_an_error_of_the_last_call_is_not_lost() -> None:
    def fail() -> None:
        raise OSError(5, "lost")

    def end_with_an_error() -> None:
        with CallsAhead[None](clock(SLOW)) as ahead:
            for _ in range(PROBED):
                ahead.call(lambda: None)
            ahead.call(fail)

    with pytest.raises(OSError, match="lost"):
        end_with_an_error()


def test_calls_on_their_way_hold_a_limited_number_of_bytes() -> None:
    held = LARGEST_HELD // 4
    server = Server()
    with CallsAhead[int](clock(SLOW)) as ahead:
        for number in range(PROBED + 60):
            ahead.call(server.answer, number, size=held)
    assert server.most <= 4
