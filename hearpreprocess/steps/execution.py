"""Hand the graph to Luigi."""

from __future__ import annotations

import datetime
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

import luigi
import luigi.configuration
import luigi.rpc
import luigi.scheduler
import luigi.worker

from hearpreprocess.errors import SchedulerError
from hearpreprocess.sources import without_credentials
from hearpreprocess.steps.base import Step
from hearpreprocess.steps.flushing import Flushing
from hearpreprocess.steps.interruption import Interruption
from hearpreprocess.steps.pool import StepPool, StepRun

SECONDS_BETWEEN_LOOKS = 0.3
SECONDS_TO_CONNECT = 10
SECONDS_TO_WAIT_FOR_OTHERS = 10


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

    def _create_task_process(self, task: Step) -> StepRun:
        return StepRun(self._pool, task, self._id)

    def _get_work(self) -> Any:
        Interruption.act()
        return super()._get_work()

    def _handle_next_task(self) -> Any:
        Interruption.act()
        return super()._handle_next_task()

    def _keep_alive(self, get_work_response: Any) -> bool:
        """Wait for other hosts as long as they work; Luigi itself would also wait for what has failed."""
        if not self._config.keep_alive or get_work_response.n_pending_tasks == 0:
            return False
        if get_work_response.running_tasks:
            self._idle_since = None
            return True
        idle = datetime.datetime.now() - (self._idle_since or datetime.datetime.now())
        return idle.total_seconds() < SECONDS_TO_WAIT_FOR_OTHERS


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
