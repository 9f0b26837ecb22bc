"""The same clips by the tools that people would use instead, beside the bare work and ours, in turn.

    python benchmarks/peers.py [--python build/peers/bin/python] [--corpus esc speech] [--clips N] [--repeat 3]
                               [--folder DIR] [--results FILE]

Each peer unpacks the archive, converts its clips to four rates as its documentation shows, and packs a tarball for each
rate, all by peers_work.py. `--python`: the interpreter of an environment that has the peers' packages; a peer that is
not installed is named and skipped. With --results, writes a section of that file.
"""

from __future__ import annotations

import argparse
import datetime
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import corpora
import measure
import peers_checks
from corpora import Corpus
from results import Report

HERE = Path(__file__).parent
SECTION = "Beside other tools"
RATES = (16000, 22050, 32000, 48000)
CORPORA = {
    "esc": replace(corpora.ESC, clips=250, asked_rates=RATES),
    "speech": replace(corpora.SPEECH, clips=1000, asked_rates=RATES),
}
LIMIT, OURS = "bare work", "ours"
LEAST_OF_OURS = {("esc", "sox"): 3, ("esc", "ffmpeg"): 7}  # how many times as long as ours they take, by corpus


@dataclass(frozen=True)
class Peer:
    """A tool: its title, how it converts, what it needs as modules, and how its quality is set."""

    name: str
    title: str
    how: str
    quality: str
    modules: tuple[str, ...] = ()


PEERS = (
    Peer("sox", "sox", "a process a clip and rate", "`rate -h`, with its default dither"),
    Peer("ffmpeg", "ffmpeg", "a process a clip for all rates", "swresample's default, a shorter filter than HQ"),
    Peer("ffmpeg-soxr", "ffmpeg, soxr", "a process a clip for all rates", "libsoxr, precision 20, as ours"),
    Peer("ffmpeg-each", "ffmpeg, each rate", "a process a clip and rate", "swresample's default"),
    Peer("lhotse", "lhotse", "`resample` and `save_audios`, a job a core", "torchaudio's default", ("lhotse", "torch")),
    Peer(
        "torchaudio",
        "torchaudio",
        "`Resample` kept for each pair of rates, soundfile, a process a core",
        "its default, `lowpass_filter_width=6`, much shorter than HQ",
        ("torchaudio", "soundfile"),
    ),
    Peer("datasets", "datasets", "`map` with soxr, a process a core", "libsoxr HQ, as ours", ("datasets", "soxr")),
)


def problem_of(peer: Peer, python: Path) -> str | None:
    """Why a peer cannot be run, or None."""
    if not python.exists():
        return f"{python} does not exist; `make bench-peers` makes it"
    if not peer.modules:
        program = peer.name.partition("-")[0]
        find = "peers_work.ffmpeg_program()" if program == "ffmpeg" else f"shutil.which({program!r})"
        code = f"import shutil, sys, peers_work; sys.exit({find} is None)"
        found = subprocess.run([python, "-c", code], cwd=HERE, check=False)
        return f"{program} is not installed" if found.returncode else None
    for module in peer.modules:
        if subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False).returncode:
            return f"{module} is not installed, or cannot be imported"
    return None


class Contest:
    """One corpus, and the commands that make its clips at all rates in a fresh folder."""

    def __init__(self, corpus: Corpus, folder: Path, python: Path) -> None:
        self.corpus, self.folder, self._python = corpus, folder, python
        self.module = corpora.write(corpus, folder / "corpus")
        self._places = 0

    def command(self, name: str, out: Path) -> list[object]:
        """The command of a side."""
        archive, rates = corpora.archive_of(self.corpus, self.module.parent), self.corpus.asked_rates
        if name == OURS:
            command = [sys.executable, "-m", "hearpreprocess.runner", self.module, "--download-dir", archive.parent]
            return [*command, "--sample-rates", *rates]
        if name == LIMIT:
            return [sys.executable, HERE / "limit.py", archive, out, self.corpus.seconds, *rates]
        return [self._python, HERE / "peers_work.py", name, archive, out, *rates]

    def measured(self, name: str) -> tuple[Path, measure.Cost]:
        """The folder of a run, and its cost."""
        self._places += 1
        place = self.folder / f"place{self._places}"
        place.mkdir()
        cost = measure.run(self.command(name, place / "made"), place)
        return place, cost


def seconds_without_tarballs(place: Path) -> float | None:
    """The wall seconds of a peer without packing."""
    path = place / "made" / "seconds.json"
    if not path.exists():
        return None
    seconds = json.loads(path.read_text(encoding="utf-8"))
    return float(seconds["unpack"] + seconds["convert"])


@dataclass(frozen=True)
class Measured:
    """One run: its cost, its seconds without tarballs, and the digests of what it made, clips and tarballs."""

    cost: measure.Cost
    unpacked: float | None
    digests: peers_checks.Digests


