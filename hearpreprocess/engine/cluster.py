"""A Dask cluster whose workers run the steps of a run: connected, with each worker checked before it gets a step."""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import queue
import threading
import time
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from distributed import Client
from distributed.comm.core import connect
from distributed.security import Security
from distributed.versions import VersionMismatchWarning

from hearpreprocess.engine.cluster_proof import Inquiry, Proof, notes_on, program_facts
from hearpreprocess.engine.cluster_worker import close_session, open_session
from hearpreprocess.engine.dask_address import check_secure, is_exposed
from hearpreprocess.engine.interruption import Interruption
from hearpreprocess.errors import ConfigError, SchedulerError, enumerate_problems
from hearpreprocess.sharing import held_token, look_at_token
from hearpreprocess.storage import Workspace, counted
from hearpreprocess.task import TaskReference

Value = TypeVar("Value")

SECONDS_TO_CONNECT = 30
SECONDS_TO_WAIT_FOR_WORKERS = 60
SECONDS_TO_CHECK = 120
"""For a worker's answer: on a busy network file system its process needs long to load its libraries."""

SECONDS_TO_CANCEL = 5
SECONDS_BETWEEN_LOOKS = 1.0
SECONDS_WITHOUT_ANSWER = 45
"""After which a scheduler that does not answer counts as lost."""

LOGGERS = ("distributed", "distributed.client", "distributed.core", "tornado", "tornado.application", "asyncio")
"""The loggers of Dask's client, whose messages go to the run's log."""


@dataclass(frozen=True)
class ClusterWorker:
    """A checked worker. `address`: of Dask's. `identity`: Dask's id of it. `host`: its name. `threads`: how many."""

    address: str
    identity: str
    host: str
    threads: int


@dataclass(frozen=True)
class RunFacts:
    """What workers are checked for.

    `directories`: those that the steps use. `tasks`: of the run. `paths`: further files and directories that steps
    read. `extras`: those that the tasks need.
    """

    workspace: Workspace
    directories: tuple[Path, ...]
    tasks: tuple[TaskReference, ...]
    paths: tuple[Path, ...]
    extras: frozenset[str]


