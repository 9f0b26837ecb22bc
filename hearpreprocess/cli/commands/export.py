"""Export finished tasks to the format of a training library: Parquet for Hugging Face, Croissant and others.

TASK is the folder or the tarball of a finished task, or a task's name, its title or a group, which are looked for in
the --tasks-dir. Each clip's samples are compared with the manifest while they are written. After an interruption, the
same command keeps the files that were finished.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from hearpreprocess.cli.console import DONE, FAILED, INTERRUPTED
from hearpreprocess.cli.finished_tasks import finished_tasks, tasks_in
from hearpreprocess.cli.options import parse_rates
from hearpreprocess.errors import ConfigError, HearPreprocessError
from hearpreprocess.exporting import EXPORTS, FORMATS, PlannedExport, planned_export
from hearpreprocess.finished import ClipKey
from hearpreprocess.request import RequestError
from hearpreprocess.task import GROUPS

_FORMATS = "\n".join(f"  {format.name:<12}{format.summary}" for format in FORMATS.values())
EPILOG = f"""\
formats:
{_FORMATS}

examples:
  hearpreprocess export esc50 --to parquet
  hearpreprocess export all --to webdataset --sample-rate 16000
  hearpreprocess export hear2021-esc50-v2.0.0-full-48000.tar.gz --to tables

exit status: 0 the exports are there, 1 one could not be written or its task is damaged, 2 usage error or
no such task, 130 interrupted
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `export`."""
    tasks = parser.add_argument(
        "tasks",
        nargs="+",
        metavar="TASK",
        help="a finished task: its folder, its tarball, its name (esc50, esc50:small) or its title "
        "(esc50-v2.0.0-full); or a group, for those of its tasks that are finished: open, all, subset11",
    )
    parser.add_argument("--to", required=True, choices=FORMATS, metavar="FORMAT", help=", ".join(FORMATS))
    rate = parser.add_argument("--sample-rate", metavar="HZ", help="needed where a task has several")
    parser.add_argument(
        "--to-dir",
        metavar="DIR",
        help=f"the directory of README.md and the data, for one task (default: {EXPORTS}/<task>-<rate>-<format>)",
    )
    namings = [naming for format in FORMATS.values() for naming in format.namings]
    parser.add_argument("--naming", choices=namings, help="other names of the files, for a program that expects them")
    parser.add_argument(
        "--tasks-dir", type=Path, default=Path("out/tasks"), metavar="DIR", help="finished tasks (default: out/tasks)"
    )
    tasks.completer = _complete_tasks  # type: ignore[attr-defined]
    rate.completer = _complete_rates  # type: ignore[attr-defined]


def run(options: argparse.Namespace) -> int:
    """Write the exports, with a bar on a terminal, and print their paths."""
    paths = finished_tasks(options.tasks, options.tasks_dir)
    if len(paths) > 1:
        _check_all(paths, options)
    status = DONE
    for path in paths:
        try:
            _make(_planned(path, options))
        except ConfigError:
            raise
        except HearPreprocessError as error:
            print(f"hearpreprocess export: {error}", file=sys.stderr)
            status = FAILED
        except KeyboardInterrupt as error:
            print(f"\nInterrupted. {' '.join(error.args)}".rstrip(), file=sys.stderr)
            return INTERRUPTED
    return status


def _planned(path: Path, options: argparse.Namespace) -> PlannedExport:
    """The export of one task. Raises ConfigError, naming the options, where it is not understood."""
    try:
        rate, naming = _rate(options.sample_rate), options.naming
        return planned_export(path, options.to, rate, options.to_dir, naming, options.tasks_dir)
    except RequestError as error:
        raise ConfigError(error.text(lambda field: f"--{field.replace('_', '-')}")) from error


def _rate(text: str | None) -> int | None:
    if text is None:
        return None
    rates = parse_rates([text])
    if len(rates) != 1:
        raise ConfigError(f"--sample-rate {text!r}: expected one sample rate")
    return rates[0]


def _check_all(paths: Sequence[Path], options: argparse.Namespace) -> None:
    """Raise ConfigError, before anything is written, where one of several exports is not understood."""
    if options.to_dir is not None:
        raise ConfigError(f"--to-dir {options.to_dir}: expected one task, got {len(paths)}. Export them one by one")
    problems: list[str] = []
    of_folders: dict[Path, Path] = {}
    for path in paths:
        try:
            folder = _planned(path, options).folder
        except ConfigError as error:
            problems.append(str(error))
            continue
        except HearPreprocessError:  # it is damaged, which keeps the others from nothing
            continue
        if (other := of_folders.setdefault(folder, path)) != path:
            problems.append(f"{other} and {path} would both be exported to {folder}; name one of them")
    if problems:
        raise ConfigError("\n".join(dict.fromkeys(problems)))


def _make(planned: PlannedExport) -> None:
    if planned.is_complete:
        print(f"{planned.folder}: up to date", flush=True)
        return
    total, name = len(planned.task.clips()), f"{planned.task.title} {planned.format.name}"
    with tqdm(total=total, desc=name, unit=" clips", disable=None, leave=False, dynamic_ncols=True) as bar:
        try:
            planned.make(bar.update, lambda text: bar.write(text, file=sys.stderr))
        except KeyboardInterrupt as error:
            if planned.unfinished.exists():
                kept = f"Finished files are kept in {planned.unfinished}; run the same command again to go on."
                raise KeyboardInterrupt(kept) from error
            raise
    print(planned.folder, flush=True)


def _complete_tasks(parsed_args: argparse.Namespace, **_facts: object) -> list[str]:
    """For the shell: the finished tasks, and the groups if there are any."""
    tasks = tasks_in(parsed_args.tasks_dir)
    modes = [f"{task.name}:{task.mode}" for task in tasks]
    return [*(GROUPS if tasks else ()), *(task.name for task in tasks), *modes, *(task.title for task in tasks)]


def _complete_rates(parsed_args: argparse.Namespace, **_facts: object) -> list[str]:
    """For the shell: the sample rates of the finished tasks."""
    folders = [task.path for task in tasks_in(parsed_args.tasks_dir)]
    keys = (ClipKey.of(f"{path.name}/split/clip.wav") for folder in folders for path in folder.iterdir())
    return list(map(str, sorted({key.rate for key in keys if key})))
