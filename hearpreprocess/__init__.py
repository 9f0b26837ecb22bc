"""Regenerate the task datasets of HEAR, the Holistic Evaluation of Audio Representations (NeurIPS 2021).

`make`, `load` and `list_tasks` are for programs. `Archive`, `Clip`, `TaskConfig` and so on are what a task module
needs; see `tasks/esc50.py` for one that uses them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import hearpreprocess.storage  # noqa: F401  (first, as it records the state of the code that this process loads)

# isort: split
from hearpreprocess.about import __version__ as __version__
from hearpreprocess.lazy import lazy_names
from hearpreprocess.task import find_tasks_of_clone

if TYPE_CHECKING:
    from hearpreprocess.api import list_tasks, make
    from hearpreprocess.errors import ConfigError, CorpusError
    from hearpreprocess.exporting import export
    from hearpreprocess.loading import ClipDataset, FinishedClip, FinishedTask, Round, Vocabulary, load
    from hearpreprocess.task import (
        Archive,
        Clip,
        Event,
        File,
        FileList,
        Files,
        LeftOut,
        Local,
        Member,
        Mode,
        ModeSummary,
        NewFolds,
        PresetFolds,
        RecordingInfo,
        SplitArchive,
        SplitSeconds,
        Synthetic,
        TaskConfig,
        TaskSummary,
        TrainValidTest,
        Tree,
        Window,
        fold,
        midi_notes,
        named_clips,
        tfds_names,
        windows,
    )

__all__ = [
    "Archive",
    "Clip",
    "ClipDataset",
    "ConfigError",
    "CorpusError",
    "Event",
    "File",
    "FileList",
    "Files",
    "FinishedClip",
    "FinishedTask",
    "LeftOut",
    "Local",
    "Member",
    "Mode",
    "ModeSummary",
    "NewFolds",
    "PresetFolds",
    "RecordingInfo",
    "Round",
    "SplitArchive",
    "SplitSeconds",
    "Synthetic",
    "TaskConfig",
    "TaskSummary",
    "TrainValidTest",
    "Tree",
    "Vocabulary",
    "Window",
    "export",
    "fold",
    "list_tasks",
    "load",
    "make",
    "midi_notes",
    "named_clips",
    "tfds_names",
    "windows",
]

if not TYPE_CHECKING:
    __getattr__, _ = lazy_names(
        __name__,
        {
            "api": "list_tasks make",
            "errors": "ConfigError CorpusError",
            "exporting": "export",
            "loading": "ClipDataset FinishedClip FinishedTask Round Vocabulary load",
            "task": (
                "Archive Clip Event File FileList Files LeftOut Local Member Mode ModeSummary NewFolds PresetFolds "
                "RecordingInfo SplitArchive SplitSeconds Synthetic TaskConfig TaskSummary TrainValidTest Tree Window "
                "fold midi_notes named_clips tfds_names windows"
            ),
        },
    )

find_tasks_of_clone()


def __dir__() -> list[str]:
    """All public names, also those that are not imported yet, and no others."""
    return sorted({*__all__, "errors", *(name for name in globals() if name.startswith("__"))})
