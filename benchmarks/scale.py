"""What limits a run of the whole HEAR on many cores: a simulation of its graph with measured costs.

    python benchmarks/scale.py

Takes a minute; needs the extra `dask`. The steps are those that a run makes, with their dependencies: their numbers
follow from the published numbers of clips and from the code that divides clips into batches. Costs of computing are
measured on this machine, those of file servers are stated in `scale_costs.py`. Downloads are on the disk and are not
verified yet. `docs/scale.md` explains the results.
"""

from __future__ import annotations

import argparse
import heapq
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import scale_costs
from scale_costs import LARGE_NFS, LOCAL, SMALL_NFS, ClipCosts, Costs, Server

from hearpreprocess.corpus.batches import number_of_batches
from hearpreprocess.request import DEFAULT_SAMPLE_RATES
from hearpreprocess.storage.latency import AT_ONCE
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
CALLS_TO_READ_A_MEMBER = 2  # of an archive that is open: its header and its content
CALLS_TO_SEE = 1 / 32  # stat: NFS sends the states of some ten files with a part of a directory (READDIRPLUS)


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
            # Small members share one file.
            extracts.append(add("extract", size * costs.inflate, indexes[-1:], bytes=size + unpacked))
    corpus = add("corpus", clips * costs.member, indexes)
    for extract in extracts:
        extract.needs.append(corpus)
    labels = add("labels", clips * costs.member, [corpus])
    batches = number_of_batches(clips, config.sample_duration)
    of_batch = clips / batches
    wav = {rate: seconds * rate * 2 for rate in rates}
    resampled = []
    for _ in range(batches):
        resampled.append(
            add(
                "resample",
                of_batch * (clip.decode + sum(clip.resample.values())),
                [corpus, *extracts],
                bytes=of_batch * (wav[rates[-1]] + sum(wav.values())),
                calls=of_batch * (CALLS_TO_READ_A_MEMBER + CALLS_TO_WRITE * len(rates)),
            )
        )
    seen = clips * len(rates) * CALLS_TO_SEE  # the seals of all batches
    combine = add("combine", 1.0, [labels, *resampled], calls=seen + clips * len(rates), ahead=ahead, priority=1e6)
    for rate in rates:
        add(
            "tar", clips * (costs.packed_file + wav[rate] * costs.packed_byte), [labels, *resampled],
            bytes=1.8 * clips * wav[rate],
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


def whole_graph(
    modes: Sequence[TaskMode], costs: Costs, clips: dict[str, ClipCosts], ahead: int
) -> list[SimulatedStep]:
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


@dataclass(frozen=True)
class Result:
    """A simulated run, in seconds: as simulated, and what each limit alone would allow.

    `cores`: the work divided by the cores. `chain`: the longest chain of steps that need each other, on any number of
    cores. `runner`: what the runner and Dask's scheduler, which handle one step at a time, spend on all steps.
    `calls`, `bytes`: what the file server takes for all of them. `last`: the steps that decided the end.
    """

    scenario: Scenario
    simulated: float
    cores: float
    chain: float
    runner: float
    calls: float
    bytes: float
    last: str

    @property
    def limit(self) -> str:
        """The name of the largest of them."""
        limits = {name: getattr(self, name) for name in ("cores", "chain", "runner", "calls", "bytes")}
        return max(limits, key=limits.__getitem__)


def result_of(steps: Sequence[SimulatedStep], scenario: Scenario) -> Result:
    """Simulate a run."""
    server, costs = scenario.server, scenario.costs
    simulated = simulate(steps, scenario)
    last = max(steps, key=lambda step: step.ended)
    decided = [step for step in chain(steps) if step.task == last.task]
    slowest = sorted(decided, key=lambda step: -step.seconds(server))[:3]
    return Result(
        scenario,
        simulated=simulated,
        cores=sum(step.seconds(server) for step in steps) / scenario.cores,
        chain=longest_chain(steps, server),
        runner=len(steps) * (costs.step + costs.message),
        calls=sum(step.calls for step in steps) / server.calls,
        bytes=sum(step.bytes for step in steps) / server.bytes,
        last=f"{last.task}: " + ", ".join(f"{step.stage} {step.seconds(server):,.0f}" for step in slowest),
    )


def longest_chain(steps: Sequence[SimulatedStep], server: Server) -> float:
    """How long the longest chain of steps takes that need each other."""
    seconds: dict[int, float] = {}
    for step in in_order_of_needs(steps):
        seconds[id(step)] = step.seconds(server) + max((seconds[id(need)] for need in step.needs), default=0.0)
    return max(seconds.values())


def in_order_of_needs(steps: Sequence[SimulatedStep]) -> list[SimulatedStep]:
    """The steps of a simulated run, each after those that it needs."""
    return sorted(steps, key=lambda step: step.began)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, simulate, and print the tables of docs/scale.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args(arguments)
    costs = scale_costs.measured(with_dask=True)
    modes = [mode for name in registry.built_in_names() for mode in modes_of(name)]
    clips = {
        config.title: scale_costs.of_clips(config.sample_duration or SECONDS[config.name], DEFAULT_SAMPLE_RATES)
        for config in modes
    }
    print("| cost | of one core |\n| --- | --- |")
    for name, seconds, unit in (
        ("checksum of an archive", costs.checksum * 1e9, "s a GB"),
        ("decompressing an archive", costs.inflate * 1e9, "s a GB"),
        ("packing", costs.packed_byte * 1e9, "s a GB"),
        ("packing", costs.packed_file * 1e6, "us a clip"),
        ("a step, in the runner", costs.step * 1e3, "ms"),
        ("a step, in Dask's scheduler", costs.message * 1e3, "ms"),
    ):
        print(f"| {name} | {seconds:.2f} {unit} |")
    for server in (LOCAL, LARGE_NFS, SMALL_NFS):
        for ahead in (1, AT_ONCE) if server.latency else (1,):
            print(f"\n{server.name}, {ahead} calls at a time in steps on all clips of a task\n")
            print("| cores | simulated | work / cores | chain | runner | calls | bytes | limit | last |")
            print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
            for cores in CORES:
                steps = whole_graph(modes, costs, clips, ahead)
                result = result_of(steps, Scenario(cores, server, costs, ahead))
                figures = (
                    getattr(result, name) for name in ("simulated", "cores", "chain", "runner", "calls", "bytes")
                )
                shown = " | ".join(f"{figure:,.0f}" for figure in figures)
                print(f"| {cores:,} | {shown} | {result.limit} | {result.last} |")
    print(f"\n{len(steps):,} steps")
    return 0


def modes_of(name: str) -> Iterator[TaskMode]:
    """The modes of a task that `--mode all` makes."""
    config = registry.load(name)
    for mode in config.modes:
        if mode not in ("small", "synthetic"):
            yield config.in_mode(mode)


if __name__ == "__main__":
    sys.exit(main())
