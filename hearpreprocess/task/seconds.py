"""Times in seconds as samples and as milliseconds, computed exactly from the decimal number that was written."""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction

# More digits than any product here has, whatever a task module sets for its own arithmetic.
_EXACT = Context(prec=60)


def exact(seconds: float) -> Fraction:
    """The decimal number that `repr` shows, such as 1/10 for 0.1, without the error of its binary form."""
    return Fraction(repr(seconds))


def sample_at(seconds: float, rate: int) -> int:
    """The sample nearest to a time in seconds, at a rate in hertz; a time half way goes to the even sample."""
    return round(exact(seconds) * rate)


def latest_milliseconds(seconds: float) -> float:
    """The end of a clip of some seconds in milliseconds, however its task writes times (see `event_times`)."""
    return max(milliseconds(seconds), seconds * 1000.0)


def milliseconds(seconds: float) -> float:
    """A time in milliseconds, such as 1009.0 for 1.009 s, for which 1.009 * 1000.0 gives 1008.9999999999999."""
    return float(_EXACT.multiply(Decimal(repr(seconds)), Decimal(1000)))
