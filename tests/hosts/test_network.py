"""The hosts of these tests: apart from each other, and gone with the suite."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil

from tests.hosts.network import Network
from tests.hosts.programs import run_on, status_of, until

_SUITE = """
import sys, time
from pathlib import Path
from tests.hosts.network import Network
network = Network(Path(sys.argv[1]))
host = network.host("left")
host.start(["sleep", "987654"], Path("/"))
print("ready", flush=True)
time.sleep(987654)
"""


def test_a_host_has_a_name_an_address_and_process_numbers_of_its_own(network: Network) -> None:
    first, second = network.host("node"), network.host("node")
    assert run_on(first, ["hostname"], Path("/")) == run_on(second, ["hostname"], Path("/")) == "node\n"
    assert first.address != second.address
    run_on(first, ["python3", "-c", _ping(second.address)], Path("/"))
    sleep = first.start(["sleep", "987653"], Path("/"))
    listed = "ps -A -o args"
    until(lambda: "sleep 987653" in run_on(first, ["bash", "-c", listed], Path("/")), "the program is there", sleep)
    assert "sleep 987653" not in run_on(second, ["bash", "-c", listed], Path("/"))
    sleep.signal(signal.SIGTERM)
    assert status_of(sleep) == -signal.SIGTERM


def _ping(address: str) -> str:
    """A program that succeeds if a host refuses a connection, as only a host that is there does."""
    return f"import socket\ntry: socket.create_connection(('{address}', 9), 60)\nexcept ConnectionRefusedError: pass\n"


def test_a_host_without_power_answers_nothing(network: Network) -> None:
    alpha, beta, gamma = (network.host(name) for name in ("alpha", "beta", "gamma"))
    program = beta.start(["bash", "-c", "echo started; exec sleep 987652"], Path("/"))
    until(lambda: "started" in program.said(), "the program is there", program)
    beta.power_off()
    assert status_of(program) == -signal.SIGKILL
    gamma.cut_off()
    for host in (beta, gamma):
        attempt = alpha.start(["python3", "-c", _ping(host.address)], Path("/"))
        assert status_of(attempt) != 0


def test_a_suite_that_is_killed_leaves_no_process(network: Network, tmp_path: Path) -> None:
    command = [sys.executable, "-c", _SUITE, str(tmp_path / "suite")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as suite:
        assert suite.stdout is not None
        assert suite.stdout.readline() == b"ready\n"
        started: list[psutil.Process] = []

        def is_at_work() -> bool:
            started[:] = psutil.Process(suite.pid).children(recursive=True)
            return any(process.name() == "sleep" and "987654" in process.cmdline() for process in started)

        until(is_at_work, "the program is there")
        suite.kill()
    until(lambda: not any(_is_alive(process) for process in started), "the end of all processes")


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
