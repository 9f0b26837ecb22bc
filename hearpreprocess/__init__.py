"""Regenerate the task datasets of HEAR, the Holistic Evaluation of Audio Representations (NeurIPS 2021).

`make`, `load` and `list_tasks` are for programs. `Archive`, `Clip`, `TaskConfig` and so on are what a task module
needs; see `tasks/esc50.py` for one that uses them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from hearpreprocess.about import __version__ as __version__
from hearpreprocess.errors import ConfigError, CorpusError
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
    NewFolds,
    PresetFolds,
    RecordingInfo,
    SplitArchive,
    SplitSeconds,
    Synthetic,
    TaskConfig,
    TrainValidTest,
    Tree,
    Window,
    fold,
    midi_notes,
    named_clips,
    tfds_names,
    windows,
)

if TYPE_CHECKING:
    from hearpreprocess.api import list_tasks, make
    from hearpreprocess.exporting import export
    from hearpreprocess.loading import ClipDataset, FinishedClip, FinishedTask, Round, Vocabulary, load
    from hearpreprocess.task import ModeSummary, TaskSummary

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

_OF_PROGRAMS = {
    **dict.fromkeys(("list_tasks", "make"), "hearpreprocess.api"),
    **dict.fromkeys(("ModeSummary", "TaskSummary"), "hearpreprocess.task"),
    **dict.fromkeys(
        ("ClipDataset", "FinishedClip", "FinishedTask", "Round", "Vocabulary", "load"), "hearpreprocess.loading"
    ),
    "export": "hearpreprocess.exporting",
}
"""The modules of the names that programs use: imported on first use, as task modules are loaded without them."""


def __getattr__(name: str) -> Any:
    """A name that programs use."""
    if name not in _OF_PROGRAMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_OF_PROGRAMS[name]), name)
    return value


def __dir__() -> list[str]:
    """All public names, also those that are not imported yet, and no others."""
    return sorted({*__all__, "errors", *(name for name in globals() if name.startswith("__"))})
