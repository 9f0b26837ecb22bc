"""Write a task module and its test for a folder of your own recordings.

Labels, splits and groups are found in the names of folders, in a table that names the recordings, or in file names.
Options state where they are. What is not stated is guessed: in a terminal you are asked, with the guess as default;
elsewhere a certain guess is taken and printed, and an uncertain one is refused with the option that states it.
"""

from __future__ import annotations

import argparse
import importlib.util
import keyword
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from hearpreprocess.cli.questions import Guesses, asked_in_terminal, is_terminal
from hearpreprocess.cli.trial import problems_of_module
from hearpreprocess.errors import ConfigError, OutputError
from hearpreprocess.scaffold import (
    NONE,
    TIME_UNITS,
    AnnotationsLayout,
    Choices,
    DatasetDescription,
    any_guess,
    certain_guess,
    describe,
    module_text,
    named,
    split_scheme,
    test_text,
)
from hearpreprocess.storage import whole_file
from hearpreprocess.task import registry

EPILOG = """\
examples:
  hearpreprocess new pets recordings                            one folder per label, or a table
  hearpreprocess new birds recordings --label-column species --group-column site
  hearpreprocess new emotions ravdess --label-field 3 --groups-from 1 --yes
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `new`."""
    parser.add_argument("name", metavar="NAME", help="the task's name; NAME.py is written to the current directory")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the folder with the recordings")
    stated = parser.add_argument_group("what the folder holds (default: guessed; in a terminal, asked)")
    stated.add_argument("--table", action="append", default=[], metavar="FILE", help="a table that names recordings")
    stated.add_argument("--file-column", default="", metavar="NAME", help="the column that names recordings")
    stated.add_argument(
        "--label-column",
        action="append",
        default=[],
        metavar="NAME",
        help="the column or tier of labels, or one 0/1 column each",
    )
    stated.add_argument(
        "--split-column",
        action="append",
        default=[],
        metavar="NAME",
        help=f"the column of splits or folds, or one 0/1 column each; {NONE} for no splits",
    )
    stated.add_argument(
        "--group-column",
        default="",
        metavar="NAME",
        help=f"the column of groups, such as speakers; {NONE} for no groups",
    )
    stated.add_argument(
        "--labels-from", type=int, metavar="LEVEL", help="the folder level of labels: 1 outermost, -1 innermost"
    )
    stated.add_argument("--groups-from", type=int, metavar="LEVEL", help="the folder level of groups")
    stated.add_argument(
        "--label-field",
        type=int,
        metavar="N",
        help="the field of the file name that is the label; separators are - and _",
    )
    stated.add_argument("--group-field", type=int, metavar="N", help="the field of the file name that is the group")
    stated.add_argument(
        "--task-type", default="", choices=("scene", "event"), help="labels of whole recordings, or labels with times"
    )
    stated.add_argument(
        "--time-unit", default="", choices=TIME_UNITS, help="the unit of times in annotation files that name none"
    )
    parser.add_argument("--yes", action="store_true", help="take every guess, certain or not, without asking")
    parser.add_argument("--force", action="store_true", help="replace NAME.py and test_NAME.py")


def run(options: argparse.Namespace) -> int:
    """Write the module and its test, and print what was decided."""
    _check_name(options.name)
    _check_folder(options.folder)
    module, test = Path(f"{options.name}.py"), Path(f"test_{options.name}.py")
    for path in (module, test):
        if path.exists() and not options.force:
            raise OutputError(f"{path} already exists; move it, choose another name, or replace it with --force")
    if not os.access(Path.cwd(), os.W_OK):
        raise OutputError(f"{Path.cwd()} is read-only, so {module} cannot be written; run the command elsewhere")
    guesses = Guesses(any_guess if options.yes else certain_guess)
    ask = guesses if options.yes or not is_terminal() else asked_in_terminal
    dataset = describe(options.folder, _choices(options), ask)
    summary = "\n".join([*_summary(dataset), *(f"guess        {line}" for line in guesses.lines)])
    source = options.folder.resolve()
    problems = problems_of_module(options.name, source, dataset)
    print(summary)
    if problems is None or problems:
        for problem in problems or ():
            print(f"problem: {problem}", file=sys.stderr)
        print("\nThe task module would not pass `hearpreprocess check`; nothing was written.", file=sys.stderr)
        return 1
    is_relative = not options.folder.is_absolute()
    text = module_text(options.name, source, Path.cwd().resolve(), dataset, is_relative=is_relative)
    for path, content in {module: text, test: test_text(options.name)}.items():
        with whole_file(path) as temporary:
            temporary.write_text(content, encoding="utf-8")
    print(f"\nwritten: {module} and {test}. Review {module}, then run:")
    print(f"  hearpreprocess check ./{module}")
    print(f"  hearpreprocess ./{module} --sample-rates 16000")
    return 0


