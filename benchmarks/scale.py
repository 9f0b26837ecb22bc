"""What limits a run of the whole HEAR on many cores: a simulation of its graph with measured costs.

    python benchmarks/scale.py [--mode all] [--json FILE]

Takes a minute; needs the extra `dask`. The steps are those that a run makes, with their dependencies: their numbers
follow from the published numbers of clips and from the code that divides clips into batches. Costs of computing are
measured on this machine, those of file servers are stated in `scale_costs.py`. Downloads are on the disk and are not
verified yet. `docs/scale.md` explains the results.
"""

from __future__ import annotations

import argparse
import heapq
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import scale_costs
from scale_costs import LARGE_NFS, LOCAL, SMALL_NFS, ClipCosts, Costs, Server

from hearpreprocess.corpus.batches import number_of_batches
from hearpreprocess.request import DEFAULT_SAMPLE_RATES
from hearpreprocess.task import TaskMode, registry

CORES = (2, 8, 64, 1_024)

# Where the published sources state no number: what the papers and the listings of the corpora say.
CLIPS = {"beehive_states_fold0": 576, "beehive_states_fold1": 576}
SECONDS = {"fsd50k": 7.6}
"""The mean duration of clips that keep their length: 108 h in 51,197 clips (FSD50K's paper)."""

ARCHIVE_BYTES = {
    "beijing_opera": 2e7, "dcase2016_task2": 5e8, "gunshot_triangulation": 1e8, "vocal_imitation": 2.2e9,
    "vox_lingua_top10": 5e8,
}  # fmt: skip
"""Of sources whose size is nowhere on record, from their recordings' durations."""

CALLS_TO_WRITE = 5  # open, write, close, protect (chmod), look at for the seal
CALLS_TO_READ = 3  # open, read, close
CALLS_TO_SEE = 1  # stat


@dataclass
class SimulatedStep:
    """A step. `compute`: seconds of one core. `calls`: one after the other to the file server. `bytes`: to and from it.

    `ahead`: how many calls it has on their way at a time.
    """

    stage: str
    task: str
    compute: float
    calls: float = 0.0
    bytes: float = 0.0
    ahead: int = 1
    priority: float = 0.0
    needs: list[SimulatedStep] = field(default_factory=list)
    began: float = 0.0
    ended: float = -1.0

    def seconds(self, server: Server) -> float:
        """How long it takes on a core, if the file server has nothing else to do."""
        return self.compute + self.calls * server.latency / self.ahead


@dataclass(frozen=True)
class Scenario:
    """What is simulated. `ahead`: how many calls a step that handles all clips of a task has on their way at a time."""

    cores: int
    server: Server
    costs: Costs
    ahead: int


def graph(config: TaskMode, costs: Costs, clip: ClipCosts, rates: Sequence[int], ahead: int) -> list[SimulatedStep]:
    """The steps of a task, each after those that it needs."""
    name = config.name
    clips = CLIPS.get(name) or sum(config.published_clips or ())
    seconds = config.sample_duration or SECONDS[name]
    steps: list[SimulatedStep] = []

    def add(stage: str, compute: float, needs: Sequence[SimulatedStep], **facts: float) -> SimulatedStep:
        steps.append(SimulatedStep(stage, name, compute, needs=list(needs), **facts))  # type: ignore[arg-type]
        return steps[-1]

    indexes, extracts = [], []
    total = sum(file.expected_size or 0 for source in config.sources.values() for file in source.files)
    for source in config.sources.values():
        size = sum(file.expected_size or 0 for file in source.files)
        size = size or ARCHIVE_BYTES.get(name, 0) / len(config.sources)
        is_read_in_place = all(file.filename.endswith((".zip", ".wav")) for file in source.files[-1:])
        verified = add("download", size * costs.checksum, [], bytes=size, calls=3 * len(source.files))
        passes = 0.0 if is_read_in_place else size * costs.inflate
        indexes.append(add("index", passes, [verified], bytes=0.0 if is_read_in_place else size))
        if not is_read_in_place:
            share = clips * (size / total if total else 1 / len(config.sources))
            unpacked = share * seconds * rates[-1] * 2
            extracts.append(
                add("extract", size * costs.inflate, indexes[-1:], bytes=size + unpacked, calls=share * CALLS_TO_WRITE)
            )
    corpus = add("corpus", clips * costs.member, indexes)
    for extract in extracts:
        extract.needs.append(corpus)
    labels = add("labels", clips * costs.member, [corpus])
    batches = number_of_batches(clips, config.sample_duration)
    of_batch = clips / batches
    wav = {rate: seconds * rate * 2 for rate in rates}
    resampled = []
    for _ in range(batches):
        standardize = add(
            "standardize", of_batch * clip.decode, [corpus, *extracts],
            bytes=2 * of_batch * wav[rates[-1]], calls=of_batch * (CALLS_TO_READ + CALLS_TO_WRITE),
        )  # fmt: skip
        resampled.append(
            add(
                "resample", of_batch * sum(clip.resample.values()), [standardize],
                bytes=of_batch * (wav[rates[-1]] + sum(wav.values())),
                calls=of_batch * (CALLS_TO_SEE + CALLS_TO_READ + CALLS_TO_WRITE * len(rates)),
            )  # fmt: skip
        )
    seen = clips * (1 + len(rates)) * CALLS_TO_SEE  # the seals of all batches
    combine = add("combine", 1.0, [labels, *resampled], calls=seen + clips * len(rates), ahead=ahead, priority=1e6)
    for rate in rates:
        add(
            "tar", clips * (costs.packed_file + wav[rate] * costs.packed_byte), [labels, *resampled], bytes=1.8 * clips * wav[rate],
            calls=seen + clips * CALLS_TO_READ, ahead=ahead, priority=rate,
        )  # fmt: skip
    add("release", 0.01, [combine, *steps[-len(rates) :]])
    return steps


