"""Decide where labels, times, splits and groups are: as the user states, or as a guess is confirmed."""

from __future__ import annotations

from collections.abc import Sequence

from hearpreprocess.errors import ConfigError
from hearpreprocess.scaffold.choices import NONE, Ask, Choices, Question
from hearpreprocess.scaffold.columns import distinct_cells, group_column_in, name_of
from hearpreprocess.scaffold.from_folders import Parts
from hearpreprocess.scaffold.from_tables import Columns
from hearpreprocess.scaffold.given_splits import chosen_splits, split_columns_in, splits_for_rows
from hearpreprocess.scaffold.labels import Labels, label_columns_in, with_several, yes_columns_in
from hearpreprocess.scaffold.levels import Levels, group_beside, levels_of
from hearpreprocess.scaffold.naming import NamingTables
from hearpreprocess.scaffold.notes import Notes
from hearpreprocess.scaffold.parts import PathPart, stated_field, stated_level
from hearpreprocess.scaffold.rows import of_known
from hearpreprocess.scaffold.splits import Splits
from hearpreprocess.scaffold.tables import Row
from hearpreprocess.scaffold.times import Times, checked_times, times_in
from hearpreprocess.task import Column

MOST_SHOWN = 4
"""How many values of a column are shown as examples."""


def decided_columns(
    tables: NamingTables, choices: Choices, ask: Ask, notes: Notes, beside: Sequence[Splits] = ()
) -> Columns:
    """The columns of tables that hold what a task needs; notes on them are added.

    `beside`: the splits that lists and folders give. Raises ConfigError where the user states a column that is not
    there, and CorpusError where no column looks like labels, or several do and nobody can be asked.
    """
    rows = [row for _table, row in tables.rows]
    paths = tables.recordings.paths
    times = _times(tables, choices, ask, notes)
    split_columns = _split_columns(tables, choices, ask)
    group = stated_part(choices, "group", paths) or _group_column(tables, rows, split_columns, choices, ask)
    taken = (*split_columns, group, *(times.columns if times else ()))
    left = [column for column in tables.columns if column not in taken]
    if times:
        left = _differing_within_recordings(tables, left) or left
    labels = _labels(tables, left, rows, choices, ask, may_be_one=times is not None)
    splits = Splits()
    if NONE not in choices.split_columns:
        known = of_known(tables.by_recording, tables.recordings, by_name=tables.naming.by_name)
        are_stated = bool(choices.split_columns)
        splits = notes.value_of(splits_for_rows(tables, split_columns, beside, known, are_stated=are_stated))
    return Columns(labels if times else with_several(labels, rows), times, group, splits)


def _differing_within_recordings(tables: NamingTables, columns: Sequence[Column]) -> list[Column]:
    """The columns that differ within a recording, as labels of events do."""
    return [
        column
        for column in columns
        if any(len({row[column] for _table, row in of_path}) > 1 for of_path in tables.by_recording.values())
    ]


def decided_parts(
    paths: Sequence[str], choices: Choices, ask: Ask, notes: Notes, beside: Sequence[Splits] = ()
) -> Parts:
    """The parts of the paths of recordings that are labels and groups, and the splits; notes on these are added.

    `beside`: the splits that lists and folders give. Raises CorpusError where several levels may be labels and nobody
    can be asked.
    """
    splits = Splits()
    if NONE not in choices.split_columns:
        splits = notes.value_of(chosen_splits(beside, lambda splits, path: splits.of_path(path), paths))
    levels = levels_of(paths, splits)
    label = stated_part(choices, "label", paths)
    group = stated_part(choices, "group", paths)
    if label is None and levels is not None:
        label = _asked_for_level(levels, ask)
    if group is None and choices.group_column != NONE:
        group = group_beside(label, levels, paths) if label else None
    return Parts(label or PathPart(level=-1), group, splits)


def _asked_for_level(levels: Levels, ask: Ask) -> PathPart:
    answer = ask(
        Question(
            "--labels-from",
            "folder level is the label",
            str(levels.label.level),
            tuple(map(str, levels.candidates)),
            levels.reason,
            is_certain=levels.is_certain,
            details=tuple(_some(names) for names in levels.candidates.values()),
        )
    )
    return PathPart(level=int(answer))


def _some(values: Sequence[str]) -> str:
    return f"{len(values):,} values: {', '.join(values[:MOST_SHOWN])}" + (" ..." if len(values) > MOST_SHOWN else "")


