"""Decide where the labels are: in columns, in folders' names or in file names."""

from __future__ import annotations

from collections.abc import Sequence

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold.choices import NONE, Ask, Choices, Question
from hearpreprocess.scaffold.columns import column_called, name_of
from hearpreprocess.scaffold.from_folders import Parts
from hearpreprocess.scaffold.given_splits import chosen_splits
from hearpreprocess.scaffold.label_columns import facts_of, guessed_labels
from hearpreprocess.scaffold.labels import LABEL_NAMES, Labels, check_every_cell_says_yes_or_no, check_no_tag_is_lost
from hearpreprocess.scaffold.levels import LevelGuess, group_beside, guessed_fields, guessed_levels
from hearpreprocess.scaffold.naming import NamingTables
from hearpreprocess.scaffold.notes import Notes
from hearpreprocess.scaffold.parts import PathPart, fields_of
from hearpreprocess.scaffold.splits import Splits, splits_of_folders
from hearpreprocess.scaffold.stated import stated_column, stated_field, stated_level, stated_part
from hearpreprocess.task import Column

SEPARATOR = ","
"""Between the yes/no columns in one answer."""


def decided_labels(
    tables: NamingTables, columns: Sequence[Column], choices: Choices, ask: Ask, *, may_be_one: bool
) -> Labels:
    """Where the labels of recordings in tables are. `columns`: those that hold nothing else.

    `may_be_one`: whether a column with one value may be the label, as of events.

    Raises CorpusError where no column could hold labels, or several could and nobody can be asked.
    """
    if part := stated_part(choices, "label", tables.recordings.paths):
        return Labels(part=part)
    if choices.label_columns:
        return _labels_in(
            [stated_column("--label-column", name, tables, of_all=True) for name in choices.label_columns], tables
        )
    rows = [row for _table, row in tables.rows]
    guess = guessed_labels(columns, rows, may_be_one=may_be_one)
    if guess is None or not (guess.is_explicit or may_be_one):
        levels = guessed_levels(tables.recordings.paths, splits_of_folders(tables.recordings.paths)[0])
        if levels and levels.is_certain:
            return Labels(part=_asked_for_level(levels, tables.recordings.paths, ask))
    if guess is None or not guess.is_explicit:
        _check_no_table_lacks_labels(tables)
    facts = facts_of(columns, rows)
    if guess is None:
        taken = [column for column in tables.columns if column not in columns]
        facts |= facts_of(taken, rows)
        listed = "".join(
            f"\n  --label-column {name_of(column)}  {facts[column].summary}"
            + (" (taken for groups, splits or times)" if column in taken else "")
            for column in (*columns, *taken)
        )
        how = f"State one with --label-column:{listed}" if listed else "Add a column of labels"
        if taken:
            how += "\n  --group-column none and --split-column none leave columns for labels"
        raise CorpusError(f"{tables.first.path}: no column looks like labels. {how}")
    if len(columns) == 1 and guess.is_certain:
        return guess.labels
    yes_columns = guess.labels.yes_columns
    check_no_tag_is_lost(columns, yes_columns, rows, tables.first.path)
    answers = [name_of(column) for column in dict.fromkeys([*guess.candidates, *columns])]
    details = {name_of(column): its_facts.summary for column, its_facts in facts.items()}
    together = SEPARATOR.join(map(name_of, yes_columns))
    if yes_columns:
        answers = [together, *(answer for answer in answers if answer not in map(name_of, yes_columns))]
        details[together] = "one label per yes"
    answer = ask(
        Question(
            "--label-column",
            "column holds the labels",
            (together or name_of(guess.labels.column)) if guess.is_certain or guess.is_explicit else "",
            tuple(answers),
            f"{tables.first.path}: {guess.reason}",
            guess.is_certain,
            tuple(details[answer] for answer in answers),
        )
    )
    if yes_columns and answer == together:
        return _labels_in(yes_columns, tables)
    return Labels(stated_column("--label-column", answer, tables, of_all=True))


def _check_no_table_lacks_labels(tables: NamingTables) -> None:
    """Raise CorpusError where only some tables have a column that is named like labels."""
    labels = column_called(tables.columns_of_first, LABEL_NAMES)
    without = [table.path for table, _naming in tables.tables if labels not in table.columns]
    if labels != "" and without:
        having = " ".join(f"--table {table.path}" for table, _naming in tables.tables if labels in table.columns)
        raise CorpusError(f"{' and '.join(without)} has no column {name_of(labels)}. Use only {having}")


def _labels_in(columns: Sequence[Column], tables: NamingTables) -> Labels:
    if len(columns) == 1:
        return Labels(columns[0])
    check_every_cell_says_yes_or_no(columns, [row for _table, row in tables.rows], tables.first.path)
    return Labels(yes_columns=tuple(columns))


def decided_parts(
    paths: Sequence[str], choices: Choices, ask: Ask, notes: Notes, beside: Sequence[Splits] = ()
) -> Parts:
    """The parts of the paths of recordings that are labels and groups, and the splits; notes on these are added.

    `beside`: the splits that lists and folders give. Raises CorpusError where no part looks like labels, or several do
    and nobody can be asked.
    """
    splits = Splits()
    if NONE not in choices.split_columns:
        splits = notes.value_of(chosen_splits(beside, lambda splits, path: splits.of_path(path), paths))
    label = stated_part(choices, "label", paths) or _guessed_part(paths, splits, ask)
    return Parts(label, decided_group(label, choices, paths, splits), splits)


def _guessed_part(paths: Sequence[str], splits: Splits, ask: Ask) -> PathPart:
    guess = guessed_levels(paths, splits)
    fields = guessed_fields(paths) if guess is None or not guess.is_certain else ()
    if fields:
        return _asked_for_field_or_level(paths, fields, guess, ask)
    return _asked_for_level(guess, paths, ask) if guess else PathPart(level=-1)


def _asked_for_level(guess: LevelGuess, paths: Sequence[str], ask: Ask) -> PathPart:
    if len(guess.levels) == 1 and guess.is_certain:
        return guess.label
    return stated_level("--labels-from", int(ask(guess.question)), paths)


def decided_group(label: PathPart, choices: Choices, paths: Sequence[str], splits: Splits) -> PathPart | None:
    """The part of paths that is the group: the one that is stated, or the folder level beside that of labels."""
    if choices.group_column == NONE:
        return None
    return stated_part(choices, "group", paths) or group_beside(label, paths, splits)


def _asked_for_field_or_level(
    paths: Sequence[str], fields: Sequence[int], guess: LevelGuess | None, ask: Ask
) -> PathPart:
    details = []
    for number in fields:
        values = sorted({fields_of(path)[number - 1] for path in paths})
        details.append(f"{len(values):,} values: {', '.join(values[:4])}" + (" ..." if len(values) > 4 else ""))
    answers = [f"--label-field {number}" for number in fields]
    answers += [f"--labels-from {level.number}" for level in guess.levels] if guess else []
    details += [f"{len(level.names):,} folders: {level.shown}" for level in guess.levels] if guess else []
    folders = f"{guess.reason}; " if guess else ""
    answer = ask(
        Question(
            "--label-field or --labels-from" if guess else "--label-field",
            "field of the file names" + (" or folder level" if guess else "") + " holds the labels",
            "",
            tuple(answers),
            f"{folders}file names such as {paths[0].rpartition('/')[2]} have {len(fields_of(paths[0]))} fields",
            is_certain=False,
            details=tuple(details),
        )
    )
    option, number_stated = answer.split()
    stated = stated_field if option == "--label-field" else stated_level
    return stated(option, int(number_stated), paths)
