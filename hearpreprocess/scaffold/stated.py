"""What the user states by options, as the folder has it; an option that does not fit is an error with what would."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hearpreprocess.errors import ConfigError, CorpusError
from hearpreprocess.scaffold.choices import NONE, Choices
from hearpreprocess.scaffold.columns import name_of
from hearpreprocess.scaffold.naming import NamingTables
from hearpreprocess.scaffold.parts import PathPart, fields_of
from hearpreprocess.scaffold.recordings import Recordings
from hearpreprocess.scaffold.tables import read
from hearpreprocess.scaffold.times import times_in
from hearpreprocess.storage import counted
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


def stated_column(option: str, name: str, tables: NamingTables, *, of_all: bool = False) -> Column:
    """The column that an option states. `of_all`: whether each table must have it.

    Raises ConfigError, which lists the columns, where the tables have none of this name.
    """
    columns = list(dict.fromkeys([*tables.columns, *tables.columns_of_first]))
    if name == name_of(tables.naming.column):
        raise ConfigError(f"{option} {name}: this column names the recordings; expected another one")
    column = next((column for column in columns if name_of(column) == name), None)
    if column is not None:
        without = [table.path for table, _naming in tables.tables if column not in table.columns] if of_all else []
        if without:
            having = " ".join(f"--table {table.path}" for table, _naming in tables.tables if column in table.columns)
            raise ConfigError(f"{option} {name}: {' and '.join(without)} has no such column. Use only {having}")
        return column
    where, listed = " and ".join(table.path for table, _naming in tables.tables), ", ".join(map(name_of, columns))
    raise ConfigError(f"{option} {name}: no such column in {where}; its columns: {listed}")


def check_have_effect(choices: Choices, folder: Path, tables: NamingTables | None) -> None:
    """Raise ConfigError where an option is stated that folders of labels, or the tables in use, do not depend on."""
    if choices.time_unit and (tables is None or times_in(tables) is None):
        raise ConfigError(f"--time-unit {choices.time_unit}: {folder} has no annotation files and no columns of times")
    if tables:
        return
    columns = {
        "--table": choices.tables,
        "--file-column": (choices.file_column,),
        "--label-column": choices.label_columns,
        "--split-column": choices.split_columns,
        "--group-column": (choices.group_column,),
    }
    for option, values in columns.items():
        problem = "not used" if option == "--table" else "no such column"
        if value := next((value for value in values if value not in ("", NONE)), ""):
            raise ConfigError(f"{option} {value}: {problem}; no table in {folder} names the recordings")
    if choices.task_type == "event":
        raise ConfigError(
            f"--task-type event: {folder} has neither annotation files nor a table that names the recordings, with "
            "columns of times in seconds, such as onset and offset"
        )


def stated_part(choices: Choices, subject: str, paths: Sequence[str]) -> PathPart | None:
    """The part of paths that the user states as the `label` or the `group`; None if none."""
    level = choices.labels_from if subject == "label" else choices.groups_from
    field = choices.label_field if subject == "label" else choices.group_field
    if level is not None:
        return stated_level(f"--{subject}s-from", level, paths)
    return stated_field(f"--{subject}-field", field, paths) if field is not None else None


def stated_level(option: str, level: int, paths: Sequence[str]) -> PathPart:
    """The folder level that an option states; counted from the innermost folder where all paths are equally deep.

    Raises ConfigError, which shows the levels with an example each, where some recording has no such folder.
    """
    part = PathPart(level=level)
    without = next((path for path in paths if not part.is_in(path)), None) if level else paths[0]
    if without is None:
        depths = {path.count("/") for path in paths}
        if len(depths) > 1:
            return part
        deepest = depths.pop()
        number = level if level > 0 else deepest + level + 1
        return PathPart(level=number - deepest - 1, number=number)
    folders = without.split("/")[:-1]
    problem = f"{option} {level}: {without} is in {counted(len(folders), 'folders') if folders else 'no folder'}"
    if not folders:
        raise ConfigError(problem)
    levels = [f"  {option} {number} (or {number - 1 - len(folders)})  {name}" for number, name in enumerate(folders, 1)]
    raise ConfigError("\n".join([f"{problem}; expected one of these levels:", *levels]))


def stated_field(option: str, number: int, paths: Sequence[str]) -> PathPart:
    """The field of file names that an option states.

    Raises ConfigError, which numbers the fields of an example, where some recording has no such field.
    """
    part = PathPart(field=number)
    without = next((path for path in paths if not part.is_in(path)), None) if number > 0 else paths[0]
    if without is None:
        return part
    fields = [f"  {option} {place}  {field}" for place, field in enumerate(fields_of(without), 1)]
    name, count = without.rpartition("/")[2], counted(len(fields), "fields")
    raise ConfigError("\n".join([f"{option} {number}: {name} has {count}; expected one of these:", *fields]))


def check_file_column(folder: Path, candidates: Sequence[str], recordings: Recordings, name: str) -> None:
    """Raise ConfigError, which lists the columns of the tables, where no table names recordings in a stated column."""
    columns: dict[str, list[str]] = {}
    for path in candidates:
        try:
            table, _notes = read(folder, path, recordings)
        except CorpusError:
            continue  # it names no recordings, or an error has said why it cannot be read
        columns[path] = [name_of(column) for column in table.columns]
        if name in columns[path]:
            first = table.rows[0][table.columns[columns[path].index(name)]]
            raise ConfigError(f"--file-column {name}: no recordings have the names in {path}; the first is {first!r}")
    listed = "; ".join(f"columns of {path}: {', '.join(names)}" for path, names in columns.items()) or "no table"
    raise ConfigError(f"--file-column {name}: no such column; {listed}")
