"""The options that several commands share, and their meaning."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hearpreprocess import objects, storage, task
from hearpreprocess.cli.addresses import path_or_object
from hearpreprocess.errors import ConfigError
from hearpreprocess.request import (
    COMPRESSIONS,
    DEFAULT_EXPANSION,
    DEFAULT_SAMPLE_RATES,
    Request,
    RequestError,
    available_cores,
    tasks_named,
)

UPLOADED = "tarballs"
"""The folder in the work folder with the tarballs that are uploaded."""


def add_tasks(parser: argparse.ArgumentParser, nargs: str) -> None:
    """Add the tasks and their mode."""
    parser.add_argument(
        "tasks",
        nargs=nargs,
        metavar="TASK",
        help="a task's name, the path of a task module, or a group: open, all, subset11; name:mode says which mode",
    )
    parser.add_argument(
        "--mode",
        default="default",
        help="default, all (every mode but excerpts and synthetic ones), or one that the tasks have: full, 5h, 50h, "
        "small, synthetic",
    )


def add_rates(parser: argparse.ArgumentParser, default: Iterable[int] = DEFAULT_SAMPLE_RATES) -> None:
    """Add the sample rates. `default`: the rates of the command without the option, for its help."""
    parser.add_argument(
        "--sample-rates",
        nargs="+",
        metavar="HZ",
        help=f"one or several, separated by spaces or commas (default: {' '.join(map(str, default))})",
    )


def add_directories(parser: argparse.ArgumentParser) -> None:
    """Add the directories of a run."""
    parser.add_argument(
        "--tmp-dir",
        type=directory,
        default=Path("_workdir"),
        metavar="DIR",
        help="intermediate results (default: _workdir)",
    )
    parser.add_argument(
        "--tasks-dir",
        type=directory,
        default=Path("out/tasks"),
        metavar="DIR",
        help="finished tasks (default: out/tasks)",
    )
    parser.add_argument(
        "--tar-dir",
        type=tarball_directory,
        default=Path("out"),
        metavar="DIR",
        help="tarballs (default: out); with the extra 'storage' also s3://bucket/prefix, gs:// or az://",
    )
    parser.add_argument(
        "--download-dir",
        type=directory,
        metavar="DIR",
        help="where downloaded archives are kept, and looked for by file name (default: downloads in the --tmp-dir)",
    )


class OldSpelling(argparse.Action):
    """An option under its name of an earlier version: it works for one more release, with a note.

    `now`: its name, whose value it sets.
    """

    def __init__(self, option_strings: Sequence[str], dest: str, now: str, **facts: Any) -> None:
        super().__init__(option_strings, dest, default=argparse.SUPPRESS, help=argparse.SUPPRESS, **facts)
        self._now = now

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        """Called by argparse where the option is given."""
        print(f"note: {option} is now {self._now}; the old name works until the next release", file=sys.stderr)
        setattr(namespace, self.dest, True if self.nargs == 0 else values)


def directory(text: str) -> Path:
    """A directory; not "", which an unset variable of the shell gives and which would mean the current one."""
    if not text:
        raise argparse.ArgumentTypeError("expected a directory, got an empty string")
    if objects.is_address(text):
        raise argparse.ArgumentTypeError(
            f"expected a directory, got {task.without_credentials(text)}; a run needs hard links, locks and atomic "
            "renames there, which object stores lack. Only --tar-dir may be a URL"
        )
    return Path(text)


def tarball_directory(text: str) -> Path:
    """A directory, or the URL of a prefix in an object store."""
    return path_or_object(text) if objects.is_address(text) else directory(text)


def add_work(parser: argparse.ArgumentParser) -> None:
    """Add the options of execution, on which no clip depends."""
    parser.add_argument(
        "--num-workers",
        type=int,
        metavar="N",
        help="number of worker processes (default: all cores, with --dask all threads of the cluster)",
    )
    parser.add_argument(
        "--compression",
        choices=COMPRESSIONS,
        default=COMPRESSIONS[0],
        help="compression of tarballs: fast (default), or small: ten times slower, a few per cent smaller",
    )
    parser.add_argument(
        "--clean",
        action="store_true",
        help="remove intermediate results as each task finishes, and tarballs downloaded by `published`; keeps other "
        "downloads, listings and labels (default: keep all)",
    )


def add_force(parser: argparse.ArgumentParser) -> None:
    """Add whether a run starts on a disk that looks too small."""
    parser.add_argument("--force", action="store_true", help="start although a disk looks too small for the run")


def add_skips(parser: argparse.ArgumentParser) -> None:
    """Add the number of clips that may be left out."""
    parser.add_argument(
        "--skip-bad-clips",
        type=int,
        default=0,
        metavar="N",
        help="leave out up to N clips whose recordings cannot be used, and record which and why (default: 0)",
    )


def add_no_report(parser: argparse.ArgumentParser) -> None:
    """Add whether finished tasks get a report."""
    parser.add_argument(
        "--no-report",
        action="store_true",
        help="do not write report.html; `hearpreprocess report` writes missing ones",
    )


def add_sources(parser: argparse.ArgumentParser) -> None:
    """Add the local replacements of sources."""
    parser.add_argument(
        "--source",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="use a local directory or archive for the source of this name (repeatable)",
    )
    parser.add_argument(
        "--zip-encoding",
        type=_encoding,
        metavar="ENCODING",
        help="of the names in zip archives that are not marked as UTF-8, e.g. cp932 (default: UTF-8 where they are "
        "valid in it, otherwise cp437, with a warning)",
    )


def _encoding(name: str) -> str:
    if problem := task.encoding_problem(name):
        raise argparse.ArgumentTypeError(problem)
    return task.encoding_named(name)


def workspace_of(options: argparse.Namespace) -> storage.Workspace:
    """The workspace from the options of `add_directories`."""
    tmp_dir = options.tmp_dir.resolve()
    tar_dir = options.tar_dir
    is_uploaded = isinstance(tar_dir, objects.ObjectPath)
    return storage.Workspace(
        tmp_dir=tmp_dir,
        tasks_dir=options.tasks_dir.resolve(),
        tar_dir=tmp_dir / UPLOADED if is_uploaded else tar_dir.resolve(),
        tar_url=str(tar_dir) if is_uploaded else "",
        download_dir=(options.download_dir or tmp_dir / "downloads").resolve(),
    )


def set_run_defaults(parser: argparse.ArgumentParser) -> None:
    """Have a command that makes nothing, and so has not all options of a run, mean what a run does without them."""
    parser.set_defaults(
        from_published=[],
        record=None,
        until=None,
        scheduler_url=None,
        dask=None,
        insecure=False,
        offline=False,
        force=False,
        checks_extras=False,
        max_expansion=DEFAULT_EXPANSION,
    )


def request_of(options: argparse.Namespace) -> Request:
    """The request from the options of a run.

    Raises ConfigError on an impossible request, naming the options.
    """
    if options.from_published and (options.tasks or options.source or options.zip_encoding or options.until):
        raise ConfigError("--from-published cannot be combined with TASK, --source, --zip-encoding or --until")
    if not options.tasks and not options.from_published:
        swallowed = any(re.search("[A-Za-z]", text) for text in options.sample_rates or ())
        raise ConfigError("no TASK given" + ("; put the tasks before --sample-rates" if swallowed else "; see --help"))
    rates = parse_rates(options.sample_rates or map(str, DEFAULT_SAMPLE_RATES))
    workspace = replace(workspace_of(options), offline=options.offline, max_expansion=options.max_expansion)
    tasks = tasks_of(options, options.tasks) if options.tasks else ()
    try:
        return Request(
            workspace=workspace,
            tasks=tasks,
            published=tuple(options.from_published),
            published_mode=options.mode,
            record=options.record,
            sample_rates=rates,
            until=options.until,
            skip_bad_clips=options.skip_bad_clips,
            compression=options.compression,
            clean=options.clean,
            with_report=not options.no_report,
            workers=_workers_of(options),
            force=options.force,
            scheduler_url=options.scheduler_url,
            dask=options.dask,
            insecure=options.insecure,
        )
    except RequestError as error:
        raise ConfigError(error.text(_option_of)) from error


def tasks_of(options: argparse.Namespace, words: Sequence[str]) -> tuple[task.TaskReference, ...]:
    """The tasks that some words name, in the mode and with the sources of the options.

    Raises ConfigError where one cannot be made, naming the options.
    """
    try:
        sources, checks_extras = parse_sources(options.source), getattr(options, "checks_extras", True)
        return tasks_named(words, options.mode, sources, options.zip_encoding, checks_extras=checks_extras)
    except RequestError as error:
        raise ConfigError(error.text(_option_of)) from error


def _workers_of(options: argparse.Namespace) -> int | None:
    """The number of workers; None for as many as the threads of a cluster."""
    if options.num_workers is None and options.dask is None:
        return available_cores()
    workers: int | None = options.num_workers
    return workers


def _option_of(field: str) -> str:
    """The option that gives a field of a request."""
    option = {"workers": "num-workers", "published": "from-published", "sources": "source"}.get(field, field)
    return f"--{option.replace('_', '-')}"


def parse_rates(texts: Iterable[str]) -> tuple[int, ...]:
    """Sample rates in hertz, ascending and unique, from texts with one or several separated by commas.

    Raises ConfigError on anything but whole numbers.
    """
    rates = set()
    for text in ",".join(texts).split(","):
        if not text:
            continue
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise ConfigError(f"invalid sample rate {text!r}; use hertz, e.g. 16000")
        rates.add(int(text))
    return tuple(sorted(rates))


def parse_sources(texts: Iterable[str]) -> dict[str, str]:
    """By source name, the path of its local replacement, from texts NAME=PATH.

    Raises ConfigError on a text of another form and a repeated name.
    """
    replaced: dict[str, str] = {}
    for text in texts:
        name, divided, path = text.partition("=")
        if not (name and divided and path):
            raise ConfigError(f"--source {text!r}: expected NAME=PATH")
        if name in replaced:
            raise ConfigError(f"--source: {name!r} is given twice")
        replaced[name] = path
    return replaced
