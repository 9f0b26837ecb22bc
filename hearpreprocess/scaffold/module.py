"""The text of a task module that does what was guessed, and of its test."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from hearpreprocess.scaffold.columns import LISTED, YES
from hearpreprocess.scaffold.division import SHARES
from hearpreprocess.scaffold.found import Guess
from hearpreprocess.scaffold.tables import Column
from hearpreprocess.storage import counted

COLUMNS = 100
"""A longer line is divided."""


def scheme(found: Guess) -> tuple[str, str]:
    """The split scheme as code, and in words."""
    if found.folds:
        return f"PresetFolds({found.folds})", f"{found.folds} folds, given by column {found.split_column!r}"
    if not any(clip.split for clip in found.clips):
        folds = found.division.folds
        every = "" if found.is_event_task else " so that each holds every label"
        return f"NewFolds({folds})", f"{folds} folds, drawn{every}"
    where = f"column {found.split_column!r}" if found.split_column != "" else "the folders' names"
    if len(found.tables) > 1:
        where = "the tables' names" + (f" and {where}" if found.given_splits else "")
    drawn = [split for split in ("valid", "test") if split not in {clip.split for clip in found.clips}]
    shares = ", ".join(map(str, found.division.shares)) if drawn and found.division.shares != SHARES[0] else ""
    return f"TrainValidTest({shares})", f"given by {where}" + (
        f"; {' and '.join(drawn)} drawn from train" if drawn else ""
    )


def module_text(name: str, folder: Path, found: Guess) -> str:
    """The text of the task module `name.py`, for the folder at an absolute path."""
    kind = "event" if found.is_event_task else "scene"
    metrics = (
        '"event_onset_200ms_fms", "segment_1s_er"'
        if found.is_event_task
        else '"mAP",'
        if found.is_multilabel
        else '"top1_acc",'
    )
    number = "multilabel" if found.is_multilabel else "multiclass"
    body = [*_constants(found), "def clips(sources):", *_body(found)]
    code = scheme(found)[0]
    labels = len(found.labels) - len(found.division.rare)
    used = {"Local", "TaskConfig", code.partition("(")[0]}
    used |= {each for each in ("Clip", "Event", "LeftOut", "fold") if any(f"{each}(" in line for line in body)}
    lines = [
        f'"""{name}: {counted(found.recordings, "recordings")} with {counted(labels, "labels")}.',
        "",
        "Say here who recorded what, how, and where others can get it. Link: https://example.org",
        '"""',
        "",
        *(["import re"] if found.has_lists else []),
        "from pathlib import Path",
        "",
        f"from hearpreprocess import {', '.join(sorted(used, key=str.lower))}",
        "",
        *([] if _constants(found) else [""]),
        *body,
        "",
        "",
        "config = TaskConfig(",
        f'    name="{name}",',
        '    version="v1",',
        f'    embedding_type="{kind}",  # "scene": labels for a whole clip; "event": labels with times',
        f'    prediction_type="{number}",  # "multiclass": exactly one label a clip; "multilabel": any number',
        f"    splits={code},  # TrainValidTest(80, 10, 10), NewFolds(5) or PresetFolds(5)",
        f"    sample_duration={found.seconds!r},  # seconds to which clips are cut or padded; None leaves them",
        f"    evaluation=({metrics}),  # the first one is the main metric",
        '    licence="unknown",',
        '    url="https://example.org",  # where others can get the recordings',
        f'    sources={{"recordings": Local({_place(folder)})}},',
        "    clips=clips,",
        ")",
    ]
    return "\n".join(lines) + "\n"


def _place(folder: Path) -> str:
    here = Path.cwd().resolve()
    if folder.is_relative_to(here):
        return f"Path(__file__).parent / {_text(folder.relative_to(here).as_posix())}"
    return f"Path({_text(str(folder))})"


