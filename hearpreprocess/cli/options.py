"""The options that several commands have in common, and what they mean."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from hearpreprocess.errors import ConfigError
from hearpreprocess.finished import COMPRESSIONS
from hearpreprocess.task import without_credentials

if TYPE_CHECKING:
    from hearpreprocess.storage import Workspace

DEFAULT_RATES = (16000, 22050, 32000, 44100)
LOWEST_RATE, HIGHEST_RATE = 1_000, 384_000


def add_tasks(parser: argparse.ArgumentParser, nargs: str) -> None:
    """Add the tasks, and the mode that is meant of each."""
    parser.add_argument(
        "tasks",
        nargs=nargs,
        metavar="TASK",
        help="a task's name, the path of a task module, or a group: open, all, subset11; name:mode says which mode",
    )
    parser.add_argument(
        "--mode",
        default="default",
        help="default, all (every mode but excerpts and made-up ones), or one that the tasks have: full, 5h, 50h, "
        "small, synthetic",
    )


def add_rates(parser: argparse.ArgumentParser) -> None:
    """Add the sample rates."""
    parser.add_argument(
        "--sample-rates",
        nargs="+",
        metavar="HZ",
        help=f"one or several, divided by spaces or commas (default: {' '.join(map(str, DEFAULT_RATES))})",
    )


def add_places(parser: argparse.ArgumentParser) -> None:
    """Add the folders that a run works in."""
    parser.add_argument(
        "--tmp-dir", type=Path, default=Path("_workdir"), metavar="DIR", help="intermediate results (default: _workdir)"
    )
    parser.add_argument(
        "--tasks-dir", type=Path, default=Path("out/tasks"), metavar="DIR", help="finished tasks (default: out/tasks)"
    )
    parser.add_argument("--tar-dir", type=Path, default=Path("out"), metavar="DIR", help="tarballs (default: out)")
    parser.add_argument(
        "--download-dir",
        type=Path,
        metavar="DIR",
        help="where downloaded archives are kept, and looked for by file name (default: downloads in the --tmp-dir)",
    )


def add_work(parser: argparse.ArgumentParser) -> None:
    """Add how the work is done, on which no clip depends."""
    parser.add_argument("--num-workers", type=int, metavar="N", help="processes at work at once (default: all cores)")
    parser.add_argument(
        "--compression",
        choices=COMPRESSIONS,
        default=COMPRESSIONS[0],
        help="how tarballs are packed: fast (default), or small: ten times the time for a few per cent less space",
    )
    parser.add_argument(
        "--clean",
        action="store_true",
        help="remove a finished task's intermediate results; downloads, listings and labels stay (default: keep all)",
    )


def add_skips(parser: argparse.ArgumentParser) -> None:
    """Add how many clips may be left out."""
    parser.add_argument(
        "--skip-bad-clips",
        type=int,
        default=0,
        metavar="N",
        help="go on without up to N clips whose recordings cannot be used, and record which and why (default: 0)",
    )


def add_sources(parser: argparse.ArgumentParser) -> None:
    """Add what stands in place of sources."""
    parser.add_argument(
        "--source",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="a folder or an archive that you have, in place of the task's source of this name (repeatable)",
    )


def workspace_of(options: argparse.Namespace) -> Workspace:
    """The places that the options of `add_places` name."""
    from hearpreprocess.storage import Workspace

    tmp_dir = options.tmp_dir.resolve()
    return Workspace(
        tmp_dir=tmp_dir,
        tasks_dir=options.tasks_dir.resolve(),
        tar_dir=options.tar_dir.resolve(),
        download_dir=(options.download_dir or tmp_dir / "downloads").resolve(),
    )


def workers_of(options: argparse.Namespace) -> int:
    """How many processes are at work at once: what --num-workers says, or as many as this process may use cores.

    Raises ConfigError where that is less than one.
    """
    if options.num_workers is not None and options.num_workers < 1:
        raise ConfigError(f"--num-workers must be at least 1, got {options.num_workers}")
    return options.num_workers or _cores()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def rates_of(options: argparse.Namespace) -> tuple[int, ...]:
    """The rates that the options of `add_rates` name.

    Raises ConfigError as `parse_rates` does.
    """
    return parse_rates(options.sample_rates or map(str, DEFAULT_RATES))


def sources_of(options: argparse.Namespace) -> dict[str, str]:
    """What the options of `add_sources` put in place of sources, by name.

    Raises ConfigError as `parse_sources` does.
    """
    return parse_sources(options.source)


def parse_rates(texts: Iterable[str]) -> tuple[int, ...]:
    """Sample rates in hertz, ascending and each once, from texts that hold one or several divided by commas.

    Raises ConfigError on what is no positive whole number.
    """
    rates = set()
    for text in ",".join(texts).split(","):
        if not text:
            continue
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise ConfigError(f"{text!r} is no sample rate in hertz")
        if not LOWEST_RATE <= int(text) <= HIGHEST_RATE:
            raise ConfigError(f"{text!r} is no sample rate from {LOWEST_RATE:,} to {HIGHEST_RATE:,} Hz")
        rates.add(int(text))
    if not rates:
        raise ConfigError("--sample-rates names no rate")
    return tuple(sorted(rates))


def parse_sources(texts: Iterable[str]) -> dict[str, str]:
    """The absolute path that stands in place of each source, by the source's name, from texts NAME=PATH.

    Raises ConfigError on a text of another form, a path where nothing is, and a name that is given twice.
    """
    replaced: dict[str, str] = {}
    for text in texts:
        name, divided, path = text.partition("=")
        if not (name and divided and path):
            raise ConfigError(f"--source {text!r}: expected NAME=PATH")
        if name in replaced:
            raise ConfigError(f"--source: {name!r} is given twice")
        place = Path(path).expanduser()  # few shells do it behind an equals sign
        if not place.exists():
            raise ConfigError(f"--source: there is no {without_credentials(path) if '://' in path else place}")
        replaced[name] = str(place.resolve())
    return replaced
