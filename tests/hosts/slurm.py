"""A Slurm cluster on this machine: a controller and three nodes on loopback, apart from any other one.

Needs root, and the programs of Debian's packages slurm-wlm and munge.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import psutil

from tests.hosts.missing import programs_missing

PACKAGES = {
    "slurmctld": "slurmctld",
    "slurmd": "slurmd",
    "sbatch": "slurm-client",
    "munged": "munge",
    "openssl": "openssl",
}
"""Programs of the cluster and of its jobs, and their Debian packages."""

NODES = ("n1", "n2", "n3")
SECONDS_TO_WAIT = 300
SECONDS_BETWEEN_LOOKS = 0.2

CONFIGURATION = """\
ClusterName=hear
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
SlurmdDebug=info
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
JobCompType=jobcomp/none
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=0,requeue_delay=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
ReturnToService=2
SlurmdTimeout=3
KillWait=30
MessageTimeout=10
NodeName=n[1-3] NodeHostname=localhost NodeAddr=127.0.0.1 Port=[{first}-{last}] CPUs=2 RealMemory=4000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE PriorityTier=1 GraceTime=5
PartitionName=urgent Nodes=ALL MaxTime=INFINITE PriorityTier=2
"""


@cache
def missing_for_slurm() -> str:
    """What a cluster lacks on this machine; empty if it can be started."""
    if sys.platform != "linux":
        return "needs Linux"
    if os.geteuid() != 0:
        return "needs root"
    lacking = programs_missing(PACKAGES)
    return f"needs {', '.join(lacking)}" if lacking else ""


class Slurm:
    """The cluster, its daemons being processes of this one; `folder`: its configuration, logs and state."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.configuration = folder / "slurm.conf"
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start the daemons, and return once the nodes accept jobs."""
        for name in ("munge", "state", *(f"spool/{node}" for node in NODES)):
            (self.folder / name).mkdir(parents=True)
        munge = self.folder / "munge"
        munge.chmod(0o755)
        subprocess.run(["mungekey", "--create", f"--keyfile={munge}/key"], check=True)
        paths = {"socket": "socket", "key-file": "key", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        options = [f"--{option}={munge / name}" for option, name in paths.items()]
        self._run("munged", "munged", "--foreground", "--force", *options)
        controller, first = free_ports(1 + len(NODES))
        self.configuration.write_text(
            CONFIGURATION.format(folder=self.folder, controller=controller, first=first, last=first + len(NODES) - 1)
        )
        wait_until((munge / "socket").exists)
        self._run("slurmctld", "slurmctld", "-D", "-c")
        for node in NODES:
            self.start_node(node)
        wait_until(lambda: self.states() == dict.fromkeys(NODES, "idle"))

    def start_node(self, node: str) -> None:
        self._run(node, "slurmd", "-D", "-N", node)

    def _run(self, name: str, *command: str) -> None:
        with open(self.folder / f"{name}.output", "ab") as output:
            self._daemons[name] = subprocess.Popen(
                command, env=self.variables(HEAR_NODE=name), stdout=output, stderr=output, start_new_session=True
            )

    def variables(self, **more: str) -> dict[str, str]:
        """The environment of a user of the cluster."""
        return {**os.environ, "SLURM_CONF": str(self.configuration), **more}

    def ask(self, *command: str, variables: Mapping[str, str] | None = None, folder: Path | None = None) -> str:
        """What a command of Slurm prints."""
        environment = self.variables(**(variables or {}))
        finished = subprocess.run(
            command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
        )
        assert finished.returncode == 0, (command, finished.stderr)
        return finished.stdout

    def states(self) -> dict[str, str]:
        """By node: `idle`, `mixed`, `allocated`, `down` and so on."""
        lines = self.ask("sinfo", "--Node", "--noheader", "--partition=main", "--format=%N %T").splitlines()
        return {node: state.rstrip("*") for node, state in map(str.split, lines)}

    def jobs(self, job: str) -> list[dict[str, str]]:
        """The fields of a job, or of each task of its array."""
        lines = self.ask("scontrol", "show", "job", job, "--oneliner").splitlines()
        return [dict(field.split("=", 1) for field in line.split() if "=" in field) for line in lines]

    def wait_for(self, job: str) -> list[dict[str, str]]:
        """The fields of a job, or of each task of its array, when it has ended."""
        wait_until(lambda: all(has_ended(fields) for fields in self.jobs(job)))
        return self.jobs(job)

    def lose_node(self, node: str) -> None:
        """Kill its daemon, and whatever jobs run on it, at once."""
        for process in [psutil.Process(self._daemons[node].pid), *self.processes(node)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._daemons.pop(node).wait()

    def restore_node(self, node: str) -> None:
        """Start the node again, and return once the cluster has it back."""
        self.start_node(node)
        wait_until(lambda: self.states()[node] == "idle")

    def processes(self, node: str | None = None) -> list[psutil.Process]:
        """The processes of this cluster's jobs, maybe of one node alone, and the daemons of Slurm that watch them."""
        daemons = {daemon.pid for daemon in self._daemons.values()}
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                variables = process.environ()
                if variables.get("SLURM_CONF") != str(self.configuration) or process.pid in daemons:
                    continue
                of_node = variables.get("SLURMD_NODENAME", variables.get("HEAR_NODE"))
                if of_node and node in (None, of_node):
                    found.append(process)
                    found += [parent for parent in process.parents() if parent.name() == "slurmstepd"]
        return list(dict.fromkeys(found))

    def empty(self) -> None:
        """Cancel all jobs, and end what is left of them by its process numbers."""
        with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
            self.ask("scancel", "--user=root")
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    def stop(self) -> None:
        """End the jobs, then the daemons."""
        self.empty()
        for daemon in reversed(self._daemons.values()):
            daemon.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                daemon.wait(5)
            daemon.kill()
            daemon.wait()


def has_ended(fields: Mapping[str, str]) -> bool:
    return fields["JobState"] in ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY")


def wait_until(holds: Callable[[], object], seconds: float = SECONDS_TO_WAIT) -> None:
    """Return once something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(SECONDS_BETWEEN_LOOKS)


def free_ports(count: int) -> tuple[int, int]:
    """The first of `count` - 1 free ports in a row, after one more: that one, and the first."""
    for start in range(17000 + os.getpid() % 1000 * count, 60000, count):
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for port in range(start, start + count):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return start, start + 1
    raise OSError("no free ports")


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[Slurm]:
    """A cluster that accepts jobs."""
    slurm = Slurm(folder)
    try:
        slurm.start()
        yield slurm
    finally:
        slurm.stop()