def _constants(found: Guess) -> list[str]:
    lines = []
    if len(found.tables) > 1:
        values = {path: _text(split) for path, split in found.tables.items()}
        if found.has_prefixes:
            values = {path: f"({split}, {_text(found.namings[path].prefix)})" for path, split in values.items()}
        lines += _call("TABLES = {", [f"{_text(path)}: {value}" for path, value in values.items()], "}")
    if found.given_splits:
        items = [f"{_text(name)}: {_text(split)}" for name, split in found.given_splits.items()]
        lines += _call("SPLITS = {", items, "}")
    if found.yes_columns:
        lines += _call("LABELS = (", [_key(column) for column in found.yes_columns], ")")
    if found.has_lists:
        lines.append(f'LISTED = re.compile(r"""{LISTED}""")  # what is quoted in a list, or a number')
    if found.division.rare:
        lines += _call(f"{_rare(found)} = {{", [_text(label) for label in _named_labels(found)], "}")
    return [*lines, "", ""] if lines else []


def _rare(found: Guess) -> str:
    """The name of the constant that tells rare labels from others: whichever are fewer are named."""
    return "RARE" if len(found.division.rare) <= len(found.labels) / 2 else "IN_EVERY_SPLIT"


def _named_labels(found: Guess) -> list[str]:
    rare = found.division.rare
    return list(rare) if _rare(found) == "RARE" else [label for label in found.labels if label not in rare]


def _is_rare(found: Guess, label: str) -> str:
    return f"{label} in RARE" if _rare(found) == "RARE" else f"{label} not in IN_EVERY_SPLIT"


def _is_kept(found: Guess, label: str) -> str:
    return f"{label} not in RARE" if _rare(found) == "RARE" else f"{label} in IN_EVERY_SPLIT"


def _body(found: Guess) -> Iterator[str]:
    yield '    recordings = sources["recordings"]'
    if found.tables and found.naming.by_name:
        yield f"    patterns = {json.dumps(found.patterns)}"
        if found.has_same_names:
            yield "    by_name = {}"
            yield "    for member in [each for pattern in patterns for each in recordings.glob(pattern)]:"
            yield "        # Of several with the same name, none is known by it."
            yield "        by_name[member.name] = None if member.name in by_name else member"
        else:
            yield "    by_name = {member.name: member for pattern in patterns for member in recordings.glob(pattern)}"
    if not found.tables:
        yield from _over_folders(found)
    elif found.is_event_task:
        yield from _over_events(found)
    else:
        yield from _over_rows(found)


def _over_folders(found: Guess) -> Iterator[str]:
    yield f"    for pattern in {json.dumps(found.patterns)}:"
    yield "        for member in recordings.glob(pattern):"
    label = 'member.path.split("/")[-3]' if found.by_innermost else "member.folder"
    if found.division.rare:
        yield f"            if {_is_rare(found, label)}:"
        yield '                yield LeftOut(member, "its label is rare")'
        yield "                continue"
    yield from _clip("            ", [f"labels={label}", *_split(found), *_name(found)])


def _over_tables(found: Guess) -> tuple[str, list[str]]:
    """The indentation of what is done with each table, and the lines that read it."""
    (path, *others), indent, lines = found.tables, "    ", []
    if others:
        lines.append(f"    for path, {'(split, place)' if found.has_prefixes else 'split'} in TABLES.items():")
        indent += "    "
    options = [f"{name}={value!r}".replace("'", '"') for name, value in found.options.items()]
    where = "path" if others else _text(path)
    return indent, lines + _call(f"{indent}table = recordings.table(", [f"recordings.member({where})", *options], ")")


