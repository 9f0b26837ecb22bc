"""Decide which columns hold labels, times, splits and groups: as the user states, or as a guess is confirmed."""

from __future__ import annotations

from collections.abc import Sequence

from hearpreprocess.errors import ConfigError
from hearpreprocess.scaffold.choices import NONE, TIME_UNITS, Ask, Choices, Question, is_event_task
from hearpreprocess.scaffold.columns import (
    WEAK_GROUP_NAMES,
    distinct_cells,
    group_column_in,
    name_of,
    plain_name,
    quoted,
)
from hearpreprocess.scaffold.decided_labels import decided_group, decided_labels
from hearpreprocess.scaffold.from_tables import Columns
from hearpreprocess.scaffold.given_splits import split_columns_in, splits_for_rows
from hearpreprocess.scaffold.label_columns import facts_of, guessed_labels
from hearpreprocess.scaffold.labels import with_several, yes_columns_in
from hearpreprocess.scaffold.levels import levels_in
from hearpreprocess.scaffold.naming import NamingTables
from hearpreprocess.scaffold.notes import Notes
from hearpreprocess.scaffold.parts import PathPart
from hearpreprocess.scaffold.rows import of_known
from hearpreprocess.scaffold.splits import Splits, splits_of_folders
from hearpreprocess.scaffold.stated import stated_column, stated_part
from hearpreprocess.scaffold.tables import Row
from hearpreprocess.scaffold.times import Times, checked_times, time_columns_in, times_in, unit_is_open
from hearpreprocess.storage import counted
from hearpreprocess.task import Column, has_times, time_column

FEWEST_ROWS = 5
"""Of so many rows for each value, a column may hold labels as well as groups, unless its name says which."""


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
    stated = [stated_column("--label-column", name, tables, of_all=True) for name in choices.label_columns]
    taken = (*split_columns, *stated, *(times.columns if times else ()))
    is_doubtful = _may_be_labels(tables, rows, taken, choices)
    group = stated_part(choices, "group", paths) or (
        "" if is_doubtful else _group_column(tables, rows, taken, choices, ask)
    )
    taken = (*split_columns, group, *(times.columns if times else ()))
    left = [column for column in tables.columns if column not in taken]
    if times:
        left = _differing_within_recordings(tables, left) or left
    labels = decided_labels(tables, left, choices, ask, may_be_one=times is not None)
    if is_doubtful:
        taken = (*taken, labels.column, *labels.yes_columns)
        group = _group_column(tables, rows, taken, choices, ask)
    if times is None:
        notes.add(_notes_on_folders(tables, labels.column))
    splits = _splits(tables, split_columns, choices, notes, beside)
    if group == "" and labels.part:
        group = decided_group(labels.part, choices, paths, splits) or ""
    return Columns(labels if times else with_several(labels, rows), times, group, splits)


def _notes_on_folders(tables: NamingTables, labels: Column) -> list[str]:
    """A note on recordings in a folder that is called like a label, but not like their own one."""
    if labels == "":
        return []
    label_of = {path: rows[0][1][labels].strip().lower() for path, rows in tables.by_recording.items()}
    paths = [path for path in tables.recordings.paths if path in label_of]
    for level in levels_in(paths, splits_of_folders(paths)[0]) if paths else ():
        differing = [path for path in paths if level.part.of(path).lower() != label_of[path]]
        if {name.lower() for name in level.names} == set(label_of.values()) and differing:
            return [
                f"folders {level.shown} are named like the labels in column {quoted(labels)}, but those of "
                f"{counted(len(differing), 'recordings')} differ, such as {differing[0]}: {label_of[differing[0]]}; "
                "the column is used"
            ]
    return []


def decided_splits_and_group(
    tables: NamingTables,
    holding_labels: Sequence[Column],
    choices: Choices,
    ask: Ask,
    notes: Notes,
    beside: Sequence[Splits],
) -> tuple[Splits, Column | PathPart]:
    """The splits, and the column or part of paths with the groups, where annotation files hold the labels.

    `holding_labels`: columns of labels or times, which hold no groups. `beside`: the splits of lists and folders.
    """
    rows = [row for _table, row in tables.rows]
    split_columns = _split_columns(tables, choices, ask)
    group = stated_part(choices, "group", tables.recordings.paths)
    taken = (*split_columns, *holding_labels)
    splits = _splits(tables, split_columns, choices, notes, beside)
    return splits, group or _group_column(tables, rows, taken, choices, ask)


def _splits(
    tables: NamingTables, columns: Sequence[Column], choices: Choices, notes: Notes, beside: Sequence[Splits]
) -> Splits:
    if NONE in choices.split_columns:
        return Splits()
    known = of_known(tables.by_recording, tables.recordings, by_name=tables.naming.by_name)
    return notes.value_of(splits_for_rows(tables, columns, beside, known, are_stated=bool(choices.split_columns)))


