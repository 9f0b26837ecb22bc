"""Measure two Dask workers of one core each against one such worker, in turn, on the corpus `esc`.

    python benchmarks/cluster.py [--clips 250] [--repeat 3] [--cores 0 1] [--folder DIR]

Scheduler and runner are on the first of the cores in both cases, and every worker is started for its run, so that both
pay for the same starts. On a machine that is busy with other work, wall time says little: the shares of processor time
say what the busier of the two workers had to do for the steps, of what one alone had to do. They leave out what a
worker needs until it has been checked, which does not depend on the number of clips. Linux only.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import corpora
import psutil

RUNNER = (sys.executable, "-m", "hearpreprocess.runner")
DASK = (sys.executable, "-m", "dask")
SECONDS_TO_START = 300
ESC = corpora.ESC


@dataclass(frozen=True)
class Cost:
    """Wall seconds of a run and of its steps alone, and each worker's processor seconds for the steps."""

    wall: float
    steps: float
    workers: tuple[float, ...]


def start(core: int, folder: Path, log: str, *command: str) -> subprocess.Popen[bytes]:
    """Start a command on one core."""
    with (folder / log).open("wb") as file:
        return subprocess.Popen(
            ["taskset", "--cpu-list", str(core), *command], cwd=folder, stdout=file, stderr=subprocess.STDOUT
        )


def wait_for(path: Path, words: str) -> str:
    """Wait until a log has these words, and return what follows them in the line."""
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        for line in path.read_text().splitlines() if path.exists() else ():
            if words in line:
                return line.rpartition(words)[2].strip()
        time.sleep(0.05)
    raise RuntimeError(path.read_text())


def measure(module: Path, rates: Sequence[int], cores: Sequence[int], first: int, folder: Path) -> Cost:
    """Run a task on workers of one core each, and return what it took."""
    folder.mkdir(parents=True)
    options = ("--host", "127.0.0.1", "--no-dashboard")
    scheduler = start(first, folder, "scheduler.log", *DASK, "scheduler", *options, "--port", "0")
    workers = []
    try:
        address = wait_for(folder / "scheduler.log", "Scheduler at:")
        for number, core in enumerate(cores):
            log = f"worker{number}.log"
            place = ("--local-directory", str(folder))
            command = (*DASK, "worker", address, *options, "--nthreads", "1", "--no-nanny", *place)
            workers.append(start(core, folder, log, *command))
        for number in range(len(cores)):
            wait_for(folder / f"worker{number}.log", "Registered to:")
        command = (*RUNNER, str(module), "--sample-rates", *map(str, rates), "--no-report", "--dask", address)
        began = time.monotonic()
        runner = start(first, folder, "runner.log", *command)
        wait_for(folder / "runner.log", "Dask cluster")
        before = [_processor_seconds(worker.pid) for worker in workers]
        if runner.wait() != 0:
            raise RuntimeError((folder / "runner.log").read_text())
        wall = time.monotonic() - began
        log = next((folder / "_workdir" / "logs").glob("*.log"))
        steps = _seconds_of_steps(log.read_text())
    finally:
        used = []
        for process in [*workers, scheduler]:
            process.terminate()
            _pid, _status, usage = os.wait4(process.pid, 0)
            process.returncode = 0
            used.append(usage.ru_utime + usage.ru_stime)
    return Cost(wall, steps, tuple(end - start for end, start in zip(used, before, strict=False)))


def _processor_seconds(pid: int) -> float:
    """The processor seconds of a process and what it has started, so far."""
    root = psutil.Process(pid)
    return sum(sum(process.cpu_times()[:4]) for process in (root, *root.children(recursive=True)))


def _seconds_of_steps(log: str) -> float:
    """The seconds between the first and the last line in which a step of batches ends."""
    ends = [line for line in log.splitlines() if " took " in line]
    times = [time.mktime(time.strptime(line[:19], "%Y-%m-%d %H:%M:%S")) + int(line[20:23]) / 1000 for line in ends]
    return times[-1] - times[0]


def main() -> None:
    """Measure in turn, and print the figures and their ratios."""
    parser = argparse.ArgumentParser(description="Measure two Dask workers of one core each against one.")
    parser.add_argument("--clips", type=corpora.at_least(corpora.LEAST_CLIPS), default=ESC.clips)
    parser.add_argument("--repeat", type=corpora.at_least(1), default=3)
    parser.add_argument("--cores", type=int, nargs=2, default=(0, 1))
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary one)")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=options.folder))
    try:
        corpus = replace(ESC, clips=options.clips)
        module = corpora.write(corpus, folder / "corpus")
        costs: dict[int, list[Cost]] = {1: [], 2: []}
        for turn in range(options.repeat):
            for number in costs:
                place = folder / f"{number}-{turn}"
                cost = measure(module, corpus.asked_rates, options.cores[:number], options.cores[0], place)
                costs[number].append(cost)
                shutil.rmtree(place)
                shares = ", ".join(f"{seconds:.1f}" for seconds in cost.workers)
                print(
                    f"{number} workers: {cost.wall:.1f} s, steps {cost.steps:.1f} s, processor {shares} s", flush=True
                )
        one, two = costs[1], costs[2]
        print(f"wall time: {_ratio([cost.wall for cost in one], [cost.wall for cost in two])}")
        print(f"from the first to the last step: {_ratio([cost.steps for cost in one], [cost.steps for cost in two])}")
        busiest = [max(cost.workers) for cost in two]
        print(f"processor time of the busiest worker: {_ratio([max(cost.workers) for cost in one], busiest)}")
    finally:
        shutil.rmtree(folder)


def _ratio(one: Sequence[float], two: Sequence[float]) -> str:
    first, second = statistics.median(one), statistics.median(two)
    return f"one worker {first:.1f} s, two {second:.1f} s: {first / second:.2f} times"


if __name__ == "__main__":
    main()
