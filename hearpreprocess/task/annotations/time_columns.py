"""Which columns of a table, or keys of JSON objects, hold the times of events, and in which unit, by their names.

`onset_ms`, `Start (s)`, `startSample`, `Begin Time - hh:mm:ss.ms`, `event_offset`, `duration`: words for the time, and
at most one for the unit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from hearpreprocess.errors import CorpusError
from hearpreprocess.task.annotations.collector import AnnotationError, UndecidedError
from hearpreprocess.task.annotations.options import AnnotationOptions
from hearpreprocess.task.annotations.seconds import UNIT_CHOICES, UNITS, Unit, check_unit, exact_seconds
from hearpreprocess.task.values import shown

Role = Literal["onset", "offset", "duration"]

_ROLES: Mapping[str, Role] = {
    **dict.fromkeys(("onset", "onsets", "start", "starts", "begin", "tmin", "starttime", "begintime"), "onset"),
    **dict.fromkeys(("offset", "offsets", "end", "ends", "stop", "tmax", "endtime", "stoptime"), "offset"),
    **dict.fromkeys(("duration", "durations", "dur", "length"), "duration"),
}
_UNITS: Mapping[str, Unit] = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "ss msec", "in s", "in seconds"), "s"),
    **dict.fromkeys(("ms", "msec", "msecs", "millis", "millisecond", "milliseconds", "in ms"), "ms"),
    **dict.fromkeys(("sample", "samples", "in samples"), "samples"),
    **dict.fromkeys(("hh mm ss", "hh mm ss ms", "h m s", "mm ss"), "hh:mm:ss"),
}
_BESIDE = ("time", "times", "t", "event", "segment", "timestamp")
"""Words beside that of the time that change nothing."""

_UNKNOWN_UNITS = (
    *("frame", "frames", "us", "microseconds", "ns", "nanoseconds", "min", "minutes", "h", "hours", "ticks", "beats"),
    *("px", "pixels", "bins"),
)
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True)
class TimeColumn:
    """A column of times: its role and unit; "" where its name has none, None where the unit is not one of UNITS."""

    name: str
    role: Role
    unit: Unit | Literal[""] | None


def time_column(name: str) -> TimeColumn | None:
    """The column of times that a name stands for; None where it stands for none."""
    words = [part.lower() for part in _PARTS.findall(name)]
    roles = [_ROLES[word] for word in words if word in _ROLES]
    unit = " ".join(word for word in words if word not in _ROLES and word not in _BESIDE)
    if len(roles) != 1 or not (unit == "" or unit in _UNITS or unit in _UNKNOWN_UNITS):
        return None
    return TimeColumn(name, roles[0], _UNITS.get(unit) if unit else "")


@dataclass(frozen=True)
class Times:
    """The columns of onset, and of offset or duration, with the unit of each."""

    onset: TimeColumn
    end: TimeColumn
    units: tuple[Unit, Unit]
    rate: float | None

    def of(self, cells: Mapping[str, Any]) -> tuple[Fraction, Fraction]:
        """The onset and the offset of the event in a row, in seconds.

        Raises AnnotationError where it lacks one, or holds no time.
        """
        start, end = (
            exact_seconds(_present(cells, column), unit, self.rate)
            for column, unit in zip((self.onset, self.end), self.units, strict=True)
        )
        if self.end.role != "duration":
            return start, end
        if end < 0:
            raise AnnotationError(f"lasts {float(end)!r} s; expected a duration of 0 s or more")
        return start, start + end


def _present(cells: Mapping[str, Any], column: TimeColumn) -> Any:
    value = cells.get(column.name)
    if value is None or value == "":
        raise AnnotationError(f"{shown(column.name)} is empty; expected a time")
    return value


def has_times(names: Iterable[str]) -> bool:
    """Whether columns with these names hold an onset, and an offset or a duration."""
    roles = {column.role for column in map(time_column, names) if column}
    return "onset" in roles and len(roles) > 1


def times_in(names: Sequence[str], options: AnnotationOptions, values: Callable[[str], Iterable[Any]]) -> Times:
    """The columns of times among those with these names; `values`: those of a column, by its name.

    Raises CorpusError where there are none, or where their unit is open: it is not in the name, and whole numbers may
    be seconds, milliseconds or samples.
    """
    columns = [column for column in map(time_column, names) if column]
    onset, end = _pair(columns, options)
    units = tuple(_unit(column, options, (onset, end), values) for column in (onset, end))
    if "samples" in units and options.rate is None:
        problem = f"{shown(onset.name)} is in samples. Set rate= to the sample rate of the recordings in hertz"
        raise UndecidedError(problem, "rate")
    return Times(onset, end, (units[0], units[1]), options.rate)


def _pair(columns: Sequence[TimeColumn], options: AnnotationOptions) -> tuple[TimeColumn, TimeColumn]:
    """The columns of onset and offset, or onset and duration: of several, those in the unit that is exact and known."""
    order = [*UNITS, "", None]
    if options.unit:
        order = [options.unit, "", *(unit for unit in UNITS if unit != options.unit), None]
    elif options.rate is None:
        order = ["s", "ms", "hh:mm:ss", "samples", "", None]

    def first(role: Role) -> list[TimeColumn]:
        return sorted(
            (column for column in columns if column.role == role), key=lambda column: order.index(column.unit)
        )

    ends = first("offset") or first("duration")
    if not first("onset") or not ends:
        raise CorpusError("expected columns such as onset and offset, or onset and duration")
    onset = first("onset")[0]
    alike = [column for column in ends if column.unit == onset.unit]
    return onset, (alike or ends)[0]


def _unit(
    column: TimeColumn,
    options: AnnotationOptions,
    pair: Sequence[TimeColumn],
    values: Callable[[str], Iterable[Any]],
) -> Unit:
    if column.unit:
        if options.unit and options.unit != column.unit:
            raise CorpusError(
                f"{shown(column.name)} is in {column.unit} by its name, and unit={options.unit!r}. "
                "Leave out unit=, or rename the column"
            )
        return column.unit
    if options.unit:
        return options.unit
    names = " and ".join(shown(other.name) for other in pair)
    if column.unit is None:
        raise CorpusError(
            f"the unit of {names} is not one of {', '.join(UNITS)}. Convert the times, or set {UNIT_CHOICES}"
        )
    if pair[0].unit != pair[1].unit:
        raise CorpusError(f"one of {names} names a unit, the other does not. Set {UNIT_CHOICES}")
    texts = [str(value) for other in pair for value in values(other.name) if value not in (None, "")]
    check_unit(texts, names)
    return "s"
