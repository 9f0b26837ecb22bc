"""How tables name recordings, and which tables of a folder do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold.columns import name_of
from hearpreprocess.scaffold.notes import Noted
from hearpreprocess.scaffold.recordings import Recordings, stem_of
from hearpreprocess.scaffold.splits import split_of_table
from hearpreprocess.scaffold.tables import NotATableError, Row, Table, is_divided_by_blanks, names_recordings, read
from hearpreprocess.task import Column

MOST_FOLDERS = 50


@dataclass(frozen=True)
class Naming:
    """How a column of a table names recordings: `prefix` and `suffix` around a cell make a path in the folder.

    `by_name`: the cell's last part is the file's name, in whichever folder it is; no two files share one.
    """

    column: Column
    prefix: str = ""
    suffix: str = ""
    by_name: bool = False

    def path(self, cell: str) -> str:
        """The path that a cell stands for; only the file's name if `by_name`."""
        cell = cell.strip().replace("\\", "/")
        return (cell.rpartition("/")[2] if self.by_name else self.prefix + cell) + self.suffix


RowsByRecording: TypeAlias = Mapping[str, Sequence[tuple[str, Row]]]
"""Rows, each with the path of its table, by the path of what they name, whether or not there is such a recording."""


@dataclass(frozen=True)
class NamingTables:
    """Tables that name recordings, each with how it does so: one, or one for each split."""

    tables: tuple[tuple[Table, Naming], ...]
    recordings: Recordings

    @property
    def first(self) -> Table:
        """The table that names the most recordings."""
        return self.tables[0][0]

    @property
    def naming(self) -> Naming:
        """How the first table names recordings; that of others differs in its prefix alone."""
        return self.tables[0][1]

    @property
    def columns_of_first(self) -> list[Column]:
        """The columns of the first table, but for the one that names recordings."""
        return [column for column in self.first.columns if column != self.naming.column]

    @property
    def columns(self) -> list[Column]:
        """The columns that all tables have, but for the one that names recordings."""
        tables = [table for table, _naming in self.tables]
        return [column for column in self.columns_of_first if all(column in table.columns for table in tables)]

    @cached_property
    def rows(self) -> list[tuple[str, Row]]:
        """All rows, each with the path of its table."""
        return [(table.path, row) for table, _naming in self.tables for row in table.rows]

    def lines_naming(self, path: str) -> str:
        """The lines that name a recording, with their tables, in words."""
        lines: dict[str, list[str]] = {}
        for table, naming in self.tables:
            for line, row in zip(table.lines, table.rows, strict=True):
                named = naming.path(row[naming.column])
                if named == (path.rpartition("/")[2] if naming.by_name else path):
                    lines.setdefault(table.path, []).append(str(line))
        return " and ".join(f"{table}, lines {', '.join(numbers[:5])}" for table, numbers in lines.items())

    @cached_property
    def by_recording(self) -> RowsByRecording:
        """All rows by what they name."""
        path_of = {path.rpartition("/")[2]: path for path in self.recordings.paths}
        by_path: dict[str, list[tuple[str, Row]]] = {}
        for table, naming in self.tables:
            for row in table.rows:
                path = naming.path(row[naming.column])
                by_path.setdefault(path_of.get(path, path) if naming.by_name else path, []).append((table.path, row))
        return by_path


