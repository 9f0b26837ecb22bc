"""What a run does while other hosts are at work, decided from what a luigid says, without one."""

from __future__ import annotations

from pathlib import Path

import luigi
import pytest

from hearpreprocess.engine.hosts import (
    SECONDS_BETWEEN_ADDITIONS,
    SECONDS_BETWEEN_REPETITIONS,
    SECONDS_TO_WAIT_AFTER_A_FAILURE,
    SECONDS_TO_WAIT_FOR_OTHERS,
    SECONDS_WORTH_A_NOTE,
    OtherHosts,
    Outage,
    SchedulerView,
    Situation,
    planned_by,
)
from hearpreprocess.errors import SchedulerError
from hearpreprocess.steps.base import PlanningStep, Step
from hearpreprocess.storage import Workspace

SILENT = SchedulerView(running=0, pending=3)
BUSY = SchedulerView(running=1, pending=3)
LOST = SchedulerView(running=0, pending=0, is_unfinished=True)
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
    assert not others.situation(SILENT).is_an_end
    clock.seconds += 1
    assert others.situation(SILENT) is Situation.GIVEN_UP
    assert not Situation.OTHERS_SILENT.is_an_end
    assert Situation.GIVEN_UP.is_an_end


def test_steps_are_added_again_where_hosts_are_silent(others: OtherHosts, clock: Clock) -> None:
    seen = []
    for clock.seconds in range(2 * SECONDS_BETWEEN_REPETITIONS + 1):
        seen.append(others.situation(SILENT))
    assert [second for second, situation in enumerate(seen) if situation is Situation.FORGOTTEN] == [
        SECONDS_BETWEEN_REPETITIONS,
        2 * SECONDS_BETWEEN_REPETITIONS,
    ]
    assert not Situation.FORGOTTEN.is_an_end


def test_steps_that_a_luigid_has_lost_are_added_again_at_once(others: OtherHosts, clock: Clock) -> None:
    assert others.situation(LOST) is Situation.FORGOTTEN
    assert others.situation(LOST) is Situation.OTHERS_SILENT, "not at every look"
    clock.seconds = SECONDS_BETWEEN_REPETITIONS
    assert others.situation(LOST) is Situation.FORGOTTEN
    others.note_work()
    assert others.situation(LOST) is Situation.FORGOTTEN, "it restarts a second time"
    clock.seconds += SECONDS_TO_WAIT_FOR_OTHERS
    assert others.situation(LOST) is Situation.GIVEN_UP


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


class PlannerOfATarball(Planner):
    """Its steps are named by a file that another run may have removed, at any of three moments."""

    gone = luigi.Parameter()

    def requires(self) -> Made:
        self._look("requires")
        return super().requires()

    def planned(self) -> list[Step]:
        self._look("planned")
        return super().planned()

    def complete(self) -> bool:
        self._look("complete")
        return super().complete()

    def _look(self, moment: str) -> None:
        if self.gone == moment:
            (self.workspace.tmp_dir / "tarball").stat()


@pytest.mark.parametrize("gone", ["requires", "planned", "complete"])
def test_a_step_plans_nothing_of_what_another_run_has_finished_and_removed(tmp_path: Path, gone: str) -> None:
    (tmp_path / "listing").touch()
    workspace = Workspace(tmp_path, tmp_path, tmp_path, tmp_path)
    planner = PlannerOfATarball(workspace=workspace, gone=gone)
    other = Planner(workspace=workspace)
    assert planned_by([planner, other]) == other.planned()
    (tmp_path / "tarball").touch()
    assert planned_by([planner, other]) == [*planner.planned(), *other.planned()]


class TestOutage:
    @pytest.fixture
    def notes(self) -> list[str]:
        return []

    @pytest.fixture
    def outage(self, clock: Clock, notes: list[str]) -> Outage:
        return Outage("http://head:8082", 90, notes.append, clock)

    def test_a_luigid_that_stays_away_ends_the_run_with_its_address(self, outage: Outage, clock: Clock) -> None:
        for clock.seconds in range(10, 100):
            outage.note_failure(clock.seconds, "Connection refused")
            outage.check()
        clock.seconds = 100
        with pytest.raises(SchedulerError, match=r"^http://head:8082: luigid has not answered for 90 s: Connection"):
            outage.check()

    def test_one_that_answers_again_has_the_whole_time_once_more(self, outage: Outage, clock: Clock) -> None:
        outage.note_failure(0, "Connection refused")
        clock.seconds = 89
        outage.note_answer()
        outage.note_failure(89, "Connection refused")
        clock.seconds = 178
        outage.check()
        clock.seconds = 179
        with pytest.raises(SchedulerError):
            outage.check()

    def test_a_request_that_is_never_answered_ends_the_run_although_others_are(
        self, outage: Outage, clock: Clock
    ) -> None:
        for clock.seconds in range(90):
            outage.note_failure(clock.seconds, "no answer within 10 s")
            outage.note_answer()
            outage.check(first=0)
        clock.seconds = 90
        outage.check()
        with pytest.raises(SchedulerError, match="no answer within 10 s"):
            outage.check(first=0)

    def test_its_end_is_seen_once(self, outage: Outage) -> None:
        outage.note_answer()
        assert not outage.has_ended()
        outage.note_failure(0, "Connection refused")
        assert not outage.has_ended()
        outage.note_answer()
        assert outage.has_ended()
        assert not outage.has_ended()

    def test_the_user_hears_of_long_ones_alone(self, outage: Outage, clock: Clock, notes: list[str]) -> None:
        outage.note_failure(0, "Connection refused")
        outage.note_answer()
        assert notes == []
        for clock.seconds in range(SECONDS_WORTH_A_NOTE + 3):
            outage.note_failure(clock.seconds, "Connection refused")
        outage.note_answer()
        assert notes == [
            "http://head:8082: luigid does not answer: Connection refused. The run waits up to 90 s for it",
            "http://head:8082: luigid answers again after 7 s",
        ]
