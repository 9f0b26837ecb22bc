"""What a run asks of that which runs its steps: processes on this host, or the workers of a cluster.

Luigi starts a process for every step and waits for results on a queue. Here it gets a Run with the interface of a
process, and a Pool with the methods of a queue that Luigi uses: `get`, `put`, `close`.
"""

from __future__ import annotations

from typing import Any, Protocol

from hearpreprocess.steps import Step


class Run(Protocol):
    """One run of a step, with the interface of a process.

    `timeout_time`: when Luigi ends it, in seconds since the epoch; None for never.
    """

    use_multiprocessing: bool
    task: Step
    worker_timeout: float
    timeout_time: float | None

    def start(self) -> None:
        """Begin the step."""

    def is_alive(self) -> bool:
        """Whether a result may still come."""

    @property
    def exitcode(self) -> int | str | None:
        """How the process has died that ran the step; not 0, and None while a result may come."""

    def terminate(self) -> None:
        """End the step, and wait for its end."""


class Pool(Protocol):
    """Runs steps, and is the queue of their results."""

    @property
    def capacity(self) -> int:
        """How many steps may run now."""

    def run_of(self, step: Step, timeout: float = 0) -> Run:
        """A run of a step, to be started. `timeout`: in seconds, 0 for none."""

    def put(self, result: Any) -> None:
        """Add a result that does not come from a step."""

    def get(self, timeout: float) -> Any:
        """The next result; raises queue.Empty if none comes within `timeout` seconds."""

    def interrupt(self) -> None:
        """End all running steps at once."""

    def close(self) -> None:
        """End what waits for steps."""
