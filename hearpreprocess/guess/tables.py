"""Read tables as people have them: any delimiter, the usual encodings, with and without a row of names on top."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SUFFIXES = (".csv", ".tsv", ".txt")
DELIMITERS = ",;\t|"
MOST_PLACES = 50

Column = str | int
"""The name of a column, or its number where there is no row of names."""

Row = Mapping[Column, str]


@dataclass(frozen=True)
class Table:
    """A table in a folder. `options`: what pandas.read_csv has to be told of it, beside that all cells are texts."""

    path: str
    rows: tuple[Row, ...]
    options: Mapping[str, Any]

    @property
    def columns(self) -> list[Column]:
        """Their names, or numbers."""
        return list(self.rows[0]) if self.rows else []

    @property
    def folder(self) -> str:
        """Where it is: "" or a path that ends with a slash."""
        return self.path[: len(self.path) - len(self.path.rpartition("/")[2])]


@dataclass(frozen=True)
class Naming:
    """How a column of a table names recordings: `prefix` and `suffix` around a cell make a path in the folder.

    `by_name`: the cell's last part is the file's name, wherever it is; no two files share one.
    """

    column: Column
    prefix: str = ""
    suffix: str = ""
    by_name: bool = False

    def path(self, cell: str) -> str:
        """The path that a cell stands for; only the file's name if `by_name`."""
        cell = cell.strip().replace("\\", "/")
        return (cell.rpartition("/")[2] if self.by_name else self.prefix + cell) + self.suffix


def read(folder: Path, path: str, recordings: Sequence[str]) -> Table | None:
    """The table in a file; None where it is none. A first row that names a recording is no row of names."""
    content = (folder / path).read_bytes()
    for encoding in ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return _table(path, text, {} if encoding == "utf-8-sig" else {"encoding": encoding}, recordings)
    return None


def _table(path: str, text: str, options: dict[str, Any], recordings: Sequence[str]) -> Table | None:
    first, _end, rest = text.partition("\n")
    if first.strip().lower() in (f"sep={delimiter}" for delimiter in DELIMITERS):  # as Excel writes it
        text = rest
        options["skiprows"] = 1
    usual = "," if path.lower().endswith(".csv") else "\t"
    delimiter, lines = max(
        ((each, _lines(text, each)) for each in (usual, *DELIMITERS)), key=lambda each: _width(each[1])
    )
    if not _width(lines):
        return None
    if delimiter != usual:
        options["sep"] = delimiter
    names: list[Column] = list(lines[0])
    if _names_a_recording(lines[0], recordings):
        names = list(range(len(names)))
        options["header"] = None
    else:
        del lines[0]
    rows = tuple(dict(zip(names, line, strict=True)) for line in lines)
    return Table(path, rows, options) if rows else None


def _lines(text: str, delimiter: str) -> list[list[str]]:
    try:
        return [line for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if line]
    except csv.Error:
        return []


def _width(lines: Sequence[Sequence[str]]) -> int:
    """How many cells all lines have; 0 where they are no table."""
    widths = {len(line) for line in lines}
    return widths.pop() if len(widths) == 1 and widths != {1} else 0


def _names_a_recording(cells: Sequence[str], recordings: Sequence[str]) -> bool:
    names = {path.rpartition("/")[2] for path in recordings}
    stems = {name.rpartition(".")[0] for name in names}
    return any(cell.replace("\\", "/").rpartition("/")[2] in names | stems for cell in map(str.strip, cells) if cell)


def naming_in(table: Table, recordings: Sequence[str]) -> tuple[int, Naming | None]:
    """How many recordings a table names, and how."""
    best: tuple[int, Naming | None] = (0, None)
    for column in table.columns:
        for naming in _namings(table, column, recordings):
            count = named_by(table, naming, recordings)
            if count > best[0]:
                best = (count, naming)
    return best


def named_by(table: Table, naming: Naming, recordings: Sequence[str]) -> int:
    """How many recordings a table names in one way."""
    if naming.column not in table.columns:
        return 0
    cells = {row[naming.column] for row in table.rows if row[naming.column].strip()}
    return len({naming.path(cell) for cell in cells} & known_paths(recordings, by_name=naming.by_name))


def known_paths(recordings: Sequence[str], *, by_name: bool) -> set[str]:
    """The paths of the recordings; if `by_name`, the names that no two of them share."""
    if not by_name:
        return set(recordings)
    names = Counter(path.rpartition("/")[2] for path in recordings)
    return {name for name, count in names.items() if count == 1}


def _namings(table: Table, column: Column, recordings: Sequence[str]) -> Iterator[Naming]:
    """The ways in which a column could name recordings: those that leave no doubt come first."""
    places = Counter(path.rpartition("/")[0] for path in recordings)
    prefixes = ["", table.folder, *(f"{place}/" for place, _count in places.most_common(MOST_PLACES) if place)]
    suffixes = ["", *sorted({f".{path.rpartition('.')[2]}" for path in recordings})]
    for prefix in dict.fromkeys(prefixes):
        yield from (Naming(column, prefix, suffix) for suffix in suffixes)
    yield from (Naming(column, suffix=suffix, by_name=True) for suffix in suffixes)
