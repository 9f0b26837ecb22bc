"""Describe recordings by their annotation files: the options that read these, then the clips of their events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from pathlib import Path
from typing import Any

from hearpreprocess.errors import ConfigError, CorpusError
from hearpreprocess.scaffold.annotation_files import AnnotationFiles
from hearpreprocess.scaffold.annotation_reading import Reading, check_ends, decided_reading, events_of
from hearpreprocess.scaffold.choices import NONE, Ask, Choices, is_event_task
from hearpreprocess.scaffold.columns import distinct_cells, name_of
from hearpreprocess.scaffold.dataset import AnnotationsLayout, DatasetDescription, Omissions, TablesLayout
from hearpreprocess.scaffold.decisions import decided_splits_and_group
from hearpreprocess.scaffold.division import ExpectedClip, ungrouped
from hearpreprocess.scaffold.from_tables import layout_of, tables_hold_labels
from hearpreprocess.scaffold.given_splits import chosen_splits
from hearpreprocess.scaffold.labels import Labels
from hearpreprocess.scaffold.levels import levels_in
from hearpreprocess.scaffold.naming import NamingTables
from hearpreprocess.scaffold.notes import Notes
from hearpreprocess.scaffold.parts import PathPart
from hearpreprocess.scaffold.recordings import Recordings, check_lengths, clip_name
from hearpreprocess.scaffold.rows import (
    check_one_split_each,
    clip_naming,
    groups_that_hold,
    notes_on_differences,
    of_known,
    seconds_for_starts,
)
from hearpreprocess.scaffold.splits import Splits
from hearpreprocess.scaffold.stated import stated_part
from hearpreprocess.scaffold.tables import Row
from hearpreprocess.scaffold.times import time_columns_in, unit_is_open
from hearpreprocess.storage import counted
from hearpreprocess.task import Column, Event, time_column


def annotations_are_wanted(
    files: AnnotationFiles, recordings: Recordings, tables: NamingTables | None, choices: Choices, ask: Ask
) -> bool:
    """Whether the events of annotation files are the labels, and not what tables or folders hold."""
    if choices.task_type == "scene" or choices.labels_from is not None or choices.label_field is not None:
        return False
    are_in_table = tables is not None and not files.place and tables.first.path in files.paths
    if tables and not are_in_table and {*map(name_of, tables.columns_of_first)} & {*choices.label_columns}:
        return False
    if not files.are_labels and choices.task_type != "event" and not choices.label_columns:
        return False
    has_other_labels = tables is not None and tables_hold_labels(tables)
    if has_other_labels and tables and not are_in_table:
        return choices.task_type == "event" and time_columns_in(tables.columns) is None
    if has_other_labels and tables and not choices.time_unit:
        times = time_columns_in(tables.columns)
        rows = [row for _table, row in tables.rows]
        if times is not None and not times.are_of_clocks(rows):
            unit = unit_is_open(times, tables.by_recording, recordings.seconds)
            if not unit or files.place:
                return False
    reason = f"{files.paths[0]} holds labels with times"
    details = ("labels with times, from annotation files", "labels of whole recordings")
    return is_event_task(choices, ask, reason, details)


def described_by_annotations(
    folder: Path,
    recordings: Recordings,
    files: AnnotationFiles,
    tables: NamingTables | None,
    beside: Sequence[Splits],
    choices: Choices,
    ask: Ask,
    notes: Notes,
) -> DatasetDescription:
    """The description by annotation files; notes on it are added.

    `tables`: that name recordings, and may hold splits and groups. `beside`: the splits that lists and folders give.
    Raises CorpusError, which names files and lines, where an annotation is wrong, and where the tier or column of
    labels is open; ConfigError where the user states a column, and no table names recordings.
    """
    reading = decided_reading(folder, recordings, files, choices, ask)
    events = events_of(files, reading)
    check_ends(events, recordings.seconds)
    splits, group, used = _splits_and_group(recordings.paths, tables, events, beside, choices, ask, notes)
    rows = of_known(used.by_recording, recordings, by_name=used.naming.by_name) if used else {}
    check_one_split_each(splits, rows)
    seconds = recordings.usual_seconds
    if seconds is not None:
        starts = [_first_start(of_path, recordings.seconds.get(path, inf)) for path, of_path in events.items()]
        seconds = notes.value_of(seconds_for_starts(seconds, starts))
    naming = clip_naming(recordings.paths)
    clips: list[ExpectedClip] = []
    unsplit = late = 0
    for path in rows if used else recordings.paths:
        table, row = rows[path][0] if used else ("", {})
        name, split = clip_name(naming, path), splits.of_row(path, table, row) if used else splits.of_path(path)
        if path in recordings.unreadable:
            continue
        if splits.are_given and not split:
            unsplit += 1
            continue
        if path not in events:
            continue
        within = [event for event in events[path] if event.start < (inf if seconds is None else seconds)]
        if within or not events[path]:
            labels = dict.fromkeys(str(event.label) for event in within)
            clips.append(ExpectedClip(name, tuple(labels), _group_of(path, group, row) or name, split))
        else:
            late += 1
    if not any(clip.labels for clip in clips):
        raise CorpusError(f"no recording has an event within its clip in {files.paths[0]} and files like it")
    check_lengths(clip.name for clip in clips)
    omissions = Omissions(
        missing=sum(len(of_path) for path, of_path in used.by_recording.items() if path not in rows) if used else 0,
        unnamed=len(recordings.paths) - len(rows) if used else 0,
        unsplit=unsplit,
        late=late,
        unannotated=len(recordings.paths) - len(events),
    )
    notes.add(_notes_on_omissions(omissions, sum(not clip.labels for clip in clips), used))
    if not isinstance(group, PathPart):
        notes.add(notes_on_differences(group, rows))
    notes.add(_notes_on_folders(recordings.paths, splits, group))
    kept_group = notes.value_of(groups_that_hold(clips, group))
    return DatasetDescription(
        recordings=len(recordings.paths),
        patterns=recordings.patterns,
        seconds=seconds,
        layout=_layout(files, reading, layout_of(used, Labels()) if used else None),
        splits=splits,
        clip_naming=naming,
        clips=tuple(clips) if kept_group != "" else ungrouped(clips),
        group=kept_group,
        omissions=omissions,
        unreadable=tuple(sorted(recordings.unreadable)),
    )


def _layout(files: AnnotationFiles, reading: Reading, tables: TablesLayout | None) -> AnnotationsLayout:
    formats = {annotations.format for annotations in reading.by_file.values() if any(annotations.by_recording.values())}
    options: dict[str, Any] = {"format": next(iter(formats)).name} if len(formats) == 1 else {}
    options |= {name: getattr(reading.options, name) for name in sorted(reading.options.given)}
    titles = " and ".join(sorted(form.title for form in formats))
    where = f"{counted(len(files.paths), 'files')} such as {files.paths[0]}" if files.place else files.paths[0]
    of = reading.options.tier or reading.options.label
    kind = "tier" if reading.options.tier else "column"
    source = f"{kind} {of!r} of {where}" if of else where
    return AnnotationsLayout(files.paths, files.place, options, source, titles, tables)


def _splits_and_group(
    paths: Sequence[str],
    tables: NamingTables | None,
    events: Mapping[str, Sequence[Event]],
    beside: Sequence[Splits],
    choices: Choices,
    ask: Ask,
    notes: Notes,
) -> tuple[Splits, Column | PathPart, NamingTables | None]:
    """The splits and the groups, with the tables if these hold one of them."""
    if tables:
        splits, group = decided_splits_and_group(tables, _taken(tables, events), choices, ask, notes, beside)
        if splits.columns or splits.tables or (group != "" and not isinstance(group, PathPart)):
            return splits, group, tables
    else:
        stated = {"--split-column": (*choices.split_columns, ""), "--group-column": (choices.group_column,)}
        for option, (name, *_more) in stated.items():
            if name not in ("", NONE):
                raise ConfigError(f"{option} {name}: no table names the recordings. State one with --table")
        splits = Splits()
        if NONE not in choices.split_columns:
            splits = notes.value_of(chosen_splits(beside, lambda splits, path: splits.of_path(path), paths))
        group = stated_part(choices, "group", paths) or ""
    if group == "" and choices.group_column != NONE:
        levels = [level for level in levels_in(paths, splits) if level.are_groups]
        best = min(levels, key=lambda level: not level.are_people, default=None)
        group = best.part if best else ""
    return splits, group, None


def _taken(tables: NamingTables, events: Mapping[str, Sequence[Event]]) -> list[Column]:
    """The columns of tables that hold times, or the labels of the events."""
    labels = {str(event.label) for of_path in events.values() for event in of_path}
    rows = [row for _table, row in tables.rows]
    return [
        column
        for column in tables.columns
        if time_column(str(column)) or (labels and labels == distinct_cells(rows, column) - {""})
    ]


def _group_of(path: str, group: Column | PathPart, row: Row) -> str:
    if isinstance(group, PathPart):
        return group.of(path)
    return row[group].strip() if group != "" else ""


def _first_start(events: Sequence[Event], duration: float) -> float:
    return min((event.start for event in events if event.start < duration), default=inf)


def _notes_on_folders(paths: Sequence[str], splits: Splits, group: Column | PathPart) -> list[str]:
    """Notes on the folders that are neither groups nor splits, as recordings in one may belong together."""
    return [
        f"folders not used (level {level.number}): {level.shown}; --groups-from {level.number} keeps each in one split"
        for level in levels_in(paths, splits)
        if level.part != group
    ]


def _notes_on_omissions(omissions: Omissions, empty: int, tables: NamingTables | None) -> list[str]:
    where = " and ".join(table.path for table, _naming in tables.tables) if tables else ""
    counts = {
        f"recordings that are not in {where}, left out": omissions.unnamed,
        f"rows of {where} that name no recording, or several of the same name": omissions.missing,
        "recordings without annotations, left out": omissions.unannotated,
        "recordings whose annotations hold no event, kept as clips without events": empty,
        "recordings without an event before the end of the clip, left out": omissions.late,
        "recordings without a split, left out": omissions.unsplit,
    }
    return [f"{text}: {count:,}" for text, count in counts.items() if count]
