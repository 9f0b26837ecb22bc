"""What a run that shares its steps with other hosts does while there is nothing for it to do.

A luigid gives a worker only steps that the worker has added, and says nothing when one of them changes hands. So a run
looks now and then, and decides by what it sees whether to wait, what to add again, and when to end.
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
"""What another host has written may be seen here as late as this, on a network file system."""


@dataclass(frozen=True)
class View:
    """What a luigid says of the steps of a run that has nothing to do.

    `running`: how many of them other hosts run. `pending`: how many are not done. `failed`: those that have failed,
    here or elsewhere, by id. `unexplained`: those of them of which nobody said why.
    """

    running: int
    pending: int
    failed: frozenset[str] = frozenset()
    unexplained: frozenset[str] = frozenset()


class Situation(Enum):
    """How it stands with the other hosts, and what the run does."""

    DONE = auto()
    """No step is left: end."""

    OTHERS_WORK = auto()
    """Another host runs a step, maybe the last one: wait, however long that takes."""

    HOST_LOST = auto()
    """Steps have failed and nobody said why, as the host that ran them is gone: add them again."""

    FAILURE_SETTLES = auto()
    """A step has failed, and others may still go on without it: wait for SECONDS_TO_WAIT_AFTER_A_FAILURE."""

    OTHERS_SILENT = auto()
    """Steps are left that nobody runs: wait for SECONDS_TO_WAIT_FOR_OTHERS, until what they need is seen here."""

    FAILED = auto()
    """The time after a failure is over: end."""

    GIVEN_UP = auto()
    """The time for others is over: end."""

    @property
    def is_an_end(self) -> bool:
        """Whether the run does not wait any longer."""
        return self in (Situation.DONE, Situation.FAILED, Situation.GIVEN_UP)


class OtherHosts:
    """Keeps the time that a run has waited. `clock`: the seconds of some clock that only goes forward."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting_since: float | None = None
        self._next_addition = clock()

    def note_work(self) -> None:
        """Note that this run or another one has work, so that waiting begins again after it."""
        self._waiting_since = None

    def situation(self, view: View) -> Situation:
        """How it stands, after what the luigid says."""
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
        """The steps that some of `steps` have planned on another host and that are not `known` by their ids.

        Looked for every SECONDS_BETWEEN_ADDITIONS, and none in between, as looking reads what the steps have written.
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
