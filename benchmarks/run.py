"""Measure the runner against the bare work, and write benchmarks/RESULTS.md.

    python benchmarks/run.py [--size small] [--only PART ...] [--folder DIR] [--repeat 3] [--shared ../shared]
                             [--results FILE]

All commands work on corpora that are made here, on the same machine and the same cores, in turn. Needs 20 GB of disk
in all, a tenth of that with --size small, and leaves nothing behind. With --only, the results are only printed, unless
--results names a file, in which their sections are replaced.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import datetime
import importlib.metadata
import multiprocessing
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

import corpora
import measure
import profile_tables
from corpora import Corpus
from results import Report

HERE = Path(__file__).parent
RUNNER = (sys.executable, "-m", "hearpreprocess.runner")
LARGEST_RATIO = {"esc": 1.12, "events": 1.15, "long": 1.08, "speech": 1.6}  # to the bare work with checksums
LARGEST_RATIO_OF_FOUR_RATES = 1.6  # to the bare work without
LARGEST_SHARE_OF_ONE_CLIP = 0.15  # of the first run
SECONDS_OF_HELP, SECONDS_OF_NOTHING, SECONDS_OF_EXCERPT, SECONDS_OF_DEMO = 0.1, 0.4, 2.5, 60
CORPORA = (corpora.ESC, corpora.EVENTS, corpora.LONG, corpora.SPEECH)
PARTS = (*(corpus.name for corpus in CORPORA), "four-rates", "growth", "start", "again", "proof", "listings")
LIBRARIES = ("luigi", "soxr", "soundfile", "numpy", "pandas", "isal")
MOST_MIB, MOST_MIB_OF_LISTING, SECONDS_OF_LISTING = 300, 350, 3
SMALL, CLIPS_OF_EXCERPT = 10, 20


class Bench:
    """The corpora in a folder, and fresh folders to work in."""

    def __init__(self, folder: Path, repeat: int) -> None:
        self.folder, self.repeat = folder, repeat
        self._places = 0
        self._place: Path | None = None

    def place(self) -> Path:
        """A fresh folder; the previous one is emptied."""
        if self._place is not None:
            measure.empty(self._place)
        self._places += 1
        self._place = self.folder / f"place{self._places}"
        self._place.mkdir()
        return self._place

    def write(self, corpus: Corpus) -> Path:
        """Write a corpus in a separate process, so that this one stays small; return the task module's path."""
        self._places += 1
        folder = self.folder / f"corpus{self._places}"
        with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as writer:
            return writer.submit(corpora.write, corpus, folder).result()

    def forget(self, module: Path) -> None:
        """Free the space of a corpus."""
        measure.empty(module.parent)

    @staticmethod
    def ours(corpus: Corpus, module: Path, *more: object) -> list[object]:
        """The runner's command for a corpus, whose archive it finds in its download folder."""
        return [*RUNNER, module, "--download-dir", module.parent, "--sample-rates", *corpus.asked_rates, *more]

    @staticmethod
    def limit(corpus: Corpus, module: Path, out: Path, *options: str) -> list[object]:
        """The command that does the bare work."""
        archive = corpora.archive_of(corpus, module.parent)
        return [sys.executable, HERE / "limit.py", *options, archive, out, corpus.seconds, *corpus.asked_rates]


def warm_up(bench: Bench) -> None:
    """Run both sides once, so that the bytecode of all modules is on the disk, as users have it."""
    corpus = replace(corpora.ESC, clips=10, asked_rates=(16000,))
    module, place = bench.write(corpus), bench.place()
    measure.run(bench.limit(corpus, module, place / "bare"), place)
    measure.run(bench.ours(corpus, module), place)


def against_the_limit(bench: Bench, report: Report, chosen: list[Corpus]) -> None:
    """Wall time of the runner as a multiple of the bare work's, and its distribution over the stages."""
    report.section("Against the limit")
    report.add(f"Medians of {bench.repeat}. Bytes, without the download, are multiples of the size of the outputs.")
    report.add("The second ratio is that to the bare work with the checksums that the outputs hold.\n")
    report.table(
        "corpus",
        "limit s",
        "with checksums s",
        "ours s",
        "ratio",
        "to that with checksums",
        "at most",
        "CPU ratio",
        "peak MiB",
        "limit's peak",
        "written",
        "on disk",
    )
    shares = []
    for corpus in chosen:
        module = bench.write(corpus)
        limits, with_checksums, ours = [], [], []
        for repetition in range(bench.repeat):
            folder = bench.place()
            limits.append(measure.run(bench.limit(corpus, module, folder / "bare"), folder))
            expected = measure.checksums(folder / "bare", "*/*.wav") if repetition == bench.repeat - 1 else {}
            folder = bench.place()
            with_checksums.append(measure.run(bench.limit(corpus, module, folder / "bare", "--checksums"), folder))
            folder = bench.place()
            ours.append(measure.run(bench.ours(corpus, module), folder))
            actual = measure.checksums(folder / "out" / "tasks", "*/*/*/*.wav") if expected else {}
            if actual != expected:
                raise RuntimeError(f"{folder} does not hold what the bare work makes")
        limit, checked, own = map(measure.median, (limits, with_checksums, ours))
        outputs = measure.occupied(folder / "out")
        all_of_it = measure.occupied(folder / "out", folder / "_workdir")
        report.row(
            corpus.name,
            f"{limit.wall:.2f}",
            f"{checked.wall:.2f}",
            f"{own.wall:.2f}",
            f"**{own.wall / limit.wall:.2f}**",
            f"**{own.wall / checked.wall:.2f}**",
            f"{LARGEST_RATIO[corpus.name]}",
            f"{own.processor / limit.processor:.2f}",
            f"{own.peak:.0f}",
            f"{limit.peak:.0f}",
            f"{own.written / outputs:.2f}",
            f"{all_of_it / outputs:.2f}",
        )
        shares.append((corpus, profile_tables.step_durations(folder / "_workdir" / "logs")))
        bench.forget(module)
    report.section("Stages")
    report.add("Shares of the time that steps took in all processes together, in per cent.\n")
    names = ["download", "index", "corpus", "labels", "extract", "resample", "combine", "tar", "release"]
    report.table("corpus", *names)
    for corpus, seconds in shares:
        whole = sum(map(sum, seconds.values()))
        report.row(corpus.name, *(f"{100 * sum(seconds.get(name, [])) / whole:.1f}" for name in names))


