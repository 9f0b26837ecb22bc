"""The interface to Luigi: its worker and its scheduler, extended for our runs.

Only this module uses Luigi's private names and the texts of its messages, which may change with any release.
`tests/engine/test_luigi.py` checks each of them against the installed Luigi.

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
import luigi.rpc
import luigi.scheduler
import luigi.task_status
import luigi.worker

from hearpreprocess.engine import failures
from hearpreprocess.engine.downloads import Downloads
from hearpreprocess.engine.hosts import OtherHosts, SchedulerView, Situation
from hearpreprocess.engine.interruption import Interruption, is_main_thread
from hearpreprocess.engine.log import log_path, log_until_exit
from hearpreprocess.engine.pool import Results, StepPool
from hearpreprocess.engine.pools import Pool, Run
from hearpreprocess.engine.reporter import ProgressReporter
from hearpreprocess.engine.settings import Settings
from hearpreprocess.errors import SchedulerError
from hearpreprocess.steps import DOWNLOADS, DOWNLOADS_AT_ONCE, LOGGER, Step
from hearpreprocess.storage import expect_code, loaded_code
from hearpreprocess.task import without_credentials

SECONDS_TO_ANSWER = 2
"""Timeout of a luigid's page, after which a step does not report to it again."""

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

    Raises KeyboardInterrupt after an interruption, and SchedulerError where the scheduler at `scheduler_url` is lost.
    """
    scheduler: Any = _remote_scheduler(scheduler_url) if scheduler_url else _local_scheduler()
    try:
        downloads = Downloads(roots)
        worker = _Worker(scheduler, workers, scheduler_url, interruption, settings, downloads, cluster)
        if downloads:
            scheduler.update_resource(DOWNLOADS, DOWNLOADS_AT_ONCE)
        with worker:
            succeeded = True
            for root in roots:
                succeeded &= worker.add(root)
            succeeded &= worker.run()
        summary = luigi.execution_summary.LuigiRunResult(worker, succeeded).summary_text
        logging.getLogger("luigi-interface").info(summary)
    except luigi.rpc.RPCError as error:
        url = scheduler_url or ""
        reason = str(error).replace(url.rstrip("/"), without_credentials(url))
        raise SchedulerError(f"{without_credentials(url)}: connection to the scheduler lost: {reason}") from error
    finally:
        if isinstance(scheduler, luigi.rpc.RemoteScheduler):
            scheduler.close()


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


def page_at(scheduler_url: str) -> luigi.rpc.RemoteScheduler:
    """The client of a luigid for progress reports, without retries, so that no step waits for it."""
    page = luigi.rpc.RemoteScheduler(scheduler_url, SECONDS_TO_ANSWER)
    page._rpc_retry_attempts = 1  # Luigi takes it from luigi.cfg only, for the worker, which needs an answer
    page._rpc_log_retries = False
    return page


class _Worker(luigi.worker.Worker):
    """Runs steps in a pool, and checks for an interruption between any two."""

    def __init__(
        self,
        scheduler: Any,
        workers: int,
        scheduler_url: str | None,
        interruption: Interruption,
        settings: Settings,
        downloads: Downloads,
        cluster: Elsewhere | None,
    ) -> None:
        in_thread = {} if is_main_thread() else {"no_install_shutdown_handler": True}
        with _without_queue():
            super().__init__(scheduler=scheduler, worker_processes=workers, **settings.worker, **in_thread)
        self._interruption, self._settings, self._downloads = interruption, settings, downloads
        self._others = OtherHosts() if scheduler_url else None
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

    def _get_work(self) -> Any:
        """Called by Luigi to request a step: handles interruptions and adds steps planned on other hosts."""
        self._interruption.act()
        if self._downloads and self._others is None:
            return self._get_work_or_download()
        work = super()._get_work()
        if work.task_id is None and self._others is not None:
            # `_scheduled_tasks`: the steps that this worker has added, by id.
            for step in self._others.planned_elsewhere(self._scheduled_tasks.values(), self._scheduled_tasks):
                self.add(step)
        return work

    def _get_work_or_download(self) -> Any:
        """Request a step: no download while enough tarballs wait, unless the run could not continue otherwise."""
        at_once = self._downloads.at_once()
        self._scheduler.update_resource(DOWNLOADS, at_once)
        work = super()._get_work()
        # `_running_tasks` is empty: no step runs, so the waiting ones have failed.
        if work.task_id is None and not self._running_tasks and not at_once:
            self._scheduler.update_resource(DOWNLOADS, 1)
            work = super()._get_work()
        return work

    def _handle_next_task(self) -> Any:
        """Called by Luigi to wait for the next result: handles interruptions."""
        self._interruption.act()
        if self._others is not None:
            self._others.note_work()
        return super()._handle_next_task()

    def _keep_alive(self, get_work_response: Any) -> bool:
        """Called by Luigi when there is no work: whether to wait; Luigi would also wait for steps that have failed."""
        if self._others is None:
            return False
        running, pending = len(get_work_response.running_tasks), get_work_response.n_pending_tasks
        failed = self._failed_steps() if pending and not running else {}
        unexplained = {key for key in failed if not self._scheduler.fetch_error(task_id=key)["error"]}
        situation = self._others.situation(SchedulerView(running, pending, frozenset(failed), frozenset(unexplained)))
        if situation is Situation.HOST_LOST:
            for key in unexplained:
                self.add(failed[key])
        if situation is Situation.FAILED and self.run_succeeded:
            for step in failed.values():
                step.note("failed", text=failures.FAILED_ELSEWHERE)
        return not situation.is_an_end

    def _failed_steps(self) -> dict[str, Step]:
        """By id, the steps of this worker that have failed on any host."""
        known = self._scheduler.task_list(status=luigi.task_status.FAILED, upstream_status="")
        return {key: self._scheduled_tasks[key] for key in known if key in self._scheduled_tasks}


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


def _remote_scheduler(url: str) -> luigi.rpc.RemoteScheduler:
    scheduler = luigi.rpc.RemoteScheduler(url)
    if without_credentials(url) != url:
        scheduler._rpc_log_retries = False  # Luigi would log each retry with the URL and its password
    return scheduler


def _local_scheduler() -> _LocalScheduler:
    try:
        return _LocalScheduler()
    except Exception as error:  # raised by libraries that some settings need, such as record_task_history
        raise SchedulerError(f"luigi.cfg: invalid settings in [scheduler]: {type(error).__name__}: {error}") from error


def _note_failure(step: Step, error: BaseException) -> None:
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
