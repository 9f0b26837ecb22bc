"""A luigid that ends during a run: it comes back and gets the steps again, or the run ends with its address.

The luigids are real, on the loopback. Each run that goes on makes the bytes of a run alone, and no step runs twice at
the same time on one host.
"""

from __future__ import annotations

import contextlib
import http.server
import os
import random
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import luigi.rpc
import luigi.scheduler
import psutil
import pytest

from hearpreprocess.engine.hosts import Outage
from hearpreprocess.engine.luigid import Luigid
from hearpreprocess.engine.luigid_worker import LuigidWorker
from hearpreprocess.errors import SchedulerError
from tests import toys
from tests.conftest import User
from tests.luigid import Daemon
from tests.shared import Shared
from tests.user import COMMAND, SECONDS_TO_END, StartedCommand
from tests.waiting_decoder import WaitingDecoder, matroska

SHORT_LIMIT = "[core]\nrpc_retry_attempts = 2\nrpc_retry_wait = 3\n"
"""A run waits for 6 s in place of 90 s."""


def make_alone(user: User) -> None:
    """A task of several batches, each with a recording that ffmpeg decodes, made without a luigid."""
    members = toys.folds_members(60)
    some = [path for path in members if "audio" in path][::5]
    _path, archive = toys.corpus(user.folder / "source", members | {path: matroska(members[path]) for path in some})
    user.write("mine.py", toys.folds_task(archive, sample_duration="100.0"))
    made = user.run("./mine.py", "--sample-rates", 8000)
    assert made.returncode == 0, made.stderr


@pytest.fixture
def alone(shared: Shared) -> User:
    """Somebody who has made the task without a luigid."""
    return shared.user("made-without-a-luigid", make_alone)


@pytest.fixture
def work(user: User, alone: User) -> User:
    """Somebody with the same task, of which nothing is made."""
    user.write("mine.py", (alone.folder / "mine.py").read_text())
    return user


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with Daemon(tmp_path / "luigid") as daemon:
        yield daemon


@pytest.fixture
def decoder(tmp_path: Path) -> WaitingDecoder:
    return WaitingDecoder(tmp_path / "decoder")


def start(user: User, daemon: Daemon, *more: str, workers: int = 1) -> StartedCommand:
    options = ("--sample-rates", 8000, "--num-workers", workers, "--scheduler-url", daemon.url)
    return user.start("./mine.py", *more, *options)


def start_and_wait(
    user: User, daemon: Daemon, decoder: WaitingDecoder, monkeypatch: pytest.MonkeyPatch, workers: int = 1
) -> StartedCommand:
    """Start a run that waits in the middle of its first step that decodes."""
    with monkeypatch.context() as changed:
        decoder.take_the_place(changed)
        started = start(user, daemon, workers=workers)
    decoder.wait_until_reached(started)
    return started


def logs(user: User) -> list[str]:
    return [log.read_text() for log in sorted((user.folder / "_workdir" / "logs").glob("*.log"))]


def batches(user: User) -> list[int]:
    """How many batches each run has decoded, by its log."""
    return [log.count("resample took") for log in logs(user)]


def wait_for(condition: Callable[[], object], *processes: StartedCommand) -> None:
    while not condition():
        assert all(process.poll() is None for process in processes), [process.communicate() for process in processes]
        time.sleep(0.02)


def check_finished(user: User, alone: User, *processes: StartedCommand) -> None:
    said = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), said
    assert user.made() == alone.made()
    assert user.left_behind() == []


def restart_after_a_kill(daemon: Daemon) -> None:
    daemon.end(signal.SIGKILL)
    time.sleep(2)
    daemon.start()


def restart_at_once(daemon: Daemon) -> None:
    daemon.end(signal.SIGKILL)
    daemon.start()


def restart_with_its_state(daemon: Daemon) -> None:
    daemon.end(signal.SIGTERM)
    assert daemon.state.exists()
    time.sleep(2)
    daemon.start()


def restart_with_an_old_state(daemon: Daemon) -> None:
    restart_with_its_state(daemon)
    time.sleep(3)
    restart_after_a_kill(daemon)


def hang(daemon: Daemon) -> None:
    daemon.send(signal.SIGSTOP)
    time.sleep(8)
    daemon.send(signal.SIGCONT)


@pytest.mark.slow
@pytest.mark.parametrize(
    "interrupt",
    [restart_after_a_kill, restart_at_once, restart_with_its_state, restart_with_an_old_state, hang],
    ids=lambda function: function.__name__,
)
def test_a_run_goes_on_with_a_luigid_that_comes_back(
    work: User,
    daemon: Daemon,
    decoder: WaitingDecoder,
    alone: User,
    monkeypatch: pytest.MonkeyPatch,
    interrupt: Callable[[Daemon], None],
) -> None:
    started = start_and_wait(work, daemon, decoder, monkeypatch)
    interrupt(daemon)
    decoder.go_on()
    check_finished(work, alone, started)
    assert batches(work) == batches(alone), "none ran twice"


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 3])
def test_a_restart_between_two_requests_is_noticed(
    work: User,
    daemon: Daemon,
    decoder: WaitingDecoder,
    alone: User,
    monkeypatch: pytest.MonkeyPatch,
    workers: int,
) -> None:
    started = start_and_wait(work, daemon, decoder, monkeypatch, workers)
    started.send_signal(signal.SIGSTOP)
    restart_at_once(daemon)
    started.send_signal(signal.SIGCONT)
    decoder.go_on()
    check_finished(work, alone, started)
    assert batches(work) == batches(alone), "none ran twice"


