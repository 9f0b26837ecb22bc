"""Processes that run steps one after the other, as starting one for each step would cost more than many a step.

Luigi starts a process for every step. Here it is handed something that looks like one, a StepRun, which passes the step
on to a process that stays.
"""

from __future__ import annotations

import importlib
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
from typing import Any

from hearpreprocess.steps import Step, interrupt, is_interrupted

EXIT_STATUS = 143
SECONDS_TO_END = 10
"""How long a process may tidy up after it has been told to end; what it leaves then, the runner removes."""

SECONDS_TO_CLOSE = 60
LONGEST_WAIT = 0.3
"""In seconds, between two looks whether the person has had enough."""

# A process that has grown beyond this is replaced, so that one large step does not make all the small ones large.
LARGEST_MIB_KEPT = 300

# The largest block after whose release glibc's allocator keeps blocks of that size for the next array, instead of
# handing them back to the system, which has to clear them page by page each time (mallopt(3), M_MMAP_THRESHOLD).
LARGEST_BLOCK_KEPT = (32 << 20) - (1 << 16)

_HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Results:
    """What a step's result is put into, in the process that runs the step."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, result: Any) -> None:
        """Send a result, with the most memory in MiB that this process has used so far."""
        if is_interrupted():  # the step has none
            return
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            self._connection.send((result, peak / (2**20 if sys.platform == "darwin" else 2**10)))
        except OSError:  # the runner is gone
            return


Work = Callable[[Step, Results], None]
"""Runs a step to its end and puts the result; must be importable in a process that is spawned."""


class StepPool:
    """The processes, and the results of their steps in the way in which Luigi takes them: `get`, `put`, `close`.

    `work`: what a process does with a step. `most`: how many processes there may be.
    """

    def __init__(self, work: Work, most: int = 1) -> None:
        self._work, self._most = work, most
        self._processes: list[_StepProcess] = []
        self._noted: deque[Any] = deque()
        self._loading = threading.Thread(target=_load, name="loading", daemon=True)

    def idle(self) -> _StepProcess:
        """A process that has nothing to do: one that was forked with all libraries loaded, where that can be had."""
        self._processes = [process for process in self._processes if process.can_go_on()]
        idle = [process for process in self._processes if not process.is_busy]
        loaded = [process for process in idle if process.is_loaded]
        if loaded or (idle and len(self._processes) >= self._most):
            return (loaded or idle)[0]
        return self._start()

    def _start(self) -> _StepProcess:
        """The first process begins at once; while it does, this one loads what the later ones then have."""
        is_forked = multiprocessing.get_start_method() == "fork"
        is_first = self._loading.ident is None
        if not is_first:
            self._loading.join()  # a process that is forked while a module is loaded could never load it
        others = [process.connection for process in self._processes]
        process = _StepProcess(self._work, others, is_loaded=is_forked and not is_first)
        self._processes.append(process)
        if is_first and is_forked:
            self._loading.start()
        return process

    def put(self, result: Any) -> None:
        """Add a result that no process has sent."""
        self._noted.append(result)

    def get(self, timeout: float) -> Any:
        """The next result; raises queue.Empty where none comes within `timeout` seconds, or within LONGEST_WAIT."""
        if self._noted:
            return self._noted.popleft()
        busy = {process.connection: process for process in self._processes if process.is_busy}
        for ready in multiprocessing.connection.wait(list(busy), min(timeout, LONGEST_WAIT)):
            process = busy[ready]  # type: ignore[index]
            try:
                return process.receive()
            except (EOFError, OSError):  # it has died, which Luigi finds out by asking its StepRun
                self._processes.remove(process)
                process.end()
        raise queue.Empty

    def interrupt(self) -> None:
        """End the steps that are being run, all at once."""
        _interrupt([process for process in self._processes if process.is_busy])

    def close(self) -> None:
        """End the processes, which have nothing to do any more."""
        for process in self._processes:
            process.end()


class _StepProcess:
    def __init__(self, work: Work, connections_of_others: Sequence[Connection], *, is_loaded: bool) -> None:
        self.connection, other_end = multiprocessing.Pipe()
        self.is_loaded = is_loaded
        self.is_busy = False
        self._is_too_large = False
        # A process that is forked inherits the runner's ends, and with them open nobody would notice the runner's end.
        inherited = [self.connection, *connections_of_others] if multiprocessing.get_start_method() == "fork" else []
        self.process = multiprocessing.Process(target=_serve, args=(work, other_end, inherited), name="steps")
        # Signals wait until the process has handlers of its own; with the runner's it would not end.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        other_end.close()

    def can_go_on(self) -> bool:
        if self.is_busy or not self._is_too_large:
            return self.process.is_alive()
        self.end()
        return False

    def send(self, step: Step) -> None:
        self.is_busy = True
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
    """One run of a step, as Luigi looks at it. `timeout`: seconds that it may take, 0 for any number."""

    use_multiprocessing = True

    def __init__(self, pool: StepPool, step: Step, timeout: float = 0) -> None:
        self.task = step
        self.worker_timeout = timeout
        self.timeout_time = time.time() + timeout if timeout else None
        self._pool = pool
        self._at_work: _StepProcess | None = None

    def start(self) -> None:
        """Hand the step to a process."""
        self._at_work = self._pool.idle()
        try:
            self._at_work.send(self.task)
        except OSError:  # it died just now
            self._at_work = self._pool.idle()
            self._at_work.send(self.task)

    def is_alive(self) -> bool:
        """Whether the process that runs the step is there."""
        return self._at_work is not None and self._at_work.process.is_alive()

    @property
    def exitcode(self) -> int | str | None:
        """How that process ended, which is never well while the step has no result."""
        if self._at_work is None or self._at_work.process.is_alive():
            return None
        return self._at_work.process.exitcode or "0 before the step had"

    def terminate(self) -> None:
        """End the step, and with it the process that runs it."""
        if self._at_work is not None:
            _interrupt([self._at_work])


def _interrupt(processes: Sequence[_StepProcess]) -> None:
    """Tell processes to end their steps, wait for it, and end by force what has not, and what they have started."""
    import psutil

    started = []
    for process in processes:
        try:
            started += psutil.Process(process.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            continue
        process.process.terminate()
    deadline = time.monotonic() + SECONDS_TO_END
    for process in processes:
        process.process.join(max(0.0, deadline - time.monotonic()))
        process.process.kill()
        process.process.join()
    for child in started:
        try:
            child.terminate()
        except psutil.NoSuchProcess:
            continue


def _load() -> None:
    for module in ("pandas", "soundfile", "soxr", "isal.igzip_threaded"):
        importlib.import_module(module)


def _serve(work: Work, connection: Connection, inherited: Sequence[Connection]) -> None:
    """Run the steps that come over a connection, until the runner closes it or is gone."""
    for runners_end in inherited:
        runners_end.close()
    for number in (signal.SIGINT, signal.SIGHUP):  # they are the runner's to handle
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end_step)
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
        threading.Thread(target=_end_with_the_runner, name="runner", daemon=True).start()
        bytearray(LARGEST_BLOCK_KEPT)
        while not is_interrupted():
            try:
                step = connection.recv()
            except (EOFError, OSError):
                return
            work(step, Results(connection))
    except KeyboardInterrupt:
        pass
    raise SystemExit(EXIT_STATUS)


def _end_step(number: int, frame: FrameType | None) -> None:
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 2)  # what libraries say of being ended is no news
    os.close(silent)
    interrupt()


def _end_with_the_runner() -> None:
    """End this process when the runner is gone: its step could go on for hours and keep the next run waiting."""
    runner = multiprocessing.parent_process()
    if runner is not None:
        multiprocessing.connection.wait([runner.sentinel])
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
        time.sleep(SECONDS_TO_END)
        os._exit(EXIT_STATUS)
