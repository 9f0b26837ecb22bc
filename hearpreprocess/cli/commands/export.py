"""Export a finished task to the format of a training library: Parquet for Hugging Face, Croissant and others.

TASK is the folder or the tarball of a finished task, or a task's name, whose finished folder is looked for in the
--tasks-dir. Each clip's samples are compared with the manifest while they are written. Fix a problem, or go on after an
interruption, with the same command: files that were finished are kept.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from hearpreprocess.cli.console import DONE, FAILED
from hearpreprocess.errors import ConfigError, HearPreprocessError, OutputError
from hearpreprocess.exporting import EXPORTS, FORMATS, planned_export
from hearpreprocess.finished import TaskReader, is_folder, is_task_folder, task_folders_in
from hearpreprocess.storage import nearest

_FORMATS = "\n".join(f"  {format.name:<12}{format.summary}" for format in FORMATS.values())
EPILOG = f"""\
formats:
{_FORMATS}

exit status: 0 the export is there, 1 it could not be written or the task is damaged, 2 the command cannot be understood
or there is no such task, 130 interrupted
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `export`."""
    parser.add_argument("task", metavar="TASK", help="a finished task: its folder, its tarball, or a task's name")
    parser.add_argument("--to", required=True, choices=FORMATS, metavar="FORMAT", help=", ".join(FORMATS))
    parser.add_argument("--sample-rate", type=int, metavar="HZ", help="needed where the task has several")
    parser.add_argument(
        "--to-dir",
        type=Path,
        metavar="DIR",
        help=f"the directory of README.md and the data (default: {EXPORTS}/<task>-<rate>-<format>)",
    )
    namings = [naming for format in FORMATS.values() for naming in format.namings]
    parser.add_argument("--naming", choices=namings, help="other names of the files, for a program that expects them")
    parser.add_argument(
        "--tasks-dir", type=Path, default=Path("out/tasks"), metavar="DIR", help="finished tasks (default: out/tasks)"
    )


def run(options: argparse.Namespace) -> int:
    """Write the export, with a bar on a terminal, and print its path."""
    path = _path_of(options.task, options.tasks_dir)
    planned = planned_export(path, options.to, options.sample_rate, options.to_dir, options.naming)
    if planned.is_complete:
        print(f"{planned.folder}: up to date")
        return DONE
    total = len(planned.task.clips())
    name = f"{planned.task.title} {options.to}"
    try:
        with tqdm(total=total, desc=name, unit=" clips", disable=None, leave=False, dynamic_ncols=True) as bar:
            planned.make(bar.update, lambda text: bar.write(text, file=sys.stderr))
    except HearPreprocessError as error:
        print(f"hearpreprocess export: {error}", file=sys.stderr)
        return FAILED
    print(planned.folder)
    return DONE


def _path_of(task: str, tasks_dir: Path) -> Path:
    """The path of the finished task that the user means.

    Raises ConfigError where a name has several finished folders, or none.
    """
    given = Path(task)
    if given.is_file() or (given.is_dir() and (is_task_folder(given) or len(given.parts) > 1)):
        return given
    name, _colon, mode = task.partition(":")
    named = _finished_in(tasks_dir)
    matching = {path: its_mode for path, known, its_mode in named if known == name and mode in ("", its_mode)}
    if len(matching) == 1:
        return next(iter(matching))
    if matching:
        listed = ", ".join(f"{name}:{its_mode} ({path})" for path, its_mode in matching.items())
        raise ConfigError(f"{task}: has several finished modes; name one: {listed}")
    if given.exists() or len(given.parts) > 1:
        is_folder(given)  # raises the error on a path that is not there
        return given
    known_names = [known for _path, known, _mode in named]
    raise ConfigError(
        f"{task}: no finished task of this name in {tasks_dir}; make it first (hearpreprocess {task}), or name the "
        f"path of a folder or a tarball{nearest(name, known_names)}"
    )


def _finished_in(tasks_dir: Path) -> list[tuple[Path, str, str]]:
    """The folder, the task's name and the mode of each finished task in a directory; damaged ones are left out."""
    found = []
    for folder in task_folders_in(tasks_dir):
        try:
            metadata = TaskReader(folder).metadata
        except OutputError:
            continue
        found.append((folder, str(metadata.get("task_name")), str(metadata.get("mode"))))
    return found
