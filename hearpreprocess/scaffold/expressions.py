"""Python expressions and arguments of the module that is written, for what a dataset holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from hearpreprocess.scaffold.annotation_files import Place
from hearpreprocess.scaffold.columns import YES
from hearpreprocess.scaffold.dataset import DatasetDescription, TablesLayout
from hearpreprocess.scaffold.naming import Naming
from hearpreprocess.scaffold.parts import PathPart
from hearpreprocess.scaffold.splits import ListedSplits
from hearpreprocess.scaffold.times import Times
from hearpreprocess.task import Column

LINE_LENGTH = 100
"""A longer line is divided."""


def fits(line: str) -> bool:
    """Whether a line need not be divided."""
    return len(line) <= LINE_LENGTH


def call(start: str, arguments: Sequence[str], end: str) -> str:
    """Arguments between `start` and `end`, one a line where one line has no room for all, as ruff formats them."""
    line = f"{start}{', '.join(arguments)}{end}"
    if fits(line):
        return line
    indent = " " * (len(start) - len(start.lstrip()))
    comma = "" if len(arguments) == 1 and " for " in arguments[0] else ","
    return "\n".join([start, *(f"{indent}    {argument}{comma}" for argument in arguments), f"{indent}{end}"])


def literal(value: Column | None) -> str:
    """A text, a number or None as it is written in Python, in the quotes that need the fewest backslashes."""
    if value is None or isinstance(value, int):
        return str(value)
    quoted = json.dumps(value, ensure_ascii=False)
    is_easier_in_single = '"' in value and "'" not in value
    return "'" + quoted[1:-1].replace('\\"', '"') + "'" if is_easier_in_single else quoted


def cell(column: Column, row: str = "row") -> str:
    """The cell of a column in a row."""
    return f"{row}[{literal(column)}]"


def path_of_cell(expression: str, naming: Naming | ListedSplits, *, have_backslashes: bool, prefix: str = "") -> str:
    """The path that a cell stands for, or the file's name; `prefix`: an expression for what is before it, or ""."""
    path = expression + ('.replace("\\\\", "/")' if have_backslashes else "")
    if naming.by_name:
        path = f'{path}.rpartition("/")[2]'
    if naming.cell_prefix:
        path += f".removeprefix({literal(naming.cell_prefix)})"
    if naming.cell_suffix:
        path += f".removesuffix({literal(naming.cell_suffix)})"
    prefix = prefix or (literal(naming.prefix) if naming.prefix and not naming.by_name else "")
    return " + ".join(filter(None, [prefix, path, literal(naming.suffix) if naming.suffix else ""]))


def member(layout: TablesLayout, of_cell: str, *, may_be_missing: bool) -> str:
    """The recording that a cell names."""
    naming = layout.naming
    prefix = "prefix" if layout.have_prefixes else ""
    path = path_of_cell(f"{of_cell}.strip()", naming, have_backslashes=layout.have_backslashes, prefix=prefix)
    if not naming.by_name and not naming.is_loose:
        return f"recordings.member({path})"
    members = "by_name" if naming.by_name else "by_path"
    key = f"spelled({path})" if naming.is_loose else path
    return f"{members}.get({key})" if may_be_missing else f"{members}[{key}]"


def of_path(part: PathPart) -> str:
    """A part of the path of a recording."""
    if part.field:
        return f're.split("[-_]", member.stem)[{part.field - 1}]'
    if part.level == -1:
        return "member.folder"
    return f'member.path.split("/")[{part.level - 1}]'


def annotations_of(place: Place) -> tuple[str, str]:
    """The function that gives the annotation file of a recording, and its argument; `member` names the recording."""
    title = f"member.{'name' if place.after_name else 'stem'} + {literal(place.suffix)}"
    if place.beside is not None:
        return "member.sibling", f"{literal(place.beside)} + {title}" if place.beside else title
    into = f"{literal(place.into)} + " if place.into else ""
    removed = f".removeprefix({literal(place.remove)})" if place.remove else ""
    return "recordings.member", f"{into}member.path{removed}.removesuffix(member.name) + {title}"


def says_yes(column: str) -> str:
    """Whether the cell of a column, which a variable names, says yes."""
    return f"row[{column}].strip().lower() in {YES!r}".replace("'", '"')


def onset_and_offset(times: Times) -> tuple[str, str]:
    """The onset and the offset of the event in a row, in seconds."""
    with_point = '.replace(",", ".")' if times.have_decimal_commas else ""
    start, end = (cell(column) + with_point for column in times.columns)
    onset = f"float({start})"
    return onset, f"round({onset} + float({end}), 6)" if times.are_durations else f"float({end})"


def clip_arguments(dataset: DatasetDescription, labels: str, splits: Sequence[str], row: str = "row") -> list[str]:
    """The arguments of a clip: its member, labels and split first; `row`: the variable with its row."""
    return ["member", labels, *splits, *_group(dataset, row), *_name(dataset)]


def _group(dataset: DatasetDescription, row: str) -> list[str]:
    """The argument with the group of a clip; an empty cell is none."""
    if isinstance(dataset.group, PathPart):
        return [f"group={of_path(dataset.group)}"]
    return [f"group={cell(dataset.group, row)}.strip() or None"] if dataset.group != "" else []


def _name(dataset: DatasetDescription) -> list[str]:
    """The argument that makes a clip's name unique, where its file's does not."""
    names = {
        "folder": ['name=f"{member.folder}_{member.stem}"'],
        "path": ['name=member.path.replace("/", "_").replace(".", "_")'],
    }
    return names.get(dataset.clip_naming, [])


@dataclass(frozen=True)
class RareLabels:
    """The constant that divides rare labels from others: it names whichever are fewer."""

    named: tuple[str, ...]
    are_rare: bool

    @property
    def constant(self) -> str:
        """The name of the constant."""
        return "RARE" if self.are_rare else "IN_EVERY_SPLIT"

    def holds(self, label: str) -> str:
        """Whether a label, which an expression names, is rare."""
        return f"{label} {'in' if self.are_rare else 'not in'} {self.constant}"

    def lacks(self, label: str) -> str:
        """Whether a label, which an expression names, is in every split."""
        return f"{label} {'not in' if self.are_rare else 'in'} {self.constant}"


def rare_labels(dataset: DatasetDescription) -> RareLabels | None:
    """The rare labels of a dataset; None where it has none."""
    rare, every = dataset.division.rare, dataset.label_names
    if len(rare) <= len(every) / 2:
        return RareLabels(rare, are_rare=True) if rare else None
    return RareLabels(tuple(label for label in every if label not in rare), are_rare=False)
