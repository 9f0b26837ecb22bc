"""A pool of worker processes for steps, as starting a process for each step would cost more than many steps do.

Luigi starts a process for every step. Here it gets a StepRun with the interface of a process, which passes the step to
a process of the pool.
"""

from __future__ import annotations

import gc
import multiprocessing
import multiprocessing.connection
import os
import queue
import resource
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from types import FrameType
from typing import Any, NoReturn, Protocol

from hearpreprocess.engine.loading import Loading
from hearpreprocess.engine.starting import without_main_script
from hearpreprocess.steps import Step, interrupt, is_interrupted

EXIT_STATUS = 143
SECONDS_TO_END = 10
"""The seconds that an interrupted process has for its cleanup before it is killed; the runner removes its leftovers."""

SECONDS_TO_CLOSE = 60
LONGEST_WAIT = 0.3
"""In seconds, between two checks for an interruption."""

# A process with more memory than this is replaced, so that it does not keep the memory of one large step.
LARGEST_MIB_KEPT = 300

# The largest block after whose release glibc's allocator keeps blocks of that size for the next array, instead of
# handing them back to the system, which has to clear them page by page each time (mallopt(3), M_MMAP_THRESHOLD).
LARGEST_BLOCK_KEPT = (32 << 20) - (1 << 16)

_HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Sending(Protocol):
    """What sends an object to another process."""

    def send(self, obj: Any, /) -> object:
        """Send it; raises OSError where the other process has ended."""


class Results:
    """The queue for a step's result, in the process that runs the step. `connection`: sends it."""

    def __init__(self, connection: Sending) -> None:
        self._connection = connection

    def put(self, result: Any) -> None:
        """Send a result, with the most memory in MiB that this process has used so far."""
        if is_interrupted():  # the step has no result
            return
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            self._connection.send((result, peak / (2**20 if sys.platform == "darwin" else 2**10)))
        except OSError:  # the runner has ended
            return


RunStep = Callable[[Step, Results], None]
"""Runs a step and puts its result; must be importable in a spawned process."""


class StepPool:
    """The processes on this host: a Pool.

    `work`: called by a process for each step. `most`: the maximum number of processes.
    """

    def __init__(self, work: RunStep, most: int = 1) -> None:
        self._work, self._most = work, most
        self._processes: list[_StepProcess] = []
        self._noted: deque[Any] = deque()
        self._loading = Loading()

    def idle(self) -> _StepProcess:
        """An idle process, if possible one that was forked with all libraries loaded; none waits for that."""
        self._processes = [process for process in self._processes if process.is_reusable()]
        idle = [process for process in self._processes if not process.is_busy]
        loaded = [process for process in idle if process.is_loaded]
        if loaded or (idle and (len(self._processes) >= self._most or self._loading.is_alive())):
            return (loaded or idle)[0]
        return self._start()

    def _start(self) -> _StepProcess:
        """Start a process. While the first one works, this process loads the libraries that later forks inherit."""
        is_forked = multiprocessing.get_start_method() == "fork"
        others = [process.connection for process in self._processes]
        with self._loading.paused():
            process = _StepProcess(self._work, others, is_loaded=is_forked and self._loading.is_done)
        self._processes.append(process)
        if is_forked and self._loading.ident is None:
            self._loading.start()
        return process

    @property
    def capacity(self) -> int:
        """How many steps may run: those that wait for the network leave their processor to another step."""
        return self._most + sum(process.is_busy and process.waits_for_network for process in self._processes)

    @property
    def busy(self) -> int:
        """The number of running steps."""
        return sum(process.is_busy for process in self._processes)

    def run_of(self, step: Step, timeout: float = 0) -> StepRun:
        """A run of a step, to be started. `timeout`: in seconds, 0 for none."""
        return StepRun(self, step, timeout)

    def put(self, result: Any) -> None:
        """Add a result that does not come from a process."""
        self._noted.append(result)

    def get(self, timeout: float) -> Any:
        """The next result; raises queue.Empty if none comes within `timeout` seconds, at most LONGEST_WAIT."""
        if self._noted:
            return self._noted.popleft()
        busy = {process.connection: process for process in self._processes if process.is_busy}
        for ready in multiprocessing.connection.wait(list(busy), min(timeout, LONGEST_WAIT)):
            process = busy[ready]  # type: ignore[index]
            try:
                return process.receive()
            except (EOFError, OSError):  # the process has died, which Luigi detects by its StepRun
                self._processes.remove(process)
                process.end()
        raise queue.Empty

    def interrupt(self) -> None:
        """End all running steps at once."""
        end_processes([process.process for process in self._processes if process.is_busy])

    def close(self) -> None:
        """End the idle processes."""
        for process in self._processes:
            process.end()


