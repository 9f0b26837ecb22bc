"""Notes for the user, collected from the functions that guess."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias, TypeVar

Value = TypeVar("Value")

Noted: TypeAlias = tuple[Value, list[str]]
"""A value, and notes for the user on how it was guessed."""


def some(items: Sequence[object], most: int = 3) -> str:
    """The first of some items, with commas between them."""
    return ", ".join(map(str, items[:most])) + (" ..." if len(items) > most else "")


class Notes:
    """The notes of one guess after another; the message of an error shows those made before it, too."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, lines: Iterable[str]) -> None:
        """Add notes."""
        self.lines += lines

    def value_of(self, noted: Noted[Value]) -> Value:
        """Add the notes that come with a value, and return the value."""
        value, lines = noted
        self.add(lines)
        return value
