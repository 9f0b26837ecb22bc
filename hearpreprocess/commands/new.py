"""Begin a task module, and its test, for a folder of your own recordings.

Labels and splits are guessed from the names of the folders, or from a table that names the recordings; what was guessed
is printed, and is yours to change in the module.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hearpreprocess import registry
from hearpreprocess.atomic import whole_file
from hearpreprocess.commands.check import worked_out
from hearpreprocess.commands.guess import Guess, guess
from hearpreprocess.errors import ConfigError, OutputError
from hearpreprocess.steps.base import Workspace

FOLDS = 5


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `new`."""
    parser.add_argument("name", metavar="NAME", help="what the task is called; NAME.py is written here")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the folder with the recordings")


def run(options: argparse.Namespace) -> int:
    """Write the module and its test, and print what was guessed."""
    if not re.fullmatch(r"[A-Za-z]\w*", options.name):
        raise ConfigError(f"{options.name!r} is no name for a Python module: letters, digits and underscores")
    if options.name in sys.stdlib_module_names or options.name in registry.built_in_names():
        raise ConfigError(f"{options.name!r} is taken, by a module of Python or a built-in task; choose another name")
    if not options.folder.is_dir():
        raise ConfigError(f"there is no folder {options.folder}")
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
    return 0 if _runs(module) else 1


def _runs(module: Path) -> bool:
    """Whether the module yields its clips; why not is told, as a guess may be wrong."""
    (task,) = registry.references([f"./{module}"], "default")
    with tempfile.TemporaryDirectory(prefix="hearpreprocess-") as folder:
        place = Path(folder)
        workspace = Workspace(place / "work", place / "tasks", place, place / "downloads")
        if worked_out(task, workspace) is not None:
            return True
    print(f"\n{module} does not work as it is: the guess was wrong where the message above points to", file=sys.stderr)
    return False


def _told(found: Guess) -> Iterator[str]:
    yield f"recordings   {found.recordings:,} ({', '.join(found.patterns)})"
    where = f"column {found.label_column!r} of {found.table}" if found.table else "the folders' names"
    several = f", several in a cell, divided by {found.separator!r}" if found.separator else ""
    shown = ", ".join(found.labels[:8]) + (" ..." if len(found.labels) > 8 else "")
    yield f"labels       {len(found.labels):,} from {where}{several}: {shown}"
    yield f"splits       {_scheme(found)[1]}"
    yield f"duration     {'as recorded' if found.seconds is None else f'{found.seconds:g} s: 95 of 100 are no longer'}"
    if found.group_column:
        yield f"groups       column {found.group_column!r}: what it holds is never divided between splits"
    yield from (f"note         {note}" for note in found.notes)


def _scheme(found: Guess) -> tuple[str, str]:
    """The split scheme as code, and in words."""
    if found.folds:
        return f"PresetFolds({found.folds})", f"{found.folds} folds, given by column {found.split_column!r}"
    if found.given_splits:
        where = f"column {found.split_column!r}" if found.table else "the folders' names"
        drawn = [split for split in ("valid", "test") if split not in found.given_splits.values()]
        return "TrainValidTest()", f"given by {where}" + (f"; {' and '.join(drawn)} drawn from train" if drawn else "")
    folds = max(2, min(FOLDS, found.fewest))
    return f"NewFolds({folds})", f"{folds} folds, drawn so that each holds every label"


def module_text(name: str, folder: Path, found: Guess) -> str:
    """The text of the task module."""
    scheme, _words = _scheme(found)
    kind = "multilabel" if found.separator else "multiclass"
    place = _place(folder)
    seconds = "None" if found.seconds is None else repr(found.seconds)
    imports = ["Clip", "Local", scheme.partition("(")[0], "TaskConfig", *(["fold"] if found.folds else [])]
    imports += ["LeftOut"] if found.missing or found.unlabelled else []
    lines = [
        f'"""{name}: {found.recordings:,} recordings with {len(found.labels):,} labels.',
        "",
        "Say here who recorded what, how, and where others can get it. Link: https://example.org",
        '"""',
        "",
        "from pathlib import Path",
        "",
        f"from hearpreprocess import {', '.join(sorted(imports, key=str.lower))}",
        "",
        "",
        *_constants(found),
        "def clips(sources):",
        *_body(found),
        "",
        "",
        "config = TaskConfig(",
        f'    name="{name}",',
        '    version="v1",',
        '    embedding_type="scene",  # labels for a whole clip; "event": labels with times',
        f'    prediction_type="{kind}",  # "multiclass": exactly one label a clip; "multilabel": any number',
        f"    splits={scheme},  # TrainValidTest(80, 10, 10), NewFolds(5) or PresetFolds(5)",
        f"    sample_duration={seconds},  # seconds to which every clip is cut or padded; None leaves it as it is",
        f'    evaluation=("{"mAP" if found.separator else "top1_acc"}",),  # the first one is the main metric',
        '    licence="unknown",',
        '    url="https://example.org",  # where others can get the recordings',
        f'    sources={{"recordings": Local({place})}},',
        "    clips=clips,",
        ")",
    ]
    return "\n".join(lines) + "\n"


