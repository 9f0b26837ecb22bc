"""Hosts as namespaces on a bridge: a network, a host name, process numbers and mounts of their own.

The bridge is in a namespace without a name, and so are the hosts, so that two suites on one machine never meet. The
kernel ends whatever runs in them as soon as the suite ends, even by SIGKILL: nothing remains to remove.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.hosts.programs import HostFailedError, until

SUBNET = "10.77.0"
SECONDS_TO_START = 120
_IN_NAMESPACES = ["--net", "--uts", "--pid", "--mount"]

_DIE_WITH_SUITE = ["setpriv", "--pdeathsig", "KILL"]

# The first process of a host adopts orphans, whose end it must collect: a dead process still counts as one that exists.
_INIT = """
set -e
hostname "$1"
mount -t tmpfs tmpfs /mnt
ip link set lo up
echo up
while :; do sleep infinity & wait $!; done
"""


class StartedProgram:
    """A program on a host made of namespaces."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self._process, self._output = process, output

    def poll(self) -> int | None:
        """Its exit status, negative for a signal, or None while it is at work."""
        return self._process.poll()

    def said(self) -> str:
        """What it has written so far."""
        return self._output.read_text(errors="replace")

    def signal(self, number: int) -> None:
        """Send a signal to the program, whose parent is the one that has entered the host."""
        for process in psutil.Process(self._process.pid).children():
            process.send_signal(number)

    def kill(self) -> None:
        """Kill the program and wait for its end."""
        self.signal(signal.SIGKILL)
        self.wait()

    def wait(self) -> None:
        """Wait for the program's end."""
        self._process.wait(SECONDS_TO_START)


class NamespaceHost:
    """A host; `init`: the process number of its first process as the machine counts."""

    def __init__(self, network: Network, name: str, address: str, port: str, init: _Init) -> None:
        self.name, self.address = name, address
        self._network, self._port, self._init = network, port, init
        self._numbers = itertools.count()

    def start(self, command: list[str], folder: Path, **environment: str) -> StartedProgram:
        """Begin a program in a folder of the host, with these variables added to the environment."""
        output = self._network.folder / f"{self._port}-{next(self._numbers)}.output"
        enter = [*_DIE_WITH_SUITE, "nsenter", f"--target={self._init.pid}", *_IN_NAMESPACES, "--"]
        with output.open("wb") as file:
            process = subprocess.Popen(
                [*enter, "nice", "-n", "10", "env", f"--chdir={folder}", *command],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env={**_environment_without_proxies(), **environment},
                start_new_session=True,
            )
        program = StartedProgram(process, output)
        self._network.programs.append(program)
        return program

    def power_off(self) -> None:
        """Kill every program at once; the kernel closes their connections, which the others see."""
        self._init.kill()

    def cut_off(self) -> None:
        """Power off behind a link that is down, so that the others never see the end of a connection."""
        self._network.in_switch("ip", "link", "set", self._port, "down")
        self.power_off()


class Network:
    """A bridge and the hosts on it. `folder`: where the output of their `programs` is written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.programs: list[StartedProgram] = []
        self._numbers = itertools.count(1)
        self._switch = _Init("switch")
        self._inits = [self._switch]
        self.in_switch("ip", "link", "add", "bridge", "type", "bridge")
        self.in_switch("ip", "link", "set", "bridge", "up")

    def host(self, name: str) -> NamespaceHost:
        """A new host of this name, which another one may have, too."""
        number = next(self._numbers)
        init = _Init(name)
        self._inits.append(init)
        port, address = f"port{number}", f"{SUBNET}.{number}"
        self.in_switch("ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", str(init.pid))
        self.in_switch("ip", "link", "set", port, "master", "bridge", "up")
        for words in (["addr", "add", f"{address}/24", "dev", "eth0"], ["link", "set", "eth0", "up"]):
            _succeed("nsenter", f"--target={init.pid}", "--net", "ip", *words)
        return NamespaceHost(self, name, address, port, init)

    def tap(self) -> tuple[str, str]:
        """A new port of the bridge for a virtual machine, and the address of the machine."""
        number = next(self._numbers)
        port = f"tap{number}"
        self.in_switch("ip", "tuntap", "add", port, "mode", "tap")
        self.in_switch("ip", "link", "set", port, "master", "bridge", "up")
        return port, f"{SUBNET}.{number}"

    def in_switch(self, *command: str) -> None:
        """Run a program in the network namespace of the bridge."""
        _succeed(*self.enter_switch(), *command)

    def enter_switch(self) -> list[str]:
        """The command that runs another one in the network namespace of the bridge."""
        return ["nsenter", f"--target={self._switch.pid}", "--net"]

    def close(self) -> None:
        """Power off all hosts and remove the bridge."""
        for init in self._inits:
            init.kill()
        for program in self.programs:
            program.wait()


class _Init:
    """The first process in a set of new namespaces, which end with it."""

    def __init__(self, name: str) -> None:
        command = ["unshare", *_IN_NAMESPACES, "--fork", "--mount-proc", "--propagation", "private", "--kill-child"]
        self._process = subprocess.Popen(
            [*_DIE_WITH_SUITE, *command, "bash", "-c", _INIT, "init", name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        with self._process.stdout as output:
            line = output.readline()
        if line != b"up\n":
            self._process.kill()
            raise HostFailedError(f"cannot make the host {name}: {line.decode()}")
        (child,) = psutil.Process(self._process.pid).children()
        self.pid = child.pid

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self._process.poll() is None:
                os.kill(self.pid, signal.SIGKILL)
        self._process.wait(SECONDS_TO_START)


def _environment_without_proxies() -> dict[str, str]:
    """The environment of the suite; nothing on a host reaches beyond the network."""
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}


def _succeed(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise HostFailedError(f"exit status {done.returncode} of {' '.join(command)}: {done.stderr}")


@contextlib.contextmanager
def network_in(folder: Path) -> Iterator[Network]:
    """A network for the block."""
    network = Network(folder)
    try:
        yield network
    finally:
        network.close()


def wait_until_answering(host: NamespaceHost, port: int, program: StartedProgram, folder: Path) -> None:
    """Wait until a program on a host accepts connections at a port."""
    connect = f"import socket; socket.create_connection(('{host.address}', {port}), 5)"

    def accepts() -> bool:
        attempt = host.start([sys.executable, "-c", connect], folder)
        until(lambda: attempt.poll() is not None, "the end of an attempt to connect")
        return attempt.poll() == 0

    until(accepts, f"connections are accepted at {host.address}:{port}", program, seconds=SECONDS_TO_START)