def stated_part(choices: Choices, subject: str, paths: Sequence[str]) -> PathPart | None:
    """The part of paths that the user states as the `label` or the `group`."""
    level = choices.labels_from if subject == "label" else choices.groups_from
    field = choices.label_field if subject == "label" else choices.group_field
    if level is not None:
        return stated_level(f"--{subject}s-from", level, paths)
    return stated_field(f"--{subject}-field", field, paths) if field is not None else None


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
    raise ConfigError(f"{option} {name}: {where} has no such column; its columns are {listed}")


def _times(tables: NamingTables, choices: Choices, ask: Ask, notes: Notes) -> Times | None:
    times = times_in(tables)
    if times:
        times = notes.value_of(checked_times(times, tables.by_recording, tables.recordings.seconds))
    if choices.task_type == "event" and times is None:
        listed = ", ".join(map(name_of, tables.columns))
        raise ConfigError(
            f"--task-type event: {tables.first.path} has no columns with times in seconds, such as onset and offset; "
            f"its columns are {listed}"
        )
    if times is None:
        return None
    start, end = times.columns
    answer = choices.task_type or ask(
        Question(
            "--task-type",
            "type of task is it",
            "event",
            ("event", "scene"),
            f"columns {start!r} and {end!r} hold times",
            is_certain=True,
            details=(
                "each row is an event with a label and times",
                "labels are of whole recordings; times are not used",
            ),
        )
    )
    return times if answer == "event" else None


def _split_columns(tables: NamingTables, choices: Choices, ask: Ask) -> tuple[Column, ...]:
    if NONE in choices.split_columns:
        return ()
    if choices.split_columns:
        return tuple(stated_column("--split-column", name, tables) for name in choices.split_columns)
    guess = split_columns_in(tables.columns_of_first, [row for _table, row in tables.rows])
    if len(guess) != 1:
        return guess
    (column,) = guess
    rows = [row for _table, row in tables.rows if column in row]
    others = yes_columns_in([other for other in tables.columns if other != column], rows)
    may_be_tag = column in yes_columns_in([column], rows) and len(others) > 1
    answer = _asked_for_column(
        tables, ask, "--split-column", "column holds the splits", column, is_certain=not may_be_tag
    )
    return () if answer == NONE else (stated_column("--split-column", answer, tables),)


def _group_column(
    tables: NamingTables, rows: Sequence[Row], taken: Sequence[Column], choices: Choices, ask: Ask
) -> Column:
    if choices.group_column:
        return "" if choices.group_column == NONE else stated_column("--group-column", choices.group_column, tables)
    guess = group_column_in([column for column in tables.columns if column not in taken], rows)
    if guess == "":
        return ""
    answer = _asked_for_column(tables, ask, "--group-column", "column holds the groups", guess, is_certain=True)
    return "" if answer == NONE else stated_column("--group-column", answer, tables)


def _asked_for_column(
    tables: NamingTables, ask: Ask, option: str, text: str, guess: Column, *, is_certain: bool
) -> str:
    columns = tables.columns if guess in tables.columns else [guess, *tables.columns]
    return ask(
        Question(
            option,
            text,
            name_of(guess),
            (*map(name_of, columns), NONE),
            f"column {name_of(guess)!r} looks like it" + ("" if is_certain else ", or like a tag"),
            is_certain=is_certain,
            details=(*(values_of(tables, column) for column in columns), "no column"),
        )
    )


def values_of(tables: NamingTables, column: Column) -> str:
    """How many values a column has, with the first of them."""
    return _some(sorted(distinct_cells([row for _table, row in tables.rows if column in row], column) - {""}))


def _labels(
    tables: NamingTables,
    columns: Sequence[Column],
    rows: Sequence[Row],
    choices: Choices,
    ask: Ask,
    *,
    may_be_one: bool,
) -> Labels:
    if part := stated_part(choices, "label", tables.recordings.paths):
        return Labels(part=part)
    stated = [stated_column("--label-column", name, tables) for name in choices.label_columns]
    if len(stated) == 1:
        return Labels(stated[0])
    if stated:
        return Labels(yes_columns=tuple(stated))
    guess = label_columns_in(columns, rows, tables.first.path, may_be_one=may_be_one)
    if guess.labels.yes_columns or not guess.candidates:
        return guess.labels
    answer = ask(
        Question(
            "--label-column",
            "column holds the labels",
            name_of(guess.labels.column),
            tuple(map(name_of, guess.candidates)),
            guess.reason,
            is_certain=guess.is_certain,
            details=tuple(values_of(tables, column) for column in guess.candidates),
        )
    )
    return Labels(stated_column("--label-column", answer, tables))
