"""Splits that a dataset gives: in columns, in lists of recordings, or in the names of tables or folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold.columns import YES, is_yes_and_no, says_yes_or_no
from hearpreprocess.scaffold.notes import Noted
from hearpreprocess.scaffold.recordings import stem_of
from hearpreprocess.scaffold.split_names import (
    SPLITS,
    Folds,
    are_splits,
    divides,
    fold_in_name,
    folds_of,
    hinted_splits,
    is_called_split,
    split_in_name,
    with_train,
)
from hearpreprocess.scaffold.tables import Row
from hearpreprocess.task import Column

WAY_OUT = "Correct them, or ignore these splits with --split-column none"


@dataclass(frozen=True)
class ListedSplits:
    """Lists of recordings, one a line, each list for one split.

    `lists`: the split of each list, by its path. `separator`, `field`: the part of a line that names the recording; ""
    for the whole line. `prefix` and `suffix` around it make a path, in which `cell_prefix` and `cell_suffix` are
    missing; `by_name`: it is the name of a file in any folder. `split_of`: by the path of a recording.
    """

    lists: Mapping[str, str]
    split_of: Mapping[str, str]
    separator: str = ""
    field: int = 0
    prefix: str = ""
    suffix: str = ""
    by_name: bool = False
    cell_prefix: str = ""
    cell_suffix: str = ""
    encoding: str | None = None
    have_backslashes: bool = False


@dataclass(frozen=True)
class Splits:
    """Where a dataset gives the split of a recording; nowhere by default.

    `column`: of a table; its cells are `folds`, or have `names`, which map what the dataset calls a split to the split.
    `flags`: the split of each column of 0 and 1. `level`: of the folders with such names or folds, 1 for the outermost
    and -1 for the innermost; 0 for none. `tables`: the split of each table, where there are several; "" for one that
    has the column instead. `listed`: by lists of recordings. `rest`: the split of what no flag and no list is of.
    """

    column: Column = ""
    folds: Folds | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[Column, str] = field(default_factory=dict)
    level: int = 0
    tables: Mapping[str, str] = field(default_factory=dict)
    listed: ListedSplits | None = None
    rest: str = ""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that hold them."""
        return (*self.flags, *([self.column] if self.column != "" else []))

    @cached_property
    def are_given(self) -> bool:
        """Whether the dataset gives splits at all."""
        return bool(self.columns or self.level or self.tables or self.listed)

    @property
    def source(self) -> str:
        """Where they are, in words."""
        if self.listed:
            return f"the lists {' and '.join(self.listed.lists)}"
        where = "the folders' names" if self.level else ""
        if self.columns:
            where = f"column{'s' if len(self.columns) > 1 else ''} {', '.join(map(repr, self.columns))}"
        return "the tables' names" + (f" and {where}" if where else "") if self.tables else where

    def of_path(self, path: str) -> str:
        """The split that the folders or a list give to a recording, or ""."""
        if self.listed:
            return self.listed.split_of.get(path, self.rest)
        if not self.level:
            return ""
        folders = path.split("/")[:-1]
        name = folders[self.level - 1 if self.level > 0 else self.level]
        return self.folds.name(name) if self.folds else self.names[name]

    def of_row(self, path: str, table: str, row: Row) -> str:
        """The split of the recording at a path, which a row of a table names, or ""."""
        if self.listed or self.level:
            return self.of_path(path)
        if self.flags:
            return next(
                (split for column, split in self.flags.items() if row[column].strip().lower() in YES), self.rest
            )
        if of_table := self.tables.get(table):
            return of_table
        cell = row[self.column].strip() if self.column != "" else ""
        if not cell:
            return ""
        return self.folds.name(cell) if self.folds else self.names[cell]


def split_of_table(path: str) -> str:
    """The split that a table is of, by its own name or that of its folder; "" where they name none."""
    folder, _slash, _name = path.rpartition("/")
    return split_in_name(stem_of(path)) or SPLITS.get(folder.rpartition("/")[2].lower(), "")


def splits_of_tables(rows: Sequence[tuple[str, Row]], of_columns: Splits) -> Noted[Splits]:
    """The splits in the names of several tables, each row with the path of its table; none where they name none.

    `of_columns`: that a column of some of the tables gives.
    """
    tables = list(dict.fromkeys(table for table, _row in rows))
    splits = {path: split_of_table(path) for path in tables}
    notes: list[str] = []
    numbers = {path: fold_in_name(stem_of(path)) for path in tables}
    if len(tables) > 1 and set(splits.values()) == {"test"} and (folds := _folds_of_tables(numbers)):
        names = {path: f"fold{(number or 0) - folds.first:02d}" for path, number in numbers.items()}
        return Splits(folds=folds, tables=names), notes
    if len(tables) < 2 or not any(splits.values()) or of_columns.flags:
        return of_columns, notes
    if of_columns.folds and {"test"} < set(splits.values()):
        notes = [f"column {of_columns.column!r} is not used: the tables' names are the splits"]
        of_columns = Splits()
    having = {table for table, row in rows if of_columns.column in row}
    unknown = [path for path, split in splits.items() if not split and path not in having]
    if unknown:
        raise CorpusError(
            f"{unknown[0]}: its name contains no split, expected one as in "
            f"{next(path for path, split in splits.items() if split)}. Rename the table, or ignore these splits with "
            "--split-column none"
        )
    given = replace(of_columns, tables={path: "" if path in having else split for path, split in splits.items()})
    return given, notes


