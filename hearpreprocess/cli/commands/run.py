"""Make tasks: clips, splits and labels as published, at any sample rate. The word `run` may be left out."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hearpreprocess import storage, task
from hearpreprocess.cli.console import DONE, FAILED, INTERRUPTED
from hearpreprocess.cli.options import (
    OldSpelling,
    add_directories,
    add_force,
    add_no_report,
    add_rates,
    add_skips,
    add_sources,
    add_tasks,
    add_work,
    request_of,
)
from hearpreprocess.cli.program import COMMANDS, EXAMPLES, ShowVersion
from hearpreprocess.cli.watching import watcher
from hearpreprocess.errors import HearPreprocessError, TaskNotFoundError
from hearpreprocess.request import DEFAULT_EXPANSION

if TYPE_CHECKING:
    from hearpreprocess.engine import Outcome
    from hearpreprocess.request import Request

EPILOG = EXAMPLES


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `run`."""
    add_tasks(parser, nargs="*")
    parser.add_argument(
        "--from-published",
        nargs="+",
        default=[],
        metavar="TASK",
        help="resample published tarballs instead of making tasks from their corpora: the same as "
        "`hearpreprocess published TASK...`",
    )
    add_record(parser)
    add_rates(parser)
    add_directories(parser)
    add_sources(parser)
    add_offline(parser)
    parser.add_argument("--until", choices=("download", "corpus"), help="stop after this stage")
    add_skips(parser)
    add_max_expansion(parser)
    add_work(parser)
    add_force(parser)
    add_no_report(parser)
    parser.add_argument("--version", action=ShowVersion, help=argparse.SUPPRESS)
    add_detail(parser)


def add_record(parser: argparse.ArgumentParser) -> None:
    """Add where the published record is looked up."""
    parser.add_argument("--record", metavar="URL", help="where the published tarballs are listed (default: Zenodo)")


def add_offline(parser: argparse.ArgumentParser) -> None:
    """Add whether the network may be used."""
    parser.add_argument(
        "--offline", action="store_true", help="do not use the network; list what is missing, with wget commands"
    )


def add_max_expansion(parser: argparse.ArgumentParser) -> None:
    """Add how much an archive may grow."""
    parser.add_argument(
        "--max-expansion",
        type=float,
        default=DEFAULT_EXPANSION,
        metavar="N",
        help="refuse an archive that expands to more than N times its size (default: %(default)s)",
    )
    parser.add_argument("--most-expansion", action=OldSpelling, now="--max-expansion", dest="max_expansion", type=float)


def add_detail(parser: argparse.ArgumentParser) -> None:
    """Add how much is shown, and what else may run the steps than processes of this host."""
    detail = parser.add_mutually_exclusive_group()
    detail.add_argument("--quiet", action="store_true", help="show only outputs, warnings and failures")
    detail.add_argument("--verbose", action="store_true", help="show every stage's progress each second")
    parser.add_argument("--scheduler-url", metavar="URL", help="a luigid to work with (default: a local scheduler)")
    parser.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="run the steps on a Dask cluster: tls://host:8786, tcp://host:8786, or the path of its scheduler.json",
    )
    parser.add_argument(
        "--insecure", action="store_true", help="with --dask, accept a cluster that others can reach without TLS"
    )


def run(options: argparse.Namespace) -> int:
    """Make the tasks; the exit status is 1 if one of them is not finished."""
    try:
        request = request_of(options)
    except TaskNotFoundError as error:
        word, (line, *lists) = options.tasks[0], str(error).splitlines()
        if not line.startswith(f"unknown task {word!r}"):
            raise
        if not Path(f"{word}.py").is_file():  # which the error suggests
            known = [*task.registry.built_in_names(), *task.registry.GROUPS, *COMMANDS]
            line = f"unknown task {word!r}{storage.nearest(word, known)}"
        raise TaskNotFoundError("\n".join([line, *lists, f"  commands: {', '.join(COMMANDS)}"])) from error
    return fulfil(request, options)


def fulfil(request: Request, options: argparse.Namespace) -> int:
    """Execute a request, show its progress, and print the outcome."""
    from hearpreprocess import engine

    watch = watcher("quiet" if options.quiet else "verbose" if options.verbose else "normal")
    try:
        outcome = engine.run(request, watch, notify=lambda text: print(text, file=sys.stderr))
    except TaskNotFoundError:  # a usage error
        raise
    except HearPreprocessError as error:
        print(f"hearpreprocess: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("\nInterrupted. Finished work is kept; run the same command again to continue.", file=sys.stderr)
        return INTERRUPTED
    return _print_outcome(outcome)


def _print_outcome(outcome: Outcome) -> int:
    if outcome.is_up_to_date:
        print("Nothing to do: all outputs are up to date")
        print("\n".join(f"  {_relative(output)}" for output in outcome.outputs))
        return DONE
    print("\n".join(_table(outcome.outputs)), end="\n" if outcome.outputs else "")
    if error := outcome.error:
        print(f"\n{error.text(_relative(error.log) if error.log else '')}", file=sys.stderr)
        return FAILED
    print(f"Done in {outcome.seconds:.1f} s.")
    return DONE


def _table(outputs: Sequence[Path]) -> Iterator[str]:
    rows = [(_relative(output), storage.size_of(output), _clips(output)) for output in outputs]
    width = max((len(shown) for shown, _size, _clips_of_it in rows), default=0)
    if rows:
        yield f"{'made':<{width}}  {'size':>12}  clips"
    for shown, size, clips in rows:
        yield f"{shown:<{width}}  {storage.bytes_text(size):>12}  {clips}".rstrip()


def _relative(output: Path) -> str:
    """A path as the user would write it; the whole path if the run has replaced the directory of the command."""
    try:
        return os.path.relpath(output) if output.is_relative_to(Path.cwd()) else str(output)
    except FileNotFoundError:
        return str(output)


def _clips(output: Path) -> str:
    """The number of clips in each split of a finished task's folder."""
    from hearpreprocess.finished import METADATA, TaskReader

    if not output.is_dir() or not (output / METADATA).is_file():
        return ""
    counts = TaskReader(output).counts
    return f"{sum(counts.values()):,} ({', '.join(f'{split} {count:,}' for split, count in counts.items())})"
