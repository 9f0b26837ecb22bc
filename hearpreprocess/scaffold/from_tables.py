"""Describe recordings by the tables that name them: what the columns hold first, the clips of their rows then."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hearpreprocess.scaffold.checks import check_events, check_no_missing_labels
from hearpreprocess.scaffold.columns import name_of
from hearpreprocess.scaffold.dataset import DatasetDescription, TablesLayout
from hearpreprocess.scaffold.division import ungrouped
from hearpreprocess.scaffold.label_columns import guessed_labels
from hearpreprocess.scaffold.labels import Labels
from hearpreprocess.scaffold.naming import NamingTables
from hearpreprocess.scaffold.notes import Notes
from hearpreprocess.scaffold.parts import PathPart
from hearpreprocess.scaffold.recordings import check_lengths
from hearpreprocess.scaffold.rows import (
    check_one_row_each,
    check_one_split_each,
    clip_naming,
    clips_of,
    groups_that_hold,
    notes_on_blank_groups,
    notes_on_brackets,
    notes_on_differences,
    notes_on_omissions,
    of_known,
    seconds_for_events,
)
from hearpreprocess.scaffold.splits import Splits
from hearpreprocess.scaffold.tables import options_of
from hearpreprocess.scaffold.times import Times, times_in
from hearpreprocess.task import Column


@dataclass(frozen=True)
class Columns:
    """The columns of tables that a task is made of: for labels, their times and groups, and the splits.

    `group`: "" for none; labels and groups may also be parts of paths.
    """

    labels: Labels
    times: Times | None
    group: Column | PathPart
    splits: Splits


def tables_hold_labels(tables: NamingTables) -> bool:
    """Whether a column is named like labels or their times, or several hold yes and no."""
    columns = tables.columns_of_first
    guess = guessed_labels(columns, tables.first.rows)
    return times_in(tables) is not None or (guess is not None and guess.is_explicit)


def described_by_tables(tables: NamingTables, columns: Columns, notes: Notes) -> DatasetDescription:
    """The description by what columns hold; notes on it are added. A column of groups that splits divide is dropped.

    Raises CorpusError where a recording is named several times, and labels have no times.
    """
    recordings, naming = tables.recordings, tables.naming
    layout = layout_of(tables, columns.labels, columns.times)
    if columns.labels.column != "" and not columns.labels.are_lists:
        check_no_missing_labels(tables, columns.labels.column)
    if columns.times is not None:
        check_events(tables, columns.times)
    splits = columns.splits
    notes.add(_notes_on_same_names(tables))
    known = of_known(tables.by_recording, recordings, by_name=naming.by_name)
    seconds = recordings.usual_seconds
    if columns.times is None:
        check_one_row_each(known, tables)
    elif seconds is not None:
        seconds = notes.value_of(seconds_for_events(seconds, columns.times, known, recordings.seconds))
    naming_of_clips = clip_naming(known)
    clips, omissions = clips_of(layout, splits, columns.group, naming_of_clips, seconds, known)
    clips = {path: clip for path, clip in clips.items() if path not in recordings.unreadable}
    check_lengths(clip.name for clip in clips.values())
    missing = {path: len(rows) for path, rows in tables.by_recording.items() if path not in known}
    unnamed = [path for path in recordings.paths if path not in known]
    omissions = replace(omissions, missing=sum(missing.values()), unnamed=len(unnamed))
    check_one_split_each(splits, known)
    if not isinstance(columns.group, PathPart):
        notes.add(notes_on_differences(columns.group, known))
    unnamed = [path for path in unnamed if path not in recordings.unreadable]
    notes.add(notes_on_omissions(layout.paths, unnamed, list(missing), omissions))
    notes.add(notes_on_brackets(clips.values()))
    group = notes.value_of(groups_that_hold(clips.values(), columns.group))
    if group != "" and not isinstance(group, PathPart):
        notes.add(notes_on_blank_groups(group, clips, known))
    notes.add(_notes_on_unused_columns(tables, layout, splits, group))
    return DatasetDescription(
        recordings=len(recordings.paths),
        patterns=recordings.patterns,
        seconds=seconds,
        layout=layout,
        splits=splits,
        clip_naming=naming_of_clips,
        clips=tuple(clips.values()) if group != "" else ungrouped(clips.values()),
        group=group,
        omissions=omissions,
        unreadable=tuple(sorted(recordings.unreadable.intersection(known))),
    )


def layout_of(tables: NamingTables, labels: Labels, times: Times | None = None) -> TablesLayout:
    """How tables name recordings, with the columns of labels and times in them, if there are any."""
    recordings, naming = tables.recordings, tables.naming
    return TablesLayout(
        namings={table.path: its_naming for table, its_naming in tables.tables},
        options=options_of([table for table, _naming in tables.tables]),
        have_repeated_rows=any(table.has_repeated_rows for table, _naming in tables.tables),
        labels=labels,
        times=times,
        have_backslashes=any("\\" in row[naming.column] for _table, row in tables.rows),
        have_same_names=naming.by_name and len(recordings.unique_names) < len(recordings.names),
    )


def _notes_on_unused_columns(
    tables: NamingTables, layout: TablesLayout, splits: Splits, group: Column | PathPart
) -> list[str]:
    """A note on the columns of which nothing is used, if there are any."""
    times = layout.times.columns if layout.times else ()
    used = {tables.naming.column, layout.labels.column, *layout.labels.yes_columns, *times, *splits.columns, group}
    columns = dict.fromkeys(column for table, _naming in tables.tables for column in table.columns)
    unused = [name_of(column) for column in columns if column not in used]
    return [f"columns not used: {', '.join(unused)}"] if unused else []


def _notes_on_same_names(tables: NamingTables) -> list[str]:
    """A note on recordings of several folders that share a name, where one table names those of one folder."""
    recordings, prefix = tables.recordings, tables.naming.prefix
    several = [path for path in tables.by_recording if path in recordings.known and not recordings.is_unique(path)]
    if not several or not prefix or len(tables.tables) > 1:
        return []
    return [
        f"{tables.first.path}: several folders have a recording of the same name, such as {several[0]}; "
        f"using those in {prefix}"
    ]
