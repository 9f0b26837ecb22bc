"""Labels and groups in the paths of recordings: the name of a folder, or a field of the file's name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hearpreprocess.errors import ConfigError
from hearpreprocess.scaffold.recordings import stem_of
from hearpreprocess.task import Column

FIELD_SEPARATORS = re.compile("[-_]")
"""Separate the fields of a file's name."""


@dataclass(frozen=True)
class PathPart:
    """A folder's name (`level`: 1 for the outermost, -1 for the innermost one) or a field of a file's name, from 1.

    One of both is 0.
    """

    level: int = 0
    field: int = 0

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
        return "the folders' names" + ("" if self.level == -1 else f" (level {self.level})")


def named(source: Column | PathPart) -> str:
    """A column or a part of paths, in words."""
    return str(source) if isinstance(source, PathPart) else f"column {source!r}"


def fields_of(path: str) -> list[str]:
    """The fields of a recording's file name."""
    return FIELD_SEPARATORS.split(stem_of(path))


def stated_level(option: str, level: int, paths: Sequence[str]) -> PathPart:
    """The folder level that an option states.

    Raises ConfigError, which shows the levels with an example each, where some recording has no such folder.
    """
    part = PathPart(level=level)
    without = next((path for path in paths if not part.is_in(path)), None) if level else paths[0]
    if without is None:
        is_innermost = level > 0 and all(path.count("/") == level for path in paths)
        return PathPart(level=-1) if is_innermost else part
    deepest = max(paths, key=lambda path: (path.count("/"), path))
    folders = deepest.split("/")[:-1]
    levels = [f"  {option} {number} (or {number - 1 - len(folders)})  {name}" for number, name in enumerate(folders, 1)]
    raise ConfigError(
        "\n".join(
            [
                f"{option} {level}: {without} has {without.count('/')} folder levels; use one of these"
                if levels
                else f"{option} {level}: the recordings are in no folder",
                *levels,
            ]
        )
    )


def stated_field(option: str, number: int, paths: Sequence[str]) -> PathPart:
    """The field of file names that an option states.

    Raises ConfigError, which numbers the fields of an example, where some recording has no such field.
    """
    part = PathPart(field=number)
    without = next((path for path in paths if not part.is_in(path)), None) if number > 0 else paths[0]
    if without is None:
        return part
    fields = ", ".join(f"{place} {field}" for place, field in enumerate(fields_of(without), 1))
    raise ConfigError(f"{option} {number}: no such field in {without}; its fields are {fields}")
