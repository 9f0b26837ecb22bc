"""Read a table's bytes: every line becomes a row with each cell in its column, or is named in a refusal."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hearpreprocess.errors import ConfigError, CorpusError
from hearpreprocess.storage import counted
from hearpreprocess.task.cells import (
    LINE_END,
    CellFormat,
    TableError,
    TableRow,
    quoted_rows,
    unquoted_rows,
    without_quotes_around,
)

Quoting = Literal["minimal", "none"]

SEPARATORS = ",;\t|"
"""What a table's columns are separated by, unless its task module says otherwise."""

_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF16_LE: "utf-16"}
_MARKS |= {codecs.BOM_UTF32_BE: "utf-32", codecs.BOM_UTF16_BE: "utf-16"}  # UTF-32's first, as it begins like UTF-16's

_QUOTES_ARE_CHARACTERS = 'Where a quote is a character like any other, set quoting="none"'
_QUOTES_ARE_DOUBLED = """Write a quote inside a cell as "", as R does with qmethod="double", not after a backslash"""
_NAMES_OF_ROWS_LACK_ONE = (
    "As R's write.table writes it, the first row has no name for the first column: set skiprows=1 and "
    'names=["row", ...]'
)

_BEYOND_ASCII, _NOT_DECODED = re.compile("[^\0-\x7f]"), re.compile("[\udc80-\udcff]")

_SEPARATOR_LINE = re.compile(r'"?sep=(?P<separator>.)"?[ \t]*', re.IGNORECASE)


@dataclass(frozen=True)
class Dialect:
    """How a table is written; None refuses a table whose cells depend on it.

    `sep`: one character. `quoting`: "minimal" where a cell may be quoted with `"`, "none" where a quote is a character
    like any other; also csv.QUOTE_MINIMAL and its like. `encoding`: a codec of Python; None is UTF-8, or what a byte
    order mark says. `strip_blanks`: whether blanks around cells are no part of them; None keeps them, and refuses one
    before a quote. `comment`: lines that begin with it are no rows. `skiprows`: how many lines are before the table.

    Raises ConfigError where a value is none of these.
    """

    sep: str
    quoting: Quoting | int | None = None
    encoding: str | None = None
    strip_blanks: bool | None = None
    comment: str | None = None
    skiprows: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.sep, str) or len(self.sep) != 1 or self.sep in '"\r\n\0':
            raise ConfigError(f"sep: expected one character, such as ',' or '\\t', got {self.sep!r}")
        if isinstance(self.quoting, bool) or self.quoting not in (None, "minimal", "none", *range(4)):
            raise ConfigError(f'quoting: expected "minimal", "none" or None, got {self.quoting!r}')
        if self.strip_blanks is not None and not isinstance(self.strip_blanks, bool):
            raise ConfigError(f"strip_blanks: expected True, False or None, got {self.strip_blanks!r}")
        if self.comment is not None and (not isinstance(self.comment, str) or not self.comment.strip()):
            raise ConfigError(f"comment: expected a text such as '#', or None, got {self.comment!r}")
        if isinstance(self.skiprows, bool) or not isinstance(self.skiprows, int) or self.skiprows < 0:
            raise ConfigError(f"skiprows: expected a number of lines, got {self.skiprows!r}")
        try:
            "".encode(self.encoding or "utf-8")
        except (LookupError, TypeError):
            raise ConfigError(
                f"encoding: expected a codec of Python, such as 'cp1252', got {self.encoding!r}"
            ) from None

    @property
    def form(self) -> CellFormat:
        """How the cells are written."""
        return CellFormat(self.sep, self.strip_blanks, self.comment or "")