def tables_naming(
    folder: Path, paths: Sequence[str], recordings: Recordings, file_column: str = ""
) -> Noted[NamingTables | None]:
    """Those of the tables at paths in a folder that name recordings and go together; None where none does.

    `file_column`: the column that names them, by its name or its number from 1; "" for any.
    """
    notes: list[str] = []
    matched: list[tuple[int, Table, Naming]] = []
    for path in paths:
        if path.endswith(".txt") and stem_of(path) in recordings.stems:
            continue  # a transcript or an annotation of one recording is no table of recordings
        try:
            table, its_notes = read(folder, path, recordings)
        except CorpusError as error:
            is_named = names_recordings(folder, path, recordings)
            if is_named and not path.lower().endswith(".txt") and not isinstance(error, NotATableError):
                raise CorpusError(f"{error}. Correct the table, or move it out of the folder") from None
            if is_named or not path.lower().endswith(".txt"):
                notes.append(f"{error}; passed over")
            elif is_divided_by_blanks(folder, path, recordings):
                notes.append(f"{path} is not read, as its columns are divided by blanks; divide them by tabs or commas")
            continue
        count, naming = naming_in(table, recordings, file_column)
        if naming is not None:
            notes += its_notes
            matched.append((count, table, naming))
        elif not path.endswith(".txt"):
            notes.append(f"{path} names no recording, and was passed over")
    if not matched:
        return None, notes
    matched.sort(key=lambda match: -match[0])
    (_most, first, naming), *others = matched
    alike = [(table, other) for _count, table, other in others if _go_together(first, naming, table, other)]
    chosen = [(first, naming), *alike]
    chosen_paths = [table.path for table, _naming in chosen]
    left = [table.path for _count, table, _naming in others if table.path not in chosen_paths]
    notes += [f"{path} names recordings, too, and was passed over" for path in left]
    for table, its_naming in chosen:
        _check_one_suffix(table, its_naming, recordings)
    named = sum(count for count, table, _naming in matched if table.path in chosen_paths)
    if named < max(1, len(recordings.paths) / 2):
        notes.append(f"{' and '.join(chosen_paths)} names only {named:,} of the recordings, and was passed over")
        return None, notes
    return NamingTables(tuple(chosen), recordings), notes


def _go_together(first: Table, naming: Naming, other: Table, other_naming: Naming) -> bool:
    """Whether two tables are of the same kind, one for each split, and are read in the same way."""
    are_splits = split_of_table(first.path) != "" and split_of_table(other.path) != ""
    are_alike = first.is_written_as(other) and len(set(first.columns) & set(other.columns)) > 1
    return are_splits and are_alike and replace(other_naming, prefix="") == replace(naming, prefix="")


def _check_one_suffix(table: Table, naming: Naming, recordings: Recordings) -> None:
    """Raise CorpusError where a cell without a suffix names recordings of several."""
    others = [replace(naming, suffix=suffix) for suffix in recordings.suffixes if suffix != naming.suffix]
    if not naming.suffix or not others:
        return
    known = frozenset(recordings.names) if naming.by_name else recordings.known
    for line, row in zip(table.lines, table.rows, strict=True):
        cell = row[naming.column]
        also = [other.path(cell) for other in others if other.path(cell) in known]
        if also and naming.path(cell) in known:
            raise CorpusError(
                f"{table.path}, line {line}: {cell!r} names both {naming.path(cell)} and {also[0]}; write the suffix "
                "into the table, or move the other recordings out of the folder"
            )


def naming_in(table: Table, recordings: Recordings, file_column: str = "") -> tuple[int, Naming | None]:
    """How many recordings a table names, and how; in the column with a name or a number from 1, or in any."""
    best: tuple[int, Naming | None] = (0, None)
    for column in table.columns:
        if file_column not in ("", name_of(column)):
            continue
        cells = {row[column] for row in table.rows if row[column].strip()}
        for naming in _namings(table, column, recordings) if recordings.are_named(cells) else ():
            count = len({naming.path(cell) for cell in cells} & recordings.named(by_name=naming.by_name))
            if count > best[0]:
                best = (count, naming)
    return best


def _namings(table: Table, column: Column, recordings: Recordings) -> Iterator[Naming]:
    """The ways in which a column could name recordings: those that leave no doubt come first."""
    stem = stem_of(table.path).lower()
    folders = sorted(recordings.folders[:MOST_FOLDERS], key=lambda folder: stem not in folder.lower().split("/"))
    prefixes = ["", table.folder, *(f"{folder}/" for folder in folders if folder)]
    if folders and stem in folders[0].lower().split("/"):  # recordings of a table called test are those in test
        prefixes = [f"{folders[0]}/", *prefixes]
    suffixes = ["", *recordings.suffixes]
    for prefix in dict.fromkeys(prefixes):
        yield from (Naming(column, prefix, suffix) for suffix in suffixes)
    yield from (Naming(column, suffix=suffix, by_name=True) for suffix in suffixes)
