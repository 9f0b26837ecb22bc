"""The lines of a table's text, divided into cells in each of the ways that its quotes could be meant.

A line ends with a line feed, a carriage return, or both; no other character ends one. A quoted cell is written as in
RFC 4180: `"` at its start and its end, and `""` for one inside it. A `"` elsewhere in a cell is a character.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from hearpreprocess.errors import CorpusError

LINE_END = re.compile(r"\r\n|\n|\r")
_CLOSED = re.compile(r'"([^"]*(?:""[^"]*)*)"')


class TableError(CorpusError):
    """A table cannot be read: `problem` says why; the message adds which options of Tree.table would read it."""

    def __init__(self, problem: str, advice: str = "") -> None:
        super().__init__(f"{problem}. {advice}" if advice else problem)
        self.problem = problem


class TableRow(NamedTuple):
    """A row: the number of the line that it begins at, and its cells. `lines`: how many it takes up."""

    line: int
    cells: Sequence[str]
    lines: int = 1


@dataclass(frozen=True)
class CellFormat:
    """How cells are written. `strip_blanks`: blanks around them are no part of them; None refuses one before a quote.

    `comment`: lines that begin with it are no rows; "" if none are.
    """

    separator: str
    strip_blanks: bool | None = None
    comment: str = ""

    @cached_property
    def blanks(self) -> str:
        """The characters that may surround a cell."""
        return " \t".replace(self.separator, "")

    def is_row(self, line: str) -> bool:
        """Whether a line, without its end, holds cells: it is neither blank nor a comment."""
        return bool(line.strip(self.blanks)) and not (self.comment and line.startswith(self.comment))

    def plain_cells(self, line: str) -> list[str]:
        """The cells of a line without quoted ones."""
        cells = line.split(self.separator)
        return [cell.strip(self.blanks) for cell in cells] if self.strip_blanks else cells

    def is_enclosed(self, cell: str) -> bool:
        """Whether a cell, as it is in the text, is in quotes as a whole."""
        cell = cell.strip(self.blanks)
        return len(cell) > 1 and cell[0] == cell[-1] == '"'


def lines_of(text: str, position: int = 0, number: int = 1) -> Iterator[tuple[int, str]]:
    """The lines of a text with their numbers, without their ends, from the line at a position on."""
    for end in LINE_END.finditer(text, position):
        yield number, text[position : end.start()]
        position, number = end.end(), number + 1
    if position < len(text):
        yield number, text[position:]


def unquoted_rows(text: str, form: CellFormat, position: int = 0, number: int = 1) -> list[TableRow]:
    """The rows of a table in which a quote is a character like any other; `number`: of the line at the position."""
    lines = LINE_END.split(text[position:]) if "\r" in text else text[position:].split("\n")
    plain_cells, is_row = form.plain_cells, form.is_row
    return [TableRow(number, plain_cells(line)) for number, line in enumerate(lines, number) if is_row(line)]


def quoted_rows(text: str, form: CellFormat, position: int = 0, number: int = 1) -> list[TableRow]:
    """The rows of a table whose cells may be quoted, and may then hold separators and line ends.

    `number`: of the line at the position. Raises CorpusError, which names the line, where a quoted cell does not end,
    or where something follows its end.
    """
    rows = []
    patterns = _patterns(form)
    next_quote = text.find('"', position)
    while position < len(text):
        found = LINE_END.search(text, position)
        end, after = (found.start(), found.end()) if found else (len(text), len(text))
        line = text[position:end]
        if 0 <= next_quote < position:
            next_quote = text.find('"', position)
        if not form.is_row(line):
            position, number = after, number + 1
        elif not 0 <= next_quote < end:
            rows.append(TableRow(number, form.plain_cells(line)))
            position, number = after, number + 1
        elif (simple := _cells_of_line(line, form)) is not None:
            rows.append(TableRow(number, simple))
            position, number = after, number + 1
        else:
            cells, position = _cells_from(text, position, number, form, *patterns)
            rows.append(TableRow(number, cells, 1 + _line_ends_in(cells)))
            number += rows[-1].lines
    return rows


def _line_ends_in(cells: Sequence[str]) -> int:
    return sum(len(LINE_END.findall(cell)) for cell in cells)


def without_quotes_around(cells: Sequence[str]) -> Sequence[str] | None:
    """The cells of a line if its quotes are around whole cells, as they nearly always are; None if they are not."""
    found = list(cells)
    for number, cell in enumerate(cells):
        if '"' in cell:
            if cell.count('"') != 2 or cell[0] != '"' or cell[-1] != '"':
                return None
            found[number] = cell[1:-1]
    return found


def _cells_of_line(line: str, form: CellFormat) -> list[str] | None:
    """The cells of a line in which quotes are around whole cells alone, and none is doubled; None for any other."""
    outer, *others = line.split('"')
    if len(others) % 2:
        return None
    blanks, separator = (form.blanks if form.strip_blanks else ""), form.separator
    outer = f"{separator}{outer}".rstrip(blanks) if blanks else f"{separator}{outer}"
    cells: list[str] = []
    for inner, after in zip(others[::2], others[1::2], strict=True):
        if outer[:1] != separator or outer[-1:] != separator:
            return None
        if len(outer) > 1:
            cells += form.plain_cells(outer[1:-1])
        cells.append(inner)
        outer = after.strip(blanks) if blanks else after
    if outer[:1] not in ("", separator):
        return None
    return cells + form.plain_cells(outer[1:]) if outer else cells


@lru_cache(maxsize=8)
def _patterns(form: CellFormat) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What a cell without quotes is, and what may be around one with quotes."""
    return re.compile(rf"[^{re.escape(form.separator)}\r\n]*"), re.compile(rf"[{form.blanks}]*")


def _cells_from(
    text: str, position: int, line: int, form: CellFormat, plain_cell: re.Pattern[str], blanks: re.Pattern[str]
) -> tuple[list[str], int]:
    """The cells of the row that begins at a position, and the position after its line."""
    cells: list[str] = []
    while True:
        start = _after(blanks, text, position)
        is_quoted = text.startswith('"', start)
        if is_quoted and start > position and form.strip_blanks is None:
            raise TableError(
                f"line {line}: a space comes before a quote, as in {_shown(text, position)}, and may not belong to the "
                "cell",
                "strip_blanks=True leaves out blanks around cells, strip_blanks=False keeps them",
            )
        if is_quoted and (start == position or form.strip_blanks):
            closed = _CLOSED.match(text, start)
            if closed is None:
                raise TableError(f"line {line}: a quoted cell begins at {_shown(text, start)} and does not end")
            cells.append(closed[1].replace('""', '"'))
            position = _after(blanks, text, closed.end()) if form.strip_blanks else closed.end()
        else:
            end = _after(plain_cell, text, position)
            plain = text[position:end]
            cells.append(plain.strip(form.blanks) if form.strip_blanks else plain)
            position = end
        if position == len(text):
            return cells, position
        if text[position] == form.separator:
            position += 1
        elif line_end := LINE_END.match(text, position):
            return cells, line_end.end()
        else:
            raise TableError(
                f"line {line + _line_ends_in(cells)}: a quoted cell is followed by {_shown(text, position)}; expected "
                f"{form.separator!r} or the end of the line"
            )


def _after(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return found.end() if found else position


def _shown(text: str, position: int) -> str:
    return repr(LINE_END.split(text[position : position + 20])[0])
