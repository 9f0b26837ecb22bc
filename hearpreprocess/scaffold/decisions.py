"""Decide which columns hold labels, times, splits and groups: as the user states, or as a guess is confirmed."""

from __future__ import annotations

from collections.abc import Sequence

from hearpreprocess.errors import ConfigError
from hearpreprocess.scaffold.choices import NONE, Ask, Choices, Question
from hearpreprocess.scaffold.columns import group_column_in, name_of
from hearpreprocess.scaffold.decided_labels import decided_labels, other_level
from hearpreprocess.scaffold.from_tables import Columns
from hearpreprocess.scaffold.label_columns import facts_of
from hearpreprocess.scaffold.labels import with_several
from hearpreprocess.scaffold.naming import NamingTables
from hearpreprocess.scaffold.notes import Notes
from hearpreprocess.scaffold.splits import split_column_in
from hearpreprocess.scaffold.stated import stated_column, stated_part
from hearpreprocess.scaffold.tables import Row
from hearpreprocess.scaffold.times import Times, checked_times, time_columns_in
from hearpreprocess.task import Column


def decided_columns(tables: NamingTables, choices: Choices, ask: Ask, notes: Notes) -> Columns:
    """The columns of tables that hold what a task needs; notes on them are added.

    Raises ConfigError where the user states a column that is not there, and CorpusError where no column looks like
    labels, or several do and nobody can be asked.
    """
    rows = [row for _table, row in tables.rows]
    times = _times(tables, choices, ask, notes)
    splits = _split_columns(tables, choices, ask)
    group = stated_part(choices, "group", tables.recordings.paths) or _group_column(tables, rows, choices, ask)
    taken = (*splits, group, *(times.columns if times else ()))
    left = [column for column in tables.columns if column not in taken]
    labels = decided_labels(tables, left, choices, ask)
    if group == "":
        group = other_level(labels.part, choices, tables.recordings.paths) or ""
    return Columns(
        labels if times else with_several(labels, rows),
        times,
        splits,
        group,
        may_have_splits=NONE not in choices.split_columns,
    )


def have_splits_or_groups(tables: NamingTables) -> bool:
    """Whether columns look like splits or groups, which hold for folders of labels, too."""
    rows = [row for _table, row in tables.rows]
    return split_column_in(tables.columns_of_first, tables.first) != "" or group_column_in(tables.columns, rows) != ""


def _times(tables: NamingTables, choices: Choices, ask: Ask, notes: Notes) -> Times | None:
    times = time_columns_in(tables.columns)
    if times:
        times = notes.value_of(checked_times(times, tables.by_recording, tables.recordings.seconds))
    if choices.task_type == "event" and times is None:
        listed = ", ".join(map(name_of, tables.columns))
        raise ConfigError(
            f"--task-type event: {tables.first.path} has no columns of times in seconds, such as onset and offset; "
            f"its columns: {listed}"
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
    guess = split_column_in(tables.columns_of_first, tables.first)
    if guess == "":
        return ()
    answer = _asked_for_column(tables, ask, "--split-column", "column holds the splits", guess)
    return () if answer == NONE else (stated_column("--split-column", answer, tables),)


def _group_column(tables: NamingTables, rows: Sequence[Row], choices: Choices, ask: Ask) -> Column:
    if choices.group_column:
        return "" if choices.group_column == NONE else stated_column("--group-column", choices.group_column, tables)
    guess = group_column_in(tables.columns, rows)
    if guess == "":
        return ""
    answer = _asked_for_column(tables, ask, "--group-column", "column holds the groups", guess)
    return "" if answer == NONE else stated_column("--group-column", answer, tables)


def _asked_for_column(tables: NamingTables, ask: Ask, option: str, text: str, guess: Column) -> str:
    columns = tables.columns if guess in tables.columns else [guess, *tables.columns]
    rows = [row for _table, row in tables.rows]
    return ask(
        Question(
            option,
            text,
            name_of(guess),
            (*map(name_of, columns), NONE),
            f"column {name_of(guess)!r} looks like it",
            is_certain=True,
            details=(*(facts.summary for facts in facts_of(columns, rows).values()), "no column"),
        )
    )
