"""The costs of the simulation in `scale.py`: measured on this machine, or stated where no machine here has them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import luigi
import numpy as np
import psutil
from isal import igzip

from hearpreprocess.engine.execution import execute
from hearpreprocess.finished import METADATA, write_tarball
from hearpreprocess.planning.sampling import assumed_sample
from hearpreprocess.steps import PlanningStep, Step
from hearpreprocess.storage import Workspace

TRIES = 3
FEW_STEPS, STEPS = 200, 1_000
FILES, SHORT, LONG = 2_000, 2_000, 1_000_000
BLOCK = 1 << 26


@dataclass(frozen=True)
class Costs:
    """Seconds of one core. `checksum`, `inflate`: a byte of an archive. `member`: a member of a listing.

    `step`: what the runner's process, of which there is one, spends on a step; `message`: what Dask's scheduler does.
    `packed_file`, `packed_byte`: of a tarball.
    """

    checksum: float
    inflate: float
    member: float
    step: float
    message: float
    packed_file: float
    packed_byte: float


@dataclass(frozen=True)
class ClipCosts:
    """Seconds of one core for a clip: to decode it, and to resample it to each rate in hertz."""

    decode: float
    resample: dict[int, float]


@dataclass(frozen=True)
class Server:
    """A file server. `latency`: seconds of a call. `calls`: the most that it answers a second. `bytes`: a second."""

    name: str
    latency: float
    calls: float
    bytes: float


LOCAL = Server("local disks without limits", 0.0, float("inf"), float("inf"))
SMALL_NFS = Server("one NFS server, 10 GbE, 0.5 ms a call, 20,000 calls/s", 0.0005, 20_000, 1.1e9)
LARGE_NFS = Server("a parallel file system, 0.5 ms a call, 100,000 calls/s, 20 GB/s", 0.0005, 100_000, 2e10)
"""The file systems that are compared. Their figures are stated, not measured: latencies and rates of metadata calls in
this order are what clusters of universities publish for NFS on one server and for Lustre."""


class Leaf(Step):
    """A step that only makes its own mark, so that what it takes is the graph's."""

    number = luigi.IntParameter()
    stage = "leaf"

    @property
    def title(self) -> str:
        """The title that the log shows."""
        return "scale"

    @property
    def _mark(self) -> Path:
        return self.workspace.tmp_dir / f"{self.number}"

    def complete(self) -> bool:
        """Whether the mark exists."""
        return self._mark.exists()

    def run(self) -> None:
        """Make the mark."""
        self._mark.touch()


class Leaves(PlanningStep):
    """All leaves, planned as a Release plans the steps of a task."""

    count = luigi.IntParameter()
    stage = "leaves"

    @property
    def title(self) -> str:
        """The title that the log shows."""
        return "scale"

    def planned(self) -> Sequence[Step]:
        """The leaves that are missing."""
        leaves = [Leaf(workspace=self.workspace, number=number) for number in range(self.count)]
        return [leaf for leaf in leaves if not leaf.complete()]

    def finish(self) -> None:
        """Nothing is left to do."""
        (self.workspace.tmp_dir / "all").touch()

    def complete(self) -> bool:
        """Whether all leaves were made."""
        return (self.workspace.tmp_dir / "all").exists()


def measured(*, with_dask: bool) -> Costs:
    """The costs on this machine: medians of some tries."""
    content = np.random.default_rng(1).normal(0, 900, BLOCK // 2).astype("<i2").tobytes()
    packed = igzip.compress(content, 2)
    short, long = _packing_seconds(FILES, SHORT), _packing_seconds(FILES // 100, LONG)
    packed_byte = (long - short / 100) / (FILES // 100 * (LONG - SHORT))
    return Costs(
        checksum=_seconds(lambda: hashlib.md5(content).digest()) / len(content),
        inflate=_seconds(lambda: igzip.decompress(packed)) / len(packed),
        member=10e-6,  # a listing of 305,979 members in 3 s, see RESULTS.md
        step=(_runner_seconds(STEPS) - _runner_seconds(FEW_STEPS)) / (STEPS - FEW_STEPS),
        message=_dask_seconds() if with_dask else 0.0,
        packed_file=short / FILES - SHORT * packed_byte,
        packed_byte=packed_byte,
    )


def of_clips(duration: float, rates: Sequence[int]) -> ClipCosts:
    """The costs of clips of a duration in seconds."""
    sample = assumed_sample(duration, rates, "fast")
    return ClipCosts(sample.decoding, sample.resampling)


def _seconds(work: Callable[[], object]) -> float:
    return statistics.median(_durations(work))


def _durations(work: Callable[[], object]) -> Iterator[float]:
    for _ in range(TRIES):
        started = time.process_time()
        work()
        yield time.process_time() - started


def _runner_seconds(steps: int) -> float:
    """Processor seconds of a runner's process, without those of the processes that run its steps."""
    tries = [float(subprocess.check_output([sys.executable, __file__, str(steps)], text=True)) for _ in range(3)]
    return statistics.median(tries)


def _run_leaves(count: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        leaves = Leaves(count=count, workspace=Workspace(place, place / "tasks", place / "tar", place / "downloads"))
        started = time.process_time()
        execute([leaves], 2, None)
        return time.process_time() - started


def _dask_seconds() -> float:
    """Processor seconds of Dask's scheduler for a step."""
    from distributed import Client

    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        file = Path(folder) / "scheduler.json"
        place = ["--scheduler-file", file, "--no-dashboard", "--host", "127.0.0.1"]
        scheduler = stack.enter_context(_started("dask_scheduler", *place, "--port", "0"))
        stack.enter_context(_started("dask_worker", *place, "--nthreads", "2", "--no-nanny"))
        client = stack.enter_context(Client(scheduler_file=str(file), timeout=60))
        client.wait_for_workers(1)
        before = sum(scheduler.cpu_times()[:2])
        client.gather([client.submit(os.getpid, pure=False) for _ in range(STEPS)])
        return (sum(scheduler.cpu_times()[:2]) - before) / STEPS


@contextlib.contextmanager
def _started(program: str, *options: object) -> Iterator[psutil.Process]:
    """A program of Dask in a process of its own, which is ended afterwards."""
    command = [sys.executable, "-m", f"distributed.cli.{program}", *map(str, options)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def _packing_seconds(count: int, size: int) -> float:
    """Processor seconds to pack some files of a size in bytes."""
    noise = np.random.default_rng(2).normal(0, 900, size // 2).astype("<i2").tobytes()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = {f"44100/train/{number}.wav": str(folder / f"{number}.wav") for number in range(count)}
        for path in files.values():
            Path(path).write_bytes(noise)
        texts = {METADATA: "{}"}
        return _seconds(
            lambda: write_tarball(folder / f"{time.monotonic_ns()}.tar.gz", "tasks/scale", files, texts, "fast")
        )


if __name__ == "__main__":
    print(_run_leaves(int(sys.argv[1])))