def decoded(content: bytes, encoding: str | None = None) -> str:
    """The text of a table without its byte order mark.

    Raises CorpusError, which names the line, where the bytes are not text in this encoding.
    """
    marked = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "utf-8")
    encoding = encoding or marked
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = len(LINE_END.findall(content[: error.start].decode("latin-1"))) + 1
        problem = f"line {line}: {content[error.start : error.end]!r} is not text in {encoding}"
        if encoding == "utf-8" and is_mostly_utf8(content):
            raise TableError(f"{problem}, as the rest of the file is; write it in UTF-8 throughout") from None
        raise TableError(problem, "Set encoding= to the table's own, such as 'cp1252'") from None
    except UnicodeError as error:  # of a codec that is for something else, such as idna
        raise CorpusError(f"it is not text in {encoding}: {error}") from None
    text = text.lstrip("\ufeff")
    if "\0" in text:
        line = len(LINE_END.findall(text[: text.index("\0")])) + 1
        raise TableError(f"line {line}: contains a NUL character", "A table in UTF-16 needs encoding='utf-16-le'")
    return text


def is_mostly_utf8(content: bytes) -> bool:
    """Whether of the characters beyond ASCII in some bytes at least half are in UTF-8, which few other texts are."""
    text = content.decode("utf-8", "surrogateescape")
    every, wrong = len(_BEYOND_ASCII.findall(text)), len(_NOT_DECODED.findall(text))
    return content.startswith(codecs.BOM_UTF8) or every >= 2 * wrong


def table_rows(content: bytes, dialect: Dialect, columns: int | None = None) -> list[TableRow]:
    """The rows of a table, its header among them, all with the same number of cells.

    `columns`: how many, if that is known; otherwise as many as the first row has. Raises CorpusError, which names the
    line, where the table is not written in this dialect, and where it could be read in two ways.
    """
    return rows_in(decoded(content, dialect.encoding), dialect, columns)


def rows_in(text: str, dialect: Dialect, columns: int | None = None) -> list[TableRow]:
    """The rows of a table's text; see `table_rows`."""
    form = dialect.form
    position, number = _start_of_table(text, dialect)
    if dialect.quoting in ("none", csv.QUOTE_NONE):
        rows = unquoted_rows(text, form, position, number)
        _check_widths(rows, columns)
    elif dialect.quoting is not None:
        rows = quoted_rows(text, form, position, number)
        _check_widths(rows, columns)
    else:
        rows = _unambiguous_rows(text, form, position, number, columns)
    return rows


def _unambiguous_rows(text: str, form: CellFormat, position: int, number: int, columns: int | None) -> list[TableRow]:
    """The rows with quoted cells, which must be the only ones that there can be."""
    plain = unquoted_rows(text, form, position, number)
    if '"' not in text:
        _check_widths(plain, columns)
        return plain
    if not _ragged(plain, columns) and (simple := _quoted_around(plain)) is not None:
        return simple
    try:
        rows = quoted_rows(text, form, position, number)
        _check_widths(rows, columns)
    except TableError as error:
        raise _advised(error, text, form, plain, columns) from None
    if not _ragged(plain, columns):
        _check_same_cells(plain, rows)
        _check_no_bare_quotes(plain, rows, form)
    if '\\"' in text:
        _check_no_escapes(rows)
    return rows


def _quoted_around(plain: Sequence[TableRow]) -> list[TableRow] | None:
    """The rows without the quotes around cells, where there are no others: such a table need not be read twice."""
    rows = []
    for row in plain:
        cells = without_quotes_around(row.cells)
        if cells is None:
            return None
        rows.append(TableRow(row.line, cells))
    return rows


def _advised(
    error: TableError, text: str, form: CellFormat, plain: Sequence[TableRow], columns: int | None
) -> TableError:
    """The error, with how the table could be read; where a cell is quoted after all, a quote is no character."""
    if '\\"' in text and any(form.is_enclosed(cell) for row in plain for cell in row.cells):
        return TableError(error.problem, _QUOTES_ARE_DOUBLED)
    if _ragged(plain, columns) or any(form.is_enclosed(cell) for row in plain for cell in row.cells):
        return error
    return TableError(error.problem, _QUOTES_ARE_CHARACTERS)