def _folds_of_tables(numbers: Mapping[str, int | None]) -> Folds | None:
    """The folds of tables by the number in each name; None where these are not consecutive."""
    sorted_numbers = sorted(number for number in numbers.values() if number is not None)
    if not sorted_numbers or sorted_numbers != list(range(sorted_numbers[0], sorted_numbers[0] + len(numbers))):
        return None
    return Folds(len(numbers), sorted_numbers[0])


def splits_of_column(
    column: Column, cells: Sequence[str], *, may_lack_train: bool = False, may_leave_out: bool = False
) -> Noted[Splits]:
    """The splits or folds in the cells of a column.

    `may_lack_train`: whether a table has the split that no cell names. `may_leave_out`: whether recordings are left out
    where cells such as `unused` mean no split. Raises CorpusError where cells are neither splits nor folds.
    """
    names = sorted(set(cells) - {""})
    notes: list[str] = []
    if cells.count("") > len(cells) / 2:
        reason = f"is blank in {cells.count(''):,} of {len(cells):,} rows"
    else:
        reason = f"holds {', '.join(map(repr, names[:5]))}"
        others = [name for name in names if not split_in_name(name)]
        if may_leave_out and divides(set(names).difference(others)) and not any(map(hinted_splits, others)):
            splits, notes = with_train(set(names).difference(others))
            shown = [f"column {column!r}: recordings of {' and '.join(others)} are in no split"] if others else []
            return Splits(column, names=splits | dict.fromkeys(others, "")), [*notes, *shown]
        if names and all(split_in_name(name) or name.lower() in SPLITS for name in names):
            splits, notes = with_train(names)
            if not splits and may_lack_train:
                splits = {name: SPLITS.get(name.lower()) or split_in_name(name) for name in names}
            if splits:
                return Splits(column, names=splits), notes
        elif folds := folds_of(names, need_word=False):
            return Splits(column, folds=folds), []
    raise CorpusError(f"column {column!r} looks like splits, but {reason}. {WAY_OUT}")


def splits_of_flags(columns: Sequence[Column], rows: Sequence[tuple[int, str, Row]]) -> Splits:
    """The splits in columns of 0 and 1, each of which is called as a split.

    `rows`: each with its line and the path of its table. Raises CorpusError, which names the line, where a row is of
    two splits, or a cell is neither 0 nor 1.
    """
    flags = {column: split_in_name(str(column)) for column in columns}
    for line, table, row in rows:
        other = next((column for column in columns if not says_yes_or_no(row[column].strip())), None)
        if other is not None:
            raise CorpusError(
                f"{table}, line {line}: column {other!r} holds {row[other]!r}; expected 0 or 1. {WAY_OUT}"
            )
        marked = [column for column in columns if row[column].strip().lower() in YES]
        if len({flags[column] for column in marked}) > 1:
            named = " and ".join(map(repr, marked))
            raise CorpusError(f"{table}, line {line}: a recording is in two splits, columns {named}. {WAY_OUT}")
    given = set(flags.values())
    rest = "" if {"train", "test"} <= given else "train" if "train" not in given else "test"
    return Splits(flags=flags, rest=rest)


def flag_columns_in(columns: Sequence[Column], rows: Sequence[Row]) -> tuple[Column, ...]:
    """The columns that are called as splits, such as `is_test`, and mostly hold yes and no, of which one has both."""
    cells = {
        column: [row[column].strip() for row in rows if column in row]
        for column in columns
        if is_called_split(str(column))
    }
    flags = [column for column, of_column in cells.items() if 2 * sum(map(says_yes_or_no, of_column)) > len(of_column)]
    able = any(is_yes_and_no(set(filter(says_yes_or_no, cells[column]))) for column in flags)
    return tuple(flags) if able else ()


def splits_of_folders(paths: Sequence[str]) -> Noted[Splits]:
    """The splits or folds that folders of all recordings are called as; the outermost such folders count."""
    depth = min((path.count("/") for path in paths), default=0)
    for level in (*range(1, depth + 1), *range(-1, -depth - 1, -1)):
        names = {path.split("/")[:-1][level - 1 if level > 0 else level] for path in paths}
        if len(names) > 1 and (are_splits(names) or all(map(split_in_name, names))):
            splits, notes = with_train(names)
            if splits:
                return Splits(names=splits, level=level), notes
        if folds := folds_of(sorted(names), need_word=True):
            return Splits(folds=folds, level=level), []
    return Splits(), []
