"""Splits that a dataset gives: in a column, in the names of tables, or in those of folders."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from hearpreprocess.scaffold.columns import column_called, distinct_cells
from hearpreprocess.scaffold.notes import Noted
from hearpreprocess.scaffold.recordings import stem_of
from hearpreprocess.scaffold.tables import Row, Table
from hearpreprocess.task import Column

SPLIT_NAMES = ("split", "fold", "set", "subset", "partition")
SPLITS = {
    "train": "train",
    "training": "train",
    "valid": "valid",
    "validation": "valid",
    "val": "valid",
    "dev": "valid",
    "test": "test",
    "testing": "test",
    "eval": "test",
    "evaluation": "test",
}
"""What splits are called, and which they are."""

MOST_GIVEN_FOLDS = 20
FOLD = re.compile(r"(?P<prefix>(?:[A-Za-z]+[ _-]?)?)(?P<number>\d+)(?:\.0)?")
"""A fold's number, as pandas writes it beside blank cells, too, or behind a word."""


@dataclass(frozen=True)
class Folds:
    """Folds that are numbered from `first` on; `prefix`: what is written before each number."""

    count: int
    first: int
    prefix: str = ""

    def name(self, cell: str) -> str:
        """What the split of a cell is called in a task."""
        number = float(cell.strip().removeprefix(self.prefix))
        return f"fold{int(number) - self.first:02d}"


@dataclass(frozen=True)
class Splits:
    """Where a dataset gives the split of a recording; nowhere, unless something else is said.

    `column`: of a table; its cells are `folds`, or have `names`, which map what the dataset calls a split to the split.
    `folder`: the folder on a recording's path that has such a name. `tables`: the split of each table, where there are
    several; "" for one that has the column instead.
    """

    column: Column = ""
    folds: Folds | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    folder: Literal["", "outermost", "innermost"] = ""
    tables: Mapping[str, str] = field(default_factory=dict)

    def of_path(self, path: str) -> str:
        """The split that the folders of a recording give it, or ""."""
        if not self.folder:
            return ""
        folders = path.split("/")[:-1]
        return self.names[folders[0] if self.folder == "outermost" else folders[-1]]

    def of_row(self, path: str, table: str, row: Row) -> str:
        """The split of the recording at a path, which a row of a table names, or ""."""
        if self.folds:
            return self.folds.name(row[self.column])
        if of_table := self.tables.get(table):
            return of_table
        return self.of_path(path) if self.folder or not self.names else self.names[row[self.column].strip()]

    def are_blank_in(self, table: str, row: Row) -> bool:
        """Whether the column that gives others a split gives a row of a table none."""
        return self.column in row and not self.tables.get(table) and not row[self.column].strip()


def are_split_names(names: Collection[str]) -> bool:
    """Whether these are names of splits or folds, and nothing else."""
    if {name.lower() for name in names} <= SPLITS.keys():
        return True
    folds = [FOLD.fullmatch(name) for name in names]
    return all(fold and fold["prefix"].strip(" _-").lower() in ("fold", "split", "cv") for fold in folds)


def split_of_table(path: str) -> str:
    """The split that a table is of, by its own name or that of its folder; "" where they name none."""
    folder, _slash, _name = path.rpartition("/")
    return SPLITS.get(stem_of(path).lower(), SPLITS.get(folder.rpartition("/")[2].lower(), ""))


def split_column_in(columns: Sequence[Column], table: Table) -> Column:
    """A column that is called so, or whose cells are splits, whatever it is called; "" where there is none."""
    named = column_called(columns, SPLIT_NAMES)
    if named != "":
        return named
    kinds = {column: {cell.lower() for cell in distinct_cells(table.rows, column)} for column in columns}
    return next((column for column in columns if len(kinds[column]) > 1 and kinds[column] <= SPLITS.keys()), "")


