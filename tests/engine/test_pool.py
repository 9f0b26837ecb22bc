"""The processes that run steps: that they stay, that they are replaced, that none is waited for in vain."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import luigi
import pytest

from hearpreprocess.engine import pool as pool_module
from hearpreprocess.engine.loading import Loading
from hearpreprocess.engine.pool import EXIT_STATUS, StepPool, StepRun
from hearpreprocess.engine.settings import settings
from hearpreprocess.engine.worker import run_step
from hearpreprocess.steps.base import Counter, Step, fresh_folder
from hearpreprocess.storage import loaded_code
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
    def mark(self) -> Path:
        return self.workspace.tmp_dir / f"{self.what}-{self.number}"

    @property
    def begun(self) -> Path:
        return self.mark.with_suffix(".begun")

    def complete(self) -> bool:
        return self.mark.exists()

    def wait(self) -> None:
        self.begun.touch()
        time.sleep(60)

    def run(self) -> None:
        if self.what == "fails":
            raise ValueError("as it was told")
        if self.what == "exits":
            os._exit(0)
        if self.what == "waits":
            self.wait()
        if self.what == "swallows":
            with contextlib.suppress(KeyboardInterrupt):
                self.wait()
            with fresh_folder(self.workspace.tmp_dir / "folder", ()), Counter(self, "files") as counter:
                while True:
                    counter.add(1)
                    time.sleep(0.01)
        if self.what == "completes":
            with fresh_folder(self.workspace.tmp_dir / "folder", ()), contextlib.suppress(KeyboardInterrupt):
                self.wait()
        if self.what == "ends with the others":
            with contextlib.suppress(KeyboardInterrupt):
                self.wait()
            self.mark.with_suffix(".told").touch()
            while len(list(self.workspace.tmp_dir.glob("*.told"))) < 3:
                time.sleep(0.01)
        if self.what == "is deaf":
            with contextlib.suppress(KeyboardInterrupt):
                self.wait()
            time.sleep(60)
        if self.what == "grows":
            bytearray(400 << 20)[:: 1 << 12] = b"x" * (400 << 8)
        self.mark.write_text(str(os.getpid()))


RUN = functools.partial(
    run_step, worker_id="worker", scheduler_url=None, settings=settings(waits=False), loaded=loaded_code()
)


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
    assert len({each.mark.read_text() for each in steps}) == 1


def test_no_step_waits_for_libraries_while_a_process_is_idle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pool, are_loaded = StepPool(RUN, most=2), threading.Event()
    monkeypatch.setattr(pool._loading, "run", are_loaded.wait)  # libraries that take as long as the test wants
    first, second, third = (step(tmp_path, "works", number) for number in range(3))
    try:
        assert [run(pool, first), run(pool, second)] == ["DONE"] * 2
        are_loaded.set()
        pool._loading.join(120)
        assert run(pool, third) == "DONE"
    finally:
        are_loaded.set()
        pool.close()
    assert second.mark.read_text() == first.mark.read_text()
    assert third.mark.read_text() != first.mark.read_text(), "its process has inherited the libraries"


def test_nothing_is_imported_while_a_process_is_forked() -> None:
    loading = Loading()
    with loading.paused():
        loading.start()
        loading.join(0.2)
        assert not loading.is_done
    loading.join(120)
    assert loading.is_done
    with loading.paused():
        pass


def test_a_failure_leaves_the_process_fit(pool: StepPool, tmp_path: Path) -> None:
    assert run(pool, step(tmp_path, "fails")) == "FAILED"
    assert run(pool, step(tmp_path, "works")) == "DONE"


def test_a_process_that_has_grown_is_replaced(pool: StepPool, tmp_path: Path) -> None:
    large, small = step(tmp_path, "grows"), step(tmp_path, "works")
    assert [run(pool, large), run(pool, small)] == ["DONE", "DONE"]
    assert large.mark.read_text() != small.mark.read_text()


@pytest.mark.parametrize("end", ["exits", "waits"])
def test_a_process_that_ends_is_no_riddle(pool: StepPool, tmp_path: Path, end: str) -> None:
    begun = StepRun(pool, step(tmp_path, end))
    begun.start()
    if end == "waits":
        (process,) = (process for process in multiprocessing.active_children() if process.name == "steps")
        process.kill()
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


def begin(pool: StepPool, task: Does) -> StepRun:
    """Begin a step, and wait until it is at it."""
    begun = StepRun(pool, task)
    begun.start()
    while not task.begun.exists():
        assert begun.is_alive()
        time.sleep(0.01)
    return begun


@pytest.mark.parametrize("what", ["waits", "swallows", "completes"])
def test_a_running_step_can_be_ended(pool: StepPool, tmp_path: Path, what: str) -> None:
    task = step(tmp_path, what)
    begun = begin(pool, task)
    begun.terminate()
    assert begun.exitcode == EXIT_STATUS, "by itself, having tidied up"
    assert list(tmp_path.iterdir()) == [task.begun]
    with pytest.raises(queue.Empty):
        pool.get(0.2)
    assert run(pool, step(tmp_path, "works")) == "DONE"


def test_a_step_that_does_not_end_is_ended_by_force(
    pool: StepPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "SECONDS_TO_END", 0.5)
    begun = begin(pool, step(tmp_path, "is deaf"))
    begun.terminate()
    assert begun.exitcode == -signal.SIGKILL


def test_all_running_steps_end_at_once(tmp_path: Path) -> None:
    """None of them ends before all have been told, so that one after the other they would have to be killed."""
    pool = StepPool(RUN, 3)
    steps = [begin(pool, step(tmp_path, "ends with the others", number)) for number in range(3)]
    pool.interrupt()
    assert [begun.exitcode for begun in steps] == [EXIT_STATUS] * 3
    pool.close()


def test_a_step_may_take_no_longer_than_it_is_given(tmp_path: Path) -> None:
    begun = StepRun(StepPool(RUN), step(tmp_path, "waits"), timeout=5)
    assert begun.worker_timeout == 5
    assert begun.timeout_time == pytest.approx(time.time() + 5, abs=4)
