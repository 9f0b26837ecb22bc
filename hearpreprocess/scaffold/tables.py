"""Read tables as people have them: any delimiter, the usual encodings, with and without a row of names on top."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hearpreprocess.errors import CorpusError

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


class Recordings:
    """The paths of the recordings in a folder, and what they are called without their places."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = list(paths)
        self.known = frozenset(paths)
        names = Counter(path.rpartition("/")[2] for path in paths)
        self.names = frozenset(names)
        self.stems = frozenset(name.rpartition(".")[0] for name in names)
        self.unique_names = frozenset(name for name, count in names.items() if count == 1)
        self.suffixes = sorted({f".{path.rpartition('.')[2]}" for path in paths})
        self.places = [place for place, _count in Counter(path.rpartition("/")[0] for path in paths).most_common()]

    def named(self, *, by_name: bool) -> frozenset[str]:
        """The paths; if `by_name`, the names that no two of them share."""
        return self.unique_names if by_name else self.known

    def is_unique(self, path: str) -> bool:
        """Whether no other one has the name of this path's file."""
        return path.rpartition("/")[2] in self.unique_names

    def are_named(self, cells: Iterable[str]) -> bool:
        """Whether a cell names one of them at all, with its suffix or without."""
        last = (cell.replace("\\", "/").rpartition("/")[2] for cell in map(str.strip, cells) if cell)
        return any(name in self.names or name in self.stems for name in last)


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


def read(folder: Path, path: str, recordings: Recordings) -> Table:
    """The table in a file. A first row that names a recording is no row of names.

    Raises CorpusError where it is none.
    """
    try:
        content = (folder / path).read_bytes()
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror}") from error
    for encoding in ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return _table(path, text, {} if encoding == "utf-8-sig" else {"encoding": encoding}, recordings)
    raise CorpusError(f"{path} is no text")


def _table(path: str, text: str, options: dict[str, Any], recordings: Recordings) -> Table:
    first, _end, rest = text.partition("\n")
    if first.strip().lower() in (f"sep={delimiter}" for delimiter in DELIMITERS):  # as Excel writes it
        text = rest
        options["skiprows"] = 1
    usual = "," if path.lower().endswith(".csv") else "\t"
    read_as = {each: _lines(text, each) for each in (usual, *DELIMITERS)}
    delimiter = max(read_as, key=lambda each: _width(read_as[each]))
    lines = read_as[delimiter]
    if not _width(lines):
        raise CorpusError(f"{path} is no table, or has rows of different lengths")
    if delimiter != usual:
        options["sep"] = delimiter
    names: list[Column] = [name or f"Unnamed: {number}" for number, name in enumerate(lines[0])]  # as pandas says
    if recordings.are_named(lines[0]):
        names = list(range(len(names)))
        options["header"] = None
    else:
        del lines[0]
    if len(set(names)) < len(names):
        raise CorpusError(f"{path} has two columns of the same name")
    if not lines:
        raise CorpusError(f"{path} has no rows")
    return Table(path, tuple(dict(zip(names, line, strict=True)) for line in lines), options)


def _lines(text: str, delimiter: str) -> list[list[str]]:
    try:
        return [line for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if line]
    except csv.Error:
        return []


def _width(lines: Sequence[Sequence[str]]) -> int:
    """How many cells all lines have; 0 where they are no table."""
    widths = {len(line) for line in lines}
    return widths.pop() if len(widths) == 1 and widths != {1} else 0


def naming_in(table: Table, recordings: Recordings) -> tuple[int, Naming | None]:
    """How many recordings a table names, and how."""
    best: tuple[int, Naming | None] = (0, None)
    for column in table.columns:
        cells = {row[column] for row in table.rows if row[column].strip()}
        for naming in _namings(table, column, recordings) if recordings.are_named(cells) else ():
            count = len({naming.path(cell) for cell in cells} & recordings.named(by_name=naming.by_name))
            if count > best[0]:
                best = (count, naming)
    return best


def _namings(table: Table, column: Column, recordings: Recordings) -> Iterator[Naming]:
    """The ways in which a column could name recordings: those that leave no doubt come first."""
    stem = table.path.rpartition("/")[2].rpartition(".")[0].lower()
    places = sorted(recordings.places[:MOST_PLACES], key=lambda place: stem not in place.lower().split("/"))
    prefixes = ["", table.folder, *(f"{place}/" for place in places if place)]
    if places and stem in places[0].lower().split("/"):  # recordings of a table called test are those in test
        prefixes = [f"{places[0]}/", *prefixes]
    suffixes = ["", *recordings.suffixes]
    for prefix in dict.fromkeys(prefixes):
        yield from (Naming(column, prefix, suffix) for suffix in suffixes)
    yield from (Naming(column, suffix=suffix, by_name=True) for suffix in suffixes)