def growth(bench: Bench, report: Report, sizes: list[int]) -> None:
    """Time per clip and peak memory by the number of clips; then the time of an up-to-date run on the largest."""
    report.section("Growth")
    report.table("clips of `speech`", "s", "ms per clip", f"of that at {sizes[1]:,}", "peak MiB", "at most")
    per_clip: dict[int, float] = {}
    for size in sizes:
        corpus = replace(corpora.SPEECH, clips=size)
        module, folder = bench.write(corpus), bench.place()
        cost = measure.run(bench.ours(corpus, module), folder)
        per_clip[size] = cost.wall / size
        ratio = f"{per_clip[size] / per_clip[sizes[1]]:.2f}" if sizes[1] in per_clip else ""
        report.row(
            f"{size:,}", f"{cost.wall:.2f}", f"{1000 * per_clip[size]:.2f}", ratio, f"{cost.peak:.0f}", f"{MOST_MIB}"
        )
        if size == sizes[-1]:
            nothing = median_of(bench, bench.ours(corpus, module), folder)
            report.add(f"\nThe same command with nothing to do, {size:,} clips: {nothing.wall:.2f} s, at most")
            report.add(f"{SECONDS_OF_NOTHING}.")
        bench.forget(module)


def median_of(bench: Bench, command: list[object], folder: Path) -> measure.Cost:
    """The median cost of a command that may run several times in one folder."""
    return measure.median([measure.run(command, folder) for _ in range(bench.repeat)])


def start(bench: Bench, report: Report) -> None:
    """Commands that are mostly the start of Python and of Luigi."""
    report.section("Start")
    report.add(f"Medians of {bench.repeat}.\n")
    report.table("command", "s", "at most", "processor s")
    excerpt = corpora.write_excerpt_of_esc50(bench.folder / "excerpt", CLIPS_OF_EXCERPT)
    small = [*RUNNER, "esc50", "--mode", "small", "--source", f"corpus={excerpt}"]
    everything = measure.median([measure.run(small, bench.place()) for _ in range(bench.repeat)])
    folder = bench.place()
    measure.run(small, folder)
    commands = {
        "--help": (median_of(bench, [*RUNNER, "--help"], folder), SECONDS_OF_HELP),
        f"`esc50 --mode small`, {CLIPS_OF_EXCERPT} clips, everything to do": (everything, SECONDS_OF_EXCERPT),
        "the same with nothing to do": (median_of(bench, small, folder), SECONDS_OF_NOTHING),
        "`all --mode synthetic`": (
            measure.run([*RUNNER, "all", "--mode", "synthetic"], bench.place()),
            SECONDS_OF_DEMO,
        ),
    }
    for name, (cost, most) in commands.items():
        report.row(name, f"{cost.wall:.2f}", f"{most}", f"{cost.processor:.2f}")


