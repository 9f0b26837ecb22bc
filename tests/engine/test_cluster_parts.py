"""The parts of a run on a Dask cluster that need no cluster: the order of reports, and what a worker proves."""

from __future__ import annotations

import contextlib
import json
import logging
import pickle
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hearpreprocess.engine import cluster_connection
from hearpreprocess.engine.cluster_connection import connected_client, dask_difference, first_line, in_background
from hearpreprocess.engine.cluster_proof import Inquiry, Proof, differences, notes_on, program_facts, prove, sampled
from hearpreprocess.engine.cluster_reports import Reports
from hearpreprocess.engine.cluster_run import runs_here
from hearpreprocess.engine.interruption import Interruption
from hearpreprocess.engine.log import log_to
from hearpreprocess.errors import SchedulerError
from hearpreprocess.objects import ObjectPath
from hearpreprocess.sharing import Host, held_token
from hearpreprocess.steps import JournalEntry, JournalReader, Step
from hearpreprocess.storage import Workspace
from hearpreprocess.task import TaskReference
from tests import toys


def line(text: str) -> str:
    return json.dumps({"event": "noted", "title": "toy", "stage": "does", "text": text})


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "journal"
    path.touch()
    return path


def event(number: int, kind: str, payload: Any) -> tuple[float, list[Any]]:
    """As Dask passes on a report of a worker."""
    return 0.0, ["order", number, kind, pickle.dumps(payload)]


def texts(journal: Path) -> list[str]:
    return [entry.text for entry in JournalReader(journal).new_entries()]


@pytest.mark.parametrize("arrival", [(0, 1, 2, 3), (3, 2, 1, 0), (0, 3, 1, 2)])
def test_a_step_ends_after_all_that_it_has_reported(journal: Path, arrival: tuple[int, ...]) -> None:
    ends: list[tuple[str, str, Any, list[str]]] = []
    reports = Reports(journal, lambda order, kind, payload: ends.append((order, kind, payload, texts(journal))))
    sent = [("journal", line("a")), ("journal", line("b")), ("journal", line("c")), ("result", ["id", "DONE"])]
    reports.expect("order", "host")
    for number in arrival:
        assert not ends
        reports.take(event(number, *sent[number]))
    assert ends == [("order", "result", ["id", "DONE"], ["a", "b", "c"])]


def test_a_lost_workers_reports_are_not_taken(journal: Path) -> None:
    ends: list[str] = []
    reports = Reports(journal, lambda order, kind, payload: ends.append(order))
    reports.expect("order", "host")
    reports.ignore("order")
    reports.take(event(0, "journal", line("late")))
    reports.take(event(1, "result", []))
    assert (ends, texts(journal)) == ([], [])


def test_a_line_of_a_log_has_the_host_and_its_own_time(journal: Path, tmp_path: Path) -> None:
    reports = Reports(journal, lambda *facts: None)
    reports.expect("order", "node7")
    with log_to(tmp_path / "log"):
        reports.take(event(0, "log", [86400.0 * 365, 4711, logging.ERROR, "100 % lost"]))
    written = (tmp_path / "log").read_text()
    assert written.startswith("1971-01-0")
    assert "4711 ERROR node7: 100 % lost" in written


def test_a_journals_line_is_an_entry(journal: Path) -> None:
    reports = Reports(journal, lambda *facts: None)
    reports.expect("order", "host")
    reports.take(event(0, "journal", line("text")))
    (entry,) = JournalReader(journal).new_entries()
    assert entry == JournalEntry("noted", "toy", "does", text="text")


def test_text_that_is_not_unicode_arrives(journal: Path, tmp_path: Path) -> None:
    ends: list[Any] = []
    reports = Reports(journal, lambda order, kind, payload: ends.append(payload))
    reports.expect("order", "host")
    with log_to(tmp_path / "log"):
        reports.take(event(0, "log", (0.0, 1, logging.ERROR, "caf\udce9.wav")))
    reports.take(event(1, "result", ("id", "FAILED", "caf\udce9.wav")))
    assert ends == [("id", "FAILED", "caf\udce9.wav")]
    assert "caf\\udce9.wav" in (tmp_path / "log").read_text()


