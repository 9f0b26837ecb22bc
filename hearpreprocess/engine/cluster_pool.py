"""A pool whose steps run on the workers of a Dask cluster; those that need the network run on this host.

Dask's own scheduler only passes on the steps: the pool chooses the worker of each, so that none gets a step before it
has been checked, and so that it knows which workers were lost with which step.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import time
from collections import deque
from collections.abc import Collection
from typing import Any

from distributed.scheduler import KilledWorker

from hearpreprocess.engine.cluster import Cluster, ClusterWorker, Watching
from hearpreprocess.engine.cluster_connection import ENDED
from hearpreprocess.engine.cluster_reports import Reports
from hearpreprocess.engine.cluster_run import ClusterRun, Host, runs_here
from hearpreprocess.engine.cluster_worker import UncheckedWorkerError, run_order
from hearpreprocess.engine.failures import text_of_death
from hearpreprocess.engine.pool import SECONDS_TO_END, StepPool
from hearpreprocess.engine.pools import Run
from hearpreprocess.engine.settings import Settings
from hearpreprocess.errors import SchedulerError
from hearpreprocess.steps import Journal, JournalEntry, Step

TRIES = 3
"""How often a step is begun whose workers are lost, as the step itself may be what ends them."""

SECONDS_WITHOUT_WORKERS = 120
"""After which a run ends whose workers are all lost; they may be about to start again."""

SECONDS_TO_INTERRUPT = SECONDS_TO_END + 3
SECONDS_BETWEEN_LOOKS = 0.02
"""Between two looks at the steps of this host and those of the cluster, where both have some."""

HERE_BESIDES = 4
"""The largest number of steps on this host that run in addition to those on the cluster."""

FAILED = "FAILED"  # Luigi's status


class ClusterPool:
    """Runs steps on the checked workers of a cluster: a Pool.

    `here`: runs the steps that need the network. `most`: the maximum number of steps, None for as many as the workers
    have threads. `worker_id`: Luigi's name of the run. `settings`: of the steps.
    """

    def __init__(
        self,
        cluster: Cluster,
        workers: Collection[ClusterWorker],
        here: StepPool,
        most: int | None,
        worker_id: str,
        settings: Settings,
    ) -> None:
        self._cluster, self._here, self._most = cluster, here, most
        self._worker_id, self._settings = worker_id, settings
        self._hosts = {worker.address: Host(worker) for worker in workers}
        self._runs: dict[str, ClusterRun] = {}
        self._waiting: deque[ClusterRun] = deque()
        self._results: deque[Any] = deque()
        self._paused: set[str] = set()
        self._orders = 0
        os.umask(umask := os.umask(0o077))
        self._umask = umask
        self._without_workers_since: float | None = None
        self._inbox: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
        self._journal = Journal(cluster.facts.workspace.journal)
        self._reports = Reports(
            cluster.facts.workspace.journal, lambda order, kind, payload: self._inbox.put((kind, order, payload))
        )
        cluster.client.subscribe_topic(cluster.topic, self._reports.take)
        self._watching = Watching(cluster, workers, lambda kind, facts: self._inbox.put((kind, facts, None)))

    @property
    def capacity(self) -> int:
        """How many steps may run: some that run on this host do not take a thread of the cluster."""
        threads = sum(host.worker.threads for host in self._usable())
        return (self._most or max(1, threads)) + min(self._here.busy, HERE_BESIDES)

    def _usable(self) -> list[Host]:
        """The workers that take steps."""
        return [host for host in self._hosts.values() if not host.is_paused]

    def run_of(self, step: Step, timeout: float = 0) -> Run:
        """A run of a step, to be started. `timeout`: in seconds, 0 for none."""
        return self._here.run_of(step, timeout) if runs_here(step) else ClusterRun(self, step, timeout)

    def begin(self, run: ClusterRun) -> None:
        """Pass a step to the worker with most free threads, or have it wait for one."""
        if not (usable := self._usable()):
            self._waiting.append(run)
            return
        host = min(usable, key=lambda host: (host.load, -host.worker.threads))
        self._orders += 1
        run.has_begun, run.timeout_time = False, None
        run.order = order = f"{self._cluster.topic}-{self._orders}"
        run.host = host
        host.runs.add(run)
        self._runs[order] = run
        self._reports.expect(order, host.worker.host)
        content = pickle.dumps((run.task, self._worker_id, self._settings, self._umask))
        with self._asking():
            run.future = self._cluster.client.submit(
                run_order,
                self._cluster.run,
                host.worker.identity,
                self._cluster.topic,
                order,
                content,
                key=order,
                workers=[host.worker.address],
                pure=False,
                retries=0,
            )
            run.future.add_done_callback(self._note_future)

    def _note_future(self, future: Any) -> None:
        """Called in a thread of Dask's client when a future is done, lost or cancelled."""
        if future.status != "error":
            self._inbox.put((f"future {future.status}", future.key, None))
            return
        try:
            problem: BaseException = future.exception(timeout=SECONDS_TO_END)
        except Exception as error:  # Dask raises many kinds when a connection is lost
            problem = error
        if isinstance(problem, UncheckedWorkerError):
            self._inbox.put(("unchecked", future.key, None))
        elif isinstance(problem, KilledWorker):  # at once where distributed.scheduler.allowed-failures is 0
            self._inbox.put(("killed", future.key, None))
        else:
            self._inbox.put(("broken", future.key, f"{type(problem).__name__}: {problem}"))

    def put(self, result: Any) -> None:
        """Add a result that does not come from a step."""
        self._results.append(result)

    def get(self, timeout: float) -> Any:
        """The next result; raises queue.Empty if none comes within `timeout` seconds.

        Raises SchedulerError where the cluster is lost.
        """
        deadline = time.monotonic() + timeout
        while True:
            self._take_all()
            if self._results:
                return self._results.popleft()
            if self._here.busy:
                with contextlib.suppress(queue.Empty):
                    return self._here.get(0)
            self._check_workers()
            left = deadline - time.monotonic()
            if left <= 0:
                raise queue.Empty
            with contextlib.suppress(queue.Empty):
                self._take(*self._inbox.get(timeout=min(left, SECONDS_BETWEEN_LOOKS) if self._here.busy else left))

    def _take_all(self) -> None:
        while not self._inbox.empty():
            self._take(*self._inbox.get())

    def _take(self, kind: str, facts: Any, payload: Any) -> None:
        """Handle what the cluster has reported."""
        if kind == "begun" and (begun := self._runs.get(facts)):
            begun.note_begin()
        elif kind == "result" and (run := self._release(facts)):
            self._results.append(tuple(payload))
        elif kind == "died" and (run := self._release(facts)):
            self._fail(run, f"{run.last_host}: {text_of_death(f'with exit code {payload}')}")
        elif kind == "ended" and (run := self._release(facts)):
            if run.is_terminated:
                run.is_over = True
            else:  # its worker closes in good order, as at a time limit: not the step's fault
                self._drop([run.last_address], counts=False)
                self.begin(run)
        elif kind == "unchecked" and (run := self._release(facts)):
            self._drop([run.last_address])
            self._watching.check_again(run.last_address)
            self.begin(run)
        elif kind == "broken" and (run := self._release(facts)):
            self._fail(run, f"{run.last_host}: Dask could not run the step: {payload}")
        elif kind in ("killed", "future finished", "future lost") and (run := self._release(facts)):
            # All reports of a step arrive before the end of its future, or some are lost with the worker.
            has_begun = self._reports.ignore(run.order)
            if kind == "killed":
                self._drop([run.last_address])
                self._watching.check_again(run.last_address)  # another one may have started there
            self._repeat(run, has_begun=has_begun or kind == "killed")
        elif kind == "future cancelled" and facts in self._runs and not self._runs[facts].is_terminated:
            raise self._cluster.lost(ENDED)  # Dask's client then cancels all
        elif kind == "gone":
            self._drop(facts)
        elif kind == "came":
            self._hosts |= {worker.address: Host(worker, is_paused=worker.address in self._paused) for worker in facts}
            self._begin_waiting()
        elif kind == "paused":
            self._pause(facts)
        elif kind in ("refused", "noted"):
            for text in facts:
                self._note("warned" if kind == "refused" else "noted", text)
        elif kind == "lost":
            raise self._cluster.lost(facts)

    def _begin_waiting(self) -> None:
        waiting, self._waiting = self._waiting, deque()
        for run in waiting:
            self.begin(run)

    def _pause(self, addresses: set[str]) -> None:
        """Pass no steps to the workers that are paused, and those that they have not begun to others."""
        self._paused = addresses
        moved: list[ClusterRun] = []
        for address, host in self._hosts.items():
            if address in addresses and not host.is_paused:
                name = f"{host.worker.host} ({address})"
                self._note("warned", f"{name}: Dask worker paused, such as at its memory limit; it gets no more steps")
                moved += [run for run in host.runs if not run.has_begun]
            host.is_paused = address in addresses
        self._cancel(moved)
        for run in moved:
            self._reports.ignore(run.order)
            self._release(run.order)
            if run.is_terminated:
                run.is_over = True
            else:
                self._waiting.append(run)
        self._begin_waiting()

    def _release(self, order: str) -> ClusterRun | None:
        """The run of an order that has ended; None if it is not expected any more."""
        run = self._runs.pop(order, None)
        if run is not None and run.host is not None:
            run.host.runs.discard(run)
            run.last_host, run.last_address = run.host.worker.host, run.host.worker.address
            run.host = run.future = None
        return run

    def _drop(self, addresses: Collection[str], *, counts: bool = True) -> None:
        """Use workers no more that are lost, and repeat their steps elsewhere.

        `counts`: whether a step may be the reason, and is not repeated without end.
        """
        for host in [self._hosts.pop(address) for address in addresses if address in self._hosts]:
            if host.runs:
                worker = host.worker
                self._note("noted", f"{worker.host} ({worker.address}): Dask worker lost; its steps are repeated")
            runs = list(host.runs)
            self._cancel(runs)
            for run in runs:
                has_begun = self._reports.ignore(run.order)
                self._release(run.order)
                self._repeat(run, has_begun=has_begun and counts)

    def _repeat(self, run: ClusterRun, *, has_begun: bool) -> None:
        """Repeat a step whose worker is lost, unless it has been tried often."""
        if has_begun:
            run.lost.append(f"{run.last_host} ({run.last_address})")
        if run.is_terminated:
            run.is_over = True
        elif len(run.lost) < TRIES:
            self.begin(run)
        else:
            workers = ", ".join(run.lost)
            self._fail(
                run,
                f"{len(run.lost)} Dask workers were lost while they ran this step: {workers}. See their logs, e.g. for "
                "a lack of memory or a time limit",
            )

    def _fail(self, run: ClusterRun, text: str) -> None:
        run.task.note("failed", text=text)
        self._results.append((run.task.task_id, FAILED, text, [], []))

    def _note(self, event: Any, text: str) -> None:
        self._journal.write(JournalEntry(event, "Dask", "workers", text=text))

    def _check_workers(self) -> None:
        """Raise SchedulerError where steps wait, and no worker that takes steps has been left for long."""
        if self._usable() or self._runs or not self._waiting:
            self._without_workers_since = None
        elif self._without_workers_since is None:
            self._without_workers_since = time.monotonic()
            state = "all workers are paused" if self._hosts else "no worker is left"
            text = f"{state}; waiting up to {SECONDS_WITHOUT_WORKERS} s for one"
            self._note("warned", text)
        elif time.monotonic() - self._without_workers_since > SECONDS_WITHOUT_WORKERS:
            raise SchedulerError(
                f"{self._cluster.address}: no Dask worker took steps for {SECONDS_WITHOUT_WORKERS} s. Start workers "
                "and run the same command again; finished work is kept"
            )

    @contextlib.contextmanager
    def _asking(self) -> Any:
        """A block that asks Dask's client; raises SchedulerError where it has lost the scheduler."""
        try:
            yield
        except Exception as error:  # Dask raises many kinds when a connection is lost
            raise self._cluster.lost(error) from error

    def _cancel(self, runs: Collection[ClusterRun]) -> None:
        futures = [run.future for run in runs if run.future is not None]
        if futures and not self._cluster.is_lost:
            with contextlib.suppress(Exception):  # the scheduler may be lost
                self._cluster.cancel(futures)

    def end(self, runs: Collection[ClusterRun]) -> None:
        """Interrupt steps, and wait until they have cleaned up."""
        for run in runs:
            run.is_terminated = True
            if run in self._waiting:
                self._waiting.remove(run)
                run.is_over = True
        self._cancel(runs)
        deadline = time.monotonic() + SECONDS_TO_INTERRUPT
        with contextlib.suppress(queue.Empty, SchedulerError):
            # A step that has not begun has nothing to clean up.
            while any(run.order in self._runs and run.has_begun for run in runs) and not self._cluster.is_lost:
                left = max(0.0, deadline - time.monotonic())
                self._take(*self._inbox.get(timeout=left))
        for run in runs:
            self._reports.ignore(run.order)
            self._release(run.order)
            run.is_over = True

    def interrupt(self) -> None:
        """End all running steps at once."""
        self.end(list(self._runs.values()))
        self._here.interrupt()

    def close(self) -> None:
        """End the idle processes, here and on the cluster, and the connection."""
        self._watching.end()
        self._here.close()
        with contextlib.suppress(Exception):  # the scheduler may be lost
            self._cluster.client.unsubscribe_topic(self._cluster.topic)
        self._cluster.close()