def _start_of_table(text: str, dialect: Dialect) -> tuple[int, int]:
    """The position and the number of the first line that belongs to the table."""
    skipped = dialect.skiprows
    if not skipped and (separator := separator_line(text)):
        if separator != dialect.sep:
            raise CorpusError(f"line 1: states the separator {separator!r}; expected {dialect.sep!r}. Set sep=")
        skipped = 1
    ends = [end.end() for end, _number in zip(LINE_END.finditer(text), range(skipped), strict=False)]
    return (0, 1) if not skipped else (ends[-1] if len(ends) == skipped else len(text), skipped + 1)


def separator_line(text: str) -> str:
    """The separator that a first line such as `sep=;` names, as Excel reads and writes it; "" if there is none."""
    found = _SEPARATOR_LINE.fullmatch(LINE_END.split(text[:20], maxsplit=1)[0])
    return found["separator"] if found else ""


def _width(rows: Sequence[TableRow], columns: int | None) -> int:
    return columns if columns is not None else len(rows[0].cells) if rows else 0


def _ragged(rows: Sequence[TableRow], columns: int | None) -> list[TableRow]:
    """The rows with another number of cells than the first one, or than there are columns."""
    width = _width(rows, columns)
    return [row for row in rows if len(row.cells) != width]


def _check_widths(rows: Sequence[TableRow], columns: int | None) -> None:
    ragged = _ragged(rows, columns)
    if not ragged:
        return
    row = ragged[0]
    expected = f"{_width(rows, columns)}" + ("" if columns is not None else f" as in line {rows[0].line}")
    others = ", ".join(str(row.line) for row in ragged[1:10]) + (" ..." if len(ragged) > 10 else "")
    cells = "1 cell" if len(row.cells) == 1 else f"{len(row.cells)} cells"
    is_header = columns is None and len(rows) > 2 and len(ragged) == len(rows) - 1
    lacks_one = is_header and {len(row.cells) for row in ragged} == {len(rows[0].cells) + 1}
    raise TableError(
        f"line {row.line} has {cells}, expected {expected}: {_shown_cells(row)}"
        + (f"; the same in {counted(len(ragged) - 1, 'more lines')}: {others}" if others else ""),
        _NAMES_OF_ROWS_LACK_ONE if lacks_one else "",
    )


def _check_same_cells(plain: Sequence[TableRow], quoted: Sequence[TableRow]) -> None:
    """Raise CorpusError where quotes decide which cells there are, not only what is around them."""
    for row, other in zip(quoted, plain, strict=False):
        if (row.line, len(row.cells), row.lines) != (other.line, len(other.cells), other.lines):
            raise _ambiguous(row, other)


def _ambiguous(row: TableRow, other: TableRow, reason: str = "") -> TableError:
    return TableError(
        f"line {row.line} reads differently with and without quoted cells: {_shown_cells(row)} or "
        f"{_shown_cells(other)}{reason}",
        'quoting="minimal" takes the first, quoting="none" the second',
    )


def _check_no_bare_quotes(plain: Sequence[TableRow], quoted: Sequence[TableRow], form: CellFormat) -> None:
    """Raise CorpusError where some cells are quoted, and a quote is a character of another one, as nobody quotes."""
    bare = next(
        (row.line for row in plain for cell in row.cells if '"' in cell and not form.is_enclosed(cell)),
        None,
    )
    if bare is None:
        return
    for row, other in zip(quoted, plain, strict=True):
        if row.cells != other.cells:
            raise _ambiguous(row, other, f"; in line {bare}, a quote is part of its cell")


def _check_no_escapes(rows: Sequence[TableRow]) -> None:
    for row in rows:
        if any('\\"' in cell for cell in row.cells):
            raise TableError(
                f"line {row.line} has a backslash before a quote, which may be an escape: {_shown_cells(row)}",
                'quoting="none" or quoting="minimal" keeps both',
            )


def _shown_cells(row: TableRow) -> str:
    shown = ", ".join(repr(cell if len(cell) <= 30 else f"{cell[:30]}...") for cell in row.cells[:6])
    return f"{shown}, ..." if len(row.cells) > 6 else shown