class _StepProcess:
    def __init__(self, work: RunStep, connections_of_others: Sequence[Connection], *, is_loaded: bool) -> None:
        self.connection, other_end = multiprocessing.Pipe()
        self.is_loaded = is_loaded
        self.is_busy = self.waits_for_network = False
        self._is_too_large = False
        # A forked process must close the inherited ends of the runner's connections to notice when the runner ends.
        inherited = [self.connection, *connections_of_others] if multiprocessing.get_start_method() == "fork" else []
        self.process = multiprocessing.Process(target=_serve, args=(work, other_end, inherited), name="steps")
        # Signals are blocked until the process has its own handlers; with the runner's it would not end.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
        try:
            with without_main_script():
                self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        other_end.close()

    def is_reusable(self) -> bool:
        if self.is_busy or not self._is_too_large:
            return self.process.is_alive()
        self.end()
        return False

    def send(self, step: Step) -> None:
        self.is_busy, self.waits_for_network = True, step.waits_for_network
        self.connection.send(step)

    def receive(self) -> Any:
        result, mebibytes = self.connection.recv()
        self.is_busy = False
        self._is_too_large = mebibytes > LARGEST_MIB_KEPT
        return result

    def end(self) -> None:
        self.connection.close()
        self.process.join(SECONDS_TO_CLOSE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


class StepRun:
    """One run of a step, with the interface of a process. `timeout`: in seconds, 0 for none."""

    use_multiprocessing = True

    def __init__(self, pool: StepPool, step: Step, timeout: float = 0) -> None:
        self.task = step
        self.worker_timeout = timeout
        self.timeout_time = time.time() + timeout if timeout else None
        self._pool = pool
        self._process: _StepProcess | None = None

    def start(self) -> None:
        """Pass the step to a process."""
        self._process = self._pool.idle()
        try:
            self._process.send(self.task)
        except OSError:  # the process has just died
            self._process = self._pool.idle()
            self._process.send(self.task)

    def is_alive(self) -> bool:
        """Whether the process that runs the step is alive."""
        return self._process is not None and self._process.process.is_alive()

    @property
    def exitcode(self) -> int | str | None:
        """The exit code of that process; not 0 while the step has no result."""
        if self._process is None or self._process.process.is_alive():
            return None
        return self._process.process.exitcode or "0 before the step had"

    def terminate(self) -> None:
        """End the step, and with it the process that runs it."""
        if self._process is not None:
            end_processes([self._process.process])


class EndableProcess(Protocol):
    """What ending a process needs of it."""

    @property
    def pid(self) -> int | None:
        """The process number."""

    def terminate(self) -> None:
        """Signal it to end."""

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end, for at most `timeout` seconds."""

    def kill(self) -> None:
        """End it at once."""


def end_processes(processes: Sequence[EndableProcess]) -> None:
    """Signal processes to end their steps, wait, and kill those that have not ended and their child processes."""
    import psutil

    started = []
    for process in processes:
        try:
            started += psutil.Process(process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            continue
        process.terminate()
    deadline = time.monotonic() + SECONDS_TO_END
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))
        process.kill()
        process.join()
    for child in started:
        try:
            child.terminate()
        except psutil.NoSuchProcess:
            continue


def _serve(work: RunStep, connection: Connection, inherited: Sequence[Connection]) -> None:
    """Run the steps that arrive over a connection until the runner closes it or ends."""
    for runners_end in inherited:
        runners_end.close()
    runner = multiprocessing.parent_process()
    serve(lambda step: work(step, Results(connection)), connection, runner.sentinel if runner else None)


def serve(handle: Callable[[Any], object], connection: Connection, sentinel: int | None) -> NoReturn:
    """Handle what arrives over a connection, until it is closed or its other process ends; then end this process.

    `sentinel`: a descriptor that becomes readable when the other process ends.
    """
    for number in (signal.SIGINT, signal.SIGHUP):  # only the runner handles them
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end_step)
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
        if sentinel is not None:
            threading.Thread(target=_end_with_the_runner, args=(sentinel,), name="runner", daemon=True).start()
        gc.freeze()  # the modules, which each collection would go through
        bytes(LARGEST_BLOCK_KEPT)  # without touching its pages, as a bytearray would
        while not is_interrupted():
            try:
                request = connection.recv()
            except (EOFError, OSError):
                raise SystemExit(0) from None
            handle(request)
    except KeyboardInterrupt:
        pass
    raise SystemExit(EXIT_STATUS)


def _end_step(number: int, frame: FrameType | None) -> None:
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 2)  # hides the libraries' messages about the interruption
    os.close(devnull)
    sys.stderr = sys.__stderr__  # in a forked notebook, sys.stderr is the notebook's, which would show them
    interrupt()


def _end_with_the_runner(sentinel: int) -> None:
    """End this process when the runner has ended, as its step could block the next run for hours."""
    multiprocessing.connection.wait([sentinel])
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    time.sleep(SECONDS_TO_END)
    os._exit(EXIT_STATUS)
