"""Times of events in the columns of tables: which columns hold them, and how a cell is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf, isfinite

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold.columns import column_called
from hearpreprocess.scaffold.naming import NamingTables, RowsByRecording
from hearpreprocess.scaffold.notes import Noted
from hearpreprocess.scaffold.tables import Row
from hearpreprocess.task import Column, mark_of

START_NAMES = ("onset", "onsets", "start", "starttime", "startseconds", "begin", "onsetseconds", "eventonset")
END_NAMES = ("offset", "offsets", "end", "endtime", "endseconds", "stop", "offsetseconds", "eventoffset")
DURATION_NAMES = ("duration", "durationseconds", "eventduration", "length")

_NUMBER = re.compile(r"[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?", re.ASCII)
"""A number as tables hold it; float() takes more, such as 1_0 for 10."""

_CLOCK = re.compile(r"(?:\d+:)?\d+:\d{2}(?:[.,]\d*)?", re.ASCII)

SECONDS_BEYOND, MOST_BEYOND = 1.0, 0.1
"""Times of more than this share of rows, so far after the end of a recording, are times in something else."""

SPAN_SECONDS, SPAN_SHARE = 0.1, 0.05
"""How far the time between start and end is from the duration of a recording, at most, to be that of the whole."""


@dataclass(frozen=True)
class Times:
    """The columns with the onset and the offset of an event, in seconds.

    `are_durations`: the end column holds how long an event lasts. `have_decimal_commas`: some cells do.
    """

    start: Column
    end: Column
    are_durations: bool = False
    have_decimal_commas: bool = False

    @property
    def columns(self) -> tuple[Column, Column]:
        """Both columns."""
        return self.start, self.end

    def are_of_clocks(self, rows: Iterable[Row]) -> bool:
        """Whether all onsets are written as clocks show them, `hh:mm:ss`, which annotation files are read with."""
        cells = [cell for row in rows if (cell := row[self.start].strip())]
        return bool(cells) and all(map(_CLOCK.fullmatch, cells))

    def are_blank_in(self, row: Row) -> bool:
        """Whether a row lacks one of the times."""
        return not (row[self.start].strip() and row[self.end].strip())

    def start_of(self, row: Row) -> float:
        """The onset of the event in a row; infinite where it lacks a time."""
        return inf if self.are_blank_in(row) else _number(row[self.start])

    def end_of(self, row: Row) -> float:
        """The offset of the event in a row that has both times."""
        return _number(row[self.end]) + (_number(row[self.start]) if self.are_durations else 0)


def time_columns_in(columns: Sequence[Column]) -> Times | None:
    """The columns that are called as times are; None where there are not two of them."""
    start, end = column_called(columns, START_NAMES), column_called(columns, END_NAMES)
    duration = column_called(columns, DURATION_NAMES) if end == "" else ""
    times = Times(start, end) if end != "" else Times(start, duration, are_durations=True)
    return None if "" in times.columns else times


def times_in(tables: NamingTables) -> Times | None:
    """The columns of tables that are called as times are, or of tables without a header hold such, if any.

    Two columns beside each other hold times if each row has numbers in them, the first no larger than the second, and
    some recording has several rows.
    """
    columns = tables.columns
    times = time_columns_in(columns)
    rows = [row for _table, row in tables.rows]
    is_any_repeated = any(len(of_path) > 1 for of_path in tables.by_recording.values())
    if times or tables.first.has_header or tables.first.names or not is_any_repeated:
        return times
    numeric = [column for column in columns if all(_is_number(row[column]) for row in rows)]
    pairs = [(start, end) for start, end in pairwise(numeric) if columns.index(end) == columns.index(start) + 1]
    return next((Times(*pair) for pair in pairs if all(_run_forward(row, *pair) for row in rows)), None)


def _run_forward(row: Row, start: Column, end: Column) -> bool:
    return 0 <= _number(row[start]) <= _number(row[end])


def checked_times(times: Times, rows: RowsByRecording, seconds: Mapping[str, float]) -> Noted[Times | None]:
    """The times, with how their cells are written; None where they are no numbers that stay inside of the recordings.

    `seconds`: how long some of the recordings last. Raises CorpusError where some cells have a decimal point, and
    others a comma.
    """
    timed = _timed(times, rows)
    if reason := _reason_against(times, timed, seconds):
        return None, [f"columns {times.start!r} and {times.end!r} are not used as times of events: {reason}"]
    cells = [row[column] for of_path in rows.values() for _table, row in of_path for column in times.columns]
    try:
        mark = mark_of(cells)
    except CorpusError as error:
        raise CorpusError(f"columns {times.start!r} and {times.end!r}: {error}") from None
    return replace(times, have_decimal_commas=mark == ","), []


def _timed(times: Times, rows: RowsByRecording) -> list[tuple[str, Row]]:
    """The rows that have both times, each with the path of its recording."""
    return [(path, row) for path, of_path in rows.items() for _table, row in of_path if not times.are_blank_in(row)]


def _reason_against(times: Times, timed: Sequence[tuple[str, Row]], seconds: Mapping[str, float]) -> str:
    if not timed:
        return "they are empty"
    cells = (row[column] for _path, row in timed for column in times.columns)
    no_number = next((cell for cell in cells if not _is_number(cell)), None)
    if no_number is not None:
        return f"{no_number!r} is not a number of seconds"
    ends = [(times.end_of(row), seconds[path]) for path, row in timed if path in seconds]
    beyond = sum(end > length + SECONDS_BEYOND for end, length in ends)
    if _are_positions(times, timed, seconds):
        return "each row spans its whole recording, so they are positions in a longer original recording"
    if beyond > MOST_BEYOND * len(ends):
        return f"{beyond:,} of {len(ends):,} that were looked at are after the end of their recording"
    return ""


def unit_is_open(times: Times, rows: RowsByRecording, seconds: Mapping[str, float]) -> bool:
    """Whether times are integers, or after the end of their recordings, so that they may not be in seconds.

    They are seconds where each row spans its whole recording.
    """
    timed = _timed(times, rows)
    cells = [row[column].strip() for _path, row in timed for column in times.columns]
    if not timed or not all(map(_is_number, cells)) or _are_positions(times, timed, seconds):
        return False
    are_integers = all(cell.lstrip("+-").isdigit() for cell in cells)
    return are_integers or bool(_reason_against(times, timed, seconds))


def _are_positions(times: Times, timed: Sequence[tuple[str, Row]], seconds: Mapping[str, float]) -> bool:
    """Whether there is one row for each recording, and most of them are as long as their recording."""
    paths = [path for path, _row in timed]
    spans = [(times.end_of(row) - times.start_of(row), seconds[path]) for path, row in timed if path in seconds]
    as_long = sum(abs(span - length) <= max(SPAN_SECONDS, SPAN_SHARE * length) for span, length in spans)
    return len(set(paths)) == len(paths) and bool(spans) and as_long >= (1 - MOST_BEYOND) * len(spans)


def _number(cell: str) -> float:
    """The number that a cell is, with a decimal point or comma."""
    return float(cell.replace(",", "."))


def _is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell.strip()) is not None and isfinite(_number(cell))