def _over_rows(found: Guess) -> Iterator[str]:
    indent, lines = _over_tables(found)
    yield from lines
    yield f'{indent}for row in table.to_dict("records"):'
    indent += "    "
    yield from _find_member(found, indent, f"row[{_key(found.naming.column)}]")
    label = f"row[{_key(found.label_column)}]"
    if found.yes_columns:
        is_one = f"row[label].strip().lower() in {YES!r}".replace("'", '"')
        condition = _and_kept(found, is_one, "label")
        yield from _call(f"{indent}labels = [", [f"label for label in LABELS if {condition}"], "]")
    elif found.has_lists:
        yield f"{indent}cell = {label}.strip()"
        yield f'{indent}parts = LISTED.findall(cell) if cell[:1] in ("[", "(", "{{") else []'
        yield f'{indent}labels = ["".join(part) for part in parts]'
        if found.division.rare:
            yield f"{indent}labels = [label for label in labels if {_is_kept(found, 'label')}]"
    elif found.separator:
        yield f"{indent}parts = [part.strip() for part in {label}.split({_text(found.separator)})]"
        yield f"{indent}labels = [part for part in parts if {_and_kept(found, 'part', 'part')}]"
    labels = "labels" if found.is_multilabel else f"{label}.strip()"
    if found.unlabelled or found.division.rare:
        condition = f"not {labels}"
        if not found.is_multilabel and found.division.rare:
            condition = _is_rare(found, labels) + (f" or {condition}" if found.unlabelled else "")
        yield from _leave_out(found, indent, condition)
    yield from _leave_out_unsplit(found, indent, "row")
    yield from _clip(indent, [f"labels={labels}", *_split(found), *_group(found, "row"), *_name(found)])


def _over_events(found: Guess) -> Iterator[str]:
    indent, lines = _over_tables(found)
    yield from lines
    cell = f"table[{_key(found.naming.column)}].str.strip()"
    yield f"{indent}for cell, rows in table.groupby({cell}):"
    indent += "    "
    yield f'{indent}rows = rows.to_dict("records")'
    yield from _find_member(found, indent, "cell")
    label, start, end = (f"row[{_key(each)}]" for each in (found.label_column, found.start_column, found.end_column))
    if found.has_decimal_commas:
        start, end = (f'{each}.replace(",", ".")' for each in (start, end))
    filled = [label] if found.unlabelled else []
    filled += [f"row[{_key(each)}]" for each in (found.start_column, found.end_column)] if found.untimed else []
    condition = " and ".join(f"{each}.strip()" for each in filled)
    comprehension = ["for row in rows", *([f"if {condition}"] if condition else [])]
    ends = f"round(float({start}) + float({end}), 6)" if found.has_durations else f"float({end})"
    arguments = [f"{label}.strip()", f"float({start})", ends]
    inner, one_line = f"{indent}    ", " ".join([f"Event({', '.join(arguments)})", *comprehension])
    if len(inner + one_line) <= COLUMNS:
        yield from _call(f"{indent}events = [", [one_line], "]")
    else:
        yield from (f"{indent}events = [", f"{inner}Event(")
        yield from (f"{inner}    {argument}," for argument in arguments)
        yield from (f"{inner})", *(f"{inner}{each}" for each in comprehension), f"{indent}]")
    if found.late:
        yield f"{indent}if not any(event.start < {found.seconds!r} for event in events):"
        yield f'{indent}    yield LeftOut(member, "no event within the clip")'
        yield f"{indent}    continue"
    elif found.unlabelled or found.untimed:
        yield from _leave_out(found, indent, "not events")
    yield from _leave_out_unsplit(found, indent, "rows[0]")
    split = [each.replace("row[", "rows[0][") for each in _split(found)]
    yield from _clip(indent, ["events=events", *split, *_group(found, "rows[0]"), *_name(found)])


def _find_member(found: Guess, indent: str, cell: str) -> Iterator[str]:
    yield f"{indent}member = {_member(found, cell)}"
    if found.missing:
        yield f"{indent}if member is None or member.path not in recordings.members:"
        yield f"{indent}    continue  # rows that name no recording: {found.missing:,}"


def _leave_out(found: Guess, indent: str, condition: str) -> Iterator[str]:
    reason = "its labels are rare, or missing" if found.division.rare else "without a label"
    yield f"{indent}if {condition}:"
    yield f'{indent}    yield LeftOut(member, "{reason}")'
    yield f"{indent}    continue"


