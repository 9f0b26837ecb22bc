"""Measure the runner against the bare work, and write benchmarks/RESULTS.md.

    python benchmarks/run.py [--size small] [--folder DIR] [--repeat 3] [--shared ../shared]

All commands work on corpora that are made here, on the same machine and the same cores, in turn. Needs 20 GB of disk
in all, a tenth of that with --size small, and leaves nothing behind.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import datetime
import hashlib
import importlib.metadata
import multiprocessing
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import corpora
import measure
from corpora import Corpus

HERE = Path(__file__).parent
RUNNER = (sys.executable, "-m", "hearpreprocess.runner")
LARGEST_RATIO = {"esc": 1.4, "speech": 2.0, "long": 1.3, "events": 1.3}
LIBRARIES = ("luigi", "soxr", "soundfile", "numpy", "pandas", "isal")
MOST_MIB, MOST_MIB_OF_LISTING = 400, 1024
SMALL = 10


class Report:
    """Lines of Markdown, printed as they come and written at the end."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, text: str = "") -> None:
        """Add a line."""
        print(text, flush=True)
        self.lines.append(text)

    def table(self, *columns: str) -> None:
        """Begin a table."""
        self.row(*columns)
        self.row(*("---" for _ in columns))

    def row(self, *cells: str) -> None:
        """Add a row."""
        self.add("| " + " | ".join(cells) + " |")


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


def against_the_limit(bench: Bench, report: Report, chosen: list[Corpus]) -> None:
    """Wall time of the runner as a multiple of the bare work's, and its distribution over the stages."""
    report.add("\n## Against the limit\n")
    report.add(f"Medians of {bench.repeat}. Bytes, without the download, are multiples of the size of the outputs.")
    report.add("The second ratio is that to the bare work with the checksums that the outputs hold.\n")
    report.table(
        "corpus",
        "limit s",
        "with checksums s",
        "ours s",
        "ratio",
        "at most",
        "to that with checksums",
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
            expected = checksums(folder / "bare", "*/*.wav") if repetition == bench.repeat - 1 else {}
            folder = bench.place()
            with_checksums.append(measure.run(bench.limit(corpus, module, folder / "bare", "--checksums"), folder))
            folder = bench.place()
            ours.append(measure.run(bench.ours(corpus, module), folder))
            actual = checksums(folder / "out" / "tasks", "*/*/*/*.wav") if expected else {}
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
            f"{LARGEST_RATIO[corpus.name]}",
            f"**{own.wall / checked.wall:.2f}**",
            f"{own.processor / limit.processor:.2f}",
            f"{own.peak:.0f}",
            f"{limit.peak:.0f}",
            f"{own.written / outputs:.2f}",
            f"{all_of_it / outputs:.2f}",
        )
        shares.append((corpus, dict(stages(folder))))
        bench.forget(module)
    report.add("\n## Stages\n")
    report.add("Shares of the time that steps took in all processes together, in per cent.\n")
    names = ["download", "index", "corpus", "labels", "extract", "standardize", "resample", "combine", "tar", "release"]
    report.table("corpus", *names)
    for corpus, seconds in shares:
        whole = sum(seconds.values())
        report.row(corpus.name, *(f"{100 * seconds.get(name, 0) / whole:.1f}" for name in names))


def checksums(folder: Path, pattern: str) -> dict[tuple[str, str], str]:
    """The sha256 of each clip by its name and its rate."""
    digests = {}
    for path in folder.glob(pattern):
        rate = next(part for part in path.relative_to(folder).parts if part.isdigit())
        sha256 = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(1 << 16):
                sha256.update(block)
        digests[rate, path.name] = sha256.hexdigest()
    return digests


def stages(folder: Path) -> Iterator[tuple[str, float]]:
    """The seconds of each stage, from the log of a run."""
    seconds: Counter[str] = Counter()
    for log in (folder / "_workdir" / "logs").iterdir():
        for stage, took in re.findall(r"(\w+) took ([0-9.]+) s", log.read_text()):
            seconds[stage] += float(took)
    yield from seconds.items()


