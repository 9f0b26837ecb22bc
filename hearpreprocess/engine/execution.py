"""Hand the graph to Luigi."""

from __future__ import annotations

import datetime
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

import luigi
import luigi.configuration
import luigi.rpc
import luigi.scheduler
import luigi.task_status
import luigi.worker

from hearpreprocess.engine.flushing import Flushing
from hearpreprocess.engine.pool import StepPool, StepRun
from hearpreprocess.errors import SchedulerError
from hearpreprocess.steps import Interruption, PlanningStep, Step
from hearpreprocess.task import without_credentials

SECONDS_BETWEEN_LOOKS = 0.3
SECONDS_TO_CONNECT = 10
SECONDS_BETWEEN_ADDITIONS = 2
SECONDS_TO_WAIT_AFTER_A_FAILURE = 10
SECONDS_TO_WAIT_FOR_OTHERS = 90
"""What another host has written may be seen here as late as this, on a network file system."""


def execute(roots: Sequence[Step], workers: int, scheduler_url: str | None) -> None:
    """Run the steps that `roots` need, in as many processes at once as `workers` says.

    `scheduler_url`: a luigid that hands steps to the workers of several hosts; None: a scheduler in this process.
    Failures are told in the journal; what came of the roots, their `complete` tells. Ctrl-C and SIGTERM end the running
    steps and go on as a KeyboardInterrupt. Raises SchedulerError where the luigid cannot be reached.
    """
    if scheduler_url:
        _check_reachable(scheduler_url)
    luigi.configuration.get_config().set("core", "no_configure_logging", "true")
    scheduler = {"scheduler_url": scheduler_url} if scheduler_url else {"local_scheduler": True}
    with Interruption(), Flushing(roots[0].workspace.tmp_dir):
        try:
            luigi.build(
                roots,
                worker_scheduler_factory=_Factory(scheduler_url),
                workers=workers,
                **scheduler,
            )
        except luigi.rpc.RPCError as error:
            raise SchedulerError(
                f"the connection to the scheduler at {without_credentials(scheduler_url or '')} was lost: {error}"
            ) from error
        Interruption.act()


def _check_reachable(url: str) -> None:
    try:
        urllib.request.urlopen(url, timeout=SECONDS_TO_CONNECT).close()  # noqa: S310  (the runner has checked the scheme)
    except urllib.error.HTTPError:
        pass  # it answers, and that is all there is to know
    except OSError as error:
        raise SchedulerError(
            f"there is no luigid at {without_credentials(url)}: {getattr(error, 'reason', error)}"
        ) from error


class _Worker(luigi.worker.Worker):
    """Looks between two things whether the person has had enough; leaving its `with` block ends the running steps."""

    def __init__(self, scheduler_url: str | None, **facts: Any) -> None:
        super().__init__(**facts)
        self._task_result_queue.close()
        self._pool = StepPool(self.worker_processes, scheduler_url)
        self._task_result_queue: Any = self._pool
        self._next_addition = time.monotonic()

    def _create_task_process(self, task: Step) -> StepRun:
        return StepRun(self._pool, task, self._id)

    def _get_work(self) -> Any:
        Interruption.act()
        work = super()._get_work()
        if work.task_id is None and self._config.keep_alive:
            self._add_planned()
        return work

    def _add_planned(self) -> None:
        """Add the steps that a step has planned on another host, as a luigid gives a worker only what it has added."""
        if time.monotonic() < self._next_addition:
            return
        for step in [step for step in self._scheduled_tasks.values() if isinstance(step, PlanningStep)]:
            if all(required.complete() for required in step.deps()) and not step.complete():
                for planned in step.planned():
                    if planned.task_id not in self._scheduled_tasks:
                        self.add(planned)
        self._next_addition = time.monotonic() + SECONDS_BETWEEN_ADDITIONS

    def _handle_next_task(self) -> Any:
        Interruption.act()
        return super()._handle_next_task()

    def _keep_alive(self, get_work_response: Any) -> bool:
        """Wait for other hosts as long as they work; Luigi itself would also wait for what has failed."""
        if not self._config.keep_alive:
            return False
        if get_work_response.running_tasks:  # another host may be at the last step, when nothing is pending any more
            self._idle_since = None
            return True
        if get_work_response.n_pending_tasks == 0:
            return False
        failed = self._failed_steps()
        lost = [step for step in failed if not self._scheduler.fetch_error(task_id=step.task_id)["error"]]
        if lost:
            for step in lost:  # nobody said why: the host that was at it is gone
                self.add(step)
            return True
        idle = datetime.datetime.now() - (self._idle_since or datetime.datetime.now())
        if idle.total_seconds() < (SECONDS_TO_WAIT_AFTER_A_FAILURE if failed else SECONDS_TO_WAIT_FOR_OTHERS):
            return True
        for step in failed if self.run_succeeded else ():
            step.tell("failed", text="it failed on another host, whose run says why")
        return False

    def _failed_steps(self) -> list[Step]:
        """The steps of this worker that have failed, here or elsewhere."""
        known = self._scheduler.task_list(status=luigi.task_status.FAILED, upstream_status="")
        return [self._scheduled_tasks[step_id] for step_id in known if step_id in self._scheduled_tasks]


class _LocalScheduler(luigi.scheduler.Scheduler):
    """Leaves out the counts that only a worker which waits for others asks for: they cost the square of the work."""

    def count_pending(self, worker: str) -> dict[str, Any]:
        return {
            "n_pending_tasks": 0,
            "n_unique_pending": 0,
            "n_pending_last_scheduled": 0,
            "worker_state": self._state.get_worker(worker).state,
            "running_tasks": [],
        }


class _Factory:
    def __init__(self, scheduler_url: str | None) -> None:
        self._scheduler_url = scheduler_url

    def create_local_scheduler(self) -> Any:
        return _LocalScheduler(record_task_history=False)

    def create_remote_scheduler(self, url: str) -> Any:
        return luigi.rpc.RemoteScheduler(url)

    def create_worker(self, scheduler: Any, worker_processes: int, assistant: bool = False) -> Any:
        return _Worker(
            scheduler=scheduler,
            worker_processes=worker_processes,
            assistant=assistant,
            scheduler_url=self._scheduler_url,
            keep_alive=self._scheduler_url is not None,
            wait_interval=SECONDS_BETWEEN_LOOKS,
            wait_jitter=SECONDS_BETWEEN_LOOKS,
            send_failure_email=False,
        )