def simulate(steps: Sequence[SimulatedStep], scenario: Scenario) -> float:
    """Give every step its times; returns when the last one ended, in seconds.

    A free core takes the ready step of the highest priority as soon as the runner and Dask's scheduler, which handle
    one step at a time, have handed it out. The file server answers calls in the order in which they come; where it has
    more to do than it can, all steps wait for it.
    """
    waiting = {id(step): len(step.needs) for step in steps}
    needed_by: dict[int, list[SimulatedStep]] = defaultdict(list)
    for step in steps:
        for need in step.needs:
            needed_by[id(need)].append(step)
    order = {id(step): number for number, step in enumerate(steps)}
    ready = [(-step.priority, order[id(step)], step) for step in steps if not step.needs]
    heapq.heapify(ready)
    running: list[tuple[float, int, SimulatedStep]] = []
    now = runner_free = calls_free = bytes_free = 0.0
    handing_out = scenario.costs.step + scenario.costs.message
    while ready or running:
        while ready and len(running) < scenario.cores:
            step = heapq.heappop(ready)[2]
            runner_free = max(now, runner_free) + handing_out
            calls_free = max(calls_free, runner_free) + step.calls / scenario.server.calls
            bytes_free = max(bytes_free, runner_free) + step.bytes / scenario.server.bytes
            step.began = runner_free
            step.ended = max(runner_free + step.seconds(scenario.server), calls_free, bytes_free)
            heapq.heappush(running, (step.ended, order[id(step)], step))
        now, _number, ended = heapq.heappop(running)
        for step in needed_by[id(ended)]:
            waiting[id(step)] -= 1
            if not waiting[id(step)]:
                heapq.heappush(ready, (-step.priority, order[id(step)], step))
    return now


def chain(steps: Sequence[SimulatedStep]) -> Iterator[SimulatedStep]:
    """The steps that decided the end, from the last one back: of what each needs, the one that ended last."""
    step: SimulatedStep | None = max(steps, key=lambda step: step.ended)
    while step is not None:
        yield step
        step = max(step.needs, key=lambda need: need.ended, default=None)


def whole_graph(modes: Sequence[TaskMode], costs: Costs, clips: dict[str, ClipCosts], ahead: int) -> list[SimulatedStep]:
    """The steps of all tasks; those that share a source verify and list it once."""
    steps: list[SimulatedStep] = []
    shared: dict[str, dict[str, SimulatedStep]] = defaultdict(dict)
    for config in modes:
        replaced: dict[int, SimulatedStep] = {}
        of_source = iter([file_names(source) for source in config.sources.values() for _stage in ("download", "index")])
        for step in graph(config, costs, clips[config.title], DEFAULT_SAMPLE_RATES, ahead):
            if step.stage in ("download", "index"):
                first = shared[next(of_source)].setdefault(step.stage, step)
                if first is not step:
                    replaced[id(step)] = first
                    continue
            step.needs = [replaced.get(id(need), need) for need in step.needs]
            steps.append(step)
    return steps


def file_names(source: object) -> str:
    """What identifies a source."""
    return " ".join(file.filename for file in source.files)  # type: ignore[attr-defined]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, simulate, and print the tables of docs/scale.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to a file, too")
    options = parser.parse_args(arguments)
    costs = scale_costs.measured(with_dask=True)
    modes = [mode for name in registry.built_in_names() for mode in modes_of(name)]
    clips = {
        config.title: scale_costs.of_clips(config.sample_duration or SECONDS[config.name], DEFAULT_SAMPLE_RATES)
        for config in modes
    }
    print(costs)
    figures = []
    for server in (LOCAL, SMALL_NFS, LARGE_NFS):
        for ahead in (1, 16) if server.latency else (1,):
            for cores in CORES:
                scenario = Scenario(cores, server, costs, ahead)
                steps = whole_graph(modes, costs, clips, ahead)
                seconds = simulate(steps, scenario)
                figures.append(line(scenario, steps, seconds, clips, modes))
                print(figures[-1])
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


def modes_of(name: str) -> Iterator[TaskMode]:
    """The modes of a task that `--mode all` makes."""
    config = registry.load(name)
    for mode in config.modes:
        if mode not in ("small", "synthetic"):
            yield config.in_mode(mode)


def line(scenario, steps, seconds, clips, modes):
    work = sum(step.seconds(scenario.server) for step in steps)
    path = list(chain(steps))[::-1]
    return {
        "server": scenario.server.name, "ahead": scenario.ahead, "cores": scenario.cores, "steps": len(steps),
        "seconds": round(seconds, 1), "work": round(work), "use": round(work / seconds / scenario.cores, 3),
        "runner": round(len(steps) * (scenario.costs.step + scenario.costs.message) / seconds, 3),
        "calls": round(sum(s.calls for s in steps) / scenario.server.calls / seconds, 3),
        "bytes": round(sum(s.bytes for s in steps) / scenario.server.bytes / seconds, 3),
        "chain": [f"{s.task} {s.stage} {s.began:.0f}-{s.ended:.0f} ({s.seconds(scenario.server):.0f})" for s in path],
    }


if __name__ == "__main__":
    sys.exit(main())