def _leave_out_unsplit(found: Guess, indent: str, row: str) -> Iterator[str]:
    if found.unsplit:
        by_table = "not split and " if len(found.tables) > 1 else ""
        yield f"{indent}if {by_table}not {row}[{_key(found.split_column)}].strip():"
        yield f'{indent}    yield LeftOut(member, "without a split")'
        yield f"{indent}    continue"


def _and_kept(found: Guess, condition: str, label: str) -> str:
    return f"{condition} and {_is_kept(found, label)}" if found.division.rare else condition


def _group(found: Guess, row: str) -> list[str]:
    """The argument with the group of a clip; an empty cell is none."""
    return [f"group={row}[{_key(found.group_column)}].strip() or None"] if found.group_column != "" else []


def _member(found: Guess, cell: str) -> str:
    """The expression that finds the recording that a cell names."""
    cell = f"{cell}.strip()" + ('.replace("\\\\", "/")' if found.has_backslashes else "")
    if not found.naming.by_name:
        prefix = f"{_text(found.naming.prefix)} + " if found.naming.prefix else ""
        prefix = "place + " if found.has_prefixes else prefix
        suffix = f" + {_text(found.naming.suffix)}" if found.naming.suffix else ""
        return f"recordings.member({prefix}{cell}{suffix})"
    name = f'{cell}.rpartition("/")[2]' + (f" + {_text(found.naming.suffix)}" if found.naming.suffix else "")
    return f"by_name.get({name})" if found.missing else f"by_name[{name}]"


def _split(found: Guess) -> list[str]:
    """The argument with the split that the corpus gives a clip, where it does."""
    column = f"row[{_key(found.split_column)}]"
    if found.folds:
        prefix = f".removeprefix({_text(found.fold_prefix)})" if found.fold_prefix else ""
        return [f"split=fold(int(float({column}{'.strip()' + prefix if prefix else ''})) - {found.first_fold})"]
    if len(found.tables) > 1:
        return [f"split=split or SPLITS[{column}.strip()]" if found.given_splits else "split=split"]
    if found.by_innermost:
        return ["split=SPLITS[member.folder]"]
    if found.by_folder:
        return ['split=SPLITS[member.path.partition("/")[0]]']
    return [f"split=SPLITS[{column}.strip()]"] if found.given_splits else []


def _name(found: Guess) -> list[str]:
    """The argument that makes a clip's name unique, where its file's does not."""
    names = {
        "folder": ['name=f"{member.folder}_{member.stem}"'],
        "path": ['name=member.path.replace("/", "_").replace(".", "_")'],
    }
    return names.get(found.naming_by, [])


def _clip(indent: str, arguments: Sequence[str]) -> list[str]:
    return _call(f"{indent}yield Clip(", ["member", *arguments], ")")


def _call(start: str, arguments: Sequence[str], end: str) -> list[str]:
    """Arguments between `start` and `end`, one a line where all have no room in one."""
    line = f"{start}{', '.join(arguments)}{end}"
    if len(line) <= COLUMNS:
        return [line]
    indent = " " * (len(start) - len(start.lstrip()))
    comma = "" if len(arguments) == 1 and " for " in arguments[0] else ","
    return [start, *(f"{indent}    {argument}{comma}" for argument in arguments), f"{indent}{end}"]


def _key(column: Column) -> str:
    return str(column) if isinstance(column, int) else _text(column)


def _text(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    is_easier_in_single = '"' in text and "'" not in text
    return "'" + quoted[1:-1].replace('\\"', '"') + "'" if is_easier_in_single else quoted


def test_text(name: str) -> str:
    """The text of the module's test."""
    return f'''"""The contract that every task module keeps, and its clips."""

from pathlib import Path

from hearpreprocess.runner import main
from hearpreprocess.testing import contract

MODULE = Path(__file__).with_name("{name}.py")


def test_{name}_keeps_the_contract() -> None:
    assert contract.problems(str(MODULE)) == []


def test_{name}_yields_its_clips(tmp_path: Path) -> None:
    assert main(["check", str(MODULE), "--tmp-dir", str(tmp_path)]) == 0
'''
