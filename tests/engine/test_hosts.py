"""What a run does while other hosts are at work, decided from what a luigid says, without one."""

from __future__ import annotations

from pathlib import Path

import luigi
import pytest

from hearpreprocess.engine.hosts import (
    SECONDS_BETWEEN_ADDITIONS,
    SECONDS_TO_WAIT_AFTER_A_FAILURE,
    SECONDS_TO_WAIT_FOR_OTHERS,
    OtherHosts,
    SchedulerView,
    Situation,
)
from hearpreprocess.steps.base import PlanningStep, Step
from hearpreprocess.storage import Workspace

SILENT = SchedulerView(running=0, pending=3)
BUSY = SchedulerView(running=1, pending=3)
FAILING = SchedulerView(running=0, pending=3, failed=frozenset({"a"}))
LOSING = SchedulerView(running=0, pending=3, failed=frozenset({"a", "b"}), unexplained=frozenset({"b"}))


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def others(clock: Clock) -> OtherHosts:
    return OtherHosts(clock)


def test_a_run_whose_steps_are_all_done_ends(others: OtherHosts) -> None:
    assert others.situation(SchedulerView(running=0, pending=0)) is Situation.DONE
    assert Situation.DONE.is_an_end


def test_a_run_waits_for_the_last_step_of_another_host(others: OtherHosts, clock: Clock) -> None:
    for clock.seconds in (0, 10_000):
        assert others.situation(SchedulerView(running=1, pending=0)) is Situation.OTHERS_WORK
    assert not Situation.OTHERS_WORK.is_an_end


def test_a_run_gives_up_on_hosts_that_stay_silent(others: OtherHosts, clock: Clock) -> None:
    assert others.situation(SILENT) is Situation.OTHERS_SILENT
    clock.seconds = SECONDS_TO_WAIT_FOR_OTHERS - 1
    assert others.situation(SILENT) is Situation.OTHERS_SILENT
    clock.seconds += 1
    assert others.situation(SILENT) is Situation.GIVEN_UP
    assert not Situation.OTHERS_SILENT.is_an_end
    assert Situation.GIVEN_UP.is_an_end


def test_a_failure_ends_a_run_sooner(others: OtherHosts, clock: Clock) -> None:
    assert others.situation(FAILING) is Situation.FAILURE_SETTLES
    clock.seconds = SECONDS_TO_WAIT_AFTER_A_FAILURE
    assert others.situation(FAILING) is Situation.FAILED
    assert not Situation.FAILURE_SETTLES.is_an_end
    assert Situation.FAILED.is_an_end


def test_work_makes_waiting_begin_again(others: OtherHosts, clock: Clock) -> None:
    others.situation(SILENT)
    clock.seconds = SECONDS_TO_WAIT_FOR_OTHERS - 1
    others.situation(BUSY)
    clock.seconds += 5
    assert others.situation(SILENT) is Situation.OTHERS_SILENT
    clock.seconds += SECONDS_TO_WAIT_FOR_OTHERS - 1
    others.note_work()
    clock.seconds += 5
    assert others.situation(SILENT) is Situation.OTHERS_SILENT


def test_the_steps_of_a_lost_host_come_before_failures(others: OtherHosts, clock: Clock) -> None:
    for clock.seconds in (0, 10_000):
        assert others.situation(LOSING) is Situation.HOST_LOST
    assert not Situation.HOST_LOST.is_an_end


class Made(Step):
    name = luigi.Parameter()
    stage = "made"

    def complete(self) -> bool:
        return (self.workspace.tmp_dir / self.name).exists()


class Planner(PlanningStep):
    stage = "planner"

    def requires(self) -> Made:
        return Made(workspace=self.workspace, name="listing")

    def planned(self) -> list[Step]:
        return [Made(workspace=self.workspace, name=name) for name in ("first", "second")]

    def complete(self) -> bool:
        return (self.workspace.tmp_dir / "all").exists()


def test_what_another_host_has_planned_is_added_once_it_can_be_known(
    others: OtherHosts, clock: Clock, tmp_path: Path
) -> None:
    planner = Planner(workspace=Workspace(tmp_path, tmp_path, tmp_path, tmp_path))
    assert others.planned_elsewhere([planner], ()) == []
    (tmp_path / "listing").touch()
    assert others.planned_elsewhere([planner], ()) == [], "it has just been looked for"
    clock.seconds += SECONDS_BETWEEN_ADDITIONS
    first, second = planner.planned()
    assert others.planned_elsewhere([planner, first], {first.task_id}) == [second]
    clock.seconds += SECONDS_BETWEEN_ADDITIONS
    (tmp_path / "all").touch()
    assert others.planned_elsewhere([planner], ()) == []
