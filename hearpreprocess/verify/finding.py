"""The result of a check."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding on a finished task. `aspect`: the checked aspect; `where`: the file or clip.

    A finding that is not a fault is a note, which may apply to published tasks, too.
    """

    aspect: str
    where: str
    text: str
    is_fault: bool = True


_LONGEST = 200


def shortened(value: object) -> str:
    """A value as text for a finding, cut where it is long: a foreign file may hold anything."""
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."
