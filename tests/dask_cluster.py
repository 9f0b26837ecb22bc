"""A Dask cluster on loopback: a scheduler and workers as processes of their own, as a user starts them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

SECONDS_TO_START = 240
DASK = [sys.executable, "-m", "dask"]


TOGETHER = """
import sys
from distributed import LocalCluster

with LocalCluster(
    n_workers=1, threads_per_worker=1, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address=None
) as cluster:
    print("Scheduler at:", cluster.scheduler_address, flush=True)
    sys.stdin.read()
"""
"""A program that is a scheduler and a worker with one thread, which starts in half of the time of two."""


class DaskCluster:
    """A scheduler and the workers that were started.

    `folder`: has their logs. `protocol`: tcp or tls. `options`: of every process. `variables`: of their environments.
    `together`: one process is the scheduler and a worker with one thread.
    """

    def __init__(
        self,
        folder: Path,
        protocol: str = "tcp",
        options: Sequence[str] = (),
        variables: Mapping[str, str] = {},
        *,
        together: bool = False,
    ) -> None:
        self.folder, self._options = folder, list(options)
        self._variables = {"DASK_TEMPORARY_DIRECTORY": str(folder), "PWD": str(folder), **variables}
        folder.mkdir(parents=True)
        self.file = folder / "scheduler.json"
        port = ("--port", "0", "--protocol", protocol, "--scheduler-file", str(self.file))
        common = ("--host", "127.0.0.1", "--no-dashboard", *self._options)
        command = [sys.executable, "-c", TOGETHER] if together else [*DASK, "scheduler", *common, *port]
        self.scheduler = self._start("scheduler", command)
        self.workers: list[subprocess.Popen[bytes]] = []
        self.address = self._wait_for("scheduler", "Scheduler at:")

    def _start(self, name: str, command: Sequence[str], **variables: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=os.environ | self._variables | variables,
            )

    def log(self, name: str) -> str:
        """What a process has written."""
        return (self.folder / f"{name}.log").read_text()

    def _wait_for(self, name: str, words: str) -> str:
        """Wait until a process has written a line with these words, and return what follows them in it."""
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline:
            for line in self.log(name).splitlines():
                if words in line:
                    return line.rpartition(words)[2].strip()
            time.sleep(0.02)
        raise AssertionError(self.log(name))

    def add_worker(self, *options: str, waits: bool = True, **variables: str) -> subprocess.Popen[bytes]:
        """Start a worker of one process without nanny and, unless stated, one thread."""
        name = f"worker{len(self.workers)}"
        given = options or ("--no-nanny", "--nthreads", "1")
        common = ("--host", "127.0.0.1", "--no-dashboard", *self._options)
        worker = self._start(name, [*DASK, "worker", self.address, *common, *given], **variables)
        self.workers.append(worker)
        if waits:
            self._wait_for(name, "Registered to:")
        return worker

    def processes(self) -> list[int]:
        """The numbers of the processes that run steps."""
        import psutil

        found = []
        for process in psutil.process_iter(["pid", "cmdline", "environ"]):
            command, environment = process.info["cmdline"] or [], process.info["environ"] or {}
            if "hearpreprocess.engine.cluster_process" in command and environment.get("PWD") == str(self.folder):
                found.append(process.info["pid"])
        return found

    def close(self) -> None:
        """End all processes, with those of the steps."""
        started = [*self.workers, self.scheduler]
        for process in started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
