"""The interface to Luigi: its worker and its scheduler, extended for our runs.

Only this module and `luigid.py` use Luigi's private names and the texts of its messages, which may change with any
release. `tests/engine/test_luigi.py` checks each of them against the installed Luigi.

Importing it, also in a spawned process, registers the functions that report failures with Luigi.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import socket
import types
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import luigi
import luigi.execution_summary
import luigi.scheduler
import luigi.task_status
import luigi.worker

from hearpreprocess.engine import failures
from hearpreprocess.engine.downloads import Downloads
from hearpreprocess.engine.hosts import OtherHosts, SchedulerView, Situation, planned_by
from hearpreprocess.engine.interruption import Interruption, is_main_thread
from hearpreprocess.engine.log import log_path, log_until_exit
from hearpreprocess.engine.luigid import Luigid, page_at
from hearpreprocess.engine.pool import Results, StepPool, StepRun
from hearpreprocess.engine.reporter import ProgressReporter
from hearpreprocess.engine.settings import Settings
from hearpreprocess.errors import HearPreprocessError, SchedulerError
from hearpreprocess.steps import DOWNLOADS, DOWNLOADS_AT_ONCE, LOGGER, Step
from hearpreprocess.storage import expect_code, loaded_code

STEPS_ADDED = "steps_added"
"""The mark of a worker that has added its steps; a luigid that has lost the worker or its steps lacks it."""

UNFULFILLED = "Unfulfilled dependenc"  # start of Luigi's error when an output that a step needs is missing
DIED = " died unexpectedly "  # precedes `with exit code -9` when a step's process has died


def run_steps(
    roots: Sequence[Step], workers: int, scheduler_url: str | None, interruption: Interruption, settings: Settings
) -> None:
    """Let Luigi run `roots` and their dependencies.

    Raises KeyboardInterrupt after an interruption, and SchedulerError where the luigid at `scheduler_url` is lost.
    """
    notify = functools.partial(_note, roots[0])
    luigid = Luigid(scheduler_url, interruption.act, notify) if scheduler_url else None
    try:
        worker = _Worker(luigid or _local_scheduler(), workers, scheduler_url, interruption, settings, roots)
        with worker:
            succeeded = worker.add_roots()
            succeeded &= worker.run()
        summary = luigi.execution_summary.LuigiRunResult(worker, succeeded).summary_text
        logging.getLogger("luigi-interface").info(summary)
    finally:
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
    reporter = ProgressReporter(step.task_id, page_at(scheduler_url) if scheduler_url else None)
    luigi.worker.ContextManagedTaskProcess(
        settings.context,
        step,
        worker_id,
        results,
        reporter,
        check_unfulfilled_deps=settings.checks_dependencies,
        check_complete_on_run=True,
    ).run()


class _Worker(luigi.worker.Worker):
    """Runs steps in a pool, and checks for an interruption between any two."""

    def __init__(
        self,
        scheduler: Any,
        workers: int,
        scheduler_url: str | None,
        interruption: Interruption,
        settings: Settings,
        roots: Sequence[Step],
    ) -> None:
        in_thread = {} if is_main_thread() else {"no_install_shutdown_handler": True}
        with _without_queue():
            super().__init__(scheduler, _unique_id(), workers, **settings.worker, **in_thread)
        self._interruption, self._settings, self._roots = interruption, settings, roots
        self._downloads = Downloads(roots)
        self._others = OtherHosts() if scheduler_url else None
        self._all_added = True
        # `_id`: the name of this worker for the scheduler and in the log.
        work = functools.partial(
            run_step, worker_id=self._id, scheduler_url=scheduler_url, settings=settings, loaded=loaded_code()
        )
        self._pool = StepPool(work, workers)
        # `_task_result_queue`: the queue on which Luigi waits for results.
        self._task_result_queue: Any = self._pool

    @property
    def worker_processes(self) -> int:
        """Asked by Luigi how many steps may run: steps that wait for the network are not counted."""
        pool: StepPool | None = getattr(self, "_pool", None)  # Luigi asks before there is one
        return self._workers + (pool.waiting if pool else 0)

    @worker_processes.setter
    def worker_processes(self, workers: int) -> None:
        self._workers = workers

    def __exit__(self, kind: Any, value: Any, traceback: Any) -> Any:
        if kind is not None:
            self._pool.interrupt()  # all steps at once; Luigi would end them one by one
        return super().__exit__(kind, value, traceback)

    def _create_task_process(self, task: Step) -> StepRun:
        """Called by Luigi for a process to start; returns a step run of the pool instead."""
        return StepRun(self._pool, task, self._settings.timeout)

    def add_roots(self) -> bool:
        """Add the roots with all that they require; returns whether all could be added."""
        if self._downloads:
            self._scheduler.update_resource(DOWNLOADS, DOWNLOADS_AT_ONCE)
        if self._others is not None:
            self._scheduler.add_worker(self._id, {STEPS_ADDED: True})
        added = [self.add(root) for root in self._roots]
        self._all_added = all(added)
        return self._all_added

    def _get_work(self) -> Any:
        """Called by Luigi to request a step: handles interruptions, and adds steps that the scheduler lacks."""
        self._interruption.act()
        self._follow_outages()
        work = self._get_work_or_download() if self._downloads else super()._get_work()
        # `_stop_requesting_work`: SIGUSR1 has arrived, and Luigi has not asked the scheduler.
        if work.task_id is None and self._others is not None and not self._stop_requesting_work:
            # `_running_tasks`: the running steps of this worker, by id. A luigid that restarts at once lacks them.
            if self._running_tasks.keys() - {running["task_id"] for running in work.running_tasks}:
                self._add_lost_steps()
            # `_scheduled_tasks`: the steps that this worker has added, by id.
            for step in self._others.planned_elsewhere(self._scheduled_tasks.values(), self._scheduled_tasks):
                self.add(step)
        return work

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
        """Called by Luigi to wait for the next result: handles interruptions and outages of the luigid."""
        self._interruption.act()
        self._follow_outages()
        if self._others is not None:
            self._others.note_work()
        return super()._handle_next_task()

    def _follow_outages(self) -> None:
        """Raise SchedulerError if the luigid stays away; add the steps that it has lost if it is back."""
        if self._others is None:
            return
        self._scheduler.outage.check()
        if self._scheduler.outage.has_ended():
            self._add_lost_steps()

    def _add_lost_steps(self) -> None:
        """Add all steps again if the luigid has restarted without them, or has taken this worker for dead."""
        workers = self._scheduler.worker_list(include_running=False)
        if not any(worker["name"] == self._id and worker.get(STEPS_ADDED) for worker in workers):
            self._add_again()

    def _add_again(self) -> None:
        """Add the roots and all planned steps again; first those that run here, so that no other host runs them."""
        for step in [self._scheduled_tasks[key] for key in self._running_tasks]:
            self._add_task(
                worker=self._id,
                task_id=step.task_id,
                status=luigi.task_status.RUNNING,
                runnable=True,
                priority=step.priority,
                resources=step.process_resources(),
                params=step.to_str_params(),
                family=step.task_family,
                module=step.task_module,
            )
        self.add_roots()
        for step in planned_by(list(self._scheduled_tasks.values())):
            self.add(step)

    def _keep_alive(self, get_work_response: Any) -> bool:
        """Called by Luigi when there is no work: whether to wait; Luigi would also wait for steps that have failed."""
        if self._others is None or self._stop_requesting_work:
            return False
        running, pending = len(get_work_response.running_tasks), get_work_response.n_pending_tasks
        failed = self._failed_steps() if pending and not running else {}
        unexplained = {key for key in failed if not self._scheduler.fetch_error(task_id=key)["error"]}
        unfinished = self._unfinished_roots() if not (running or pending) else []
        situation = self._others.situation(
            SchedulerView(running, pending, frozenset(failed), frozenset(unexplained), bool(unfinished))
        )
        if situation is Situation.HOST_LOST:
            for key in unexplained:
                self.add(failed[key])
        if situation is Situation.FORGOTTEN:
            self._add_again()
        if situation is Situation.FAILED and self.run_succeeded:
            for step in failed.values():
                step.note("failed", text=failures.FAILED_ELSEWHERE)
        if situation is Situation.GIVEN_UP:
            for root in self._unfinished_roots():
                root.note("failed", text=failures.NO_HOST_WORKS)
        return not situation.is_an_end

    def _failed_steps(self) -> dict[str, Step]:
        """By id, the steps of this worker that have failed on any host."""
        known = self._scheduler.task_list(status=luigi.task_status.FAILED, upstream_status="")
        return {key: self._scheduled_tasks[key] for key in known if key in self._scheduled_tasks}

    def _unfinished_roots(self) -> list[Step]:
        """The roots that are incomplete without a failure that this run has reported."""
        return [root for root in self._roots if self._all_added and self.run_succeeded and not _is_complete(root)]


def _unique_id() -> str:
    """A worker's id: Luigi's is the same in two containers of one name whose programs seed `random` alike."""
    return f"Worker(salt={uuid.uuid4().hex}, host={socket.gethostname()}, pid={os.getpid()})"


def _is_complete(root: Step) -> bool:
    try:
        return bool(root.complete())
    except (HearPreprocessError, OSError):  # reported by the step when it runs
        return False


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
