"""Read tables as people have them: any delimiter, the usual encodings, with and without a header."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold.recordings import Recordings

SUFFIXES = (".csv", ".tsv", ".txt")
DELIMITERS = ",;\t|"

Column = str | int
"""The name of a column, or its number where there is no header; "" is no column."""

Row = Mapping[Column, str]


@dataclass(frozen=True)
class Table:
    """A table in a folder. `options`: those with which pandas.read_csv reads it, beside `dtype=str`."""

    path: str
    rows: tuple[Row, ...]
    options: Mapping[str, Any]

    @property
    def columns(self) -> list[Column]:
        """Names of the columns, or their numbers."""
        return list(self.rows[0]) if self.rows else []

    @property
    def folder(self) -> str:
        """The folder that holds the table: "" or a path that ends with a slash."""
        return self.path[: len(self.path) - len(self.path.rpartition("/")[2])]


def read(folder: Path, path: str, recordings: Recordings) -> Table:
    """The table in a file. A first row that names a recording is no header.

    Raises CorpusError where the file cannot be read as a table.
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
    read_as = {delimiter: _lines(text, delimiter) for delimiter in (usual, *DELIMITERS)}
    delimiter = max(read_as, key=lambda candidate: _width(read_as[candidate]))
    lines = read_as[delimiter]
    if not _width(lines):
        raise CorpusError(f"{path} is no table, or has rows of different lengths")
    if delimiter != usual:
        options["sep"] = delimiter
    names: list[Column] = [name or f"Unnamed: {number}" for number, name in enumerate(lines[0])]  # as pandas names them
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
