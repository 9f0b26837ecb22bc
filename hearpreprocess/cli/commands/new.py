"""Begin a task module, and its test, for a folder of your own recordings.

Labels and splits are guessed from the names of the folders, or from a table that names the recordings; what was guessed
is printed, and is yours to change in the module.
"""

from __future__ import annotations

import argparse
import importlib.util
import keyword
import re
import sys
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

from hearpreprocess.cli.commands.check import worked_out
from hearpreprocess.errors import ConfigError, OutputError
from hearpreprocess.finished import name_of
from hearpreprocess.scaffold import Guess, guess, module_text, scheme, test_text
from hearpreprocess.storage import Workspace, whole_file
from hearpreprocess.task import registry


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `new`."""
    parser.add_argument("name", metavar="NAME", help="what the task is called; NAME.py is written here")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the folder with the recordings")


def run(options: argparse.Namespace) -> int:
    """Write the module and its test, and print what was guessed."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", options.name) or keyword.iskeyword(options.name):
        raise ConfigError(
            f"{options.name!r} is no name for a task: letters of English, digits and underscores, and no word of Python"
        )
    if _is_taken(options.name):
        raise ConfigError(f"{options.name!r} is taken, by a module of Python or a built-in task; choose another name")
    if options.folder.is_file():
        raise ConfigError(f"{options.folder} is a file; unpack it, and name the folder")
    if not options.folder.is_dir():
        raise ConfigError(f"there is no folder {options.folder}")
    if Path.cwd().resolve().is_relative_to(options.folder.resolve()):
        raise ConfigError(
            f"{options.folder} holds the folder that you are in, and runs would write their results among its "
            "recordings; give the command outside of it"
        )
    module, test = Path(f"{options.name}.py"), Path(f"test_{options.name}.py")
    for path in (module, test):
        if path.exists():
            raise OutputError(f"{path} is there already; move it away, or choose another name")
    found = guess(options.folder)
    texts = {module: module_text(options.name, options.folder.resolve(), found), test: test_text(options.name)}
    for path, text in texts.items():
        with whole_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    print("\n".join(_told(found)))
    print(f"\nwritten: {module} and {test}; look through {module}, then:")
    print(f"  hearpreprocess check ./{module}")
    print(f"  hearpreprocess ./{module} --sample-rates 16000")
    return 0 if _does_as_guessed(module, found) else 1


def _is_taken(name: str) -> bool:
    if name in sys.stdlib_module_names or name in registry.built_in_names():
        return True
    found = importlib.util.find_spec(name)
    return found is not None and found.origin is not None and not Path(found.origin).is_relative_to(Path.cwd())


def _does_as_guessed(module: Path, found: Guess) -> bool:
    """Whether the module yields the clips that were guessed; why not is told, as a guess may be wrong."""
    (task,) = registry.references([f"./{module}"], "default")
    with tempfile.TemporaryDirectory(prefix="hearpreprocess-") as folder:
        place = Path(folder)
        manifest = worked_out(task, Workspace(place / "work", place / "tasks", place, place / "downloads"))
    if manifest is None:
        print(f"\n{module} does not work as it is: the guess was wrong where the message points to", file=sys.stderr)
        return False
    rare = set(found.division.rare)
    guessed = {
        f"{clip.name}.wav": (set(clip.labels) - rare, clip.split, clip.group)
        for clip in found.clips
        if not rare.issuperset(clip.labels)
    }
    given = {clip.split for clip in found.clips}
    yielded = {
        file: (
            set(map(name_of, facts["labels"])),
            _given(facts["split"], given),
            facts.get("group") or file.removesuffix(".wav"),
        )
        for file, facts in manifest["clips"].items()
    }
    others = sorted(file for file in guessed.keys() | yielded.keys() if guessed.get(file) != yielded.get(file))
    if others:
        text = f"does not yield the labels, splits and groups that were guessed, of {', '.join(others[:5])}: look at it"
        print(f"\n{module} {text}", file=sys.stderr)
    return not others


def _given(split: str, given: Collection[str]) -> str:
    """The split that the corpus gives a clip: what it has no clips in was drawn from train."""
    return split if split in given else "train" if "train" in given else ""


def _told(found: Guess) -> Iterator[str]:
    yield f"recordings   {found.recordings:,} ({', '.join(found.patterns)})"
    where = " and ".join(found.tables) if found.tables else ""
    if found.yes_columns:
        where = f"columns of yes and no in {where}"
    else:
        where = f"column {found.label_column!r} of {where}" if found.tables else "the folders' names"
    several = f", several in a cell, divided by {found.separator!r}" if found.separator else ""
    several = ", several in a cell, written as lists" if found.has_lists else several
    shown = ", ".join(found.labels[:8]) + (" ..." if len(found.labels) > 8 else "")
    yield f"labels       {len(found.labels):,} from {where}{several}: {shown}"
    if found.is_event_task:
        start, end = f"column {found.start_column!r}", f"column {found.end_column!r}"
        times = f"from {start}, as long as {end}" if found.has_durations else f"from {start} to {end}"
        yield f"events       {times}, taken for seconds"
    yield f"splits       {scheme(found)[1]}"
    yield f"duration     {'as recorded' if found.seconds is None else f'{found.seconds:g} s: 95 of 100 are no longer'}"
    if found.group_column != "":
        yield f"groups       column {found.group_column!r}: what it holds is never divided between splits"
    yield from (f"note         {note}" for note in found.notes)
