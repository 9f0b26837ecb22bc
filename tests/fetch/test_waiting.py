"""Who waits for another run, or for a busy host, is told so, with whom, after three seconds."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hearpreprocess.fetch import Connection, Connections, ExpectedFile, download
from hearpreprocess.fetch.part import open_part
from hearpreprocess.storage import holder_of, note_holder, output_lock, this_process, try_lock_file, wait_for, waiting
from tests import toys
from tests.conftest import User, sha256
from tests.faulty_server import FaultyServer
from tests.fetch.scripted import Answer, serving

HOST = "127.0.0.1"


class Time:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.said: list[tuple[float, float]] = []

    def wait(self, seconds: float, between: float) -> None:
        end = self.now + seconds
        wait_for(self._until(end), self._say, lambda: between, clock=lambda: self.now, sleep=self._sleep)

    def _until(self, end: float) -> Callable[[], str | None]:
        return lambda: "it" if self.now >= end else None

    def _say(self, waited: float) -> None:
        self.said.append((self.now - 1000, waited))

    def _sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, []),
        (2.75, []),
        (3.0, []),
        (3.25, [3]),
        (62, [3]),
        (64, [3, 63]),
        (3600, [3, 63, 183, 423, 903, 1503, 2103, 2703, 3303]),
    ],
)
def test_a_wait_is_said_after_three_seconds_and_then_rarely(seconds: float, expected: list[float]) -> None:
    clock = Time()
    clock.wait(seconds, between=0.25)
    assert clock.said == [(moment, moment) for moment in expected]


def test_the_beginning_of_the_lines() -> None:
    texts = [waiting.waiting_text(seconds) for seconds in (3, 63, 183, 7000)]
    assert texts == ["waiting", *(f"still waiting after {minutes} min" for minutes in (1, 3, 117))]


class Waiter:
    """Does something in a thread, and notes what it says."""

    def __init__(self, work: Callable[[Callable[[str], object]], object]) -> None:
        self.said: list[str] = []
        self._has_spoken = threading.Event()
        self._thread = threading.Thread(target=lambda: work(self._say), daemon=True)
        self._thread.start()

    def _say(self, text: str) -> None:
        self.said.append(text)
        self._has_spoken.set()

    def line(self) -> str:
        assert self._has_spoken.wait(600)
        return self.said[0]

    def end(self) -> None:
        self._thread.join(600)
        assert not self._thread.is_alive()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait is said when it begins."""
    monkeypatch.setattr(waiting, "SECONDS_UNTIL_SAID", 0.0)
    monkeypatch.setattr(sys, "argv", ["/somewhere/hearpreprocess", "esc50", "--record", "http://me:SECRET@host/x"])


def test_a_busy_host_is_named_with_those_who_keep_it_busy(tmp_path: Path, at_once: None) -> None:
    connections = Connections(tmp_path / "work" / "connections")
    slots = [connections.acquire(HOST, pytest.fail) for _ in range(2)]
    waiter = Waiter(lambda say: connections.acquire(HOST, say).close())
    line = waiter.line()
    for slot in slots:
        slot.close()
    waiter.end()
    holder = f"process {os.getpid()} on {socket.gethostname()}"
    assert line == (
        f"waiting for a connection to {HOST}: all runs that use {tmp_path / 'work'} share 2 connections, in use by "
        f"{holder}: hearpreprocess esc50 --record ..."
    )


def test_another_download_of_the_same_file_is_named(tmp_path: Path, at_once: None) -> None:
    target = tmp_path / "downloads" / "rec.zip"
    with serving(lambda number, asked: Answer(200, b"content")) as server:
        expected = ExpectedFile([f"{server.url}/rec.zip"], {})

        def get(say: Callable[[str], object]) -> None:
            connection = Connection(Connections(tmp_path / "connections"), say)
            download(expected, target, connection, say=say)
            connection.close()

        with open_part(target, [], lambda: None, pytest.fail):
            waiter = Waiter(get)
            line = waiter.line()
        waiter.end()
    assert line == (
        f"another run is downloading this file; waiting for it (rec.zip, process {os.getpid()} on "
        f"{socket.gethostname()}: hearpreprocess esc50 --record ...)"
    )
    assert target.read_bytes() == b"content"
    assert [path.name for path in target.parent.iterdir()] == ["rec.zip"]


def test_another_run_that_writes_the_same_output_is_named(tmp_path: Path, at_once: None) -> None:
    def write(say: Callable[[str], object]) -> None:
        with output_lock(tmp_path, "esc50-v1-full", say):
            pass

    with output_lock(tmp_path, "esc50-v1-full"):
        waiter = Waiter(write)
        line = waiter.line()
    waiter.end()
    assert line == f"waiting for another run that writes this output ({this_process()})"


def test_the_holder_of_a_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lock"
    assert holder_of(path) == ""
    path.write_text("something longer that stood there, and is of nobody any more" * 20)
    monkeypatch.setattr(sys, "argv", ["/bin/hearpreprocess", "\x1b[31m", "\udcff", "word " * 100])
    with try_lock_file(path) or pytest.fail("nobody holds it") as lock:
        note_holder(lock)
        assert holder_of(path).startswith(f"process {os.getpid()} on {socket.gethostname()}: hearpreprocess ?[31m")
        assert len(holder_of(path)) < 200


def test_a_quiet_run_says_that_it_waits(user: User, faulty: FaultyServer) -> None:
    user.set("hearpreprocess.storage.waiting", SECONDS_UNTIL_SAID=0.2)
    user.set("hearpreprocess.fetch.download", FIRST_PAUSE_SECONDS=0.02)
    archive, _text = toys.corpus(faulty.folder, toys.folds_members())
    for name in ("one", "two", "other"):
        (faulty.folder / f"{name}.zip").write_bytes(archive.read_bytes())
        text = toys.folds_task(f'Archive("{faulty.url}/{name}.zip", sha256="{sha256(archive)}")', name=f'"{name}"')
        user.write(f"{name}.py", text)
    faulty.faults = ["stall", "stall"]
    first = user.start("./one.py", "./two.py", "--until", "download", "--num-workers", 2, "--quiet")
    while len(faulty.requests) < 2:
        assert first.poll() is None, first.communicate()
        time.sleep(0.01)
    second = user.start("./other.py", "--until", "download", "--quiet")
    second.wait_until_it_says("other.zip  download: warning: waiting for a connection to 127.0.0.1: all runs that")
    second.wait_until_it_says("./one.py ./two.py --until download")
    faulty.may_go_on.set()
    for run in (first, second):
        _output, errors = run.communicate()
        assert run.returncode == 0, errors