def _choices(options: argparse.Namespace) -> Choices:
    return Choices(
        tables=tuple(options.table),
        file_column=options.file_column,
        label_columns=tuple(options.label_column),
        split_columns=tuple(options.split_column),
        group_column=options.group_column,
        labels_from=options.labels_from,
        groups_from=options.groups_from,
        label_field=options.label_field,
        group_field=options.group_field,
        task_type=options.task_type,
        time_unit=options.time_unit,
    )


def _check_name(name: str) -> None:
    """Raise ConfigError where a task cannot have this name."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or keyword.iskeyword(name):
        raise ConfigError(
            f"invalid task name {name!r}; use ASCII letters, digits and underscores; not a Python keyword"
        )
    if _is_taken(name):
        raise ConfigError(f"task name {name!r} is taken by a Python module or a built-in task; choose another name")


def _check_folder(folder: Path) -> None:
    """Raise ConfigError where a task cannot be made of this folder."""
    if folder.is_file():
        raise ConfigError(f"{folder}: expected a directory, found a file. Unpack it and name the directory")
    if not folder.is_dir():
        raise ConfigError(f"no such directory: {folder}")
    if Path.cwd().resolve().is_relative_to(folder.resolve()):
        raise ConfigError(
            f"{folder} contains the current directory, so runs would write outputs among the recordings. Run the "
            "command from another directory"
        )


def _is_taken(name: str) -> bool:
    if name in sys.stdlib_module_names or name in registry.built_in_names():
        return True
    spec = importlib.util.find_spec(name)
    return spec is not None and spec.origin is not None and not Path(spec.origin).is_relative_to(Path.cwd())


def _summary(dataset: DatasetDescription) -> Iterator[str]:
    used, found = len(dataset.clips), dataset.recordings
    yield f"recordings   {used:,}{'' if used == found else f' of {found:,}'} ({', '.join(dataset.patterns)})"
    labels, names = dataset.labels, dataset.label_names
    where = dataset.label_source
    if dataset.tables and not dataset.annotation_files:
        where += f" {'in' if labels.yes_columns else 'of'} {' and '.join(dataset.tables)}"
    several = f", several in a cell, separated by {labels.separator!r}" if labels.separator else ""
    several = ", several in a cell, written as lists" if labels.are_lists else several
    shown = ", ".join(names[:8]) + (" ..." if len(names) > 8 else "")
    yield f"labels       {len(names):,} from {where}{several}: {shown}"
    if times := dataset.times:
        start, end = f"column {times.start!r}", f"column {times.end!r}"
        how = f"from {start}, as long as {end}" if times.are_durations else f"from {start} to {end}"
        yield f"events       {how}, in seconds"
    elif isinstance(dataset.layout, AnnotationsLayout):
        yield f"events       read as {dataset.layout.titles}"
    yield f"splits       {split_scheme(dataset)[1]}"
    seconds = dataset.seconds
    length = "as recorded" if seconds is None else f"{seconds:g} s (95 % of the recordings last this long or less)"
    yield f"duration     {length}"
    if dataset.group != "":
        yield f"groups       {named(dataset.group)}: each group is in one split"
    yield from (f"note         {note}" for note in dataset.notes)
