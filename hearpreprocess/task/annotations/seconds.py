"""Times as annotation files write them, as exact numbers of seconds.

A time becomes a float only once all arithmetic is done, so that 1.1 s is 1.1 however a file writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, Literal, get_args

from hearpreprocess.errors import CorpusError
from hearpreprocess.task.annotations.collector import AnnotationError, UndecidedError
from hearpreprocess.task.values import LARGEST, shown

Unit = Literal["s", "ms", "samples", "hh:mm:ss"]
UNITS: tuple[Unit, ...] = get_args(Unit)

UNIT_CHOICES = 'unit="s", "ms" or "samples"'
"""In words, for messages."""

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?", re.ASCII)
_CLOCK = re.compile(r"(?:(?P<hours>\d+):(?=\d+:))?(?P<minutes>\d+):(?P<seconds>\d{2}(?:\.\d*)?)", re.ASCII)
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(?:,\d{3})+", re.ASCII)
_LONGEST = 100
"""Characters of a time: no file has more, and the arithmetic on them stays cheap."""


def exact_seconds(time: Any, unit: Unit = "s", rate: float | None = None) -> Fraction:
    """The exact seconds of a time; `rate`: in hertz, for samples.

    `mm:ss` is read as `hh:mm:ss` is, whatever the unit. Raises AnnotationError where it is no time.
    """
    text = str(time).strip()
    if isinstance(time, bool) or time is None:
        text = ""
    if ":" in text:
        return _seconds_of_clock(text)
    if len(text) > _LONGEST or not _NUMBER.fullmatch(text):
        raise AnnotationError(f"the time is {shown(time)}; expected a number")
    number = Fraction(text)
    if abs(number) > LARGEST:
        raise AnnotationError(f"the time is {shown(time)}; expected at most {LARGEST:,}")
    if unit == "ms":
        return number / 1000
    if unit == "samples":
        if rate is None:
            raise AnnotationError("the time is in samples, and no rate is given")
        if number.denominator != 1:
            raise AnnotationError(f"the time is {shown(time)}; expected a whole number of samples")
        return number / Fraction(rate)
    if unit == "hh:mm:ss":
        raise AnnotationError(f"the time is {shown(time)}; expected hh:mm:ss")
    return number


def _seconds_of_clock(text: str) -> Fraction:
    clock = _CLOCK.fullmatch(text) if len(text) <= _LONGEST else None
    if clock is None or float(clock["seconds"]) >= 60 or (clock["hours"] and int(clock["minutes"]) >= 60):
        raise AnnotationError(f"the time is {shown(text)}; expected hh:mm:ss, such as '00:01:02.5'")
    minutes = 60 * int(clock["hours"] or 0) + int(clock["minutes"])
    return 60 * minutes + Fraction(clock["seconds"].removesuffix("."))


def mark_of(times: Iterable[str]) -> str:
    """The decimal mark of the times of one file: `,` or `.`.

    Raises CorpusError where a comma may also divide thousands: some have a comma and others a point, or each comma
    has three digits after it and no mere 0 before it.
    """
    comma = point = decimal = ""
    for time in times:
        decimal = decimal or (time if "," in time and not _THOUSANDS.fullmatch(time.strip()) else "")
        comma = comma or (time if "," in time else "")
        point = point or (time if "." in time else "")
    if comma and point:
        raise CorpusError(
            f"times are written as {shown(comma)} and as {shown(point)}: the comma may be a decimal mark, or divide "
            "thousands. Write all times with a decimal point"
        )
    if comma and not decimal:
        raise CorpusError(
            f"the comma in {shown(comma)} may be a decimal mark, or divide thousands. Write all times with a decimal "
            "point"
        )
    return "," if comma else "."


def check_unit(times: Sequence[str], names: str) -> None:
    """Raise CorpusError where times without a unit are whole numbers, as those of any unit may be."""
    if times and not any(mark in time for time in times for mark in ".,:eE"):
        problem = f"{names} hold whole numbers and name no unit: seconds, milliseconds or samples? Set {UNIT_CHOICES}"
        raise UndecidedError(problem, "unit", UNITS)


def with_point(time: str, mark: str) -> str:
    """A time with a decimal point; `mark`: the one that it is written with."""
    return time.replace(",", ".") if mark == "," else time
