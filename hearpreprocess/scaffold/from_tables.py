"""Describe recordings by the tables that name them: what the columns hold first, the clips of their rows then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hearpreprocess.scaffold import rows
from hearpreprocess.scaffold.columns import column_called, group_column_in
from hearpreprocess.scaffold.dataset import DatasetDescription, TablesLayout
from hearpreprocess.scaffold.division import ungrouped
from hearpreprocess.scaffold.labels import LABEL_NAMES, label_columns_in, with_several, yes_columns_in
from hearpreprocess.scaffold.naming import NamingTable, RowsByRecording, rows_by_recording
from hearpreprocess.scaffold.notes import Notes
from hearpreprocess.scaffold.recordings import Recordings
from hearpreprocess.scaffold.splits import Splits, split_column_in, splits_of_rows
from hearpreprocess.scaffold.tables import Column
from hearpreprocess.scaffold.times import checked_times, time_columns_in


def tables_hold_labels(tables: Sequence[NamingTable]) -> bool:
    """Whether a column is called as labels or their times are, or several hold yes and no."""
    (first, naming), *_others = tables
    columns = [column for column in first.columns if column != naming.column]
    return (
        column_called(columns, LABEL_NAMES) != ""
        or time_columns_in(columns) is not None
        or len(yes_columns_in(columns, first.rows)) > 1
    )


def described_by_tables(tables: Sequence[NamingTable], recordings: Recordings, notes: Notes) -> DatasetDescription:
    """What tables hold; notes are added.

    Raises CorpusError where no column looks like labels, or where a recording is named several times.
    """
    by_recording = rows_by_recording(tables, recordings)
    layout, splits, group_column = _columns(tables, by_recording, recordings, notes)
    notes.lines += _notes_on_same_names(layout, by_recording, recordings)
    return _clips(layout, splits, group_column, by_recording, recordings, notes)


def _columns(
    tables: Sequence[NamingTable], by_recording: RowsByRecording, recordings: Recordings, notes: Notes
) -> tuple[TablesLayout, Splits, Column]:
    """What the columns hold: times and labels, splits, groups."""
    (first, naming), *_others = tables
    with_table = [(table.path, row) for table, _naming in tables for row in table.rows]
    every_row = [row for _table, row in with_table]
    of_first = [column for column in first.columns if column != naming.column]
    shared = [column for column in of_first if all(column in table.columns for table, _naming in tables)]
    times = time_columns_in(shared)
    times = notes.add(checked_times(times, by_recording, recordings.seconds)) if times else None
    split_column = split_column_in(of_first, first)
    group_column = group_column_in(shared, every_row)
    taken = (split_column, group_column, *(times.columns if times else ()))
    left = [column for column in shared if column not in taken]
    labels = notes.add(label_columns_in(left, every_row, first.path))
    layout = TablesLayout(
        namings={table.path: its_naming for table, its_naming in tables},
        options=first.options,
        labels=labels if times else with_several(labels, every_row),
        times=times,
        have_backslashes=any("\\" in row[naming.column] for row in every_row),
        have_same_names=naming.by_name and len(recordings.unique_names) < len(recordings.names),
    )
    return layout, notes.add(splits_of_rows(split_column, with_table, recordings.paths)), group_column


def _clips(
    layout: TablesLayout,
    splits: Splits,
    group_column: Column,
    by_recording: RowsByRecording,
    recordings: Recordings,
    notes: Notes,
) -> DatasetDescription:
    """The description with the clips that rows stand for; a column of groups that splits divide is dropped."""
    known = rows.of_known(by_recording, recordings, by_name=layout.naming.by_name)
    seconds = recordings.usual_seconds
    if layout.times is None:
        rows.check_one_row_each(known, layout.paths[0])
    elif seconds is not None:
        seconds = notes.add(rows.seconds_for_events(seconds, layout.times, known, recordings.seconds))
    naming = rows.clip_naming(known)
    clips, omissions = rows.clips_of(layout, splits, group_column, naming, seconds, known)
    missing = sum(len(of_path) for path, of_path in by_recording.items() if path not in known)
    omissions = replace(omissions, missing=missing)
    notes.lines += rows.notes_on_differences((splits.column, group_column), known)
    notes.lines += rows.notes_on_omissions(layout.paths, len(recordings.paths) - len(known), omissions)
    notes.lines += rows.notes_on_brackets(clips.values())
    group_column = notes.add(rows.groups_that_hold(clips.values(), group_column))
    notes.lines += rows.notes_on_blank_groups(group_column, clips, known)
    return DatasetDescription(
        recordings=len(recordings.paths),
        patterns=recordings.patterns,
        seconds=seconds,
        layout=layout,
        splits=splits,
        clip_naming=naming,
        clips=tuple(clips.values()) if group_column != "" else ungrouped(clips.values()),
        group_column=group_column,
        omissions=omissions,
    )


def _notes_on_same_names(layout: TablesLayout, by_recording: RowsByRecording, recordings: Recordings) -> list[str]:
    """A note on recordings of several folders that share a name, where one table names those of one folder."""
    several = [path for path in by_recording if path in recordings.known and not recordings.is_unique(path)]
    prefix = layout.naming.prefix
    if not several or not prefix or len(layout.paths) > 1:
        return []
    return [
        f"{layout.paths[0]} names recordings that several folders have, such as {several[0]}; "
        f"those in {prefix} are taken"
    ]
