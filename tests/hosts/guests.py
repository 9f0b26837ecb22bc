"""Hosts as user-mode Linux: a kernel of their own, with an NFS server and client, a clock and an identity of its own.

Their root is that of the machine, read-only, so that they find the installed commands at the same path. All that a
guest does ends with its first process, which ends with the suite.
"""

from __future__ import annotations

import itertools
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psutil

from tests.hosts.missing import has_wide_registers
from tests.hosts.network import Network
from tests.hosts.programs import HostFailedError, run_on, until

_HERE = Path(__file__).parent
_MEMORY = "1200M"
SECONDS_TO_BOOT = 300


class GuestProgram:
    """A program on a guest. Its output is known once it has ended."""

    def __init__(self, guest: Guest, job: Path) -> None:
        self._guest, self._job = guest, job

    def poll(self) -> int | None:
        """Its exit status, or None while it is at work; raises HostFailedError if the guest has ended before it."""
        status = self._job.with_suffix(".status")
        if not status.exists():
            self._guest.check(status)
            return None
        return int(status.read_text())

    def said(self) -> str:
        """What it has written, empty until it has ended."""
        output = self._job.with_suffix(".output")
        return output.read_text(errors="replace") if output.exists() else ""

    @property
    def number_file(self) -> str:
        """Where the guest holds the program's process number."""
        return f"/mnt/jobs/{self._job.name}.pid"


class Guest:
    """A user-mode Linux on the network. `folder`: what it may write to; `disks`: images of its disks."""

    def __init__(self, network: Network, name: str, folder: Path, disks: Sequence[Path] = ()) -> None:
        self.name = name
        port, self.address = network.tap()
        self._jobs = folder / f"{name}-{port}"
        self._jobs.mkdir(parents=True)
        self._console = self._jobs / "console"
        self._numbers = itertools.count()
        kernel = [
            "linux.uml", f"mem={_MEMORY}", f"uml_dir={self._jobs}/", "rootfstype=hostfs", "rootflags=/", "ro",
            "init=/bin/bash", f"eth0=tuntap,{port}", "con=null", "con0=fd:0,fd:1", "ssl=null",
            *(f"ubd{number}={disk}" for number, disk in enumerate(disks)),
            f"GUEST_NAME={name}", f"GUEST_ADDRESS={self.address}", f"GUEST_FOLDER={folder}", f"GUEST_JOBS={self._jobs}",
            "--", str(_HERE / "guest_init.sh"),
        ]  # fmt: skip
        # The kernel starts processes that outlive it when it is killed, but not when their namespace ends.
        enter = [
            "setpriv",
            "--pdeathsig",
            "KILL",
            *network.enter_switch(),
            "unshare",
            "--pid",
            "--fork",
            "--kill-child",
        ]
        environment = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
        if has_wide_registers():
            environment["LD_PRELOAD"] = str(_wide_registers(self._jobs))
        with self._console.open("wb") as console:
            self._process = subprocess.Popen(
                [*enter, "bash", "-c", '"$@"; exit $?', "guest", "nice", "-n", "10", *kernel],
                stdin=subprocess.PIPE,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=environment,
            )

    def start(self, command: list[str], folder: Path, **environment: str) -> GuestProgram:
        """Begin a program in a folder of the guest, with these variables added to the environment."""
        words = [*(f"{name}={value}" for name, value in environment.items()), *command]
        return self.start_script(f"cd {shlex.quote(str(folder))} || exit 1\nexec env {shlex.join(words)}\n")

    def start_script(self, script: str) -> GuestProgram:
        """Begin a script of bash on the guest."""
        number = next(self._numbers)
        job = self._jobs / str(number)
        program = GuestProgram(self, job)
        job.with_suffix(".sh").write_text(f"echo $$ > {program.number_file}\n{script}")
        assert self._process.stdin is not None
        self._process.stdin.write(f"{number}\n".encode())
        self._process.stdin.flush()
        return program

    def run(self, script: str) -> str:
        """Run a script of bash on the guest and return what it writes; raises HostFailedError unless it succeeds."""
        program = self.start_script(script)
        until(lambda: program.poll() is not None, "the script's end", program)
        if status := program.poll():
            raise HostFailedError(f"{self.name}: exit status {status} of\n{script}\n{program.said()}")
        return program.said()

    def kill(self, program: GuestProgram) -> None:
        """Kill a program and those that it has started, and wait for its end."""
        self.run(f"kill -9 -- -$(cat {program.number_file})")
        until(lambda: program.poll() is not None, "the end of what was killed", program)

    def wait_until_up(self) -> None:
        """Wait until the guest runs programs."""
        answer = self.start_script("exit 0")
        until(lambda: answer.poll() is not None, f"{self.name} answers", answer, seconds=SECONDS_TO_BOOT)

    def check(self, awaited: Path) -> None:
        """Raise HostFailedError if the guest has ended without the file that is awaited from it."""
        if self._process.poll() is not None and not awaited.exists():
            raise HostFailedError(f"the guest {self.name} has ended:\n{self.console()}")

    def console(self) -> str:
        """The last words of its kernel and first process."""
        return self._console.read_text(errors="replace")[-3000:]

    def power_off(self) -> None:
        """Kill the guest."""
        if self._process.poll() is None:
            for init in psutil.Process(self._process.pid).children():
                os.kill(init.pid, signal.SIGKILL)
        self._process.wait(SECONDS_TO_BOOT)
        assert self._process.stdin is not None
        self._process.stdin.close()


def _wide_registers(folder: Path) -> Path:
    library = folder / "wide_registers.so"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, _HERE / "wide_registers.c"], check=True)
    return library


def make_disk(path: Path, gigabytes: int, *options: str) -> Path:
    """A sparse image with an ext4 file system. `options`: of mkfs.ext4."""
    with path.open("wb") as file:
        file.truncate(gigabytes << 30)
    mkfs = shutil.which("mkfs.ext4", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert mkfs is not None
    subprocess.run([mkfs, "-q", "-F", "-E", "lazy_itable_init=1", *options, path], check=True, capture_output=True)
    return path


def serve(guest: Guest, *exports: str) -> None:
    """Have a guest export each of its disks over NFS 4, below names of its own."""
    run_on(guest, ["bash", str(_HERE / "serve_nfs.sh"), *exports], Path("/"))


def mount_nfs(client: Guest, server: Guest, export: str, at: Path, options: str = "") -> None:
    """Mount an export. `options`: of the mount; without, those that mount chooses by itself."""
    words = ["-o", options] if options else []
    root = "/mnt/export" if "vers=3" in options else ""  # NFS 4 has a root of its own
    target = f"{server.address}:{root}/{export}"
    client.run(f"mkdir -p {at} && {shlex.join(['mount', '-t', 'nfs', *words, target, str(at)])}\n")
