"""What a task module says: its configuration, split schemes, clips and sources, and the registry that finds tasks."""

from typing import TYPE_CHECKING

from hearpreprocess.lazy import lazy_names

if TYPE_CHECKING:
    from hearpreprocess.task import registry
    from hearpreprocess.task.addresses import public_url, without_credentials
    from hearpreprocess.task.annotations import (
        AnnotationOptions,
        Annotations,
        UndecidedError,
        annotations_in,
        format_of,
        has_times,
        mark_of,
        outline_of,
        time_column,
    )
    from hearpreprocess.task.cells import TableError, TableRow, lines_of
    from hearpreprocess.task.characters import unusable_character
    from hearpreprocess.task.clips import Clip, Event, Label, LeftOut, Member, Slice, problems_of_events
    from hearpreprocess.task.clone import find_tasks_of_clone
    from hearpreprocess.task.config import TaskConfig
    from hearpreprocess.task.encodings import encoding_named, encoding_problem
    from hearpreprocess.task.extra import Extra, extra_problems, kind_of_extra
    from hearpreprocess.task.facts import EXTRAS, Mode, Resampled
    from hearpreprocess.task.files import File
    from hearpreprocess.task.frame import Column, column_names
    from hearpreprocess.task.libraries import label_versions
    from hearpreprocess.task.loading import LoadedTask
    from hearpreprocess.task.midi import midi_notes
    from hearpreprocess.task.mode import TaskMode
    from hearpreprocess.task.opened import opened_files
    from hearpreprocess.task.parts import parts_beside
    from hearpreprocess.task.patterns import is_hidden, matcher
    from hearpreprocess.task.registry import GROUPS, TaskReference, built_in_names, load
    from hearpreprocess.task.schemes import NewFolds, PresetFolds, SplitScheme, SplitSeconds, TrainValidTest, fold
    from hearpreprocess.task.seconds import latest_milliseconds, milliseconds, sample_at
    from hearpreprocess.task.sources import (
        TEXT_PATTERNS,
        Archive,
        FileList,
        Files,
        Local,
        Source,
        SplitArchive,
        Synthetic,
        source_to_json,
    )
    from hearpreprocess.task.summary import ModeSummary, TaskSummary, download_size, scheme_in_words, task_summary
    from hearpreprocess.task.tables import SEPARATORS, Dialect, decoded, is_mostly_utf8, rows_in, separator_line
    from hearpreprocess.task.tfds import named_clips, tfds_names
    from hearpreprocess.task.tree import Packed, Probe, RecordingInfo, Tree
    from hearpreprocess.task.undeclared import describe_undeclared
    from hearpreprocess.task.values import LARGEST, shown
    from hearpreprocess.task.windowing import Window, windows

__all__ = [
    "EXTRAS",
    "GROUPS",
    "LARGEST",
    "SEPARATORS",
    "TEXT_PATTERNS",
    "AnnotationOptions",
    "Annotations",
    "Archive",
    "Clip",
    "Column",
    "Dialect",
    "Event",
    "Extra",
    "File",
    "FileList",
    "Files",
    "Label",
    "LeftOut",
    "LoadedTask",
    "Local",
    "Member",
    "Mode",
    "ModeSummary",
    "NewFolds",
    "Packed",
    "PresetFolds",
    "Probe",
    "RecordingInfo",
    "Resampled",
    "Slice",
    "Source",
    "SplitArchive",
    "SplitScheme",
    "SplitSeconds",
    "Synthetic",
    "TableError",
    "TableRow",
    "TaskConfig",
    "TaskMode",
    "TaskReference",
    "TaskSummary",
    "TrainValidTest",
    "Tree",
    "UndecidedError",
    "Window",
    "annotations_in",
    "built_in_names",
    "column_names",
    "decoded",
    "describe_undeclared",
    "download_size",
    "encoding_named",
    "encoding_problem",
    "extra_problems",
    "find_tasks_of_clone",
    "fold",
    "format_of",
    "has_times",
    "is_hidden",
    "is_mostly_utf8",
    "kind_of_extra",
    "label_versions",
    "latest_milliseconds",
    "lines_of",
    "load",
    "mark_of",
    "matcher",
    "midi_notes",
    "milliseconds",
    "named_clips",
    "opened_files",
    "outline_of",
    "parts_beside",
    "problems_of_events",
    "public_url",
    "registry",
    "rows_in",
    "sample_at",
    "scheme_in_words",
    "separator_line",
    "shown",
    "source_to_json",
    "task_summary",
    "tfds_names",
    "time_column",
    "unusable_character",
    "windows",
    "without_credentials",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "registry": "registry GROUPS TaskReference built_in_names load",
            "addresses": "public_url without_credentials",
            "annotations": (
                "AnnotationOptions Annotations UndecidedError annotations_in format_of has_times mark_of outline_of "
                "time_column"
            ),
            "cells": "TableError TableRow lines_of",
            "characters": "unusable_character",
            "clips": "Clip Event Label LeftOut Member Slice problems_of_events",
            "clone": "find_tasks_of_clone",
            "config": "TaskConfig",
            "encodings": "encoding_named encoding_problem",
            "extra": "Extra extra_problems kind_of_extra",
            "facts": "EXTRAS Mode Resampled",
            "files": "File",
            "frame": "Column column_names",
            "libraries": "label_versions",
            "loading": "LoadedTask",
            "midi": "midi_notes",
            "mode": "TaskMode",
            "opened": "opened_files",
            "parts": "parts_beside",
            "patterns": "is_hidden matcher",
            "schemes": "NewFolds PresetFolds SplitScheme SplitSeconds TrainValidTest fold",
            "seconds": "latest_milliseconds milliseconds sample_at",
            "sources": "TEXT_PATTERNS Archive FileList Files Local Source SplitArchive Synthetic source_to_json",
            "summary": "ModeSummary TaskSummary download_size scheme_in_words task_summary",
            "tables": "SEPARATORS Dialect decoded is_mostly_utf8 rows_in separator_line",
            "tfds": "named_clips tfds_names",
            "tree": "Packed Probe RecordingInfo Tree",
            "undeclared": "describe_undeclared",
            "values": "LARGEST shown",
            "windowing": "Window windows",
        },
    )
