"""A step that a Dask cluster runs, and the workers that may run it."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Protocol

import luigi.task

from hearpreprocess.engine.cluster import ClusterWorker
from hearpreprocess.objects import ObjectPath
from hearpreprocess.steps import Step


@dataclass(eq=False)
class Host:
    """A checked worker with the steps that it has. `is_paused`: whether it takes no more."""

    worker: ClusterWorker
    runs: set[ClusterRun] = field(default_factory=set)
    is_paused: bool = False

    @property
    def load(self) -> float:
        """The steps for each of its threads."""
        return len(self.runs) / self.worker.threads


class RunningPool(Protocol):
    """What begins and ends steps."""

    def begin(self, run: ClusterRun) -> None:
        """Pass a step to a worker."""

    def end(self, runs: Collection[ClusterRun]) -> None:
        """Interrupt steps, and wait until they have cleaned up."""


def runs_here(step: Step) -> bool:
    """Whether a step needs what workers may lack: the network, or the rights of an object store."""
    if step.needs_network:
        return True
    asked = (step, *luigi.task.flatten(step.requires())) if step.workspace.tar_url else ()
    return any(isinstance(path, ObjectPath) for one in asked for path in getattr(one, "output_paths", ()))


class ClusterRun:
    """One run of a step on a cluster, with the interface of a process: a Run.

    `lost`: the workers that were lost with it. `last_host`, `last_address`: of the worker that had it last.
    """

    use_multiprocessing = True
    exitcode = None
    """A process that dies is reported by its worker."""

    def __init__(self, pool: RunningPool, step: Step, timeout: float = 0) -> None:
        self.task = step
        self.worker_timeout = timeout
        self.timeout_time: float | None = None
        self._pool = pool
        self.order = ""
        self.has_begun = False
        self.host: Host | None = None
        self.future: Any = None
        self.lost: list[str] = []
        self.last_host = self.last_address = ""
        self.is_terminated = self.is_over = False

    def note_begin(self) -> None:
        """A worker has begun the step: its time counts from now on."""
        self.has_begun = True
        self.timeout_time = time.time() + self.worker_timeout if self.worker_timeout else None

    def start(self) -> None:
        """Pass the step to a worker."""
        self._pool.begin(self)

    def is_alive(self) -> bool:
        """Whether a result may still come."""
        return not self.is_over

    def terminate(self) -> None:
        """End the step, and wait for its end."""
        self._pool.end([self])
