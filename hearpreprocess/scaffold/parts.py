"""Labels and groups in the paths of recordings: the name of a folder, or a field of the file's name."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass

from hearpreprocess.scaffold.columns import quoted
from hearpreprocess.scaffold.recordings import stem_of
from hearpreprocess.task import Column

FIELD_SEPARATORS = re.compile("[-_]")
"""Separate the fields of a file's name."""


@dataclass(frozen=True)
class PathPart:
    """A folder's name (`level`: 1 for the outermost, -1 for the innermost one) or a field of a file's name, from 1.

    One of both is 0. `number`: what an option calls the level, where that is known.
    """

    level: int = 0
    field: int = 0
    number: int = dataclasses.field(default=0, compare=False)

    def of(self, path: str) -> str:
        """This part of the path of a recording that has it."""
        if self.field:
            return fields_of(path)[self.field - 1]
        folders = path.split("/")[:-1]
        return folders[self.level - 1 if self.level > 0 else self.level]

    def is_in(self, path: str) -> bool:
        """Whether the path of a recording has it."""
        return self.field <= len(fields_of(path)) if self.field else abs(self.level) <= path.count("/")

    def __str__(self) -> str:
        if self.field:
            return f"field {self.field} of the file names"
        number = self.number or self.level
        is_only = self.level == -1 and number in (1, -1)
        return "the folders' names" + ("" if is_only else f" (level {number})")


def named(source: Column | PathPart) -> str:
    """A column or a part of paths, in words."""
    return str(source) if isinstance(source, PathPart) else f"column {quoted(source)}"


def fields_of(path: str) -> list[str]:
    """The fields of a recording's file name."""
    return FIELD_SEPARATORS.split(stem_of(path))