class Cluster:
    """The connection to a scheduler, the threads of its workers, and their check for a run."""

    def __init__(self, address: str, facts: RunFacts, interruption: Interruption, *, insecure: bool) -> None:
        self.address, self.facts, self._insecure = address, facts, insecure
        self.run = facts.workspace.run
        self.topic = f"hearpreprocess-{self.run}"
        self._expected = program_facts(facts.extras)
        self._checking = threading.Lock()
        self.client: Any = self._connect(interruption)

    def _connect(self, interruption: Interruption) -> Any:
        try:
            # A client that cannot connect waits again when it is discarded, and writes a traceback.
            in_background(lambda: asyncio.run(_try_to_connect(self.address)), interruption)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", VersionMismatchWarning)  # the versions that matter are checked
                return Client(self.address, timeout=SECONDS_TO_CONNECT, set_as_default=False, name="hearpreprocess")
        except ImportError as error:  # a scheduler of another version
            raise SchedulerError(f"{self.address}: {_first_line(error)}") from error
        except (OSError, TypeError, ValueError, RuntimeError) as error:
            raise SchedulerError(f"{self.address}: {_connection_problem(self.address, error)}") from error

    def check_exposure(self) -> None:
        """Raise ConfigError where others can reach the scheduler at its own address, unless that is accepted."""
        own = str(self.client.scheduler_info().get("address", ""))
        if own and not self._insecure:
            check_secure(own, f"the scheduler at {self.address}")

    def threads(self) -> dict[str, int]:
        """By address, the threads of all workers; raises OSError where the scheduler is lost."""
        if self.client.status != "running":
            raise OSError("connection closed")
        # Called in the loop of the client, its methods can be given up, which they cannot where they wait themselves.
        return dict(self.client.sync(self.client.nthreads, callback_timeout=SECONDS_WITHOUT_ANSWER))

    def _call(self, seconds: float, function: Any, *arguments: Any, workers: list[str], on_error: str) -> Any:
        """Call a function in workers, outside of their threads for steps, and return the results by address."""

        def begin() -> Any:
            return self.client.run(function, *arguments, workers=workers, on_error=on_error)

        return self.client.sync(begin, callback_timeout=seconds)

    def lost(self, reason: object) -> SchedulerError:
        """The error for a scheduler that is lost."""
        return SchedulerError(
            f"{self.address}: connection to the Dask scheduler lost: {_first_line(reason)}. Start the scheduler and "
            "its workers, and run the same command again; finished work is kept"
        )

    def check(self, addresses: Mapping[str, int]) -> tuple[list[ClusterWorker], list[str], list[str]]:
        """Check workers by address, with their threads: those that pass, the problems of the others, and notes."""
        passed: list[ClusterWorker] = []
        problems: list[str] = []
        notes: dict[str, None] = {}
        safe = {}
        for address, threads in addresses.items():
            if not self._insecure and is_exposed(address):
                problems.append(
                    f"{address}: others can reach this Dask worker without TLS. Start it with --host 127.0.0.1, use "
                    "tls://, or add --insecure"
                )
            else:
                safe[address] = threads
        if not safe:
            return passed, problems, []
        with self._checking, contextlib.ExitStack() as stack:
            tokens = {path: stack.enter_context(held_token(path)) for path in self.facts.directories}
            clocks = {path: look_at_token(path, token).seconds_ahead for path, token in tokens.items()}
            inquiry = pickle.dumps(Inquiry(tokens, self.facts.tasks, self.facts.paths))
            with ThreadPoolExecutor(max(1, min(32, len(safe)))) as threads_of_checks:
                answers = threads_of_checks.map(lambda address: self._answer(address, inquiry), safe)
            for (address, threads), answer in zip(safe.items(), answers, strict=True):
                if isinstance(answer, str):
                    problems.append(f"{address}: {answer}")
                    continue
                host = answer["host"]
                problems += [f"{host} ({address}): {problem}" for problem in answer["problems"]]
                if not answer["problems"]:
                    proof: Proof = pickle.loads(answer["proof"])  # noqa: S301  (of the same program)
                    notes.update(dict.fromkeys(notes_on(proof, clocks)))
                    passed.append(ClusterWorker(address, answer["worker"], host, threads))
        return passed, problems, list(notes)

    def _answer(self, address: str, inquiry: bytes) -> dict[str, Any] | str:
        """The answer of a worker, or why there is none."""
        try:
            asked = (self.run, self._expected, sorted(self.facts.extras), inquiry)
            answers = self._call(SECONDS_TO_CHECK, open_session, *asked, workers=[address], on_error="return")
        except Exception as error:  # what a worker of another version answers
            return _problem_of_worker(error)
        answer = answers.get(address)
        if isinstance(answer, dict):
            return answer
        return _problem_of_worker(answer) if answer is not None else "the Dask worker left before it was checked"

    def cancel(self, futures: Sequence[Any]) -> None:
        """Have workers end what they run for these futures of Dask's."""
        self.client.sync(lambda: self.client.cancel(futures, force=True), callback_timeout=SECONDS_TO_CANCEL)

    def close(self, workers: Collection[ClusterWorker]) -> None:
        """End what the workers have of the run, and the connection."""
        with contextlib.suppress(Exception):  # the scheduler or a worker may be lost
            if workers and self.client.status == "running":
                addresses = [worker.address for worker in workers]
                self._call(SECONDS_TO_CONNECT, close_session, self.run, workers=addresses, on_error="ignore")
        with contextlib.suppress(Exception):
            self.client.close(timeout=2)
        if self._checking.acquire(timeout=SECONDS_TO_CONNECT):  # a check removes its tokens, and ends with the client
            self._checking.release()


class Watching:
    """A thread that reports changes of the cluster: workers that come, pass or fail their check, and go.

    `report`: called with ("came", checked workers), ("refused", problems), ("noted", notes), ("gone", addresses) and
    ("lost", an error).
    """

    def __init__(
        self, cluster: Cluster, known: Collection[ClusterWorker], report: Callable[[str, Any], object]
    ) -> None:
        self._cluster, self._report = cluster, report
        self._known = {worker.address for worker in known}
        self._over = threading.Event()
        self._recheck: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._watch, name="cluster", daemon=True)
        self._thread.start()

    def check_again(self, address: str) -> None:
        """Check a worker again, as another one has started at its address."""
        self._recheck.put(address)

    def end(self) -> None:
        """End the thread."""
        self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(SECONDS_BETWEEN_LOOKS):
            while not self._recheck.empty():
                self._known.discard(self._recheck.get())
            try:
                threads = self._cluster.threads()
            except Exception as error:  # Dask raises many kinds when a connection is lost
                if not self._over.is_set():
                    self._report("lost", error)
                return
            if gone := self._known - threads.keys():
                self._known -= gone
                self._report("gone", gone)
            came = {address: number for address, number in threads.items() if address not in self._known}
            if came:
                self._known |= came.keys()
                self._check(came)

    def _check(self, came: Mapping[str, int]) -> None:
        try:
            passed, problems, notes = self._cluster.check(came)
        except Exception as error:  # such as a directory that cannot be written to any more
            passed, problems, notes = [], [f"{', '.join(came)}: not checked: {_first_line(error)}"], []
        for kind, found in (("refused", problems), ("noted", notes), ("came", passed)):
            if found:
                self._report(kind, found)


