"""A Dask cluster whose workers run the steps of a run: connected, with each worker checked before it gets a step."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import pickle
import queue
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hearpreprocess.engine.cluster_connection import ENDED, connected_client, dask_difference, first_line, in_background
from hearpreprocess.engine.cluster_proof import Inquiry, Proof, notes_on, program_facts, sampled
from hearpreprocess.engine.cluster_worker import close_session, open_session
from hearpreprocess.engine.dask_address import check_secure, is_exposed
from hearpreprocess.engine.interruption import Interruption
from hearpreprocess.errors import ConfigError, SchedulerError, enumerate_problems
from hearpreprocess.sharing import held_token, look_at_token
from hearpreprocess.storage import Workspace, counted
from hearpreprocess.task import TaskReference

SECONDS_TO_WAIT_FOR_WORKERS = 60
SECONDS_TO_CHECK = 120
"""For a worker's answer: on a busy network file system its process needs long to load its libraries."""

SECONDS_TO_CANCEL = 5
SECONDS_TOENDED = "the scheduler ended or restarted"
SECONDS_TO_CLOSE = 15
SECONDS_BETWEEN_LOOKS = 1.0
SECONDS_WITHOUT_ANSWER = 35
"""After which a scheduler that does not answer counts as lost."""

LOGGERS = ("distributed", "distributed.client", "distributed.core", "tornado", "tornado.application", "asyncio")
"""The loggers of Dask's client, whose messages go to the run's log."""

