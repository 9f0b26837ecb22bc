"""What runs in a Dask worker: it passes steps to processes of its own, and their reports to Dask's events.

The run opens a Session in each worker that it uses. The session starts a process for each thread that runs a step, and
ends them all when the run closes it, when the worker closes, or when the worker dies.

A report is an event of Dask's: (name of the order, its number in the order, kind, pickled payload), as Dask's own
packing fails for some texts and ends the worker. The kinds are "begun", those of cluster_process, and these ends of an
order: "result", "died" with an exit code, "ended" after an interruption.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from multiprocessing.connection import Connection
from typing import Any

from distributed import Worker, WorkerPlugin, get_worker

from hearpreprocess.engine.cluster_proof import Proof, differences
from hearpreprocess.engine.pool import LARGEST_MIB_KEPT, SECONDS_TO_CLOSE, SECONDS_TO_END, end_processes

SECONDS_BETWEEN_LOOKS = 0.1
"""Between two checks whether an order has been cancelled."""

SECONDS_IDLE = 60
"""After which a process without a step ends."""

SECONDS_UNUSED = 900
"""After which a session without a step ends, as that of a run that was killed; a run that lives opens another."""

_sessions: dict[tuple[str, str], Session] = {}
"""By the worker's id and the name of the run, as one process may have several workers."""


class UncheckedWorkerError(RuntimeError):
    """This worker has no session of the run: it has been started again, or was never checked."""


class StepProgram:
    """A process that runs steps, started as a new program; it ends when this process ends.

    `terminate`, `join`, `kill`: as those of a process of multiprocessing.
    """

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        lifeline, self._lifeline = os.pipe()  # nobody writes to it; the end of this process closes it
        path = os.pathsep.join(filter(None, sys.path))
        with theirs:
            command = [sys.executable, "-X", "utf8", "-m", "hearpreprocess.engine.cluster_process"]
            self._process = subprocess.Popen(
                [*command, str(theirs.fileno()), str(lifeline)],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), lifeline),
                env=os.environ | {"PYTHONPATH": path},
            )
        os.close(lifeline)
        self.connection = Connection(ours.detach())
        self.is_too_large = False

    @property
    def pid(self) -> int:
        """The process number."""
        return self._process.pid

    def ask(self, *request: Any) -> Any:
        """Send a request that has a reply, and return it; raises EOFError where the process has died."""
        self.connection.send(request)
        _kind, reply = self.connection.recv()
        return reply

    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def exit_code(self) -> int:
        """The exit code of a process that has closed its connection."""
        self.join(SECONDS_TO_END)
        self.kill()
        return self._process.wait()

    def terminate(self) -> None:
        """Signal it to end."""
        self._process.terminate()

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end, for at most `timeout` seconds."""
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def close(self) -> None:
        """End it once it has no step."""
        self.connection.close()
        self.join(SECONDS_TO_CLOSE)
        self.kill()
        self._process.wait()
        self._close_lifeline()

    def interrupt(self) -> None:
        """End it and what it has started, and wait for its cleanup."""
        end_processes([self])
        self.connection.close()
        self._close_lifeline()

    def _close_lifeline(self) -> None:
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1


class Session(WorkerPlugin):
    """The processes of one run in this Dask worker, and its cancelled orders.

    `loaded`: the code that the processes must load, as it was when the worker was checked.
    """

    def __init__(self, run: str, first: StepProgram, loaded: Mapping[str, object]) -> None:
        self.name = f"hearpreprocess-{run}"
        self.loaded = loaded
        self._run = run
        self._idle, self._busy = {first: time.monotonic()}, set[StepProgram]()
        self._cancelled: set[str] = set()
        self._is_closed = False
        self._lock = threading.Lock()
        self._used = time.monotonic()
        self._ending_idle: asyncio.Task[None] | None = None

    async def setup(self, worker: Worker) -> None:
        """Called by Dask when the session is opened."""
        self._ending_idle = asyncio.create_task(self._end_idle(worker))

    async def _end_idle(self, worker: Worker) -> None:
        """End processes that have been idle for a while, as a run that was killed cannot close its session."""
        while not self._is_unused():
            await asyncio.sleep(SECONDS_IDLE / 2)
            with self._lock:
                before = time.monotonic() - SECONDS_IDLE
                old = [process for process, since in self._idle.items() if since < before]
                for process in old:
                    del self._idle[process]
            for process in old:
                await asyncio.to_thread(process.close)
        self._ending_idle = None  # which the end of the session would cancel
        await worker.plugin_remove(self.name)

    def _is_unused(self) -> bool:
        with self._lock:
            return not self._busy and time.monotonic() - self._used > SECONDS_UNUSED

    def transition(self, key: Any, start: str, finish: str, **facts: Any) -> None:
        """Called by Dask when the state of a key changes: it cannot end a running function, but this session can."""
        if start in ("executing", "long-running") and finish == "released":
            self._cancelled.add(str(key))

    async def teardown(self, worker: Worker) -> None:
        """Called by Dask when the worker closes, and when the session is closed."""
        if self._ending_idle is not None:
            self._ending_idle.cancel()
        _sessions.pop((worker.id, self._run), None)
        await asyncio.to_thread(self._close)

    def is_cancelled(self, order: str) -> bool:
        """Whether an order must end."""
        return self._is_closed or order in self._cancelled

    def take(self) -> StepProgram:
        """A process for a step."""
        with self._lock:
            self._used = time.monotonic()
            while self._idle:
                process, _since = self._idle.popitem()
                if process.is_alive():
                    break
            else:
                process = StepProgram()
            self._busy.add(process)
            return process

    def give_back(self, process: StepProgram) -> None:
        """Have a process run further steps, or end it."""
        with self._lock:
            self._used = time.monotonic()
            self._busy.discard(process)
            keeps = process.is_alive() and not process.is_too_large and not self._is_closed
            if keeps:
                self._idle[process] = time.monotonic()
        if not keeps:
            process.close()

    def _close(self) -> None:
        """End all processes; running steps clean up."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, {}
            busy = list(self._busy)
        end_processes(busy)
        for process in idle:
            process.close()


