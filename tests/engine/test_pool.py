"""The processes that run steps: that they stay, that they are replaced, that none is waited for in vain."""

from __future__ import annotations

import contextlib
import functools
import os
import queue
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import luigi
import psutil
import pytest

from hearpreprocess.engine.pool import StepPool, StepRun
from hearpreprocess.engine.settings import settings
from hearpreprocess.engine.worker import run_step
from hearpreprocess.steps.base import Step
from hearpreprocess.storage.workspace import Workspace


class Does(Step):
    """A step that does what it is told, and is complete when it has noted by which process."""

    what = luigi.Parameter()
    number = luigi.IntParameter()
    stage = "does"

    @property
    def title(self) -> str:
        return "toy"

    @property
    def note(self) -> Path:
        return self.workspace.tmp_dir / f"{self.what}-{self.number}"

    def complete(self) -> bool:
        return self.note.exists()

    def run(self) -> None:
        if self.what == "fails":
            raise ValueError("as it was told")
        if self.what == "exits":
            os._exit(0)
        if self.what == "waits":
            time.sleep(60)
        if self.what == "grows":
            bytearray(400 << 20)[:: 1 << 12] = b"x" * (400 << 8)
        self.note.write_text(str(os.getpid()))


RUN = functools.partial(run_step, worker_id="worker", scheduler_url=None, settings=settings(waits=False))


@pytest.fixture
def pool() -> Iterator[StepPool]:
    pool = StepPool(RUN)
    yield pool
    pool.close()


def step(folder: Path, what: str, number: int = 0) -> Does:
    return Does(workspace=Workspace(folder, folder, folder, folder), what=what, number=number)


def run(pool: StepPool, task: Does) -> str:
    begun = StepRun(pool, task)
    begun.start()
    task_id, status, *_rest = result_of(pool)
    assert task_id == task.task_id
    return str(status)


def result_of(pool: StepPool) -> Any:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(queue.Empty):
            return pool.get(30)
    pytest.fail("no result came")


def test_one_process_runs_one_step_after_the_other(pool: StepPool, tmp_path: Path) -> None:
    steps = [step(tmp_path, "works", number) for number in range(5)]
    assert [run(pool, each) for each in steps] == ["DONE"] * 5
    assert len({each.note.read_text() for each in steps}) == 1


def test_a_failure_leaves_the_process_fit(pool: StepPool, tmp_path: Path) -> None:
    assert run(pool, step(tmp_path, "fails")) == "FAILED"
    assert run(pool, step(tmp_path, "works")) == "DONE"


def test_a_process_that_has_grown_is_replaced(pool: StepPool, tmp_path: Path) -> None:
    large, small = step(tmp_path, "grows"), step(tmp_path, "works")
    assert [run(pool, large), run(pool, small)] == ["DONE", "DONE"]
    assert large.note.read_text() != small.note.read_text()


@pytest.mark.parametrize("end", ["exits", "waits"])
def test_a_process_that_ends_is_no_riddle(pool: StepPool, tmp_path: Path, end: str) -> None:
    begun = StepRun(pool, step(tmp_path, end))
    begun.start()
    if end == "waits":
        psutil.Process().children()[-1].send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 120
    while begun.is_alive():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert begun.exitcode, "Luigi takes only an exit code that is not 0 for an end"
    for _ in range(2):
        started = time.monotonic()
        with pytest.raises(queue.Empty):
            pool.get(0.2)
    assert time.monotonic() - started > 0.1, "it is not looked at over and over"
    assert run(pool, step(tmp_path, "works")) == "DONE"


def test_a_running_step_can_be_ended(pool: StepPool, tmp_path: Path) -> None:
    begun = StepRun(pool, step(tmp_path, "waits"))
    begun.start()
    time.sleep(0.3)
    begun.terminate()
    assert not begun.is_alive()
