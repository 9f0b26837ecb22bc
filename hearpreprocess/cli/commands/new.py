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

from hearpreprocess.cli.commands.check import corpus_manifest
from hearpreprocess.errors import ConfigError, OutputError
from hearpreprocess.finished import name_of
from hearpreprocess.scaffold import DatasetDescription, describe, module_text, split_scheme, test_text
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
    dataset = describe(options.folder)
    text = module_text(options.name, options.folder.resolve(), Path.cwd().resolve(), dataset)
    texts = {module: text, test: test_text(options.name)}
    for path, text in texts.items():
        with whole_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    print("\n".join(_summary(dataset)))
    print(f"\nwritten: {module} and {test}; look through {module}, then:")
    print(f"  hearpreprocess check ./{module}")
    print(f"  hearpreprocess ./{module} --sample-rates 16000")
    return 0 if _yields_expected_clips(module, dataset) else 1


def _is_taken(name: str) -> bool:
    if name in sys.stdlib_module_names or name in registry.built_in_names():
        return True
    spec = importlib.util.find_spec(name)
    return spec is not None and spec.origin is not None and not Path(spec.origin).is_relative_to(Path.cwd())


def _yields_expected_clips(module: Path, dataset: DatasetDescription) -> bool:
    """Whether the module yields the clips that were described; if not, prints which differ, as a guess may be wrong."""
    (task,) = registry.references([f"./{module}"], "default")
    with tempfile.TemporaryDirectory(prefix="hearpreprocess-") as name:
        folder = Path(name)
        manifest = corpus_manifest(task, Workspace(folder / "work", folder / "tasks", folder, folder / "downloads"))
    if manifest is None:
        print(f"\n{module} does not work as it is: the guess was wrong where the message points to", file=sys.stderr)
        return False
    rare = set(dataset.division.rare)
    expected = {
        f"{clip.name}.wav": (set(clip.labels) - rare, clip.split, clip.group)
        for clip in dataset.clips
        if not rare.issuperset(clip.labels)
    }
    given = {clip.split for clip in dataset.clips}
    yielded = {
        file: (
            set(map(name_of, facts["labels"])),
            _given(facts["split"], given),
            facts.get("group") or file.removesuffix(".wav"),
        )
        for file, facts in manifest["clips"].items()
    }
    differing = sorted(file for file in expected.keys() | yielded.keys() if expected.get(file) != yielded.get(file))
    if differing:
        text = (
            f"does not yield the labels, splits and groups that were guessed, of {', '.join(differing[:5])}: look at it"
        )
        print(f"\n{module} {text}", file=sys.stderr)
    return not differing


def _given(split: str, given: Collection[str]) -> str:
    """The split that the dataset gives a clip: what it has no clips in was drawn from train."""
    return split if split in given else "train" if "train" in given else ""


def _summary(dataset: DatasetDescription) -> Iterator[str]:
    yield f"recordings   {dataset.recordings:,} ({', '.join(dataset.patterns)})"
    labels, names = dataset.labels, dataset.label_names
    where = dataset.label_source
    if dataset.tables:
        where += f" {'in' if labels.yes_columns else 'of'} {' and '.join(dataset.tables)}"
    several = f", several in a cell, divided by {labels.separator!r}" if labels.separator else ""
    several = ", several in a cell, written as lists" if labels.are_lists else several
    shown = ", ".join(names[:8]) + (" ..." if len(names) > 8 else "")
    yield f"labels       {len(names):,} from {where}{several}: {shown}"
    if times := dataset.times:
        start, end = f"column {times.start!r}", f"column {times.end!r}"
        how = f"from {start}, as long as {end}" if times.are_durations else f"from {start} to {end}"
        yield f"events       {how}, taken for seconds"
    yield f"splits       {split_scheme(dataset)[1]}"
    seconds = dataset.seconds
    yield f"duration     {'as recorded' if seconds is None else f'{seconds:g} s: 95 of 100 are no longer'}"
    if dataset.group_column != "":
        yield f"groups       column {dataset.group_column!r}: what it holds is never divided between splits"
    yield from (f"note         {note}" for note in dataset.notes)