def growth(bench: Bench, report: Report, sizes: list[int]) -> None:
    """Time per clip and peak memory by the number of clips; then the time of an up-to-date run on the largest."""
    report.add("\n## Growth\n")
    report.table("clips of `speech`", "s", "ms per clip", "of that at 10,000", "peak MiB")
    per_clip: dict[int, float] = {}
    for size in sizes:
        corpus = replace(corpora.SPEECH, clips=size)
        module, folder = bench.write(corpus), bench.place()
        cost = measure.run(bench.ours(corpus, module), folder)
        per_clip[size] = cost.wall / size
        ratio = f"{per_clip[size] / per_clip[sizes[1]]:.2f}" if sizes[1] in per_clip else ""
        report.row(f"{size:,}", f"{cost.wall:.2f}", f"{1000 * per_clip[size]:.2f}", ratio, f"{cost.peak:.0f}")
        if size == sizes[-1]:
            nothing = measure.run(bench.ours(corpus, module), folder)
            helps = measure.run([*RUNNER, "--help"], folder)
            report.add("\n## Again\n")
            report.table("command", "s", "at most")
            report.row(f"the same command with nothing to do, {size:,} clips", f"{nothing.wall:.2f}", "2")
            report.row("--help", f"{helps.wall:.2f}", "0.3")
        bench.forget(module)


def again(bench: Bench, report: Report, clips: int) -> None:
    """One clip of a user's folder changed; a small task; the demonstration."""
    corpus = replace(corpora.ESC, clips=clips)
    module, work_folder = bench.write(corpus), bench.place()
    folder = work_folder / "mine"
    with zipfile.ZipFile(corpora.archive_of(corpus, module.parent)) as archive:
        archive.extractall(folder)
    command = bench.ours(corpus, module, "--source", f"corpus={folder}")
    first = measure.run(command, work_folder)
    clip = sorted(folder.rglob("*.wav"))[len(corpus.titles) // 2]
    content = clip.read_bytes()
    clip.write_bytes(content[:44] + content[:43:-1])
    changed = measure.run(command, work_folder)
    text = f"one of {clips:,} clips changed in a user's folder ({changed.wall / first.wall:.2f} of the first run)"
    report.row(text, f"{changed.wall:.2f}", "")
    bench.forget(module)

    corpus = replace(corpora.ESC, clips=250, asked_rates=(*corpora.DEFAULT_RATES, 48000))
    module = bench.write(corpus)
    costs = [measure.run(bench.ours(corpus, module), bench.place()) for _ in range(bench.repeat)]
    report.row("250 clips of 5 s, from a zip to five tarballs", f"{measure.median(costs).wall:.2f}", "5")
    bench.forget(module)
    demo = measure.run([*RUNNER, "all", "--mode", "synthetic"], bench.place())
    report.row("`all --mode synthetic`", f"{demo.wall:.1f}", "60")


def proof(bench: Bench, report: Report, clips: int) -> None:
    """The cost of verifying a tarball and of comparing two, beside `gzip -t`, which only reads it."""
    report.add("\n## Proof\n")
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
    report.add(f"\n## Listings\n\nPeak memory at most {MOST_MIB_OF_LISTING} MiB.\n")
    command = [sys.executable, str(HERE / "listings.py"), *(["--shared", str(shared)] if shared else [])]
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        report.add(f"    {line}")


def main() -> int:
    """Measure everything and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=("full", "small"), default="full")
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's place for temporary files)")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--shared", type=Path)
    parser.add_argument("--results", type=Path, default=HERE / "RESULTS.md")
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
        chosen = [corpora.ESC, corpora.EVENTS, corpora.LONG, corpora.SPEECH]
        against_the_limit(bench, report, [replace(corpus, clips=max(10, corpus.clips // part)) for corpus in chosen])
        growth(bench, report, [size // part for size in (1_000, 10_000, 50_000)])
        again(bench, report, corpora.ESC.clips // part)
        proof(bench, report, corpora.ESC.clips // part)
        listings(report, options.shared)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    options.results.write_text("\n".join(report.lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