async def open_session(
    run: str, expected: Mapping[str, str], extras: Collection[str], inquiry: bytes, dask_worker: Any = None
) -> dict[str, Any]:
    """Check this worker for a run, and open the run's session if it passes; called by the run, on the event loop.

    `expected`: the facts of the program. `inquiry`: a pickled Inquiry, which is read only by the same program. Returns
    the `host`, the `worker`'s id, the addresses where it is `listening`, the `problems`, and the pickled `proof` of a
    worker that has the same program.
    """
    process = StepProgram()
    listening = [str(listener.listen_address) for listener in dask_worker.listeners]
    listening += [str(dask_worker.nanny)] if dask_worker.nanny else []
    answer = {"host": socket.gethostname(), "worker": dask_worker.id, "listening": listening}
    try:
        loaded, problems, proof = await asyncio.to_thread(_ask, process, expected, extras, inquiry)
    except (EOFError, OSError):
        code = await asyncio.to_thread(process.exit_code)
        problem = f"its process ended with exit code {code} before it answered. See the log of the Dask worker"
        return {**answer, "problems": [problem]}
    if problems:
        await asyncio.to_thread(process.close)
        return {**answer, "problems": problems}
    session = Session(run, process, loaded)
    await dask_worker.plugin_add(session, session.name)  # which removes an earlier session of the run
    _sessions[dask_worker.id, run] = session
    return {**answer, "problems": [], "proof": pickle.dumps(proof)}


def _ask(
    process: StepProgram, expected: Mapping[str, str], extras: Collection[str], inquiry: bytes
) -> tuple[Mapping[str, object], list[str], Proof | None]:
    """The code that a process has loaded, its problems, and its proof if it is the same program."""
    facts, loaded = process.ask("facts", pickle.dumps(list(extras)))
    if problems := differences(expected, facts):
        return loaded, problems, None
    proof: Proof = process.ask("prove", inquiry)
    return loaded, list(proof.problems), proof


async def close_session(run: str, dask_worker: Any = None) -> None:
    """End what this worker has of a run."""
    if (session := _sessions.get((dask_worker.id, run))) is not None:
        await dask_worker.plugin_remove(session.name)


def run_order(run: str, worker_id: str, topic: str, order: str, content: bytes) -> None:
    """Run a step in a process of the session and send its reports; called by Dask in one of the worker's threads.

    `worker_id`: of the worker that was checked. Raises UncheckedWorkerError where another one has started at its
    address. The reports say how the step ended.
    """
    worker = get_worker()
    session = _sessions.get((worker.id, run))
    if session is None or worker.id != worker_id:
        raise UncheckedWorkerError(worker.address)
    for number, (kind, payload) in enumerate(_reports(session, order, content)):
        worker.log_event(topic, (order, number, kind, pickle.dumps(payload)))


def _reports(session: Session, order: str, content: bytes) -> Iterator[tuple[str, Any]]:
    """Run a step, and yield its reports until its end."""
    yield "begun", None
    process = session.take()
    try:
        process.connection.send(("step", session.loaded, content))
        while True:
            if session.is_cancelled(order):
                process.interrupt()
                yield "ended", None
                return
            if not process.connection.poll(SECONDS_BETWEEN_LOOKS):
                continue
            kind, payload = process.connection.recv()
            if kind != "result":
                yield kind, payload
                continue
            result, mebibytes = payload
            process.is_too_large = mebibytes > LARGEST_MIB_KEPT
            yield "result", result
            return
    except (EOFError, OSError):
        if session.is_cancelled(order):
            yield "ended", None
        else:
            yield "died", process.exit_code()
    finally:
        session.give_back(process)
