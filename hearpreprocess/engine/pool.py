"""Processes that run steps one after the other, as starting one for each step would cost more than many a step.

Luigi starts a process for every step. Here it is handed something that looks like one, a StepRun, which passes the step
on to a process that stays.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import multiprocessing.connection
import os
import queue
import resource
import signal
import sys
import threading
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import Connection
from types import FrameType
from typing import Any

import luigi.worker

from hearpreprocess.engine.log import log_path, log_to
from hearpreprocess.engine.reporter import Reporter
from hearpreprocess.steps import Interruption, Step
from hearpreprocess.storage import remove

EXIT_STATUS = 143
SECONDS_TO_UNWIND, SECONDS_TO_END = 5, 60

# A process that has grown beyond this is replaced, so that one large step does not make all the small ones large.
LARGEST_MIB_KEPT = 300

# The largest block after whose release glibc's allocator keeps blocks of that size for the next array, instead of
# handing them back to the system, which has to clear them page by page each time (mallopt(3), M_MMAP_THRESHOLD).
LARGEST_BLOCK_KEPT = (32 << 20) - (1 << 16)


class StepPool:
    """The processes, and the results of their steps in the way in which Luigi takes them: `get`, `put`, `close`.

    `scheduler_url`: of a luigid whose page shows how far each step is.
    """

    def __init__(self, most: int = 1, scheduler_url: str | None = None) -> None:
        self._most, self.scheduler_url = most, scheduler_url
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
        process = _StepProcess(
            [process.connection for process in self._processes], is_loaded=is_forked and not is_first
        )
        self._processes.append(process)
        if is_first and is_forked:
            self._loading.start()
        return process

    def put(self, result: Any) -> None:
        """Add a result that no process has sent."""
        self._noted.append(result)

    def get(self, timeout: float) -> Any:
        """The next result; raises queue.Empty where none comes within `timeout` seconds."""
        if self._noted:
            return self._noted.popleft()
        busy = {process.connection: process for process in self._processes if process.is_busy}
        for ready in multiprocessing.connection.wait(list(busy), timeout):
            process = busy[ready]  # type: ignore[index]
            try:
                return process.receive()
            except (EOFError, OSError):  # it has died, which Luigi finds out by asking its StepRun
                self._processes.remove(process)
                process.end()
        raise queue.Empty

    def close(self) -> None:
        """End the processes, which have nothing to do any more."""
        for process in self._processes:
            process.end()


class _StepProcess:
    def __init__(self, connections_of_others: Sequence[Connection], *, is_loaded: bool) -> None:
        self.connection, other_end = multiprocessing.Pipe()
        self.is_loaded = is_loaded
        self.is_busy = False
        self._is_too_large = False
        # A process that is forked inherits the runner's ends, and with them open nobody would notice the runner's end.
        inherited = [self.connection, *connections_of_others] if multiprocessing.get_start_method() == "fork" else []
        self.process = multiprocessing.Process(target=_serve, args=(other_end, inherited), name="steps")
        self.process.start()
        other_end.close()

    def can_go_on(self) -> bool:
        if self.is_busy or not self._is_too_large:
            return self.process.is_alive()
        self.end()
        return False

    def send(self, step: Step, worker_id: str, scheduler_url: str | None) -> None:
        self.is_busy = True
        self.connection.send((step, worker_id, scheduler_url))

    def receive(self) -> Any:
        result, mebibytes = self.connection.recv()
        self.is_busy = False
        self._is_too_large = mebibytes > LARGEST_MIB_KEPT
        return result

    def end(self) -> None:
        self.connection.close()
        self.process.join(SECONDS_TO_END)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


class StepRun:
    """One run of a step, as Luigi looks at it."""

    use_multiprocessing = True
    timeout_time = None

    def __init__(self, pool: StepPool, step: Step, worker_id: str) -> None:
        self.task = step
        self._pool, self._worker_id = pool, worker_id
        self._at_work: _StepProcess | None = None

    def start(self) -> None:
        """Hand the step to a process."""
        self._at_work = self._pool.idle()
        try:
            self._at_work.send(self.task, self._worker_id, self._pool.scheduler_url)
        except OSError:  # it died just now
            self._at_work = self._pool.idle()
            self._at_work.send(self.task, self._worker_id, self._pool.scheduler_url)

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
        """End the process and those that it has started."""
        import psutil

        if self._at_work is None:
            return
        process = self._at_work.process
        with contextlib.suppress(psutil.NoSuchProcess):
            started = psutil.Process(process.pid).children(recursive=True)
            process.terminate()
            process.join(SECONDS_TO_END)
            process.kill()
            process.join()
            for child in started:
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.terminate()


def _load() -> None:
    for module in ("pandas", "soundfile", "soxr", "isal.igzip_threaded"):
        importlib.import_module(module)


def _serve(connection: Connection, inherited: Sequence[Connection]) -> None:
    """Run the steps that come over a connection, until the runner closes it or is gone."""
    for runners_end in inherited:
        runners_end.close()
    for number in (signal.SIGINT, signal.SIGHUP):  # they are the runner's to handle
        signal.signal(number, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, _unwind)
    if Interruption.has_arrived:  # between the fork and here
        raise SystemExit(EXIT_STATUS)
    threading.Thread(target=_end_with_the_runner, name="runner", daemon=True).start()
    bytearray(LARGEST_BLOCK_KEPT)
    while not Interruption.has_arrived:
        try:
            step, worker_id, scheduler_url = connection.recv()
        except (EOFError, OSError):
            return
        if step.workspace.journal:
            log_to(log_path(step.workspace.journal, step.workspace.tmp_dir))
        reporter = Reporter(step.task_id, scheduler_url)
        luigi.worker.TaskProcess(step, worker_id, _Results(connection), reporter, check_complete_on_run=True).run()


def _end_with_the_runner() -> None:
    """End this process when the runner is gone: its step could go on for hours and keep the next run waiting."""
    runner = multiprocessing.parent_process()
    if runner is not None:
        multiprocessing.connection.wait([runner.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)


class _Results:
    """What Luigi puts the result of a step into."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, result: Any) -> None:
        """Send a result, with the most memory in MiB that this process has used so far."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with contextlib.suppress(OSError):  # the runner is gone
            self._connection.send((result, peak / (2**20 if sys.platform == "darwin" else 2**10)))


def _unwind(number: int, frame: FrameType | None) -> None:
    """End the step, so that half-made things are removed. Where a library drops the exception, it is raised again."""
    if number == signal.SIGALRM and _is_tidying(frame):
        signal.alarm(SECONDS_TO_UNWIND)
        return
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 2)  # what libraries say of being ended is no news
    Interruption.has_arrived = True
    signal.alarm(SECONDS_TO_UNWIND if number == signal.SIGTERM else 0)
    raise SystemExit(EXIT_STATUS)


def _is_tidying(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code is remove.__code__:
            return True
        frame = frame.f_back
    return False