def splits_of_rows(column: Column, rows: Sequence[tuple[str, Row]], paths: Sequence[str]) -> Noted[Splits]:
    """Splits of the tables' names, where rows are of several tables; of a column; or of the outermost folders.

    `column`: where splits may be, or "". `rows`: each with the path of its table. `paths`: of all recordings.
    """
    tables = list(dict.fromkeys(table for table, _row in rows))
    splits, notes = Splits(), list[str]()
    if column != "":
        cells = [row[column].strip() for _table, row in rows if column in row]
        splits, notes = splits_of_column(column, cells, may_lack_train=len(tables) > 1)
    if len(tables) > 1:
        if splits.folds:
            notes = [*notes, f"column {column!r} is not used: the tables' names tell the splits"]
            splits = Splits()
        having = {table for table, row in rows if splits.column in row}
        return replace(splits, tables={path: "" if path in having else split_of_table(path) for path in tables}), notes
    if splits.column == "":
        splits, more = splits_of_outermost(paths)
        notes = [*notes, *more]
    return splits, notes


def splits_of_column(column: Column, cells: Sequence[str], *, may_lack_train: bool = False) -> Noted[Splits]:
    """The splits or folds that the cells of a column are; none, with a note, where they are neither."""
    kinds = sorted(set(cells) - {""})
    notes: list[str] = []
    if cells.count("") > len(cells) / 2:
        reason = "is blank in most rows"
    else:
        reason = f"holds {', '.join(map(repr, kinds[:5]))}"
        if all(kind.lower() in SPLITS for kind in kinds):
            names, notes = _with_train(kinds, may_lack_train=may_lack_train)
            if names:
                return Splits(column, names=names), notes
        elif folds := _folds(kinds):
            return Splits(column, folds=folds), []
    return Splits(), [*notes, f"column {column!r} looks like splits, but {reason}; not used"]


def splits_of_outermost(paths: Sequence[str]) -> Noted[Splits]:
    """Splits that the outermost folders of all recordings are called as; none where one is called otherwise."""
    return _of_folders("outermost", {path.partition("/")[0] if "/" in path else "" for path in paths})


def splits_of_innermost(paths: Sequence[str]) -> Noted[Splits]:
    """Splits that the innermost folders of all recordings are called as; none where one is called otherwise."""
    return _of_folders("innermost", {path.rpartition("/")[0].rpartition("/")[2] for path in paths})


def _of_folders(folder: Literal["outermost", "innermost"], called: set[str]) -> Noted[Splits]:
    if len(called) < 2 or not {name.lower() for name in called} <= SPLITS.keys():
        return Splits(), []
    names, notes = _with_train(sorted(called))
    return Splits(names=names, folder=folder) if names else Splits(), notes


def _with_train(called: Sequence[str], *, may_lack_train: bool = False) -> Noted[dict[str, str]]:
    """Splits by what the dataset calls them, of which one is train; none where that cannot be.

    Where there is no train, the development set is what others call so.
    """
    splits = {name: SPLITS[name.lower()] for name in called}
    merged = [name for name, split in splits.items() if split == "valid"]
    notes = [f"{' and '.join(merged)} are both taken for the valid split"] if len(merged) > 1 else []
    if "train" in splits.values() or may_lack_train:
        return splits, notes
    if not merged:
        return {}, notes
    return {name: "train" if split == "valid" else split for name, split in splits.items()}, notes


def _folds(kinds: Sequence[str]) -> Folds | None:
    """Folds that are numbered on end, all of them written in the same way."""
    folds = [fold for fold in map(FOLD.fullmatch, kinds) if fold]
    prefixes = {fold["prefix"] for fold in folds}
    if len(folds) < len(kinds) or not 2 <= len(kinds) <= MOST_GIVEN_FOLDS or len(prefixes) > 1:
        return None
    numbers = sorted(int(fold["number"]) for fold in folds)
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return None
    return Folds(len(numbers), numbers[0], prefixes.pop())
