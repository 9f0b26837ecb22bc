"""Guess from tables that name the recordings: which tables do, what their columns hold, which clips they tell of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold.columns import (
    DURATION_NAMES,
    END_NAMES,
    GROUP_NAMES,
    LABEL_NAMES,
    START_NAMES,
    column_called,
    find_labels,
    find_splits,
    find_times,
    is_yes_and_no,
    split_column_of,
    split_of_table,
)
from hearpreprocess.scaffold.found import Guess, stem_of
from hearpreprocess.scaffold.rows import take_rows
from hearpreprocess.scaffold.tables import Naming, Recordings, Row, Table, naming_in, read


def tables_of(found: Guess, folder: Path, paths: Sequence[str], recordings: Recordings) -> list[tuple[Table, Naming]]:
    """The tables that name recordings, each with how it does so: one, or one for each split."""
    matched: list[tuple[int, Table, Naming]] = []
    for path in paths:
        if path.endswith(".txt") and stem_of(path) in recordings.stems:
            continue  # what is said in a recording, or heard, is no table of recordings
        try:
            table = read(folder, path, recordings)
        except CorpusError as error:
            if not path.endswith(".txt"):
                found.notes.append(f"{error}, and was passed over")
            continue
        count, naming = naming_in(table, recordings)
        if naming is not None:
            matched.append((count, table, naming))
        elif not path.endswith(".txt"):
            found.notes.append(f"{path} names no recording, and was passed over")
    if not matched:
        return []
    matched.sort(key=lambda each: -each[0])
    (_most, first, naming), *others = matched
    with_it = [(table, its) for _count, table, its in others if _go_together(first, naming, table, its)]
    chosen = [(first, naming), *with_it]
    paths_chosen = [table.path for table, _naming in chosen]
    left = [table.path for _count, table, _naming in others if table.path not in paths_chosen]
    found.notes += [f"{path} names recordings, too, and was passed over" for path in left]
    named = sum(count for count, table, _naming in matched if table.path in paths_chosen)
    if named < max(1, len(recordings.paths) / 2):
        found.notes.append(f"{' and '.join(paths_chosen)} names only {named:,} of the recordings, and was passed over")
        return []
    return chosen


def _go_together(first: Table, naming: Naming, other: Table, its_naming: Naming) -> bool:
    """Whether two tables are of the same kind, one for each split, and are read in the same way."""
    is_split = split_of_table(first.path) != "" and split_of_table(other.path) != ""
    is_alike = dict(first.options) == dict(other.options) and len(set(first.columns) & set(other.columns)) > 1
    return is_split and is_alike and replace(its_naming, prefix="") == replace(naming, prefix="")


def tell_labels(tables: Sequence[tuple[Table, Naming]]) -> bool:
    """Whether a column is called as labels or their times are, or several hold yes and no."""
    (first, naming), *_others = tables
    columns = [column for column in first.columns if column != naming.column]
    are_yes_and_no = [column for column in columns if is_yes_and_no({row[column].strip() for row in first.rows})]
    return (
        column_called(columns, LABEL_NAMES) != ""
        or "" not in (column_called(columns, START_NAMES), column_called(columns, (*END_NAMES, *DURATION_NAMES)))
        or len(are_yes_and_no) > 1
    )


def from_tables(
    found: Guess, tables: Sequence[tuple[Table, Naming]], recordings: Recordings, seconds: Mapping[str, float]
) -> None:
    """Add what the tables tell. `seconds`: how long some of the recordings are.

    Raises CorpusError where no column looks like labels, or where a recording is named several times.
    """
    (first, naming), *_others = tables
    found.namings, found.options = {table.path: its for table, its in tables}, first.options
    found.tables = {table.path: "" for table, _naming in tables}
    rows = [(table.path, row) for table, _naming in tables for row in table.rows]
    found.has_backslashes = any("\\" in row[naming.column] for _path, row in rows)
    shared = [column for column in first.columns if all(column in table.columns for table, _naming in tables)]
    columns = [column for column in shared if column != naming.column]
    found.has_same_names = naming.by_name and len(recordings.unique_names) < len(recordings.names)
    of_recording = _by_recording(found, rows, recordings)
    find_times(found, columns, of_recording, seconds)
    found.split_column = split_column_of([each for each in first.columns if each != naming.column], first)
    times = (found.start_column, found.end_column)
    found.has_decimal_commas = found.is_event_task and any("," in row[each] for _path, row in rows for each in times)
    groups = [column for column in columns if any(row[column].strip() for _path, row in rows)]
    found.group_column = column_called(groups, GROUP_NAMES)
    taken = (found.split_column, found.group_column, found.start_column, found.end_column)
    find_labels(found, [row for _path, row in rows], [each for each in columns if each not in taken])
    find_splits(found, rows, recordings)
    several = [path for path in of_recording if path in recordings.known and not recordings.is_unique(path)]
    if several and naming.prefix and len(tables) == 1:
        found.notes.append(
            f"{first.path} names recordings that several folders have, such as {several[0]}; "
            f"those in {naming.prefix} are taken"
        )
    take_rows(found, of_recording, recordings, seconds)


def _by_recording(
    found: Guess, rows: Sequence[tuple[str, Row]], recordings: Recordings
) -> dict[str, list[tuple[str, Row]]]:
    """The rows, each with its table, by the path of what they name."""
    place_of = {path.rpartition("/")[2]: path for path in recordings.paths}
    of_path: dict[str, list[tuple[str, Row]]] = {}
    for table, row in rows:
        naming = found.namings[table]
        path = naming.path(row[naming.column])
        of_path.setdefault(place_of.get(path, path) if naming.by_name else path, []).append((table, row))
    return of_path
