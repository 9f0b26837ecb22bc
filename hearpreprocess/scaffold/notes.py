"""Notes for the user, collected from the functions that guess."""

from __future__ import annotations

from typing import TypeAlias, TypeVar

Value = TypeVar("Value")

Noted: TypeAlias = tuple[Value, list[str]]
"""A value, and notes for the user on how it was guessed."""


class Notes:
    """The notes of one guess after another, there for the message of an error, too."""

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)

    def add(self, noted: Noted[Value]) -> Value:
        """Add the notes that come with a value, and return the value."""
        value, lines = noted
        self.lines += lines
        return value
