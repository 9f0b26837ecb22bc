"""The behaviour of a run that shares its steps with other hosts, while the scheduler has no step for it.

A luigid assigns to a worker only steps that the worker has added, and does not notify it when a step's state changes.
So a run polls it, and decides whether to wait, which steps to add again, and when to end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from enum import Enum, auto

from hearpreprocess.steps import PlanningStep, Step

SECONDS_BETWEEN_ADDITIONS = 2
SECONDS_TO_WAIT_AFTER_A_FAILURE = 10
SECONDS_TO_WAIT_FOR_OTHERS = 90
"""The longest delay until another host's files become visible on a network file system."""


@dataclass(frozen=True)
class SchedulerView:
    """The state of a run's steps on a luigid that has no step for the run.

    `running`: the number of steps running on other hosts. `pending`: the number of unfinished steps. `failed`: the ids
    of the steps that have failed on any host. `unexplained`: those without a reported reason.
    """

    running: int
    pending: int
    failed: frozenset[str] = frozenset()
    unexplained: frozenset[str] = frozenset()


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

    def note_work(self) -> None:
        """Record that this run or another one has work, so that the waiting time restarts."""
        self._waiting_since = None

    def situation(self, view: SchedulerView) -> Situation:
        """The situation for the luigid's view."""
        if view.running:
            self.note_work()
            return Situation.OTHERS_WORK
        if view.pending == 0:
            return Situation.DONE
        if view.unexplained:
            return Situation.HOST_LOST
        if self._waiting_since is None:
            self._waiting_since = self._clock()
        idle = self._clock() - self._waiting_since
        if view.failed:
            return Situation.FAILURE_SETTLES if idle < SECONDS_TO_WAIT_AFTER_A_FAILURE else Situation.FAILED
        return Situation.OTHERS_SILENT if idle < SECONDS_TO_WAIT_FOR_OTHERS else Situation.GIVEN_UP

    def planned_elsewhere(self, steps: Iterable[Step], known: Container[str]) -> list[Step]:
        """The dependencies that `steps` have planned on another host and whose ids are not `known`.

        At most every SECONDS_BETWEEN_ADDITIONS, empty in between, as it reads the steps' outputs.
        """
        if self._clock() < self._next_addition:
            return []
        planning = [
            step
            for step in steps
            if isinstance(step, PlanningStep)
            and all(required.complete() for required in step.deps())
            and not step.complete()
        ]
        planned = [step for planner in planning for step in planner.planned() if step.task_id not in known]
        self._next_addition = self._clock() + SECONDS_BETWEEN_ADDITIONS
        return planned