_CLOSE = "Start it with --host 127.0.0.1, use tls://, or add --insecure"


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
        self._checks = 0
        self._checks_change = threading.Condition()
        self._opened: set[str] = set()
        self.is_lost = self._is_closing = False
        self.client: Any = connected_client(address, interruption)

    def check_exposure(self, interruption: Interruption) -> None:
        """Raise ConfigError where others can reach the scheduler at one of its addresses, unless that is accepted."""
        if self._insecure:
            return
        addresses = {str(self.client.scheduler_info().get("address", ""))}
        with contextlib.suppress(Exception):  # a scheduler may refuse functions
            # Defined here, so that it is sent by value: the scheduler's environment may lack this program.
            def listening(dask_scheduler: Any) -> list[str]:
                return [str(listener.listen_address) for listener in dask_scheduler.listeners]

            def ask() -> set[str]:
                return set(self._ask(SECONDS_TO_CLOSE, lambda: self.client.run_on_scheduler(listening)))

            addresses |= in_background(ask, interruption)
        for own in sorted(filter(None, addresses)):
            check_secure(own, f"the scheduler at {self.address}")

    def look(self) -> dict[str, tuple[int, bool]]:
        """By address, the threads of all workers, and whether they take steps: one whose memory is full is paused.

        Raises OSError where the scheduler is lost.
        """
        if self.client.status != "running":
            raise OSError(ENDED)
        identity = self._ask(SECONDS_WITHOUT_ANSWER, lambda: self.client.scheduler.identity())
        return {
            address: (worker["nthreads"], worker.get("status") != "paused")
            for address, worker in identity["workers"].items()
        }

    def _ask(self, seconds: float, begin: Callable[[], Any]) -> Any:
        """The answer to a question of Dask's client; raises TimeoutError, and OSError when the connection is closed."""

        async def ask() -> Any:
            return await begin()

        future = asyncio.run_coroutine_threadsafe(ask(), self.client.loop.asyncio_loop)
        deadline = time.monotonic() + seconds
        while not future.done():
            concurrent.futures.wait([future], timeout=0.2)
            if not future.done() and (self._is_closing or time.monotonic() > deadline):
                future.cancel()
                if self._is_closing:
                    raise OSError("the connection is closed")
                raise TimeoutError(f"no answer within {seconds:.0f} s")
        return future.result()

    def lost(self, reason: object) -> SchedulerError:
        """The error for a scheduler that is lost, which is asked no more."""
        self.is_lost = True
        return SchedulerError(
            f"{self.address}: connection to the Dask scheduler lost: {first_line(reason)}. Start the scheduler and "
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
                problems.append(f"{address}: others can reach this Dask worker without TLS. {_CLOSE}")
            else:
                safe[address] = threads
        if not safe:
            return passed, problems, []
        with self._counted_check(), contextlib.ExitStack() as stack:
            tokens, listings = {}, {}
            for path in self.facts.directories:
                try:
                    tokens[path] = stack.enter_context(held_token(path))
                except OSError:
                    if not path.is_dir():
                        raise
                    listings[path] = sampled(path)  # as of a directory of downloads that is only read
            clocks = {path: look_at_token(path, token).seconds_ahead for path, token in tokens.items()}
            samples = {path: sampled(path) for path in self.facts.paths} | listings
            inquiry = pickle.dumps(Inquiry(tokens, self.facts.tasks, samples))
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

    @contextlib.contextmanager
    def _counted_check(self) -> Iterator[None]:
        """A block that checks workers; closing waits for its end, as it removes its tokens."""
        with self._checks_change:
            self._checks += 1
        try:
            yield
        finally:
            with self._checks_change:
                self._checks -= 1
                self._checks_change.notify_all()

    def _answer(self, address: str, inquiry: bytes) -> dict[str, Any] | str:
        """The answer of a worker, or why there is none."""
        try:
            question = {"op": "versions", "packages": []}
            versions = self._ask(
                SECONDS_TO_CHECK, lambda: self.client.scheduler.broadcast(msg=question, workers=[address])
            )
            if difference := dask_difference(versions.get(address) or {}):
                return difference
            asked = (self.run, self._expected, sorted(self.facts.extras), inquiry)
            # Outside of the worker's threads for steps.
            answers = self._ask(
                SECONDS_TO_CHECK,
                lambda: self.client.run(open_session, *asked, workers=[address], on_error="return"),
            )
        except Exception as error:  # what a worker of another version answers
            return _problem_of_worker(error)
        answer = answers.get(address)
        if not isinstance(answer, dict):
            return _problem_of_worker(answer) if answer is not None else "the Dask worker left before it was checked"
        if not answer["problems"]:
            self._opened.add(address)
            if not self._insecure and (others := [own for own in answer["listening"] if is_exposed(own)]):
                exposed = f"others can reach this Dask worker at {', '.join(others)} without TLS. {_CLOSE}"
                return {**answer, "problems": [exposed]}
        return answer

    def cancel(self, futures: Sequence[Any]) -> None:
        """Have workers end what they run for these futures of Dask's."""
        self.client.sync(lambda: self.client.cancel(futures, force=True), callback_timeout=SECONDS_TO_CANCEL)

    def close(self) -> None:
        """End what the workers have of the run, and the connection."""
        with contextlib.suppress(Exception):  # the scheduler or a worker may be lost
            if self._opened and not self.is_lost and self.client.status == "running":
                closing = {"workers": list(self._opened & self.look().keys()), "on_error": "ignore"}
                self._ask(SECONDS_TO_CLOSE, lambda: self.client.run(close_session, self.run, **closing))
        self._opened.clear()
        self._is_closing = True
        with self._checks_change:
            self._checks_change.wait_for(lambda: not self._checks, timeout=5)
        with contextlib.suppress(Exception):
            self.client.close(timeout=2)


class Watching:
    """A thread that reports changes of the cluster: workers that come, pass or fail their check, pause, and go.

    `report`: called with ("came", checked workers), ("refused", problems), ("noted", notes), ("gone", addresses),
    ("paused", the addresses of all workers that take no steps) and ("lost", an error).
    """

    def __init__(
        self, cluster: Cluster, known: Collection[ClusterWorker], report: Callable[[str, Any], object]
    ) -> None:
        self._cluster, self._report = cluster, report
        self._known = {worker.address for worker in known}
        self._paused: set[str] = set()
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
                workers = self._cluster.look()
            except Exception as error:  # Dask raises many kinds when a connection is lost
                if not self._over.is_set():
                    self._report("lost", error)
                return
            if gone := self._known - workers.keys():
                self._known -= gone
                self._report("gone", gone)
            paused = {address for address, (_threads, is_running) in workers.items() if not is_running}
            if paused != self._paused:
                self._paused = paused
                self._report("paused", paused)
            came = {address: facts[0] for address, facts in workers.items() if address not in self._known}
            if came:
                self._known |= came.keys()
                # One that hangs in its check must not keep this thread from noticing others that are lost.
                threading.Thread(target=self._check, args=(came,), name="check", daemon=True).start()

    def _check(self, came: Mapping[str, int]) -> None:
        try:
            passed, problems, notes = self._cluster.check(came)
        except Exception as error:  # such as a directory that cannot be written to any more
            passed, problems, notes = [], [f"{', '.join(came)}: not checked: {first_line(error)}"], []
        if self._over.is_set():
            return
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
        headline = f"{cluster.address}: {counted(len(problems), 'problems')} of Dask workers; nothing was made:"
        raise ConfigError(enumerate_problems(headline, problems))
    return list(passed)


def _first_threads(cluster: Cluster, interruption: Interruption, notify: Callable[[str], object]) -> dict[str, int]:
    deadline = time.monotonic() + SECONDS_TO_WAIT_FOR_WORKERS
    has_said = False
    while True:
        interruption.act()
        try:
            workers = in_background(cluster.look, interruption)
        except Exception as error:  # Dask raises many kinds when a connection is lost
            raise cluster.lost(error) from error
        if workers:
            return {address: threads for address, (threads, _is_running) in workers.items()}
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


def _problem_of_worker(error: object) -> str:
    if ModuleNotFoundError.__name__ in repr(error):  # Dask passes on some errors as text
        return (
            f"hearpreprocess with its extra 'dask', of the version of this host, is not installed there: {error}. "
            "Install it in the environment of the Dask worker, and restart that"
        )
    if isinstance(error, TimeoutError):
        return f"the Dask worker did not answer within {SECONDS_TO_CHECK} s. See its log"
    if isinstance(error, OSError):
        return f"the Dask worker ended before it was checked: {first_line(error)}. See its log"
    return f"the Dask worker cannot be checked: {type(error).__name__}: {first_line(error)}. See its log"
