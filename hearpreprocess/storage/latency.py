"""Several calls to a file system at a time, where single ones take long, as on a network.

A step on all clips of a task makes some 100,000 calls. At half a millisecond each they took minutes, one after the
other, in which the step computes nothing and the file server has nothing to do: see docs/scale.md.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

PROBED = 32
"""So many calls are made one after the other, and timed."""

SLOW_SECONDS = 0.0002
"""The median of a call on a network, at least; on a local disk it is 0.01 to 0.05 ms."""

AT_ONCE, MOST_HELD = 16, 32
"""The most calls that are made at a time, and the most whose results are held or that wait for a thread."""

LARGEST_HELD = 32 << 20
"""In bytes: the most that calls which state their size hold together."""

Item = TypeVar("Item")
Value = TypeVar("Value")


class CallsAhead(Generic[Value]):
    """Makes calls in a block, several at a time if the first ones take long; their results come in order.

    An error of a call is raised by a later method, at the latest at the end of the block; calls that have not begun
    then are not made. `clock`: in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._durations: list[float] = []
        self._done: deque[Value] = deque()
        self._pending: deque[tuple[Future[Value], int]] = deque()
        self._bytes = 0
        self._threads: ThreadPoolExecutor | None = None

    def __enter__(self) -> CallsAhead[Value]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.finish()
        finally:
            if self._threads is not None:
                self._threads.shutdown(cancel_futures=True)  # no thread is left, as the process may fork

    def call(self, function: Callable[..., Value], *arguments: Any, size: int = 0) -> None:
        """Make a call, now or soon. `size`: the bytes that it holds until it has ended."""
        if self._threads is None:
            if len(self._durations) == PROBED:
                self._done.append(function(*arguments))
                return
            started = self._clock()
            self._done.append(function(*arguments))
            self._durations.append(self._clock() - started)
            if len(self._durations) == PROBED and _median(self._durations) >= SLOW_SECONDS:
                from concurrent.futures import ThreadPoolExecutor  # not on each start of the command line

                self._threads = ThreadPoolExecutor(AT_ONCE, "calls")
            return
        while self._pending and self._bytes + size > LARGEST_HELD:
            self._finish_first()
        self._pending.append((self._threads.submit(function, *arguments), size))
        self._bytes += size
        self._finish(at_most=MOST_HELD - 1)

    def results(self) -> Iterator[Value]:
        """The results that are there, in the order of the calls, each once."""
        while self._done:
            yield self._done.popleft()

    def finish(self) -> None:
        """Wait for all calls."""
        self._finish(at_most=0)

    def _finish(self, at_most: int) -> None:
        while len(self._pending) > at_most:
            self._finish_first()

    def _finish_first(self) -> None:
        future, size = self._pending.popleft()
        self._bytes -= size
        self._done.append(future.result())


def in_order(function: Callable[[Item], Value], items: Iterable[Item]) -> Generator[Value, None, None]:
    """The result of a function for each item, in the order of the items, made as by CallsAhead.

    Up to MOST_HELD results are held at a time, so each has to be small.
    """
    with CallsAhead[Value]() as ahead:
        for item in items:
            ahead.call(function, item)
            yield from ahead.results()
        ahead.finish()
        yield from ahead.results()


def _median(durations: list[float]) -> float:
    """The median of PROBED numbers; `statistics` would be imported on each start of the command line."""
    return sum(sorted(durations)[PROBED // 2 - 1 : PROBED // 2 + 1]) / 2
