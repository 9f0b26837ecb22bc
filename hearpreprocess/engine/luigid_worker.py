"""Luigi's worker, extended to share the steps of a luigid with the workers of other hosts.

Like `worker.py`, which extends it further, this module uses Luigi's private names; `tests/engine/test_luigi.py` checks
each of them.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Sequence
from typing import Any

import luigi.task_status
import luigi.worker

from hearpreprocess.engine import failures
from hearpreprocess.engine.hosts import SECONDS_TO_WAIT_FOR_OTHERS, OtherHosts, SchedulerView, Situation, planned_by
from hearpreprocess.engine.luigid import Luigid
from hearpreprocess.errors import HearPreprocessError
from hearpreprocess.steps import Step

STEPS_ADDED = "steps_added"
"""The mark of a worker that has added its steps; a luigid that has lost the worker or its steps lacks it."""

NO_HOST_WORKS = f"no host has worked on it for {SECONDS_TO_WAIT_FOR_OTHERS} s; see the logs of the other hosts"


class LuigidWorker(luigi.worker.Worker):
    """Runs the roots of a run; where its scheduler is a luigid, with other hosts, and across the luigid's restarts."""

    def __init__(self, scheduler: Any, workers: int, roots: Sequence[Step], **settings: Any) -> None:
        super().__init__(scheduler, _unique_id(), workers, **settings)
        self._roots = roots
        self._others = OtherHosts() if isinstance(scheduler, Luigid) else None
        self._all_added = True

    def add_roots(self) -> bool:
        """Add the roots with all that they require; returns whether all could be added."""
        if self._others is not None:
            self._scheduler.add_worker(self._id, {STEPS_ADDED: True})
        added = [self.add(root) for root in self._roots]
        self._all_added = all(added)
        return self._all_added

    def _get_work(self) -> Any:
        """Called by Luigi to request a step: adds steps that the scheduler lacks."""
        self._follow_outages()
        work = super()._get_work()
        # `_stop_requesting_work`: SIGUSR1 has arrived, and Luigi has not asked the scheduler.
        if work.task_id is None and self._others is not None and not self._stop_requesting_work:
            # `_running_tasks`: the running steps of this worker, by id. A luigid that restarts at once lacks them.
            if self._running_tasks.keys() - {running["task_id"] for running in work.running_tasks}:
                self._add_lost_steps()
            # `_scheduled_tasks`: the steps that this worker has added, by id.
            for step in self._others.planned_elsewhere(self._scheduled_tasks.values(), self._scheduled_tasks):
                self.add(step)
        return work

    def _handle_next_task(self) -> Any:
        """Called by Luigi to wait for the next result: handles outages of the luigid."""
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
        if not self._is_known():
            self._add_again()

    def _is_known(self) -> bool:
        """Whether the luigid has this worker with its steps; `_id`: the worker's name."""
        workers = self._scheduler.worker_list(include_running=False)
        return any(worker["name"] == self._id and worker.get(STEPS_ADDED) for worker in workers)

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
        is_unfinished = not (running or pending) and self._is_unfinished()
        situation = self._others.situation(
            SchedulerView(running, pending, frozenset(failed), frozenset(unexplained), is_unfinished)
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
            for root in self._roots:
                if not _is_complete(root):
                    root.note("failed", text=NO_HOST_WORKS)
        return not situation.is_an_end

    def _failed_steps(self) -> dict[str, Step]:
        """By id, the steps of this worker that have failed on any host."""
        known = self._scheduler.task_list(status=luigi.task_status.FAILED, upstream_status="")
        return {key: self._scheduled_tasks[key] for key in known if key in self._scheduled_tasks}

    def _is_unfinished(self) -> bool:
        """Whether roots are incomplete, without a failure in this run or with steps that the luigid has lost."""
        if all(map(_is_complete, self._roots)):
            return False
        return (self._all_added and self.run_succeeded) or not self._is_known()


def _unique_id() -> str:
    """A worker's id: Luigi's is the same in two containers of one name whose programs seed `random` alike."""
    return f"Worker(salt={uuid.uuid4().hex}, host={socket.gethostname()}, pid={os.getpid()})"


def _is_complete(root: Step) -> bool:
    try:
        return bool(root.complete())
    except (HearPreprocessError, OSError):  # reported by the step when it runs
        return False