@pytest.mark.slow
def test_a_run_that_a_luigid_takes_for_dead_adds_its_steps_again(
    work: User, daemon: Daemon, decoder: WaitingDecoder, alone: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = start_and_wait(work, daemon, decoder, monkeypatch)
    started.send_signal(signal.SIGSTOP)
    wait_for(lambda: daemon.ask("worker_list") == [], started)
    started.send_signal(signal.SIGCONT)
    decoder.go_on()
    check_finished(work, alone, started)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_two_runs_go_on_with_a_luigid_that_is_killed_at_any_moment(
    work: User, daemon: Daemon, alone: User, seed: int
) -> None:
    moments = random.Random(seed)
    started = [start(work, daemon) for _ in range(2)]
    wait_for(lambda: sum("Asking scheduler" in log or "Informed scheduler" in log for log in logs(work)) == 2, *started)
    for _ in range(3):
        time.sleep(moments.uniform(0.2, 4))
        daemon.end(moments.choice([signal.SIGKILL, signal.SIGTERM]))
        time.sleep(moments.choice([0, 0.5, 3]))
        daemon.start()
    check_finished(work, alone, *started)
    (of_alone,) = batches(alone)
    assert all(made <= of_alone for made in batches(work)), "no run makes a batch twice"


@pytest.mark.slow
def test_a_host_dies_while_the_luigid_restarts(
    work: User, daemon: Daemon, decoder: WaitingDecoder, alone: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = start_and_wait(work, daemon, decoder, monkeypatch)
    before = sum(batches(work))
    living = start(work, daemon)
    wait_for(lambda: sum(batches(work)) > before, living)
    daemon.end(signal.SIGKILL)
    os.killpg(dying.pid, signal.SIGKILL)
    dying.communicate()
    time.sleep(1)
    daemon.start()
    check_finished(work, alone, living)


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSTOP], ids=["ended", "hanging"])
def test_a_luigid_that_stays_away_ends_the_run_with_its_address(
    work: User,
    daemon: Daemon,
    decoder: WaitingDecoder,
    alone: User,
    monkeypatch: pytest.MonkeyPatch,
    end: signal.Signals,
) -> None:
    work.write("luigi.cfg", SHORT_LIMIT)
    decoder.take_the_place(monkeypatch)
    command = [*COMMAND, "./mine.py", "--sample-rates", "8000", "--no-report", "--scheduler-url", daemon.url]
    started = subprocess.Popen(
        command, cwd=work.folder, env=work.environment(), stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    decoder.wait_until_reached(started)
    steps = psutil.Process(started.pid).children(recursive=True)
    daemon.send(end)
    errors = started.communicate()[1]
    assert started.returncode == 1
    reason = "Connection refused" if end == signal.SIGKILL else "no answer within 1 s"
    said = re.search(f"hearpreprocess: {daemon.url}: luigid has not answered for ([0-9]+) s: {reason}. Start", errors)
    assert said
    assert 6 <= int(said[1]) < 60
    assert "failed" not in errors
    psutil.wait_procs(steps, 10)
    assert not [step for step in steps if step.is_running()]
    assert work.left_behind() == []
    daemon.send(signal.SIGCONT)
    daemon.end(signal.SIGKILL)
    daemon.start()
    (work.folder / "luigi.cfg").unlink()
    monkeypatch.undo()
    check_finished(work, alone, start(work, daemon))


@pytest.mark.slow
def test_an_interrupted_run_does_not_wait_for_a_luigid(
    work: User, daemon: Daemon, decoder: WaitingDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = start_and_wait(work, daemon, decoder, monkeypatch)
    daemon.end(signal.SIGKILL)
    decoder.go_on()
    started.wait_until_it_says("luigid does not answer: Connection refused. The run waits up to 90 s for it")
    began = time.monotonic()
    started.send_signal(signal.SIGINT)
    started.communicate()
    assert started.returncode == 130
    assert time.monotonic() - began < 60


@pytest.mark.slow
def test_two_runs_with_clean_end_well_and_the_last_one_cleans_up(work: User, daemon: Daemon, alone: User) -> None:
    started = [start(work, daemon, "--clean") for _ in range(2)]
    check_finished(work, alone, *started)
    folders = [work.folder / "_workdir" / stage for stage in ("extract", "decode", "resample")]
    assert [path for folder in folders if folder.is_dir() for path in folder.iterdir()] == []


@pytest.mark.slow
def test_a_run_that_may_start_no_more_steps_ends(
    work: User, daemon: Daemon, decoder: WaitingDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = start_and_wait(work, daemon, decoder, monkeypatch)
    started.send_signal(signal.SIGUSR1)
    decoder.go_on()
    errors = started.communicate()[1]
    assert started.returncode == 1
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (404, b"<html>", "HTTP status 404"),
        (200, b"<html>", "the answer is not from luigid"),
        (200, b"[]", "the answer is not from luigid"),
        (200, b'{"error": 1}', "the answer is not from luigid"),
    ],
)
def test_another_server_is_not_taken_for_a_luigid(status: int, body: bytes, reason: str) -> None:
    with another_server(status, body) as url:
        expected = f"^{url}: no luigid scheduler there: {reason}. Start luigid or correct --scheduler-url$"
        with pytest.raises(SchedulerError, match=expected):
            Luigid(url).check_answers()


def test_a_request_is_repeated_until_ctrl_c_or_the_limit_and_a_sign_of_life_is_not() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with another_server(503, b"<html>") as url:
        luigid = Luigid(url, interrupt)
        with pytest.raises(luigi.rpc.RPCError):
            luigid.ping(worker="worker")
        with pytest.raises(KeyboardInterrupt):
            luigid.is_paused()
        luigid.outage = Outage(url, limit=0)
        with pytest.raises(SchedulerError, match=f"^{url}: luigid has not answered for [0-9]+ s: HTTP status 503. Sta"):
            luigid.is_paused()


@contextlib.contextmanager
def another_server(status: int, body: bytes) -> Iterator[str]:
    """A server that answers each request alike."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.slow
def test_a_failure_is_reported_once_although_the_step_fails_again(
    user: User, alone: User, daemon: Daemon, decoder: WaitingDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    user.write("mine.py", (alone.folder / "mine.py").read_text())
    bad = toys.folds_members() | {"audio/clip03.wav": b"no audio"}
    _path, archive = toys.corpus(user.folder / "source", bad, name="bad")
    user.write("bad.py", toys.folds_task(archive, name='"bad_folds"'))
    with monkeypatch.context() as changed:
        decoder.take_the_place(changed)
        started = start(user, daemon, "./bad.py")
    decoder.wait_until_reached(started)
    restart_at_once(daemon)
    decoder.go_on()
    errors = started.communicate()[1]
    assert started.returncode == 1
    assert errors.count("clip clip03, file audio/clip03.wav") == 1, errors
    assert {name: content for name, content in user.made().items() if "toy_folds" in name} == {
        name: content for name, content in alone.made().items() if "toy_folds" in name
    }


def test_workers_of_one_host_and_process_number_differ() -> None:
    ids = set()
    for _ in range(2):
        random.seed(0)
        ids.add(LuigidWorker(luigi.scheduler.Scheduler(), 1, [], no_install_shutdown_handler=True)._id)
    assert len(ids) == 2


@contextlib.contextmanager
def silent_server() -> Iterator[str]:
    """A server that accepts connections and never answers, as a luigid that hangs."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        yield f"127.0.0.1:{silent.getsockname()[1]}"


def test_a_luigid_that_does_not_answer_is_named_without_its_password() -> None:
    with silent_server() as address:
        luigid = Luigid(f"http://me:SECRET@{address}")
        luigid._connect_timeout = 0.1
        with pytest.raises(SchedulerError, match=rf"^http://\S*{address}: .*: no answer within") as caught:
            luigid.check_answers()
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("ask", [Luigid.is_paused, lambda luigid: luigid.ping(worker="worker")], ids=["step", "ping"])
def test_the_limit_and_ctrl_c_end_a_request_that_hangs(ask: Callable[[Luigid], object]) -> None:
    """At the limit, not after the time for one request; the thread with the signs of life is joined then, too."""
    seconds = 0.0

    def pass_time() -> None:
        nonlocal seconds
        seconds += 40

    def interrupt() -> None:
        raise KeyboardInterrupt

    with silent_server() as address:
        luigid = Luigid(f"http://{address}", pass_time)
        luigid._connect_timeout = SECONDS_TO_END
        luigid.outage = Outage(luigid.address, 90, clock=lambda: seconds)
        with pytest.raises(SchedulerError, match=f"^http://{address}: luigid has not answered for 120 s: no answer. S"):
            ask(luigid)
        assert seconds == 120, "at the first look after the limit"
        luigid = Luigid(f"http://{address}", interrupt)
        luigid._connect_timeout = SECONDS_TO_END
        with pytest.raises(KeyboardInterrupt):
            ask(luigid)


def test_a_request_that_cannot_be_written_is_no_outage() -> None:
    luigid = Luigid("http://127.0.0.1:9")
    with pytest.raises(TypeError, match="not JSON serializable"):
        luigid.ping(worker=object())
    luigid.outage.check()
    assert not luigid.outage.has_ended()