def _place(folder: Path) -> str:
    here = Path.cwd().resolve()
    if folder.is_relative_to(here):
        return f"Path(__file__).parent / {json.dumps(folder.relative_to(here).as_posix())}"
    return f"Path({json.dumps(str(folder))})"


def _constants(found: Guess) -> list[str]:
    if not found.given_splits:
        return []
    return [f"SPLITS = {json.dumps(found.given_splits, ensure_ascii=False)}", "", ""]


def _body(found: Guess) -> Iterator[str]:
    yield '    recordings = sources["recordings"]'
    names = {
        "stem": "",
        "folder": ', name=f"{member.folder}_{member.stem}"',
        "path": ', name=member.path.replace("/", "_").replace(".", "_")',
    }
    name = names[found.naming_by]
    if not found.table:
        yield f"    for pattern in {json.dumps(found.patterns)}:"
        yield "        for member in recordings.glob(pattern):"
        split = ', split=SPLITS[member.path.partition("/")[0]]' if found.given_splits else ""
        yield f"            yield Clip(member, labels=member.folder{name}{split})"
        return
    separator = "" if found.delimiter == "," else f", sep={json.dumps(found.delimiter)}"
    yield f"    table = recordings.table(recordings.member({json.dumps(found.table)}){separator})"
    yield from _members(found)
    label = f"row[{json.dumps(found.label_column)}]"
    if found.missing:
        yield "        if member is None or member.path not in recordings.members:"
        yield f"            continue  # {found.missing:,} rows name no recording"
    if found.unlabelled:
        yield f"        if not {label}.strip():"
        yield '            yield LeftOut(member, "without a label")'
        yield "            continue"
    labels = f"[each.strip() for each in {label}.split({json.dumps(found.separator)}) if each.strip()]"
    facts = [f"labels={labels if found.separator else f'{label}.strip()'}"]
    if found.folds:
        facts.append(f"split=fold(int(row[{json.dumps(found.split_column)}]) - {found.first_fold})")
    elif found.given_splits:
        facts.append(f"split=SPLITS[row[{json.dumps(found.split_column)}].strip()]")
    if found.group_column:
        facts.append(f"group=row[{json.dumps(found.group_column)}]")
    yield f"        yield Clip(member, {', '.join(facts)}{name})"


def _members(found: Guess) -> Iterator[str]:
    """The lines that find the recording of each row."""
    cell = f"row[{json.dumps(found.naming.column)}].strip()"
    suffix = f" + {json.dumps(found.naming.suffix)}" if found.naming.suffix else ""
    if found.naming.by_name:
        yield f"    patterns = {json.dumps(found.patterns)}"
        yield "    by_name = {member.name: member for pattern in patterns for member in recordings.glob(pattern)}"
        yield '    for row in table.to_dict("records"):'
        name = f'{cell}.replace("\\\\", "/").rpartition("/")[2]{suffix}'
        yield f"        member = by_name{f'.get({name})' if found.missing else f'[{name}]'}"
    else:
        yield '    for row in table.to_dict("records"):'
        prefix = f"{json.dumps(found.naming.prefix)} + " if found.naming.prefix else ""
        yield f"        member = recordings.member({prefix}{cell}{suffix})"


def test_text(name: str) -> str:
    """The text of the module's test."""
    return f'''"""The contract that every task module keeps."""

from pathlib import Path

from hearpreprocess.testing import contract


def test_{name}_keeps_the_contract() -> None:
    assert contract.problems(str(Path(__file__).with_name("{name}.py"))) == []
'''