def test_the_progress_of_a_lost_worker_is_subtracted(journal: Path) -> None:
    reports = Reports(journal, lambda *facts: None)
    reports.expect("order", "host")
    advanced = {"event": "advanced", "title": "toy", "stage": "index"}
    reports.take(event(0, "begun", None))
    for number, amount in enumerate((200, 12), start=1):
        reports.take(event(number, "journal", json.dumps(advanced | {"amount": amount})))
    assert reports.ignore("order")
    assert [entry.amount for entry in JournalReader(journal).new_entries()] == [200, 12, -212]


class Stored(Step):
    """A step with an output at an object store."""

    stage = "stores"

    @property
    def output_paths(self) -> list[Path]:
        return [ObjectPath(self.workspace.tar_url) / "toy"]


class After(Stored):
    """A step that requires one with such an output."""

    def requires(self) -> list[Step]:
        return [Stored(workspace=self.workspace)]

    @property
    def output_paths(self) -> list[Path]:
        return [self.workspace.tmp_dir / "toy"]


class Packed(After):
    def requires(self) -> list[Step]:
        return []


def test_what_asks_an_object_store_runs_on_this_host(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, tmp_path, tmp_path, tmp_path, tar_url="s3://bucket/run")
    assert [runs_here(kind(workspace=workspace)) for kind in (Stored, After, Packed)] == [True, True, False]
    assert not runs_here(Packed(workspace=replace(workspace, tar_url="")))


def inquiry(tokens: dict[Path, str], tasks: tuple[TaskReference, ...] = (), *paths: Path) -> Inquiry:
    return Inquiry(tokens, tasks, dict.fromkeys(paths, "sample"))


def test_a_shared_directory_is_proved_by_its_token(tmp_path: Path) -> None:
    with held_token(tmp_path) as token:
        proof = prove(inquiry({tmp_path: token}))
    assert (proof.problems, proof.without_locks) == ((), ())
    assert abs(proof.clocks[tmp_path]) < 60


def test_another_directory_at_the_same_path_is_named(tmp_path: Path) -> None:
    (problem,) = prove(inquiry({tmp_path: "0123456789abcdef"})).problems
    assert problem.startswith(f"{tmp_path}: another directory there, or new files appear late: ")
    assert problem.endswith("Give every host the same shared directories at the same paths")


def test_missing_paths_are_named(tmp_path: Path) -> None:
    absent, source, module = tmp_path / "absent", tmp_path / "source.zip", tmp_path / "mine.py"
    task = TaskReference(str(module), "full", "digest")
    problems = prove(inquiry({absent: "token"}, (task,), source)).problems
    assert [problem.partition(". ")[0] for problem in problems] == [
        f"{absent}: not found there",
        f"{source}: not found there",
        f"{module}: task module not found there",
    ]


def test_a_task_module_with_other_content_is_named(tmp_path: Path) -> None:
    module = tmp_path / "mine.py"
    _path, archive = toys.corpus(tmp_path / "source", toys.folds_members())
    module.write_text(toys.folds_task(archive))
    assert prove(inquiry({}, (TaskReference.of(str(module), "full", {}),))).problems == ()
    (problem,) = prove(inquiry({}, (TaskReference(str(module), "full", "other"),))).problems
    assert problem.startswith(f"{module}: the task module changed")


def test_other_content_of_what_is_only_read_is_named(tmp_path: Path) -> None:
    source, folder = tmp_path / "source.zip", tmp_path / "downloads"
    source.write_bytes(b"1" * 3_000_000)
    folder.mkdir()
    (folder / "a.zip").write_bytes(b"12")
    question = Inquiry({}, (), {path: sampled(path) for path in (source, folder)})
    assert prove(question).problems == ()
    source.write_bytes(b"1" * 2_999_999 + b"2")
    (folder / "a.zip").write_bytes(b"1")
    assert [problem.partition(". ")[0] for problem in prove(question).problems] == [
        f"{source}: other content there",
        f"{folder}: other content there",
    ]


