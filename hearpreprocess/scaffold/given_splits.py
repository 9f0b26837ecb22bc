"""Decide which of the splits that a dataset gives hold, and refuse those that contradict each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold.columns import GROUP_NAMES, column_called, distinct_cells, is_yes_and_no
from hearpreprocess.scaffold.naming import NamingTables, RowsByRecording
from hearpreprocess.scaffold.notes import Noted
from hearpreprocess.scaffold.recordings import Recordings
from hearpreprocess.scaffold.split_lists import splits_of_lists
from hearpreprocess.scaffold.split_names import are_splits, folds_of, split_in_name
from hearpreprocess.scaffold.splits import (
    Splits,
    flag_columns_in,
    splits_of_column,
    splits_of_flags,
    splits_of_folders,
    splits_of_tables,
)
from hearpreprocess.scaffold.tables import Row
from hearpreprocess.task import Column

SPLIT_NAMES = (
    *("split", "splits", "fold", "folds", "foldid", "foldnumber", "kfold", "cvfold", "cv", "partition", "partitions"),
    *("set", "subset", "datasplit", "splitname"),
)
DOUBTFUL_NAMES = ("set", "subset", "cv")
"""Of columns that often hold something else than splits."""


def split_columns_in(columns: Sequence[Column], rows: Sequence[Row]) -> tuple[Column, ...]:
    """The columns of 0 and 1 that are called as splits, or the one that holds splits; none where there is no such one.

    A column is known by its name, or by its cells if these are splits whatever it is called.
    """
    cells = {column: distinct_cells([row for row in rows if column in row], column) - {""} for column in columns}
    holding = [column for column in columns if len(cells[column]) > 1 and are_splits(cells[column])]
    called = column_called(holding, SPLIT_NAMES)
    if holding:
        return (called if called != "" else holding[0],)
    if flags := flag_columns_in(columns, rows):
        return flags
    numbered = [
        column
        for column in columns
        if column_called([column], GROUP_NAMES) == "" and folds_of(sorted(cells[column]), need_word=True)
    ]
    doubtful = [
        column
        for column in columns
        if column_called([column], DOUBTFUL_NAMES) != ""
        and not folds_of(sorted(cells[column]), need_word=False)
        and not all(map(split_in_name, cells[column]))
    ]
    called = column_called([column for column in columns if column not in doubtful and cells[column]], SPLIT_NAMES)
    if called != "":
        return (called,)
    return (numbered[0],) if numbered else ()


def splits_in_columns(columns: Sequence[Column], tables: NamingTables, *, are_stated: bool) -> Noted[Splits]:
    """The splits in a column, or in several of 0 and 1.

    `are_stated`: whether the user states the columns. Raises CorpusError where the cells are no splits, or contradict
    each other.
    """
    rows = [
        (line, table.path, row)
        for table, _naming in tables.tables
        for line, row in zip(table.lines, table.rows, strict=True)
        if all(column in row for column in columns)
    ]
    if not columns:
        return Splits(), []
    cells_of_first = {row[columns[0]].strip() for _line, _table, row in rows}
    is_flag = split_in_name(str(columns[0])) != "" and is_yes_and_no(cells_of_first)
    if len(columns) > 1 or is_flag or flag_columns_in(columns, [row for _line, _table, row in rows]):
        return splits_of_flags(columns, rows), []
    cells = [row[columns[0]].strip() for _line, _table, row in rows]
    return splits_of_column(columns[0], cells, may_lack_train=len(tables.tables) > 1, may_leave_out=are_stated)


def splits_beside_tables(folder: Path, files: Sequence[str], recordings: Recordings) -> tuple[list[Splits], list[str]]:
    """The splits in lists among the files, and those in folders, with notes.

    Raises CorpusError where lists contradict each other.
    """
    listed, notes = splits_of_lists(folder, files, recordings)
    of_folders, more = splits_of_folders(recordings.paths)
    return [splits for splits in (listed, of_folders) if splits.are_given], [*notes, *more]


def splits_for_rows(
    tables: NamingTables,
    columns: Sequence[Column],
    beside: Sequence[Splits],
    rows: RowsByRecording,
    *,
    are_stated: bool,
) -> Noted[Splits]:
    """The splits that hold for the recordings of tables: of columns, of the tables' names, or those beside them.

    `rows`: of recordings in the folder. `are_stated`: whether the user states the columns, so that they hold alone.
    """
    of_columns, notes = splits_in_columns(columns, tables, are_stated=are_stated)
    if are_stated and columns:
        return of_columns, notes
    given, more = splits_of_tables(tables.rows, of_columns)
    candidates = [splits for splits in (given, *beside) if splits.are_given]

    def split_of(splits: Splits, path: str) -> str:
        table, row = rows[path][0]
        return splits.of_row(path, table, row)

    splits, others = chosen_splits(candidates, split_of, list(rows))
    return splits, [*notes, *more, *others]


def chosen_splits(
    candidates: Sequence[Splits], split_of: Callable[[Splits, str], str], paths: Sequence[str]
) -> Noted[Splits]:
    """The first of the splits that name a test set, or else the first; none of none.

    Raises CorpusError where others have a recording in the test set that these train on, or the other way round.
    """
    if not candidates:
        return Splits(), []
    of_paths = [{path: split_of(splits, path) for path in paths} for splits in candidates]
    ranked = sorted(
        range(len(candidates)),
        key=lambda number: (candidates[number].folds is not None, "test" not in of_paths[number].values()),
    )
    first, *others = ranked
    for other in others:
        if candidates[first].folds is None and candidates[other].folds is None:
            _check_agreement(candidates[first], candidates[other], of_paths[first], of_paths[other])
    notes = [
        f"splits not used: {candidates[other].source}; {candidates[first].source} differs. --split-column states others"
        for other in others
        if candidates[other].folds is not None
    ]
    return candidates[first], notes


def _check_agreement(first: Splits, other: Splits, of_first: Mapping[str, str], of_other: Mapping[str, str]) -> None:
    for path, split in of_first.items():
        if split and of_other[path] and (split == "test") != (of_other[path] == "test"):
            raise CorpusError(
                f"{path}: {first.source} says {split}, {other.source} says {of_other[path]}. Correct one of them, or "
                "state which to use with --split-column (none: ignore all)"
            )
