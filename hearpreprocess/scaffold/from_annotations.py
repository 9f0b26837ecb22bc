"""Describe recordings by their annotation files: the options that read these, then the clips of their events."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from pathlib import Path
from typing import Any

from hearpreprocess.scaffold.annotation_files import AnnotationFiles
from hearpreprocess.scaffold.annotation_reading import Reading, check_ends, decided_reading, events_of
from hearpreprocess.scaffold.choices import NONE, Ask, Choices, Question
from hearpreprocess.scaffold.columns import name_of
from hearpreprocess.scaffold.dataset import AnnotationsLayout, DatasetDescription, Omissions
from hearpreprocess.scaffold.division import ExpectedClip, ungrouped
from hearpreprocess.scaffold.from_tables import tables_hold_labels
from hearpreprocess.scaffold.given_splits import chosen_splits
from hearpreprocess.scaffold.levels import levels_in
from hearpreprocess.scaffold.naming import NamingTables
from hearpreprocess.scaffold.notes import Notes
from hearpreprocess.scaffold.parts import PathPart
from hearpreprocess.scaffold.recordings import Recordings, check_lengths, clip_name
from hearpreprocess.scaffold.rows import clip_naming, groups_that_hold, seconds_for_starts
from hearpreprocess.scaffold.splits import Splits
from hearpreprocess.scaffold.stated import stated_part
from hearpreprocess.scaffold.times import time_columns_in
from hearpreprocess.storage import counted
from hearpreprocess.task import Event


def annotations_are_wanted(files: AnnotationFiles, tables: NamingTables | None, choices: Choices, ask: Ask) -> bool:
    """Whether the events of annotation files are the labels, and not what tables or folders hold."""
    of_others = (choices.tables, choices.file_column, choices.labels_from, choices.label_field, choices.group_column)
    if choices.task_type == "scene" or any(value not in (None, "", (), NONE) for value in of_others):
        return False
    if tables and any(name_of(column) in choices.label_columns for column in tables.columns_of_first):
        return False
    if not files.are_labels and choices.task_type != "event" and not choices.label_columns:
        return False
    has_other_labels = tables is not None and tables_hold_labels(tables)
    if has_other_labels and tables and (files.place or tables.first.path not in files.paths):
        return choices.task_type == "event" and time_columns_in(tables.columns) is None
    if has_other_labels and tables and not choices.time_unit:
        times = time_columns_in(tables.columns)
        if times is not None and not times.are_of_clocks([row for _table, row in tables.rows]):
            return False
    answer = choices.task_type or ask(
        Question(
            "--task-type",
            "type of task is it",
            "event",
            ("event", "scene"),
            f"{files.paths[0]} holds labels with times",
            is_certain=True,
            details=("labels with times, from annotation files", "labels of whole recordings"),
        )
    )
    return answer == "event"


def described_by_annotations(
    folder: Path,
    recordings: Recordings,
    files: AnnotationFiles,
    beside: Sequence[Splits],
    choices: Choices,
    ask: Ask,
    notes: Notes,
) -> DatasetDescription:
    """The description by annotation files; notes on it are added.

    `beside`: the splits that lists and folders give. Raises CorpusError, which names files and lines, where an
    annotation is wrong, and where the tier or column of labels is open.
    """
    splits = Splits()
    if NONE not in choices.split_columns:
        splits = notes.value_of(chosen_splits(beside, lambda splits, path: splits.of_path(path), recordings.paths))
    group_part = stated_part(choices, "group", recordings.paths)
    reading = decided_reading(folder, recordings, files, choices, ask)
    events = events_of(files, reading)
    check_ends(events, recordings.seconds)
    seconds = recordings.usual_seconds
    if seconds is not None:
        starts = [_first_start(of_path, recordings.seconds.get(path, inf)) for path, of_path in events.items()]
        seconds = notes.value_of(seconds_for_starts(seconds, starts))
    naming = clip_naming(recordings.paths)
    clips: list[ExpectedClip] = []
    unsplit = late = 0
    for path, of_path in events.items():
        name, split = clip_name(naming, path), splits.of_path(path)
        within = [event for event in of_path if event.start < (inf if seconds is None else seconds)]
        if path in recordings.unreadable:
            continue
        if splits.are_given and not split:
            unsplit += 1
        elif within:
            labels = dict.fromkeys(str(event.label) for event in within)
            clips.append(ExpectedClip(name, tuple(labels), group_part.of(path) if group_part else name, split))
        else:
            late += bool(of_path)
    check_lengths(clip.name for clip in clips)
    without_file = len(recordings.paths) - len(events)
    without_event = sum(not of_path for of_path in events.values())
    notes.add(_notes_on_omissions(without_file, without_event, late, unsplit))
    notes.add(_notes_on_folders(recordings.paths, splits, group_part))
    kept_group = notes.value_of(groups_that_hold(clips, group_part or ""))
    return DatasetDescription(
        recordings=len(recordings.paths),
        patterns=recordings.patterns,
        seconds=seconds,
        layout=_layout(files, reading),
        splits=splits,
        clip_naming=naming,
        clips=tuple(clips) if kept_group != "" else ungrouped(clips),
        group=kept_group,
        omissions=Omissions(missing=without_file, unlabelled=without_event, unsplit=unsplit, late=late),
        unreadable=tuple(sorted(recordings.unreadable)),
    )


def _layout(files: AnnotationFiles, reading: Reading) -> AnnotationsLayout:
    formats = {annotations.format for annotations in reading.by_file.values() if any(annotations.by_recording.values())}
    options: dict[str, Any] = {"format": next(iter(formats)).name} if len(formats) == 1 else {}
    options |= {name: getattr(reading.options, name) for name in sorted(reading.options.given)}
    titles = " and ".join(sorted(form.title for form in formats))
    where = f"{counted(len(files.paths), 'files')} such as {files.paths[0]}" if files.place else files.paths[0]
    of = reading.options.tier or reading.options.label
    kind = "tier" if reading.options.tier else "column"
    return AnnotationsLayout(files.paths, files.place, options, f"{kind} {of!r} of {where}" if of else where, titles)


def _first_start(events: Sequence[Event], duration: float) -> float:
    return min((event.start for event in events if event.start < duration), default=inf)


def _notes_on_folders(paths: Sequence[str], splits: Splits, group: PathPart | None) -> list[str]:
    """Notes on the folders that are neither groups nor splits, as recordings in one may belong together."""
    return [
        f"folders not used (level {level.number}): {level.shown}; --groups-from {level.number} keeps each in one split"
        for level in levels_in(paths, splits)
        if level.part != group
    ]


def _notes_on_omissions(without_file: int, without_event: int, late: int, unsplit: int) -> list[str]:
    counts = {
        "recordings without annotations, left out": without_file,
        "recordings without an event, left out": without_event,
        "recordings without an event before the end of the clip, left out": late,
        "recordings without a split, left out": unsplit,
    }
    return [f"{text}: {count:,}" for text, count in counts.items() if count]