def _differing_within_recordings(tables: NamingTables, columns: Sequence[Column]) -> list[Column]:
    """The columns that differ within a recording, as labels of events do."""
    return [
        column
        for column in columns
        if any(len({row[column] for _table, row in of_path}) > 1 for of_path in tables.by_recording.values())
    ]


def have_splits_or_groups(tables: NamingTables) -> bool:
    """Whether columns look like splits or groups, which hold for folders of labels, too."""
    rows = [row for _table, row in tables.rows]
    return bool(split_columns_in(tables.columns_of_first, rows)) or group_column_in(tables.columns, rows) != ""


def _times(tables: NamingTables, choices: Choices, ask: Ask, notes: Notes) -> Times | None:
    times = times_in(tables)
    unit: str = choices.time_unit
    if times and choices.task_type != "scene" and not unit:
        start, end = times.columns
        reason = f"columns {start!r} and {end!r} hold integers, or times after the end of recordings"
        if unit_is_open(times, tables.by_recording, tables.recordings.seconds):
            unit = ask(Question("--time-unit", "unit do the times have", "s", TIME_UNITS, reason, is_certain=False))
    if times and choices.task_type != "scene" and unit not in ("", "s"):
        raise ConfigError(
            f"--time-unit {unit}: {tables.first.path} is read in seconds. Call the columns file, onset, "
            "offset and label"
        )
    if times:
        times = notes.value_of(checked_times(times, tables.by_recording, tables.recordings.seconds))
    if choices.task_type == "event" and times is None:
        listed = ", ".join(map(name_of, tables.columns))
        raise ConfigError(
            f"--task-type event: {tables.first.path} has no columns of times in seconds, such as onset and offset; "
            f"its columns: {listed}"
        )
    if times is None:
        _check_no_other_times(tables, choices, ask)
        return None
    start, end = times.columns
    reason = f"columns {start!r} and {end!r} hold times"
    details = ("each row is an event with a label and times", "labels are of whole recordings; times are not used")
    return times if is_event_task(choices, ask, reason, details) else None


def _check_no_other_times(tables: NamingTables, choices: Choices, ask: Ask) -> None:
    """Ask whether labels are of whole recordings where columns are called as times are, in words that are not read."""
    columns = [str(column) for column in tables.columns if time_column(str(column))]
    if choices.task_type or not has_times(columns) or time_columns_in(tables.columns):
        return
    reason = (
        f"{tables.first.path}: columns {' and '.join(map(repr, columns))} look like times of events, but are not read; "
        "call them onset and offset, in seconds, and name recordings by their paths in the folder"
    )
    details = ("labels are of whole recordings; times are not used",)
    ask(Question("--task-type", "type of task is it", "scene", ("scene",), reason, is_certain=False, details=details))


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
        return (
            ""
            if choices.group_column == NONE
            else stated_column("--group-column", choices.group_column, tables, of_all=True)
        )
    guess = group_column_in([column for column in tables.columns if column not in taken], rows)
    if guess == "":
        return ""
    answer = _asked_for_column(tables, ask, "--group-column", "column holds the groups", guess, is_certain=True)
    return "" if answer == NONE else stated_column("--group-column", answer, tables)


def _may_be_labels(tables: NamingTables, rows: Sequence[Row], taken: Sequence[Column], choices: Choices) -> bool:
    """Whether the column that is named like groups has few values, and no other one is named like labels."""
    if choices.group_column or choices.label_columns or stated_part(choices, "label", tables.recordings.paths):
        return False
    columns = [column for column in tables.columns if column not in taken]
    group = group_column_in(columns, rows)
    if plain_name(group) not in WEAK_GROUP_NAMES or FEWEST_ROWS * len(distinct_cells(rows, group)) > len(rows):
        return False
    labels = guessed_labels([column for column in columns if column != group], rows)
    return labels is None or not labels.is_explicit


def _asked_for_column(
    tables: NamingTables, ask: Ask, option: str, text: str, guess: Column, *, is_certain: bool
) -> str:
    why = "holds values as splits have them" if option == "--split-column" else "is named like groups"
    columns = tables.columns if guess in tables.columns else [guess, *tables.columns]
    rows = [row for _table, row in tables.rows]
    return ask(
        Question(
            option,
            text,
            name_of(guess),
            (*map(name_of, columns), NONE),
            f"column {quoted(guess)} {why}" + ("" if is_certain else ", or may be a tag"),
            is_certain=is_certain,
            details=(*(facts.summary for facts in facts_of(columns, rows).values()), "no column"),
        )
    )
