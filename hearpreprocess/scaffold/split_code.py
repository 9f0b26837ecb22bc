"""The parts of the written module that give each clip the split that the dataset gives it."""

from __future__ import annotations

from hearpreprocess.scaffold.columns import YES
from hearpreprocess.scaffold.dataset import DatasetDescription
from hearpreprocess.scaffold.expressions import cell, literal, of_path, path_of_cell
from hearpreprocess.scaffold.parts import PathPart
from hearpreprocess.scaffold.splits import ListedSplits


def split_arguments(dataset: DatasetDescription, row: str) -> list[str]:
    """The argument with the split of a clip, if the dataset gives any; `row`: the variable with its row."""
    splits = dataset.splits
    if splits.listed:
        key = _key(splits.listed)
        rest = f"{{{literal(splits.rest)}}}" if splits.rest else "()"
        return [f'split=" or ".join(sorted(split_of.get({key}, {rest})))']
    if splits.flags:
        rest = f" or {literal(splits.rest)}" if splits.rest else ""
        return [f'split=" or ".join(sorted(marked)){rest}']
    if splits.level:
        name = of_path(PathPart(level=splits.level))
    else:
        name = f"{cell(splits.column, row)}.strip()" if splits.column != "" else ""
    of_name = ""
    if name and splits.folds:
        without_prefix = f".removeprefix({literal(splits.folds.prefix)})" if splits.folds.prefix else ""
        of_name = f"fold(int(float({name}{without_prefix})) - {splits.folds.first})"
    elif name:
        of_name = f"SPLITS.get({name}, {name})"
    if splits.tables:
        return [f"split=split or {of_name}" if of_name else "split=split"]
    return [f"split={of_name}"] if of_name else []


def without_split(dataset: DatasetDescription, row: str) -> str:
    """Whether a recording lacks the split that others have; `row`: the variable with its row."""
    splits = dataset.splits
    if splits.listed:
        return f"{_key(splits.listed)} not in split_of"
    if splits.flags:
        return "not marked"
    of_table = "not split and " if splits.tables else ""
    if "" in splits.names.values():
        name = f"{cell(splits.column, row)}.strip()"
        return f"{of_table}not SPLITS.get({name}, {name})"
    return f"{of_table}not {cell(splits.column, row)}.strip()"


def marked_line(dataset: DatasetDescription, row: str) -> str:
    """The statement that collects the splits of the columns of 0 and 1; "" where there are none."""
    if not dataset.splits.flags:
        return ""
    yes = repr(YES).replace("'", '"')
    return f"marked = {{split for column, split in FLAGS.items() if {row}[column].strip().lower() in {yes}}}"


def reading_lines(dataset: DatasetDescription) -> list[str]:
    """The statements that read the lists, if the dataset has any."""
    listed = dataset.splits.listed
    if not listed:
        return []
    encoding = literal(listed.encoding or "utf-8-sig")
    part = "line.strip()"
    if listed.separator:
        part += ".split()" if listed.separator == " " else f".split({literal(listed.separator)})"
        part += f"[{listed.field}]"
    name = path_of_cell(f"{part}.strip(' \\t\"')", listed, have_backslashes=listed.have_backslashes)
    added = f"split_of.setdefault({name}, set()).add(split)"
    needs_words = listed.separator == " " or listed.field
    lines = [
        f"split_of = {{}}  # by the {'name of a file' if listed.by_name else 'path of a recording'}",
        "for path, split in LISTS.items():",
        f"    text = recordings.read(recordings.member(path)).decode({encoding})",
    ]
    if needs_words:
        return [*lines, "    for line in filter(str.strip, text.splitlines()):", f"        {added}"]
    return [*lines, "    for line in text.splitlines():", f"        {added}"]


def _key(listed: ListedSplits) -> str:
    return "member.name" if listed.by_name else "member.path"