@contextlib.contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """The address of a server that answers each connection with some bytes, or not at all if there are none."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection = stack.enter_context(server.accept()[0])
                    with contextlib.suppress(OSError):  # the client has left
                        connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)  # ends its waiting for a connection
            thread.join()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "no answer within 0 s"),
        (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" * 9, "another program answers, or it needs tls://"),
        (b"SSH-2.0-OpenSSH_9.2\r\n" * 9, "another program answers, or it needs tls://"),
    ],
)
def test_another_program_at_the_address_is_one_line(monkeypatch: pytest.MonkeyPatch, answer: bytes, words: str) -> None:
    if not answer:
        monkeypatch.setattr(cluster_connection, "SECONDS_TO_CONNECT", 0.2)
    with answering(answer) as address, pytest.raises(SchedulerError) as failed:
        connected_client(address, Interruption())
    assert "no Dask scheduler there: " in str(failed.value)
    assert words in str(failed.value)
    assert "\n" not in str(failed.value)


def test_a_refused_connection_is_not_tried_for_long() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(SchedulerError, match=f"^tcp://127.0.0.1:{port}: no Dask scheduler there: Connection refused. "):
        connected_client(f"tcp://127.0.0.1:{port}", Interruption())


def test_an_interruption_does_not_wait_for_an_answer() -> None:
    interruption = Interruption()
    interruption.has_arrived = True
    with answering(b"") as address, pytest.raises(KeyboardInterrupt):
        connected_client(address, interruption)


def test_the_text_of_an_error_does_not_begin_with_a_connection() -> None:
    error = OSError("in <TCP (closed) Broadcast local=tcp://127.0.0.1:1 remote=tcp://127.0.0.1:2>: Stream is closed.")
    assert (first_line(error), first_line(TimeoutError())) == ("Stream is closed", "TimeoutError")


def test_work_in_the_background_has_a_limit() -> None:
    with pytest.raises(TimeoutError, match="no answer within 0 s"):
        in_background(lambda: time.sleep(30), Interruption(), 0)


def test_another_version_of_dask_is_named_with_this_one() -> None:
    assert dask_difference({"packages": {"distributed": cluster_connection.VERSION}}) == ""
    for versions in ({"packages": {"distributed": "2025.1.0"}}, {}):
        said = dask_difference(versions)
        assert said.startswith(
            f"another version of Dask: expected distributed {cluster_connection.VERSION}, as on this"
        )


def test_the_same_program_has_the_same_facts() -> None:
    facts = program_facts(["midi"])
    assert differences(facts, program_facts(["midi"])) == []
    assert {"hearpreprocess", "code", "ffmpeg", "libsndfile", "luigi", "Python", "pretty_midi"} <= facts.keys()


def test_each_difference_of_the_program_has_a_line() -> None:
    lines = differences({"soxr": "1.1.0", "luigi": "3.8.1", "numpy": "2"}, {"soxr": "1.0.0", "numpy": "2"})
    assert [text.partition(". Install")[0] for text in lines] == [
        "soxr: expected 1.1.0, got 1.0.0",
        "luigi: expected 3.8.1, got nothing",
    ]


@pytest.mark.parametrize(("clock", "words"), [(9.0, "9 s ahead of"), (-3700.0, "3,700 s behind")])
def test_clocks_apart_and_unseen_locks_are_noted(clock: float, words: str) -> None:
    folder = Path("/shared")
    locks, times = notes_on(Proof(Host("node7", ""), (), (folder,), {folder: clock}), {folder: 0.0})
    assert locks.startswith("/shared: node7 does not see the file locks of this host. Start only one run at a time")
    assert times.startswith(f"the clock of node7 is {words} this host's")
    assert not list(notes_on(Proof(Host("node7", ""), (), (), {folder: 1.0}), {folder: 0.0}))
