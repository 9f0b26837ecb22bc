"""The command line: work out what is asked for, build the graph of steps, run it, and say how it ended."""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hearpreprocess.about import __version__
from hearpreprocess.cli.commands import COMMANDS, PROGRAMS, run_command
from hearpreprocess.cli.completion import complete_words
from hearpreprocess.cli.console import DONE, FAILED, MISUSED, ended
from hearpreprocess.cli.options import (
    add_places,
    add_rates,
    add_skips,
    add_sources,
    add_tasks,
    add_work,
    rates_of,
    sources_of,
    workers_of,
    workspace_of,
)
from hearpreprocess.errors import (
    ConfigError,
    DownloadError,
    HearPreprocessError,
    OfflineError,
    OutputError,
    TaskNotFoundError,
)
from hearpreprocess.storage import bytes_text, naming_the_disk, nearest, nearest_existing, size_of
from hearpreprocess.task import without_credentials

if TYPE_CHECKING:
    from hearpreprocess.cli.progress import Display
    from hearpreprocess.steps import Step
    from hearpreprocess.storage import Workspace
    from hearpreprocess.task import TaskReference


_EPILOG = f"""\
other commands, each with its own --help:
{chr(10).join(f"  hearpreprocess {name:<9} {what}" for name, what in (COMMANDS | PROGRAMS).items())}

examples:
  hearpreprocess esc50                                 all default rates, below ./out
  hearpreprocess tasks/esc50.py --sample-rates 16000   a task module by its path
  hearpreprocess esc50 --until corpus                  a look at its splits, without any audio
  hearpreprocess esc50 --until download                on a machine with a network, then
  hearpreprocess esc50 --offline                       on one without
  hearpreprocess --from-published hear2021-esc50-v2.0.0-full-48000.tar.gz --sample-rates 16000

exit status: 0 everything is done, 1 something failed, 2 the command cannot be understood, 130 interrupted
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and arguments[0] in COMMANDS | PROGRAMS:
        return run_command(arguments)
    options = parser()
    complete_words(options)
    return run(options.parse_args(arguments))


def run(options: argparse.Namespace) -> int:
    """Do what the options of `parser` ask for, and return the exit status."""
    try:
        tasks, rates = _understand(options)
    except HearPreprocessError as error:
        print(f"hearpreprocess: {error}{_command_like(error, options)}", file=sys.stderr)
        return MISUSED
    farewell = "Interrupted. What was finished is kept; the same command goes on from there."
    return ended("hearpreprocess", lambda: _run(tasks, rates, options), on_error=FAILED, farewell=farewell)


def _command_like(error: HearPreprocessError, options: argparse.Namespace) -> str:
    """A line that names the commands most like a first word that is no task."""
    if not isinstance(error, TaskNotFoundError) or not str(error).startswith(f"no task is called {options.tasks[0]!r}"):
        return ""
    commands = [*COMMANDS, *PROGRAMS]
    return f"\n  commands: {', '.join(commands)}{nearest(options.tasks[0], commands)}"


def parser() -> argparse.ArgumentParser:
    """The options of the command line."""
    parser = argparse.ArgumentParser(
        prog="hearpreprocess",
        description="Regenerate HEAR task datasets: clips, splits and labels as published, at any sample rate.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_tasks(parser, nargs="*")
    parser.add_argument(
        "--from-published",
        nargs="+",
        metavar="TARBALL",
        help="make the rates from a finished task's tarball, hear2021-...-48000.tar.gz, in place of its corpus: a "
        "file, or the name of one of the nineteen published ones, which is downloaded",
    )
    parser.add_argument("--record", metavar="URL", help="where the published tarballs are listed (default: Zenodo)")
    add_rates(parser)
    add_places(parser)
    add_sources(parser)
    parser.add_argument("--offline", action="store_true", help="never touch the network; list what is missing")
    parser.add_argument("--until", choices=("download", "corpus"), help="stop after this stage")
    add_skips(parser)
    parser.add_argument(
        "--most-expansion",
        type=float,
        default=100,
        metavar="N",
        help="refuse an archive whose members are more than N times as large as itself (default: 100)",
    )
    add_work(parser)
    detail = parser.add_mutually_exclusive_group()
    detail.add_argument("--quiet", action="store_true", help="show nothing but what was made, and failures")
    detail.add_argument("--verbose", action="store_true", help="show every stage's progress each second")
    parser.add_argument("--scheduler-url", metavar="URL", help="a luigid to work with (default: a local scheduler)")
    parser.add_argument("--version", action="version", version=f"hearpreprocess {__version__}")
    return parser


def _understand(options: argparse.Namespace) -> tuple[list[TaskReference], tuple[int, ...]]:
    from hearpreprocess.task import registry

    if options.from_published and (options.tasks or options.source or options.until):
        raise ConfigError("--from-published takes the place of tasks, of --source and of --until")
    if not options.tasks and not options.from_published:
        swallowed = any(re.search("[A-Za-z]", text) for text in options.sample_rates or ())
        raise ConfigError(
            "no TASK is given" + ("; put the tasks before --sample-rates" if swallowed else "; see --help")
        )
    if options.scheduler_url and not re.match("https?://", options.scheduler_url):
        raise ConfigError(f"--scheduler-url {without_credentials(options.scheduler_url)!r} is no http or https url")
    workers_of(options)
    if options.clean and options.until:
        raise ConfigError(
            f"--clean removes what finished tasks leave, and with --until {options.until} none is finished"
        )
    if options.skip_bad_clips < 0:
        raise ConfigError(f"--skip-bad-clips must be 0 or more, got {options.skip_bad_clips}")
    if not options.most_expansion > 0:
        raise ConfigError(f"--most-expansion must be positive, got {options.most_expansion:g}")
    rates = rates_of(options)
    tasks = registry.references(options.tasks, options.mode, sources_of(options))
    if not tasks and not options.from_published:
        raise ConfigError(f"none of the tasks has a mode that --mode {options.mode} stands for")
    if options.tasks_dir.resolve() == registry.built_in_folder().resolve():
        raise ConfigError(f"--tasks-dir {options.tasks_dir} holds the task modules; choose another folder")
    return tasks, rates


def _run(tasks: Sequence[TaskReference], rates: tuple[int, ...], options: argparse.Namespace) -> int:
    from hearpreprocess.storage import forget_what_was_left

    with tempfile.TemporaryDirectory(prefix="hearpreprocess-") as notes:
        journal = Path(notes) / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.journal"
        journal.touch()
        workspace = replace(
            workspace_of(options),
            offline=options.offline,
            most_expansion=options.most_expansion,
            runner=os.getpid(),
            journal=journal,
        )
        if options.from_published:
            tarballs = [_tarball(wanted, workspace, journal, options) for wanted in options.from_published]
            tasks = _from_published(tarballs, rates, workspace)
        roots = _roots(tasks, rates, workspace, options)
        if options.until != "download":
            _check_writable(workspace.tasks_dir, *([workspace.tar_dir] if options.until is None else []))
        _tidy(workspace)
        forget_what_was_left(workspace.tmp_dir)
        if all(root.complete() for root in roots):
            print("Nothing to do; everything is there:")
            print("\n".join(f"  {_shown(place)}" for root in roots for place in root.places))
            return DONE
        return _build_and_report(roots, workspace, journal, options)


def _tarball(wanted: str, workspace: Workspace, journal: Path, options: argparse.Namespace) -> Path:
    """Where the tarball is that --from-published means; a published one is downloaded where it is not there.

    Raises DownloadError or ConfigError where it cannot be had.
    """
    from hearpreprocess.fetch import Connection, Connections
    from hearpreprocess.finished import resampled
    from hearpreprocess.steps import source_step

    if Path(wanted).is_file():
        if not resampled.is_tarball(wanted):
            raise ConfigError(f"{wanted}: expected a name like hear2021-esc50-v2.0.0-full-48000.tar.gz")
        return Path(wanted).absolute()
    if Path(wanted).is_dir():
        raise ConfigError(f"{wanted} is a folder; --from-published takes tarballs")
    name = resampled.tarball_named(wanted)
    path = workspace.download_dir / name
    if path.exists():
        return path
    if options.offline:
        raise OfflineError(f"there is no {path}, and nothing is downloaded offline; put it there from {resampled.PAGE}")
    connection = Connection(Connections(workspace.tmp_dir / "connections"))
    source = resampled.archive_in(connection.read(options.record or resampled.RECORD), name)
    connection.close()
    if _build_and_report([source_step(workspace, source)], workspace, journal, options) != DONE:
        raise DownloadError(f"{name} is not here")
    return path


def _from_published(tarballs: Sequence[Path], rates: Sequence[int], workspace: Workspace) -> list[TaskReference]:
    """The tasks that are made of tarballs.

    Raises OutputError where an output that was made from the original corpus would be replaced, or a tarball itself.
    """
    from hearpreprocess.finished import resampled, tarball_name

    tasks = resampled.references_to(tarballs)
    for tarball, task in zip(tarballs, tasks, strict=True):
        title = task.resolve().title
        made = [workspace.tar_dir / tarball_name(title, rate) for rate in rates]
        for place in (workspace.tasks_dir / title, *made):
            if place == tarball or (place.exists() and not resampled.is_resampled(place)):
                raise OutputError(
                    f"{place} was made from the original corpus; choose another --tasks-dir and --tar-dir for what is "
                    "resampled"
                )
        print(resampled.note(tarball), file=sys.stderr)
    return tasks


def _roots(
    tasks: Sequence[TaskReference], rates: tuple[int, ...], workspace: Workspace, options: argparse.Namespace
) -> list[Step]:
    """The steps that the whole run is for."""
    from hearpreprocess.steps import Clean, Preview, Release, sharing_sources, source_step

    if options.until == "download":
        steps = [source_step(workspace, source) for task in tasks for source in task.resolve().sources.values()]
        return list(dict.fromkeys(steps))
    if options.until == "corpus":
        return [Preview(workspace=workspace, task=task) for task in tasks]
    facts = {
        "workspace": workspace,
        "rates": rates,
        "compression": options.compression,
        "skips": options.skip_bad_clips,
    }
    if options.clean:
        return [Clean(tasks=group, **facts) for group in sharing_sources(tasks)]
    return [Release(task=task, **facts) for task in tasks]


def _build_and_report(roots: Sequence[Step], workspace: Workspace, journal: Path, options: argparse.Namespace) -> int:
    from hearpreprocess.cli.progress import Detail, Display
    from hearpreprocess.engine import execute, log_path, log_to
    from hearpreprocess.steps import JournalReader
    from hearpreprocess.storage import alone, at_work

    log = log_path(journal, workspace.tmp_dir)
    with naming_the_disk(log):
        log.parent.mkdir(parents=True, exist_ok=True)
        log_to(log)
    started = time.monotonic()
    with naming_the_disk(log), alone(workspace.tmp_dir, workspace.runner) as is_alone:
        for root in roots if is_alone else ():
            root.forget_failures()
    try:
        titles = [title for root in roots for title in root.task_titles]
        completed = [title for root in roots if _is_complete(root) for title in root.task_titles]
        detail: Detail = "quiet" if options.quiet else "verbose" if options.verbose else "normal"
        with Display(JournalReader(journal), titles, completed, detail) as display, at_work(workspace.tmp_dir):
            execute(roots, workers_of(options), options.scheduler_url)
    finally:
        _tidy(workspace)  # a step's process that was killed has left something
    unfinished = [root for root in roots if not _is_complete(root)]
    _print_made([root for root in roots if root not in unfinished])
    if not unfinished:
        print(f"Done in {time.monotonic() - started:.1f} s.")
        return DONE
    _print_failures(unfinished, display, log)
    return FAILED


def _check_writable(*folders: Path) -> None:
    """Raise OutputError, before any work, where a folder may not be written."""
    for folder in folders:
        there = nearest_existing(folder)
        with naming_the_disk(folder):
            try:
                tempfile.TemporaryFile(dir=there).close()
            except OSError as error:
                raise OSError(error.errno, error.strerror, str(folder)) from error  # not the temporary file's name


def _tidy(workspace: Workspace) -> None:
    """Remove what an earlier run that was killed has left half-made."""
    from hearpreprocess.storage import remove_abandoned

    stages = [path for path in workspace.tmp_dir.iterdir() if path.is_dir()] if workspace.tmp_dir.is_dir() else []
    for folder in (*stages, workspace.tasks_dir, workspace.tar_dir, workspace.download_dir):
        if folder.is_dir():
            remove_abandoned(folder)


def _is_complete(root: Step) -> bool:
    try:
        return bool(root.complete())
    except (HearPreprocessError, OSError):
        return False


def _print_made(roots: Sequence[Step]) -> None:
    rows = [(_shown(place), size_of(place), _clips(place)) for root in roots for place in root.places]
    if rows:
        width = max(len(shown) for shown, _size_of_it, _clips_of_it in rows)
        print(f"{'made':<{width}}  {'size':>12}  clips")
        for shown, size, clips in rows:
            print(f"{shown:<{width}}  {bytes_text(size):>12}  {clips}".rstrip())


def _shown(place: Path) -> str:
    """A path as the person who gave the command would write it."""
    return os.path.relpath(place) if place.is_relative_to(Path.cwd()) else str(place)


def _clips(place: Path) -> str:
    """How many clips each split of a finished task's folder has."""
    import json

    if not (place / "task_metadata.json").is_file():
        return ""
    splits = json.loads((place / "task_metadata.json").read_text(encoding="utf-8"))["splits"]
    counts = {split: len(json.loads((place / f"{split}.json").read_text(encoding="utf-8"))) for split in splits}
    return f"{sum(counts.values()):,} ({', '.join(f'{split} {count:,}' for split, count in counts.items())})"


def _print_failures(unfinished: Sequence[Step], display: Display, log: Path) -> None:
    print(f"\nNot finished: {', '.join(root.title for root in unfinished)}", file=sys.stderr)
    shown: set[str] = set()
    for failure in display.failures:
        if failure.text not in shown:
            shown.add(failure.text)
            print(f"\n{failure.title}, {failure.stage}:\n{failure.text}", file=sys.stderr)
    if not display.failures:
        print("\nNo step says why.", file=sys.stderr)
    print(
        f"\nThe whole story is in {_shown(log)}. "
        "Mend the cause and give the same command again: what is finished is kept.",
        file=sys.stderr,
    )


if __name__ == "__main__":
    sys.exit(main())
