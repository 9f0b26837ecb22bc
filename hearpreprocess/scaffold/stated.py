"""What the user states by options, as the folder has it; an option that does not fit is an error with what would."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hearpreprocess.errors import ConfigError
from hearpreprocess.scaffold.choices import Choices
from hearpreprocess.scaffold.columns import name_of
from hearpreprocess.scaffold.naming import NamingTables
from hearpreprocess.scaffold.parts import PathPart, fields_of
from hearpreprocess.task import Column


def stated_table(folder: Path, stated: str, candidates: Sequence[str]) -> str:
    """The path of a table in the folder, which the user may state from there or from the current directory.

    Raises ConfigError, which lists the tables, where the folder has no such table.
    """
    path = Path(stated).resolve()
    from_folder = path.relative_to(folder.resolve()).as_posix() if path.is_relative_to(folder.resolve()) else stated
    for candidate in (stated, from_folder):
        if candidate in candidates:
            return candidate
    listed = ", ".join(candidates) or "none"
    raise ConfigError(f"--table {stated}: no such table in {folder}; its tables: {listed}")


def stated_column(option: str, name: str, tables: NamingTables) -> Column:
    """The column that an option states.

    Raises ConfigError, which lists the columns, where the tables have none of this name.
    """
    columns = list(dict.fromkeys([*tables.columns, *tables.columns_of_first]))
    column = next((column for column in columns if name_of(column) == name), None)
    if column is not None:
        return column
    where = " and ".join(table.path for table, _naming in tables.tables)
    listed = ", ".join(map(name_of, columns))
    raise ConfigError(f"{option} {name}: no such column in {where}; its columns: {listed}")


def stated_part(choices: Choices, subject: str, paths: Sequence[str]) -> PathPart | None:
    """The part of paths that the user states as the `label` or the `group`; None if none."""
    level = choices.labels_from if subject == "label" else choices.groups_from
    field = choices.label_field if subject == "label" else choices.group_field
    if level is not None:
        return stated_level(f"--{subject}s-from", level, paths)
    return stated_field(f"--{subject}-field", field, paths) if field is not None else None


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