def again(bench: Bench, report: Report, clips: int) -> None:
    """One clip of a user's folder changed."""
    report.section("Again")
    corpus = replace(corpora.ESC, clips=clips)
    module, work_folder = bench.write(corpus), bench.place()
    folder = work_folder / "mine"
    with zipfile.ZipFile(corpora.archive_of(corpus, module.parent)) as archive:
        archive.extractall(folder)
    command = bench.ours(corpus, module, "--source", f"corpus={folder}")
    first = measure.run(command, work_folder)
    recordings = sorted(folder.rglob("*.wav"))
    changed = []
    for repetition in range(bench.repeat):
        clip = recordings[(repetition + 1) * len(recordings) // (bench.repeat + 1)]
        content = clip.read_bytes()
        clip.write_bytes(content[:44] + content[:43:-1])
        changed.append(measure.run(command, work_folder))
    cost = measure.median(changed)
    report.table("command", "s", "of the first run", "at most", "processor s, of the first run")
    report.row(
        f"one of {clips:,} clips changed in a user's folder",
        f"{cost.wall:.2f}",
        f"**{cost.wall / first.wall:.2f}**",
        f"{LARGEST_SHARE_OF_ONE_CLIP}",
        f"{cost.processor / first.processor:.2f}",
    )
    bench.forget(module)


def four_rates(bench: Bench, report: Report) -> None:
    """250 clips at the rates of the peers, against the bare work without checksums, in turn."""
    report.section("Four rates")
    corpus = replace(corpora.ESC, clips=250, asked_rates=(16000, 22050, 32000, 48000))
    module = bench.write(corpus)
    limits, ours = [], []
    for _repetition in range(bench.repeat):
        place = bench.place()
        limits.append(measure.run(bench.limit(corpus, module, place / "bare"), place))
        ours.append(measure.run(bench.ours(corpus, module), bench.place()))
    limit, own = measure.median(limits), measure.median(ours)
    report.add(
        f"250 clips of 5 s from a zip to tarballs at 16, 22.05, 32 and 48 kHz; medians of {bench.repeat}, in turn.\n"
    )
    report.table("bare work s", "ours s", "ratio", "at most", "CPU ratio")
    ratio = f"**{own.wall / limit.wall:.2f}**"
    processor = f"{own.processor / limit.processor:.2f}"
    report.row(f"{limit.wall:.2f}", f"{own.wall:.2f}", ratio, f"{LARGEST_RATIO_OF_FOUR_RATES}", processor)
    bench.forget(module)


def proof(bench: Bench, report: Report, clips: int) -> None:
    """The cost of verifying a tarball and of comparing two, beside `gzip -t`, which only reads it."""
    report.section("Proof")
    report.add(f"One tarball of {clips:,} clips of 5 s at 44,100 Hz; medians of {bench.repeat}, in turn.\n")
    report.table("command", "s", "of `gzip -t`", "at most", "peak MiB")
    corpus = replace(corpora.ESC, clips=clips, asked_rates=(44100,))
    module, work_folder = bench.write(corpus), bench.place()
    measure.run(bench.ours(corpus, module), work_folder)
    (tarball,) = (work_folder / "out").glob("*.tar.gz")
    commands = {
        "gzip -t": ["gzip", "-t", tarball],
        "verify": [sys.executable, "-m", "hearpreprocess.verify", tarball, "--task", module],
        "compare, with itself": [sys.executable, "-m", "hearpreprocess.compare", tarball, tarball],
    }
    costs: dict[str, list[measure.Cost]] = {name: [] for name in commands}
    for _repetition in range(bench.repeat):
        for name, command in commands.items():
            costs[name].append(measure.run(command, work_folder))
    read = measure.median(costs["gzip -t"]).wall
    for name, of_command in costs.items():
        cost = measure.median(of_command)
        most = "2" if name == "verify" else ""
        report.row(name, f"{cost.wall:.2f}", f"**{cost.wall / read:.2f}**", most, f"{cost.peak:.0f}")
    bench.forget(module)


def listings(report: Report, shared: Path | None) -> None:
    """The cost of complete listings, without audio."""
    report.section("Listings")
    report.add(f"At most {SECONDS_OF_LISTING} s and {MOST_MIB_OF_LISTING} MiB.\n")
    command = [sys.executable, str(HERE / "listings.py"), *(["--shared", str(shared)] if shared else [])]
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        report.add(f"    {line}")


def main() -> int:
    """Measure everything and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=("full", "small"), default="full")
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's place for temporary files)")
    parser.add_argument("--repeat", type=corpora.at_least(1), default=3)
    parser.add_argument("--shared", type=Path)
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--results", type=Path, help="(default: benchmarks/RESULTS.md, without --only)")
    options = parser.parse_args()
    part = SMALL if options.size == "small" else 1
    report = Report()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    report.add("# Results\n")
    report.add("Written by `make bench`; what the figures mean is in [README.md](README.md).\n")
    report.add(
        f"{datetime.date.today()}, size {options.size}. {platform.system()} {platform.machine()}, {cores} cores,"
    )
    report.add(f"Python {platform.python_version()}, {versions}.")
    work = Path(tempfile.mkdtemp(prefix="bench-", dir=options.folder))
    try:
        bench = Bench(work, options.repeat)
        warm_up(bench)
        parts = options.only or PARTS
        if chosen := [
            replace(corpus, clips=max(corpora.LEAST_CLIPS, corpus.clips // part))
            for corpus in CORPORA
            if corpus.name in parts
        ]:
            against_the_limit(bench, report, chosen)
        if "four-rates" in parts:
            four_rates(bench, report)
        if "growth" in parts:
            growth(bench, report, [size // part for size in (1_000, 10_000, 50_000)])
        if "start" in parts:
            start(bench, report)
        if "again" in parts:
            again(bench, report, corpora.ESC.clips // part)
        if "proof" in parts:
            proof(bench, report, corpora.ESC.clips // part)
        if "listings" in parts:
            listings(report, options.shared)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    if results := options.results or (None if options.only else HERE / "RESULTS.md"):
        report.save(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
