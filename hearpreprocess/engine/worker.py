"""The interface to Luigi: its worker and its scheduler, extended for our runs.

Only this module, `luigid_worker.py` and `luigid.py` use Luigi's private names and the texts of its messages, which may
change with any release. `tests/engine/test_luigi.py` checks each of them against the installed Luigi.

Importing it, also in a spawned process, registers the functions that report failures with Luigi.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import luigi
import luigi.execution_summary
import luigi.scheduler
import luigi.worker

from hearpreprocess.engine import failures
from hearpreprocess.engine.downloads import Downloads
from hearpreprocess.engine.interruption import Interruption, is_main_thread
from hearpreprocess.engine.log import log_path, log_until_exit
from hearpreprocess.engine.luigid import Luigid, page_at
from hearpreprocess.engine.luigid_worker import LuigidWorker
from hearpreprocess.engine.pool import Results, StepPool
from hearpreprocess.engine.pools import Pool, Run
from hearpreprocess.engine.reporter import ProgressReporter
from hearpreprocess.engine.settings import Settings
from hearpreprocess.errors import SchedulerError
from hearpreprocess.steps import DOWNLOADS, DOWNLOADS_AT_ONCE, LOGGER, Step
from hearpreprocess.storage import expect_code, forget_looks, loaded_code

UNFULFILLED = "Unfulfilled dependenc"  # start of Luigi's error when an output that a step needs is missing
DIED = " died unexpectedly "  # precedes `with exit code -9` when a step's process has died


class Elsewhere(Protocol):
    """Other hosts that run steps: a cluster."""

    def pool(self, here: StepPool, worker_id: str, settings: Settings) -> Pool:
        """The pool of the run. `here`: for steps that need the network. `worker_id`: Luigi's name of the run."""


def run_steps(
    roots: Sequence[Step],
    workers: int,
    scheduler_url: str | None,
    interruption: Interruption,
    settings: Settings,
    cluster: Elsewhere | None = None,
) -> None:
    """Let Luigi run `roots` and their dependencies, in processes of this host or on a cluster.

    Raises KeyboardInterrupt after an interruption, and SchedulerError where the luigid at `scheduler_url` is lost.
    """
    notify = functools.partial(_note, roots[0])
    luigid = Luigid(scheduler_url, interruption.act, notify) if scheduler_url else None
    try:
        worker = _Worker(luigid or _local_scheduler(), workers, scheduler_url, interruption, settings, roots, cluster)
        with worker:
            succeeded = worker.add_roots()
            succeeded &= worker.run()
        summary = luigi.execution_summary.LuigiRunResult(worker, succeeded).summary_text
        logging.getLogger("luigi-interface").info(summary)
    finally:
        forget_looks()  # the last step may have been run by another host just now
        if luigid is not None:
            luigid.close()


def run_step(
    step: Step,
    results: Results,
    *,
    worker_id: str,
    scheduler_url: str | None,
    settings: Settings,
    loaded: Mapping[str, object],
) -> None:
    """Run one step in a process of the pool as Luigi's own process would, and put its result.

    `loaded`: the code of the run's process, as a process that is spawned may find other code on the disk.
    """
    expect_code(loaded)
    if step.workspace.journal:
        log_until_exit(log_path(step.workspace.journal, step.workspace.tmp_dir), settings.log_level)
    run_alone(step, results, worker_id, settings, page_at(scheduler_url) if scheduler_url else None)


def run_alone(step: Step, results: Results, worker_id: str, settings: Settings, page: Any | None = None) -> None:
    """Run one step in this process, whose log and journal are set, and put its result.

    `page`: Luigi's client of a luigid, which shows the step's progress.
    """
    forget_looks()  # what it needs may have been made on another host just now
    reporter = ProgressReporter(step.task_id, page)
    luigi.worker.ContextManagedTaskProcess(
        settings.context,
        step,
        worker_id,
        results,
        reporter,
        check_unfulfilled_deps=settings.checks_dependencies,
        check_complete_on_run=True,
    ).run()


