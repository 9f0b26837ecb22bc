"""Make tasks of synthetic recordings, from archives to tarballs, reports and overview. Nothing is downloaded."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from hearpreprocess.cli.commands import run as run_command
from hearpreprocess.cli.console import DONE, FAILED
from hearpreprocess.cli.options import add_directories, add_force, add_rates, add_work, request_of, set_run_defaults
from hearpreprocess.errors import DiskFullError
from hearpreprocess.request import Request
from hearpreprocess.storage import bytes_text, counted

TASKS = ("beijing_opera", "dcase2016_task2", "spoken_digit")
"""A small task of sounds, one of events, and one of speech."""

DEFAULT_RATES = (16000,)

SECONDS_TO_START, SECONDS_A_TASK, BYTES_A_TASK = 5.0, 5.0, 45_000_000
"""Of any run in seconds and, on average at one rate, of a task: seconds of one core and bytes of all its files."""

EPILOG = f"""\
examples:
  hearpreprocess demo          {", ".join(TASKS)}
  hearpreprocess demo all      every task
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `demo`."""
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=f"tasks or groups (default: {' '.join(TASKS)})")
    add_rates(parser, DEFAULT_RATES)
    add_directories(parser)
    add_work(parser)
    add_force(parser)
    run_command.add_detail(parser)
    set_run_defaults(parser)
    parser.set_defaults(mode="synthetic", source=[], zip_encoding=None, skip_bad_clips=0, no_report=False)


def run(options: argparse.Namespace) -> int:
    """Make the tasks and the overview, and print what to open; the exit status is that of `run`."""
    from hearpreprocess import report

    options.tasks = options.tasks or list(TASKS)
    options.sample_rates = options.sample_rates or list(map(str, DEFAULT_RATES))
    request = request_of(options)
    overview = report.overview_path(request.workspace.tasks_dir)
    report.check_page(overview)
    try:
        _check_room(request)
    except DiskFullError as error:
        print(f"hearpreprocess: {error}", file=sys.stderr)
        return FAILED
    if not options.quiet:
        print(_announcement(request), flush=True)
    if (status := run_command.fulfil(request, options)) != DONE:
        return status
    report.write_overview(request.workspace.tasks_dir)
    if not options.quiet:
        print("\n".join(_next_steps(request, overview)))
    return DONE


def _check_room(request: Request) -> None:
    """Raise DiskFullError, before any work, where the disk looks too small, unless `force` is set."""
    from hearpreprocess.engine import check_room, disks_holding

    workspace = request.workspace
    missing = [task for task in request.tasks if not (workspace.tasks_dir / task.resolve().title).exists()]
    # Clips are hard links to intermediate results on the same disk; tarballs are about as large.
    amounts = {
        "intermediate results": (workspace.tmp_dir, _bytes_of(len(missing), request)),
        "finished tasks": (workspace.tasks_dir, 0),
        "tarballs": (workspace.tar_dir, 0),
    }
    check_room(disks_holding(amounts, is_least=False), request, has_downloads=False)


def _bytes_of(tasks: int, request: Request) -> int:
    """Roughly, of all files of some tasks."""
    return round(tasks * BYTES_A_TASK * (1 + len(request.sample_rates)) / 2)


def _announcement(request: Request) -> str:
    """What the run makes, and roughly its time and disk space."""
    tasks, rates, cores = len(request.tasks), len(request.sample_rates), request.processes
    tarballs = request.workspace.tar_url or request.workspace.tar_dir
    seconds = SECONDS_TO_START + tasks * SECONDS_A_TASK * (1 + rates) / 2 / cores
    time = f"{seconds / 60:,.0f} min" if seconds >= 90 else f"{seconds:,.0f} s"
    return (
        f"Making {counted(tasks, 'tasks')} of synthetic recordings at {', '.join(map(str, request.sample_rates))} Hz: "
        f"about {time} on {counted(cores, 'cores')}, about {bytes_text(_bytes_of(tasks, request))} in "
        f"{request.workspace.tmp_dir}, {request.workspace.tasks_dir} and {tarballs}. "
        "Nothing is downloaded."
    )


def _next_steps(request: Request, overview: Path) -> Iterator[str]:
    title = request.tasks[0].resolve().title
    yield ""
    yield f"Open in a browser:   {overview.resolve()}"
    yield f"Clips and labels:    {request.workspace.tasks_dir / title}"
    yield f"Check the outputs:   hearpreprocess verify {shlex.quote(str(request.workspace.tasks_dir))}"
    yield "Make a real task:    hearpreprocess spoken_digit --sample-rates 16000   (downloads 12 MB)"
