"""The pandas DataFrame of a table: every value a str, "" where a cell is empty, columns named as pandas names them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from hearpreprocess.errors import ConfigError, CorpusError
from hearpreprocess.task.cells import lines_of
from hearpreprocess.task.tables import SEPARATORS, Dialect, decoded, table_rows

if TYPE_CHECKING:
    import pandas as pd

Column = str | int
"""The name of a column, or its number from 0 where a table has no header."""


def table_frame(
    content: bytes,
    dialect: Dialect,
    *,
    header: int | None = 0,
    names: Sequence[str] | None = None,
    usecols: Sequence[Column] | None = None,
    is_usual: bool = False,
) -> pd.DataFrame:
    """The table in some bytes.

    `header`: the row with the names of the columns, the rows before which are left out; None if there is none. `names`:
    of the columns; in place of those in the header, if there is one. `usecols`: the columns wanted, by name or by
    number. `is_usual`: the separator was not chosen, and is refused where another one seems to be meant.

    Raises CorpusError, which names the line, where the bytes are not such a table, and ConfigError on wrong arguments.
    """
    import pandas as pd

    _check(header, names, usecols)
    rows = table_rows(content, dialect, None if names is None else len(names))
    if not rows and names is None:
        raise CorpusError("it is empty")
    if is_usual:
        _check_separator(content, dialect, len(rows[0].cells) if rows else 0)
    cells = [row.cells for row in rows]
    if header is not None and len(cells) <= header and names is None:
        rows_there = "1 row, row 0" if len(cells) == 1 else f"{len(cells):,} rows, from row 0 to row {len(cells) - 1}"
        raise CorpusError(f"header={header} must name the columns; the table has {rows_there}")
    columns: list[Column] = list(names or (range(len(cells[0])) if header is None else column_names(cells[header])))
    below = cells if header is None else cells[header + 1 :]
    if header is None and names is None:
        table: pd.DataFrame = pd.DataFrame(below, dtype=str)
    else:
        table = pd.DataFrame(below, columns=columns, dtype=str)
    return table if usecols is None else table[_chosen(columns, usecols)]


def column_names(header: Sequence[str]) -> list[str]:
    """The names of columns: those in the header, `label.1` where one is there already, `Unnamed: 1` for a blank."""
    named = [name or f"Unnamed: {number}" for number, name in enumerate(header)]
    counts: Counter[str] = Counter()
    for number in sorted(range(len(header)), key=lambda number: not header[number]):
        name = first = named[number]
        count = counts[name]
        while count > 0:
            counts[first] = count + 1
            name = f"{first}.{count}"
            count = count + 1 if name in named else counts[name]
        named[number] = name
        counts[name] = count + 1
    return named


def _check(header: object, names: Sequence[str] | None, usecols: object) -> None:
    if header is not None and (isinstance(header, bool) or not isinstance(header, int) or header < 0):
        raise ConfigError(f"header: expected the number of a row, or None, got {header!r}")
    if names is not None and (not _are(str, names) or len(set(names)) < len(names)):
        raise ConfigError(f"names: expected different names of the columns, got {names!r}")
    if usecols is not None and not _are((str, int), usecols):
        raise ConfigError(f"usecols: expected names or numbers of columns, got {usecols!r}")


def _are(kind: type | tuple[type, ...], values: object) -> bool:
    """Whether values are a sequence of this kind, and not empty."""
    is_sequence = isinstance(values, Sequence) and not isinstance(values, str) and len(values) > 0
    return is_sequence and all(isinstance(value, kind) for value in cast("Sequence[object]", values))


def _check_separator(content: bytes, dialect: Dialect, width: int) -> None:
    """Raise CorpusError where a table has one column, and several with another separator."""
    if width != 1:
        return
    lines = [line for _number, line in lines_of(decoded(content, dialect.encoding)) if dialect.form.is_row(line)]
    if len(lines) < 2:
        return
    for other in SEPARATORS.replace(dialect.sep, ""):
        counts = {line.count(other) for line in lines}
        if len(counts) == 1 and counts != {0}:
            raise CorpusError(
                f"each line is one cell with the separator {dialect.sep!r}, and {counts.pop() + 1} with {other!r}: "
                f"{lines[0][:60]!r}. Set sep="
            )


def _chosen(columns: Sequence[Column], wanted: Sequence[Column]) -> list[Column]:
    """The columns that are wanted, by name or by number, in the table's order."""
    missing = [column for column in wanted if column not in columns and not _is_number_of(column, columns)]
    if missing:
        raise CorpusError(f"it has no column {missing[0]!r}; its columns are {', '.join(map(str, columns))}")
    numbers = {columns.index(column) if column in columns else int(column) for column in wanted}
    return [column for number, column in enumerate(columns) if number in numbers]


def _is_number_of(column: Column, columns: Sequence[Column]) -> bool:
    return isinstance(column, int) and 0 <= column < len(columns)