class _Worker(LuigidWorker):
    """Runs steps in a pool, and checks for an interruption between any two."""

    def __init__(
        self,
        scheduler: Any,
        workers: int,
        scheduler_url: str | None,
        interruption: Interruption,
        settings: Settings,
        roots: Sequence[Step],
        cluster: Elsewhere | None,
    ) -> None:
        in_thread = {} if is_main_thread() else {"no_install_shutdown_handler": True}
        with _without_queue():
            super().__init__(scheduler, workers, roots, **settings.worker, **in_thread)
        self._interruption, self._settings, self._downloads = interruption, settings, Downloads(roots)
        # `_id`: the name of this worker for the scheduler and in the log.
        work = functools.partial(
            run_step, worker_id=self._id, scheduler_url=scheduler_url, settings=settings, loaded=loaded_code()
        )
        here = StepPool(work, workers)
        self._pool: Pool = here if cluster is None else cluster.pool(here, self._id, settings)
        # `_task_result_queue`: the queue on which Luigi waits for results.
        self._task_result_queue: Any = self._pool

    @property
    def worker_processes(self) -> int:
        """Asked by Luigi how many steps may run."""
        pool: Pool | None = getattr(self, "_pool", None)  # Luigi asks before there is one
        return pool.capacity if pool else self._workers

    @worker_processes.setter
    def worker_processes(self, workers: int) -> None:
        self._workers = workers

    def __exit__(self, kind: Any, value: Any, traceback: Any) -> Any:
        if kind is not None:
            self._pool.interrupt()  # all steps at once; Luigi would end them one by one
        return super().__exit__(kind, value, traceback)

    def _create_task_process(self, task: Step) -> Run:
        """Called by Luigi for a process to start; returns a step run of the pool instead."""
        return self._pool.run_of(task, self._settings.timeout)

    def add_roots(self) -> bool:
        """Add the roots with all that they require; returns whether all could be added."""
        if self._downloads:
            self._scheduler.update_resource(DOWNLOADS, DOWNLOADS_AT_ONCE)
        return super().add_roots()

    def _get_work(self) -> Any:
        """Called by Luigi to request a step: handles interruptions."""
        self._interruption.act()
        return self._get_work_or_download() if self._downloads else super()._get_work()

    def _get_work_or_download(self) -> Any:
        """Request a step: no download while enough tarballs wait, unless the run could not continue otherwise."""
        at_once = self._downloads.at_once()
        self._scheduler.update_resource(DOWNLOADS, at_once)
        work = super()._get_work()
        # No step runs on any host, so the waiting ones have failed.
        if work.task_id is None and not (self._running_tasks or work.running_tasks or at_once):
            self._scheduler.update_resource(DOWNLOADS, 1)
            work = super()._get_work()
        return work

    def _handle_next_task(self) -> Any:
        """Called by Luigi to wait for the next result: handles interruptions."""
        self._interruption.act()
        return super()._handle_next_task()


@contextlib.contextmanager
def _without_queue() -> Iterator[None]:
    """Keep Luigi's worker from making a queue, which needs a thread in every process and a writable /dev/shm."""
    module: Any = luigi.worker
    own = module.multiprocessing
    module.multiprocessing = types.SimpleNamespace(Queue=lambda: None)
    try:
        yield
    finally:
        module.multiprocessing = own


class _LocalScheduler(luigi.scheduler.Scheduler):
    """Omits counts that only a worker waiting for other hosts needs, as they take quadratic time."""

    def count_pending(self, worker: str) -> dict[str, Any]:
        """Luigi's response when there is no work, without the counts; `_state` has the workers."""
        return {
            "n_pending_tasks": 0,
            "n_unique_pending": 0,
            "n_pending_last_scheduled": 0,
            "worker_state": self._state.get_worker(worker).state,
            "running_tasks": [],
        }


def _local_scheduler() -> _LocalScheduler:
    try:
        return _LocalScheduler()
    except Exception as error:  # raised by libraries that some settings need, such as record_task_history
        raise SchedulerError(f"luigi.cfg: invalid settings in [scheduler]: {type(error).__name__}: {error}") from error


def _note(root: Step, text: str) -> None:
    root.note("noted", text=text)


def _note_failure(step: Step, error: BaseException) -> None:
    if isinstance(error, SchedulerError):  # ends the run with its own message
        return
    if UNFULFILLED in str(error):
        step.note("failed", text=failures.DEPENDENCY_LOST)
    else:
        failures.note_error(step, error)


def _note_death(step: Step, message: str) -> None:
    failures.note_death(step, message.rpartition(DIED)[2] or message)


def _note_timeout(step: Step, message: str) -> None:
    failures.note_timeout(step)


def _log_duration(step: Step, seconds: float) -> None:
    logging.getLogger(LOGGER).info("%s took %.4f s: %s", step.stage, seconds, step.title)


Step.event_handler(luigi.Event.FAILURE)(_note_failure)
Step.event_handler(luigi.Event.BROKEN_TASK)(_note_failure)
Step.event_handler(luigi.Event.PROCESS_FAILURE)(_note_death)
Step.event_handler(luigi.Event.TIMEOUT)(_note_timeout)
Step.event_handler(luigi.Event.PROCESSING_TIME)(_log_duration)
