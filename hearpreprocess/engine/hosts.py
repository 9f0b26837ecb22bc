"""The behaviour of a run that shares its steps with other hosts, while the scheduler has no step for it, or is away.

A luigid assigns to a worker only steps that the worker has added, and does not notify it when a step's state changes.
So a run polls it, and decides whether to wait, which steps to add again, and when to end.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from hearpreprocess.errors import SchedulerError
from hearpreprocess.steps import LOGGER, PlanningStep, Step
from hearpreprocess.storage import is_missing

SECONDS_BETWEEN_ADDITIONS = 2
SECONDS_TO_WAIT_AFTER_A_FAILURE = 10
SECONDS_TO_WAIT_FOR_OTHERS = 90
"""The longest delay until another host's files become visible on a network file system."""

SECONDS_BETWEEN_REPETITIONS = 10
"""Also the time for which a luigid ignores that a step is added again that it counts as complete."""

SECONDS_WORTH_A_NOTE = 5
"""Shorter outages of a luigid are only logged."""


@dataclass(frozen=True)
class SchedulerView:
    """The state of a run's steps on a luigid that has no step for the run.

    `running`: the number of steps running on other hosts. `pending`: the number of unfinished steps. `failed`: the ids
    of the steps that have failed on any host. `unexplained`: those without a reported reason. `is_unfinished`: whether
    outputs of the run are incomplete although the luigid has no unfinished step of it.
    """

    running: int
    pending: int
    failed: frozenset[str] = frozenset()
    unexplained: frozenset[str] = frozenset()
    is_unfinished: bool = False


class Situation(Enum):
    """The state of the run in relation to other hosts, and its reaction."""

    DONE = auto()
    """No step is left: end."""

    OTHERS_WORK = auto()
    """Another host runs a step, maybe the last one: wait without a limit."""

    HOST_LOST = auto()
    """Steps have failed without a reason, as their host has disappeared: add them again."""

    FAILURE_SETTLES = auto()
    """A step has failed, and others may still run: wait for SECONDS_TO_WAIT_AFTER_A_FAILURE."""

    OTHERS_SILENT = auto()
    """Steps are pending that no host runs: wait for SECONDS_TO_WAIT_FOR_OTHERS until their dependencies are visible."""

    FORGOTTEN = auto()
    """The luigid may have lost steps, or has some as complete whose outputs are not: add all of them again."""

    FAILED = auto()
    """The wait after a failure has timed out: end."""

    GIVEN_UP = auto()
    """The wait for other hosts has timed out: end."""

    @property
    def is_an_end(self) -> bool:
        """Whether the run ends."""
        return self in (Situation.DONE, Situation.FAILED, Situation.GIVEN_UP)


class OtherHosts:
    """Measures how long a run has waited; `clock`: a monotonic clock in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting_since: float | None = None
        self._next_addition = clock()
        self._next_repetition: float | None = None

    def note_work(self) -> None:
        """Record that this run or another one has work, so that the waiting time restarts."""
        self._waiting_since = self._next_repetition = None

    def situation(self, view: SchedulerView) -> Situation:
        """The situation for the luigid's view."""
        if view.running:
            self.note_work()
            return Situation.OTHERS_WORK
        if view.pending == 0 and not view.is_unfinished:
            return Situation.DONE
        if view.unexplained:
            return Situation.HOST_LOST
        now = self._clock()
        if self._waiting_since is None:
            self._waiting_since = now
        idle = now - self._waiting_since
        if view.failed:
            return Situation.FAILURE_SETTLES if idle < SECONDS_TO_WAIT_AFTER_A_FAILURE else Situation.FAILED
        if idle >= SECONDS_TO_WAIT_FOR_OTHERS:
            return Situation.GIVEN_UP
        if self._next_repetition is None:
            self._next_repetition = now + (SECONDS_BETWEEN_REPETITIONS if view.pending else 0)
        if now < self._next_repetition:
            return Situation.OTHERS_SILENT
        self._next_repetition = now + SECONDS_BETWEEN_REPETITIONS
        return Situation.FORGOTTEN

    def planned_elsewhere(self, steps: Iterable[Step], known: Container[str]) -> list[Step]:
        """The dependencies that `steps` have planned on another host and whose ids are not `known`.

        At most every SECONDS_BETWEEN_ADDITIONS, empty in between, as it reads the steps' outputs.
        """
        if self._clock() < self._next_addition:
            return []
        planned = [step for step in planned_by(steps) if step.task_id not in known]
        self._next_addition = self._clock() + SECONDS_BETWEEN_ADDITIONS
        return planned


def planned_by(steps: Iterable[Step]) -> list[Step]:
    """The next dependencies of those of the `steps` that plan them: incomplete ones with all they require complete."""
    return [planned for step in steps if isinstance(step, PlanningStep) for planned in _planned_by(step)]


def _planned_by(step: PlanningStep) -> Sequence[Step]:
    """The next dependencies of a step; none where another run has finished its task and removed what it was made of."""
    try:
        if all(required.complete() for required in step.deps()) and not step.complete():
            return step.planned()
    except OSError as error:
        if not is_missing(error):
            raise
    return []


class Outage:
    """Measures how long the luigid at an address has not answered any request, also one of another thread.

    `limit`: in seconds, after which the run ends. `notify`: receives a message when an outage is long, and when it has
    ended. `clock`: a monotonic clock in seconds.
    """

    def __init__(
        self,
        address: str,
        limit: float,
        notify: Callable[[str], object] = str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address, self._limit, self._notify, self.clock = address, limit, notify, clock
        self._since: float | None = None
        self._reason = "no answer"
        self._is_reported = self._has_ended = False

    def note_failure(self, began: float, reason: str) -> None:
        """Record that a request that began at a time was not answered."""
        self._reason = reason
        if self._since is None:
            self._since = began
            logging.getLogger(LOGGER).warning("%s: luigid does not answer: %s", self._address, reason)
        elif not self._is_reported and self.clock() - self._since >= SECONDS_WORTH_A_NOTE:
            self._is_reported = True
            self._notify(
                f"{self._address}: luigid does not answer: {reason}. The run waits up to {self._limit:.0f} s for it"
            )

    def note_answer(self) -> None:
        """Record that a request was answered."""
        since, self._since = self._since, None
        if since is None:
            return
        self._has_ended = True
        text = f"{self._address}: luigid answers again after {self.clock() - since:.0f} s"
        logging.getLogger(LOGGER).warning(text)
        if self._is_reported:
            self._notify(text)
        self._is_reported = False

    def has_ended(self) -> bool:
        """Whether an outage has ended since the last call."""
        ended, self._has_ended = self._has_ended, False
        return ended

    def check(self, first: float | None = None) -> None:
        """Raise SchedulerError once the limit is reached; `first`: since when a request has been repeated."""
        began = [time for time in (self._since, first) if time is not None]
        seconds = self.clock() - min(began) if began else 0.0
        if began and seconds >= self._limit:
            raise SchedulerError(
                f"{self._address}: luigid has not answered for {seconds:.0f} s: {self._reason}. Start it again, then "
                "run the same command on each host; finished work is kept"
            )
