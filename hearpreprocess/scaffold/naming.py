"""How tables name recordings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile
from typing import TypeAlias

from hearpreprocess.scaffold.columns import name_of
from hearpreprocess.scaffold.content import AUDIO, suffix_of
from hearpreprocess.scaffold.recordings import Recordings, spelled, stem_of
from hearpreprocess.scaffold.tables import Row, Table
from hearpreprocess.task import Column

MOST_FOLDERS = 50

MOST_ALIKE = 0.9
"""The share of the recordings of one column that another one names, which could name those of the rows as well."""


@dataclass(frozen=True)
class Naming:
    """How a column of a table names recordings: `prefix` and `suffix` around a cell make a path in the folder.

    `by_name`: the cell's last part is the file's name, in whichever folder it is; no two files share one.
    `cell_prefix`, `cell_suffix`: the parts of a cell that the path has not. `is_loose`: paths and cells are compared as
    `spelled` returns them.
    """

    column: Column
    prefix: str = ""
    suffix: str = ""
    by_name: bool = False
    cell_prefix: str = ""
    cell_suffix: str = ""
    is_loose: bool = False

    def path(self, cell: str) -> str:
        """The path that a cell stands for; only the file's name if `by_name`."""
        cell = cell.strip().replace("\\", "/")
        cell = cell.rpartition("/")[2] if self.by_name else self.prefix + cell.removeprefix(self.cell_prefix)
        return cell.removesuffix(self.cell_suffix) + self.suffix

    def recording(self, cell: str, recordings: Recordings) -> str:
        """The path of the recording that a cell names; the path that it stands for if there is none."""
        path = self.path(cell)
        return recordings.lookup(by_name=self.by_name, is_loose=self.is_loose).get(self.key(path), path)

    def key(self, path: str) -> str:
        """A path as it is compared."""
        return spelled(path) if self.is_loose else path


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
                if naming.recording(row[naming.column], self.recordings) == path:
                    lines.setdefault(table.path, []).append(str(line))
        return " and ".join(f"{table}, lines {', '.join(numbers[:5])}" for table, numbers in lines.items())

    @cached_property
    def by_recording(self) -> RowsByRecording:
        """All rows by what they name."""
        by_path: dict[str, list[tuple[str, Row]]] = {}
        for table, naming in self.tables:
            for row in table.rows:
                path = naming.recording(row[naming.column], self.recordings)
                by_path.setdefault(path, []).append((table.path, row))
        return by_path


def naming_in(table: Table, recordings: Recordings, file_column: str = "") -> tuple[int, Naming | None]:
    """How many recordings a table names, and how; in the column with a name or a number from 1, or in any."""
    best: tuple[int, Naming | None] = (0, None)
    for column in table.columns:
        if file_column not in ("", name_of(column)):
            continue
        cells = {row[column] for row in table.rows if row[column].strip()}
        if recordings.are_named(cells) or recordings.are_loosely_named(cells):
            best = max(best, naming_of_cells(column, cells, table.path, recordings), key=lambda match: match[0])
    return best


def other_file_columns(table: Table, naming: Naming, recordings: Recordings) -> list[Column]:
    """The columns beside that of a naming that name about as many recordings, once each, and other ones."""
    cells = {column: {row[column] for row in table.rows if row[column].strip()} for column in table.columns}
    named = {naming.recording(cell, recordings) for cell in cells[naming.column]} & recordings.known
    others = []
    for column in table.columns:
        if column == naming.column or len(cells[column]) < MOST_ALIKE * len(cells[naming.column]):
            continue
        count, other = naming_in(table, recordings, name_of(column))
        if other is not None and count >= MOST_ALIKE * len(named):
            others += [column] if {other.recording(cell, recordings) for cell in cells[column]} != named else []
    return others


def naming_of_cells(
    column: Column, cells: Collection[str], table_path: str, recordings: Recordings
) -> tuple[int, Naming | None]:
    """How many recordings the cells of a column name, and how; differences in spelling are the last resort."""
    best: tuple[int, Naming | None] = (0, None)
    for namings in (_exact_namings, _other_namings, _loose_namings):
        if best[0] < len(cells):
            for naming in namings(column, cells, table_path, recordings):
                paths = {naming.recording(cell, recordings) for cell in cells}
                count = len(paths & recordings.known)
                if count > best[0]:
                    best = (count, naming)
    return best


def _exact_namings(
    column: Column, _cells: Collection[str], table_path: str, recordings: Recordings
) -> Iterator[Naming]:
    """The ways in which a column could name recordings: those that leave no doubt come first."""
    stem = stem_of(table_path).lower()
    folders = sorted(recordings.folders[:MOST_FOLDERS], key=lambda folder: stem not in folder.lower().split("/"))
    above = list(dict.fromkeys(parent for folder in folders for parent in _parents(folder)))[:MOST_FOLDERS]
    prefixes = ["", _folder_of(table_path), *(f"{folder}/" for folder in (*folders, *above) if folder)]
    if folders and stem in folders[0].lower().split("/"):  # recordings of a table called test are those in test
        prefixes = [f"{folders[0]}/", *prefixes]
    suffixes = ["", *recordings.suffixes]
    for prefix in dict.fromkeys(prefixes):
        yield from (Naming(column, prefix, suffix) for suffix in suffixes)
    yield from (Naming(column, suffix=suffix, by_name=True) for suffix in suffixes)


def _other_namings(column: Column, cells: Collection[str], table_path: str, recordings: Recordings) -> Iterator[Naming]:
    """The exact ways, with another suffix in the cells than the files have, or with folders that are not there."""
    suffixes = sorted({suffix for cell in cells if (suffix := suffix_of(cell.strip())).lower() in AUDIO})
    for naming in _exact_namings(column, cells, table_path, recordings):
        if naming.suffix:
            yield from (replace(naming, cell_suffix=suffix) for suffix in suffixes if suffix != naming.suffix)
    for shared in _shared_folders(cells):
        yield from (Naming(column, suffix=suffix, cell_prefix=shared) for suffix in ("", *recordings.suffixes))


def _loose_namings(column: Column, cells: Collection[str], table_path: str, recordings: Recordings) -> Iterator[Naming]:
    """All other ways, without regard to case and Unicode form."""
    for namings in (_exact_namings, _other_namings):
        for naming in namings(column, cells, table_path, recordings):
            yield replace(naming, is_loose=True)


def _shared_folders(cells: Collection[str]) -> list[str]:
    """The folders that all cells begin with, each ending with a slash, the outermost first."""
    paths = [cell.strip().replace("\\", "/").split("/")[:-1] for cell in cells]
    shared = [parts[0] for parts in takewhile(lambda parts: len(set(parts)) == 1, zip(*paths, strict=False))]
    return ["/".join(shared[:count]) + "/" for count in range(1, len(shared) + 1)]


def _parents(folder: str) -> list[str]:
    """The folders around a folder, the outermost last."""
    parts = folder.split("/")
    return ["/".join(parts[:count]) for count in range(len(parts) - 1, 0, -1)]


def _folder_of(path: str) -> str:
    """The folder of a file: "" or a path that ends with a slash."""
    return path[: len(path) - len(path.rpartition("/")[2])]