def measured_in_turn(contest: Contest, names: list[str], repeat: int) -> Iterator[tuple[str, list[Measured]]]:
    """The runs of each side, all sides in turn, the first turn not counted: it makes the caches of the disk."""
    measured: dict[str, list[Measured]] = {name: [] for name in names}
    for turn in range(repeat + 1):
        for name in names:
            place, cost = contest.measured(name)
            made = peers_checks.outputs(place, contest.corpus.asked_rates)
            peers_checks.check_count(name, made, contest.corpus.clips)
            if turn:
                measured[name].append(
                    Measured(cost, seconds_without_tarballs(place), peers_checks.digests(made, place))
                )
            measure.empty(place)
    yield from measured.items()


def compare(contest: Contest, present: list[Peer], repeat: int, report: Report) -> dict[str, list[Measured]]:
    """A table of the medians of all sides."""
    names = [LIMIT, OURS, *(peer.name for peer in present)]
    measured = dict(measured_in_turn(contest, names, repeat))
    limit, ours = (measure.median([run.cost for run in measured[name]]) for name in (LIMIT, OURS))
    corpus = contest.corpus
    report.add(f"\n### {corpus.name}, {corpus.clips:,} clips of {corpus.seconds:g} s at {corpus.rate:,} Hz\n")
    report.table(
        "",
        "how",
        "s",
        "of ours",
        "at least",
        "of the bare work",
        "without tarballs s",
        "processor s, of ours",
        "peak MiB",
    )
    titles = {LIMIT: (LIMIT, "limit.py, without checksums"), OURS: (OURS, "the whole command")}
    titles |= {peer.name: (peer.title, peer.how) for peer in present}
    for name in names:
        cost = measure.median([run.cost for run in measured[name]])
        without = sorted(run.unpacked for run in measured[name] if run.unpacked is not None)
        report.row(
            *titles[name],
            f"{cost.wall:.2f}",
            f"**{cost.wall / ours.wall:.2f}**",
            str(LEAST_OF_OURS.get((corpus.name, name), "")),
            f"{cost.wall / limit.wall:.2f}",
            f"{without[len(without) // 2]:.2f}" if without else "",
            f"{cost.processor / ours.processor:.2f}",
            f"{cost.peak:.0f}",
        )
    return measured


def main() -> int:
    """Measure all sides on each corpus, then check what each does not do."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, default=HERE.parent / "build" / "peers" / "bin" / "python")
    parser.add_argument("--corpus", nargs="+", choices=CORPORA, default=["esc"])
    enough = corpora.at_least(corpora.LEAST_CLIPS)
    parser.add_argument("--clips", type=enough, help="of each corpus (default: esc 250, speech 1,000)")
    parser.add_argument("--only", nargs="+", choices=[peer.name for peer in PEERS], help="these peers")
    parser.add_argument("--repeat", type=corpora.at_least(1), default=3)
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's place for temporary files)")
    parser.add_argument("--results", type=Path)
    options = parser.parse_args()
    python = Path.cwd() / options.python  # not resolved: an environment's interpreter is a link
    chosen = [peer for peer in PEERS if options.only is None or peer.name in options.only]
    problems = {peer.name: problem_of(peer, python) for peer in chosen}
    present = [peer for peer in chosen if problems[peer.name] is None]
    report = Report()
    report.section(SECTION)
    report.add(
        f"{datetime.date.today()}, written by `make bench-peers`. Medians of {options.repeat}, all in turn, on all"
    )
    report.add(
        "cores: from an archive to WAV files at 16,000, 22,050, 32,000 and 48,000 Hz and a tarball of each rate."
    )
    pigz = "installed, but not used" if shutil.which("pigz") else "not installed"
    report.add(
        f"The peers pack with `tar czf`, one process a rate, a rate a core; pigz is {pigz}. Ours also computes the"
    )
    report.add("checksums of clips and tarballs, and writes splits, labels, a manifest and the report.")
    for peer in chosen:
        if problem := problems[peer.name]:
            report.add(f"\n{peer.title}: skipped, as {problem}.")
    work = Path(tempfile.mkdtemp(prefix="peers-", dir=options.folder))
    try:
        measured: dict[str, list[Measured]] = {}
        for name in options.corpus:
            corpus = replace(CORPORA[name], clips=options.clips or CORPORA[name].clips)
            contest = Contest(corpus, work / name, python)
            measured = compare(contest, present, options.repeat, report)
        qualities(present, report)
        titles = {OURS: OURS, **{peer.name: peer.title for peer in present}}
        peers_checks.report_behaviour(
            lambda corpus, name: Contest(corpus, work / name, python),
            {name: [run.digests for run in runs] for name, runs in measured.items()},
            titles,
            report,
        )
    finally:
        shutil.rmtree(work, ignore_errors=True)
    if options.results:
        report.save(options.results)
    return 0


def qualities(present: list[Peer], report: Report) -> None:
    """How each resamples, as a shorter filter is faster."""
    report.add("\nThe resamplers differ, and a shorter filter is faster:\n")
    report.table("", "quality")
    report.row(OURS, "libsoxr HQ (20 bits), float32, no dither")
    for peer in present:
        report.row(peer.title, peer.quality)


if __name__ == "__main__":
    sys.exit(main())