def first_workers(cluster: Cluster, interruption: Interruption, notify: Callable[[str], object]) -> list[ClusterWorker]:
    """The checked workers that a run begins with; waits for the first one.

    Raises ConfigError naming each worker that failed its check, SchedulerError where none comes.
    """
    threads = _first_threads(cluster, interruption, notify)
    passed, problems, notes = in_background(lambda: cluster.check(threads), interruption)
    for note in notes:
        notify(f"note: {note}")
    if problems:
        headline = f"{cluster.address}: {{count}} problems of Dask workers; nothing was made:"
        raise ConfigError(enumerate_problems(headline, problems))
    return list(passed)


def in_background(work: Callable[[], Value], interruption: Interruption) -> Value:
    """The result of some work, which may take long; raises what it raises, and KeyboardInterrupt at once."""
    done: list[tuple[Value] | BaseException] = []

    def run() -> None:
        try:
            done.append((work(),))
        except BaseException as error:
            done.append(error)

    thread = threading.Thread(target=run, name="in background", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(0.1)
        interruption.act()
    (result,) = done
    if isinstance(result, BaseException):
        raise result
    return result[0]


async def _try_to_connect(address: str) -> None:
    """Connect to a scheduler as a client does, and close the connection."""
    arguments = Security().get_connection_args("client")
    connection = await connect(address, timeout=SECONDS_TO_CONNECT, **arguments)
    await connection.close()


def _first_threads(cluster: Cluster, interruption: Interruption, notify: Callable[[str], object]) -> dict[str, int]:
    deadline = time.monotonic() + SECONDS_TO_WAIT_FOR_WORKERS
    has_said = False
    while True:
        interruption.act()
        try:
            threads = cluster.threads()
        except Exception as error:  # Dask raises many kinds when a connection is lost
            raise cluster.lost(error) from error
        if threads:
            return threads
        if time.monotonic() > deadline:
            raise SchedulerError(
                f"{cluster.address}: no Dask worker came within {SECONDS_TO_WAIT_FOR_WORKERS} s. Start workers with "
                f"`dask worker {cluster.address}` and run the same command again"
            )
        if not has_said:
            notify(f"waiting up to {SECONDS_TO_WAIT_FOR_WORKERS} s for workers of the Dask cluster {cluster.address}")
            has_said = True
        time.sleep(0.3)


def summary(workers: Collection[ClusterWorker]) -> str:
    """How many workers a cluster has, on which hosts, for the user."""
    hosts = sorted({worker.host for worker in workers})
    threads = sum(worker.threads for worker in workers)
    return f"{counted(len(workers), 'workers')} with {counted(threads, 'threads')} on {', '.join(hosts)}"


def _connection_problem(address: str, error: BaseException) -> str:
    """Why a scheduler cannot be reached, and what to do."""
    reasons = []
    cause: BaseException | None = error
    while cause is not None:
        reasons.append(f"{type(cause).__name__}: {cause}")
        cause = cause.__cause__ or cause.__context__
    text = " ".join(reasons)
    if address.startswith("tls://"):
        settings = (
            "distributed.comm.tls.ca-file, distributed.comm.tls.client.cert and distributed.comm.tls.client.key "
            "(see docs/dask.md)"
        )
        if "ssl_context" in text or "FileNotFoundError" in text or "require" in text:
            return f"the certificates of Dask's TLS are not set or not found: {_first_line(error)}. Set {settings}"
        if "certificate" in text.lower() or "SSL" in text or "ssl" in text:
            return (
                f"TLS failed: {_first_line(error)}. The scheduler's certificate must be of the authority in {settings}"
            )
    return f"no Dask scheduler there: {_first_line(error)}. Start one with `dask scheduler`, or correct --dask"


def _problem_of_worker(error: object) -> str:
    if isinstance(error, ModuleNotFoundError):
        return (
            f"hearpreprocess with its extra 'dask', of the version of this host, is not installed there: {error}. "
            "Install it in the environment of the Dask worker, and restart that"
        )
    if isinstance(error, TimeoutError):
        return f"the Dask worker did not answer within {SECONDS_TO_CHECK} s. See its log"
    return f"the Dask worker cannot be checked: {type(error).__name__}: {_first_line(error)}. See its log"


def _first_line(error: object) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
