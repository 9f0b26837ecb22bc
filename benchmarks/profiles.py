"""Where the time of a run goes: by stage, by function, and in counted instructions, which do not depend on other work.

    python benchmarks/profiles.py [--speech 1000] [--events 10] [--counted 250] [--folder DIR]
                                  [--results FILE --title TEXT]

Runs the command of a task once for each way of measuring, prints Markdown, and with --results writes it to a section of
that file. Processor seconds and functions come from hook/sitecustomize.py, which each Python process imports by itself;
instructions from valgrind, where it is installed.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import corpora
import measure
import profile_tables
from corpora import Corpus
from results import Report

import hearpreprocess

HOOK = Path(__file__).parent / "hook"
PACKAGE = Path(hearpreprocess.__file__).parent
LARGEST, FEWER = 10, 5
END_OF_A_PART = "ctermid"  # as in hook/sitecustomize.py


class Run:
    """One corpus, and runs of its task in fresh folders below a folder."""

    def __init__(self, corpus: Corpus, folder: Path) -> None:
        self.corpus, self.folder = corpus, folder
        self.module = corpora.write(corpus, folder / "corpus")

    def measured(self, by: str, *before: object) -> tuple[Path, measure.Cost]:
        """What one run wrote of itself, in a folder, and its cost. `before`: a program that starts the command."""
        folder = self.folder / by
        folder.mkdir()
        command = [*before, sys.executable, "-m", "hearpreprocess.runner", self.module]
        options = ["--download-dir", self.module.parent, "--sample-rates", *self.corpus.asked_rates]
        variables = {"PYTHONPATH": str(HOOK), "MEASURED_FOLDER": str(folder), "MEASURED_BY": by}
        work_folder = self.folder / f"{by}-work"
        work_folder.mkdir()
        cost = measure.run([*command, *options], work_folder, **variables)
        return folder, cost


def by_stage(run: Run, report: Report) -> None:
    """The steps, their seconds from the log, and the processor seconds of each process."""
    folder, cost = run.measured("clock")
    durations = profile_tables.step_durations(run.folder / "clock-work" / "_workdir" / "logs")
    processes = profile_tables.clocks(folder)
    processor = profile_tables.by_stage(processes)
    whole, clips = sum(processor.values()), run.corpus.clips
    report.add(f"\n{cost.wall:.2f} s, {whole:.2f} processor seconds in {len(processes)} processes:\n")
    report.table("stage", "steps", "s", "processor s", "share %", "processor ms a clip")
    for stage, spent in sorted(processor.items(), key=lambda item: -item[1]):
        steps = durations.get(stage, [])
        in_log = [str(len(steps)), f"{sum(steps):.2f}"] if steps else ["", ""]
        report.row(stage, *in_log, f"{spent:.2f}", f"{100 * spent / whole:.1f}", f"{1000 * spent / clips:.3f}")
    report.add()
    report.table("process", "processor s", "of that in steps", "start-up")
    for number, spent in enumerate(processes):
        in_steps = sum(count for stage, count in spent.items() if stage not in profile_tables.OUTSIDE_STEPS)
        start_up = spent.get(profile_tables.START_UP)
        report.row(
            f"worker {number}" if number else "runner",
            f"{sum(spent.values()):.2f}",
            f"{in_steps:.2f}" if number else "",
            "" if start_up is None else f"{start_up:.2f}",
        )


def by_function(run: Run, report: Report) -> None:
    """The largest costs of functions by themselves, and of our own functions with all that they call."""
    if sys.version_info >= (3, 12):
        report.add("\nFunctions skipped: from Python 3.12 on, cProfile confuses the threads of a process.")
        return
    folder, _cost = run.measured("profile")
    functions = profile_tables.functions(folder, PACKAGE)
    whole = sum(function.own for function in functions)
    report.add(
        f"\nThe {LARGEST} largest costs of {whole:.2f} processor seconds under cProfile, which slows Python, not C:\n"
    )
    report.table("stage", "function", "calls", "own s", "share %", "with calls s")
    for function in sorted(functions, key=lambda function: -function.own)[:LARGEST]:
        _row(report, function, whole)
    report.add(
        f"\nThe {LARGEST} functions of the package that cost most with all that they call, without those that only"
    )
    report.add("pass it on to a single one of them:\n")
    report.table("stage", "function", "calls", "own s", "share % with calls", "with calls s")
    ours = [function for function in functions if function.is_ours and not function.passes_on]
    for function in sorted(ours, key=lambda function: -function.whole)[:LARGEST]:
        _row(report, function, whole, with_calls=True)


def _row(report: Report, function: profile_tables.Function, whole: float, *, with_calls: bool = False) -> None:
    share = 100 * (function.whole if with_calls else function.own) / whole
    costs = f"{function.own:.3f}", f"{share:.1f}", f"{function.whole:.3f}"
    report.row(function.stage, f"`{function.name}`", f"{function.calls:,}", *costs)


def counted(corpus: Corpus, folder: Path) -> dict[str, int]:
    """The instructions of a run by stage, counted by valgrind, which takes some fifty times as long."""
    run = Run(corpus, folder)
    valgrind = ["valgrind", "--tool=callgrind", f"--dump-before={END_OF_A_PART}"]
    out, _cost = run.measured("callgrind", *valgrind, f"--callgrind-out-file={folder}/callgrind/callgrind.out.%p")
    return profile_tables.instructions(out)


def by_instruction(corpus: Corpus, folder: Path, report: Report) -> None:
    """The instructions of each stage for a corpus, and for each clip: the difference to a run with fewer clips."""
    fewer = replace(corpus, clips=corpus.clips // FEWER)
    few, many = counted(fewer, folder / "fewer"), counted(corpus, folder / "all")
    whole, more = sum(many.values()), corpus.clips - fewer.clips
    report.add(f"\n{whole / 1e6:,.0f} million for {corpus.clips} clips. For each clip: the difference to a run with")
    report.add(f"{fewer.clips} clips, divided by {more}.\n")
    report.table("stage", "million", "share %", "thousand for each clip")
    for stage, count in sorted(many.items(), key=lambda item: -item[1]):
        of_clip = (count - few.get(stage, 0)) / 1e3 / more
        report.row(stage, f"{count / 1e6:,.1f}", f"{100 * count / whole:.1f}", f"{of_clip:,.1f}")
    report.row("all", f"{whole / 1e6:,.1f}", "100.0", f"{(whole - sum(few.values())) / 1e3 / more:,.1f}")


def main() -> int:
    """Measure both corpora in each way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    some, enough = (corpora.at_least(least * corpora.LEAST_CLIPS, 0) for least in (1, FEWER))
    parser.add_argument("--speech", type=some, default=1000, metavar="CLIPS", help="of 1 s; 0: none (default: 1000)")
    parser.add_argument("--events", type=some, default=10, metavar="CLIPS", help="of 120 s; 0: none (default: 10)")
    parser.add_argument(
        "--counted", type=enough, default=250, metavar="CLIPS", help="of speech; 0: none (default: 250)"
    )
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's place for temporary files)")
    parser.add_argument("--results", type=Path)
    parser.add_argument("--title", default="Profile", help="of the section in the file of --results")
    options = parser.parse_args()
    report = Report()
    report.section(options.title)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    report.add(f"hearpreprocess {hearpreprocess.__version__}, Python {platform.python_version()}, {cores} cores.")
    work = Path(tempfile.mkdtemp(prefix="profile-", dir=options.folder))
    try:
        for corpus, clips in ((corpora.SPEECH, options.speech), (corpora.EVENTS, options.events)):
            if clips:
                report.add(f"\n### {corpus.name}, {clips} clips of {corpus.seconds:g} s")
                run = Run(replace(corpus, clips=clips), work / corpus.name)
                by_stage(run, report)
                by_function(run, report)
        if options.counted:
            report.add("\n### Instructions, speech")
            if shutil.which("valgrind"):
                by_instruction(replace(corpora.SPEECH, clips=options.counted), work, report)
            else:
                report.add("\nSkipped: valgrind is not installed.")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    if options.results:
        report.save(options.results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
