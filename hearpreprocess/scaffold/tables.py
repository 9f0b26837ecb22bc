"""Read tables as people have them: any delimiter, the usual encodings, with and without a header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold.encodings import text_of
from hearpreprocess.scaffold.notes import Noted
from hearpreprocess.scaffold.recordings import Recordings
from hearpreprocess.task import (
    SEPARATORS,
    Column,
    Dialect,
    TableError,
    TableRow,
    column_names,
    lines_of,
    rows_in,
    separator_line,
)

SUFFIXES = (".csv", ".tsv", ".txt")
COMMENT = "#"

NAME_OF_ROWS = "row"
"""The name of a first column that has none, as R writes the names of rows."""

_UNQUOTED = ("na", "nan", "null", "none", "true", "false", "inf", "-inf")

Row = Mapping[Column, str]


class NotATableError(CorpusError):
    """A file has one column: a list, or any text."""


@dataclass(frozen=True)
class Table:
    """A table in a folder, without the rows that repeat another one. `lines`: where the rows begin in the file.

    `dialect`: how it is written, in which `quoting` and `strip_blanks` are None where they make no difference. `names`:
    of the columns, where a comment has them.
    """

    path: str
    rows: tuple[Row, ...]
    lines: tuple[int, ...]
    dialect: Dialect
    has_header: bool = True
    is_ascii: bool = False
    has_repeated_rows: bool = False
    names: tuple[str, ...] = ()

    @property
    def columns(self) -> list[Column]:
        """Names of the columns, or their numbers."""
        return list(self.rows[0]) if self.rows else []

    @property
    def folder(self) -> str:
        """The folder that holds the table: "" or a path that ends with a slash."""
        return self.path[: len(self.path) - len(self.path.rpartition("/")[2])]

    @cached_property
    def has_usual_separator(self) -> bool:
        """Whether it is divided as Tree.table expects of its name."""
        return self.dialect.sep == _usual_separator(self.path)

    def is_written_as(self, other: Table) -> bool:
        """Whether one call of Tree.table reads this table and the other one."""
        ours, theirs = self.dialect, other.dialect
        return (
            self.has_header == other.has_header
            and ours.skiprows == theirs.skiprows
            and self.names == other.names
            and (ours.sep == theirs.sep or (self.has_usual_separator and other.has_usual_separator))
            and (ours.encoding == theirs.encoding or self.is_ascii or other.is_ascii)
            and (ours.quoting == theirs.quoting or None in (ours.quoting, theirs.quoting))
        )


def options_of(tables: Sequence[Table]) -> dict[str, Any]:
    """The options with which Tree.table reads tables that are written alike."""
    dialects = [table.dialect for table in tables]
    separators = {dialect.sep for dialect in dialects}
    options: dict[str, Any] = {"sep": separators.pop()} if len(separators) == 1 else {}
    if tables[0].names:
        options["names"] = list(tables[0].names)
    elif not tables[0].has_header:
        options["header"] = None
    for name in ("quoting", "encoding", "strip_blanks", "comment", "skiprows"):
        values = [getattr(dialect, name) for dialect in dialects]
        if value := next(filter(None, values), None):
            options[name] = value
    return options


def read(folder: Path, path: str, recordings: Recordings) -> Noted[Table]:
    """The table in a file. A first row that names a recording is no header.

    Raises CorpusError, which names the file and the line, where it cannot be read as a table.
    """
    try:
        content = (folder / path).read_bytes()
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror}") from error
    try:
        (text, encoding), notes = text_of(content)
        dialect, rows, names = _reading(path, text, recordings)
        table = _table(path, replace(dialect, encoding=encoding), rows, recordings, names)
    except TableError as error:  # without the options of Tree.table, which `new` has none of
        raise CorpusError(f"{path} cannot be read as a table: {error.problem}") from None
    except CorpusError as error:
        raise type(error)(f"{path} cannot be read as a table: {error}") from None
    if dialect.quoting == "none":
        line = next(row.line for row in rows if any(cell.startswith('"') for cell in row.cells))
        notes.append(f"quotes are part of the cells, as in line {line}")
    if dialect.comment:
        comments = [number for number, line in lines_of(text) if line.startswith(dialect.comment)]
        notes.append(
            f"lines that begin with {dialect.comment}, skipped as comments: {len(comments):,}, "
            f"such as line {comments[0]}"
        )
    if table.names and table.dialect.skiprows == 1:
        notes.append(
            f"the first line has one cell less than the others, so the first column, such as {rows[0].cells[0]!r}, is "
            f"read as names of rows; columns: {', '.join(table.names[1:])}"
        )
    return replace(table, is_ascii=text.isascii() and encoding is None), [
        *(f"{path}: {note}" for note in notes),
        *_notes_on_repeated(path, rows),
    ]


def _reading(path: str, text: str, recordings: Recordings) -> tuple[Dialect, list[TableRow], tuple[str, ...]]:
    """The dialect and the rows of a text, and the names of its columns where these are not its first row as it is.

    They are not where a comment has them, or where the first row has no name for the first column, as R writes it.
    """
    try:
        dialect, rows = _best_reading(path, text, recordings)
    except TableError:
        for separator in dict.fromkeys((_usual_separator(path), *SEPARATORS)):
            completed = f"{NAME_OF_ROWS}{separator}{text}"
            try:
                dialect, rows = _with_quoting(completed, Dialect(separator, strip_blanks=True))
            except CorpusError:
                continue
            if len(rows) > 2 and recordings.are_named(rows[1].cells) and _have_row_names(text, rows[1:], recordings):
                written = replace(_without_needless(completed, dialect, rows), skiprows=1)
                return written, rows[1:], tuple(rows[0].cells)
        raise
    return dialect, rows, _names_in_comment(text, dialect, rows)


def _have_row_names(text: str, rows: Sequence[TableRow], recordings: Recordings) -> bool:
    """Whether first cells are names as R writes them: numbers from 1, or a quoted one a row that names nothing else."""
    names = [row.cells[0] for row in rows]
    if names == [str(number) for number in range(1, len(rows) + 1)]:
        return True
    starts = {number for number, line in lines_of(text) if line.startswith('"')}
    are_quoted = all(row.line in starts for row in rows) and len(set(names)) == len(names)
    return are_quoted and not recordings.are_named(names)


def names_recordings(folder: Path, path: str, recordings: Recordings) -> bool:
    """Whether a cell of a file names a recording, however the file is divided into cells."""
    return _names_recordings(_text_of_any(folder / path), recordings)


def is_divided_by_blanks(folder: Path, path: str, recordings: Recordings) -> bool:
    """Whether the first word of most lines of a file names a recording."""
    words = [line.split(maxsplit=1) for _number, line in lines_of(_text_of_any(folder / path)) if line.strip()]
    return 2 * sum(len(parts) > 1 and recordings.are_named([parts[0].strip('"')]) for parts in words) > len(words)


def _text_of_any(path: Path) -> str:
    """The text of a file, which need not be one in an encoding that is known; "" where it cannot be read."""
    try:
        content = path.read_bytes()
    except OSError:
        return ""
    try:
        (text, _encoding), _notes = text_of(content)
    except CorpusError:
        return content.decode("utf-8", "surrogateescape")
    return text


def _names_recordings(text: str, recordings: Recordings) -> bool:
    cells = {cell.strip(' \t"') for _n, line in lines_of(text) for mark in SEPARATORS for cell in line.split(mark)}
    return recordings.are_named(cells)


def _usual_separator(path: str) -> str:
    return "," if path.lower().endswith(".csv") else "\t"


def _best_reading(path: str, text: str, recordings: Recordings) -> tuple[Dialect, list[TableRow]]:
    """The dialect in which the most rows name recordings, or which has the most columns, and its rows.

    Raises CorpusError, which names the line, where none gives each row the same columns, and more than one; also where
    that with the separator in question does not, and no other one names recordings.
    """
    stated = separator_line(text)
    separators = list(dict.fromkeys((_usual_separator(path), *SEPARATORS))) if not stated else [stated]
    readings: dict[Dialect, list[TableRow]] = {}
    refusals: dict[str, CorpusError] = {}
    for comment in (None, COMMENT) if _may_have_comments(text, separators, recordings) else (None,):
        for separator in separators:
            try:
                dialect, rows = _with_quoting(text, Dialect(separator, strip_blanks=True, comment=comment))
            except CorpusError as error:
                refusals.setdefault(separator, error)
                continue
            if rows and len(rows[0].cells) > 1:
                readings[dialect] = rows
        if readings:
            break

    def merit(dialect: Dialect) -> tuple[int, int]:
        rows = readings[dialect]
        return sum(recordings.are_named(row.cells) for row in rows), len(rows[0].cells)

    best = max(readings, key=merit, default=None)
    first = next((line for _number, line in lines_of(text) if line.strip()), "")
    likely = max(refusals, key=first.count, default="")
    if likely in first and likely and (best is None or (not merit(best)[0] and _names_recordings(text, recordings))):
        raise refusals[likely]
    if best is None:
        raise NotATableError("it has one column, or none")
    return _without_needless(text, best, readings[best]), readings[best]


def _may_have_comments(text: str, separators: Sequence[str], recordings: Recordings) -> bool:
    """Whether no line that begins as a comment names a recording that is called so."""
    comments = [line for _number, line in lines_of(text) if line.startswith(COMMENT)]
    return not any(recordings.are_named(line.split(separator)[:1]) for line in comments for separator in separators)


def _with_quoting(text: str, dialect: Dialect) -> tuple[Dialect, list[TableRow]]:
    """The rows of a text; quotes are characters in it where they can be nothing else.

    Raises CorpusError, which names the line, where that is open.
    """
    try:
        return dialect, rows_in(text, dialect)
    except CorpusError:
        plain = replace(dialect, quoting="none")
        if _cells(text, replace(dialect, quoting="minimal")) is not None or (cells := _cells(text, plain)) is None:
            raise
        if not _are_characters(cells):
            raise
        return plain, rows_in(text, plain)


def _are_characters(rows: Sequence[Sequence[str]]) -> bool:
    """Whether quotes are characters of cells that cannot all be quoted ones.

    They are not where one is doubled or escaped, nor where all words of a column are in quotes, as most writers quote.
    """
    enclosed = {
        number for row in rows for number, cell in enumerate(row) if len(cell) > 1 and cell[0] == cell[-1] == '"'
    }
    if any('\\"' in cell or ('""' in cell and cell[0] == cell[-1] == '"') for row in rows for cell in row):
        return False
    return all(any(_is_bare_word(row[number]) for row in rows[1:]) for number in enclosed)


def _is_bare_word(cell: str) -> bool:
    """Whether a cell is not in quotes, and no number or missing value, which are left without them by most writers."""
    return not cell.startswith('"') and any(map(str.isalpha, cell)) and cell.lower() not in _UNQUOTED


def _without_needless(text: str, dialect: Dialect, rows: Sequence[TableRow]) -> Dialect:
    """The dialect, with what its rows depend on stated, and nothing else."""
    cells = [row.cells for row in rows]
    if dialect.quoting is None and _cells(text, replace(dialect, quoting="none")) != cells:
        dialect = replace(dialect, quoting="minimal")
    as_written = replace(dialect, strip_blanks=None)
    return as_written if _cells(text, as_written) == cells else dialect


def _cells(text: str, dialect: Dialect) -> list[Sequence[str]] | None:
    try:
        return [row.cells for row in rows_in(text, dialect)]
    except CorpusError:
        return None


def _names_in_comment(text: str, dialect: Dialect, rows: Sequence[TableRow]) -> tuple[str, ...]:
    """The names of the columns in the last comment before the rows; none where it does not have as many cells."""
    if not dialect.comment:
        return ()
    before = [line for number, line in lines_of(text) if number < rows[0].line and line.startswith(dialect.comment)]
    if not before:
        return ()
    cells = [cell.strip(' \t"') for cell in before[-1].lstrip(f"{dialect.comment} ").split(dialect.sep)]
    are_names = len(cells) == len(rows[0].cells) and len(set(cells)) == len(cells) and all(cells)
    return tuple(cells) if are_names else ()


def _table(
    path: str, dialect: Dialect, rows: Sequence[TableRow], recordings: Recordings, names_in_comment: Sequence[str]
) -> Table:
    has_header = not recordings.are_named(rows[0].cells)
    names: list[Column] = list(range(len(rows[0].cells)))
    if names_in_comment and not has_header:
        names = list(names_in_comment)
    if has_header:
        filled = [name for name in rows[0].cells if name]
        if len(set(filled)) < len(filled):
            raise CorpusError("two of its columns have the same name")
        names, rows = list(column_names(rows[0].cells)), rows[1:]
    if not rows:
        raise CorpusError("it has no rows")
    once = {tuple(row.cells): row for row in reversed(rows)}
    kept = sorted(once.values(), key=lambda row: row.line)
    return Table(
        path,
        tuple(dict(zip(names, row.cells, strict=True)) for row in kept),
        tuple(row.line for row in kept),
        dialect,
        has_header,
        has_repeated_rows=len(kept) < len(rows),
        names=() if has_header else tuple(names_in_comment),
    )


def _notes_on_repeated(path: str, rows: Sequence[TableRow]) -> list[str]:
    """A note on rows that are the same as one before them, but for those that are blank."""
    first: dict[tuple[str, ...], int] = {}
    repeated = []
    for row in rows:
        cells = tuple(row.cells)
        if any(cells) and first.setdefault(cells, row.line) != row.line:
            repeated.append(f"line {row.line} as line {first[cells]}")
    shown = ", ".join(repeated[:5]) + (" ..." if len(repeated) > 5 else "")
    return [f"{path}: duplicate rows, used once: {len(repeated):,} ({shown})"] if repeated else []
