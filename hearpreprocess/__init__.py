"""Regenerate the task datasets of HEAR, the Holistic Evaluation of Audio Representations (NeurIPS 2021).

The names below are what a task module needs; see `tasks/esc50.py` for one that uses them.
"""

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
    SplitArchive,
    SplitSeconds,
    Synthetic,
    TaskConfig,
    TrainValidTest,
    Tree,
    fold,
    midi_notes,
    named_clips,
    tfds_names,
)

__all__ = [
    "Archive",
    "Clip",
    "ConfigError",
    "CorpusError",
    "Event",
    "File",
    "FileList",
    "Files",
    "LeftOut",
    "Local",
    "Member",
    "Mode",
    "NewFolds",
    "PresetFolds",
    "SplitArchive",
    "SplitSeconds",
    "Synthetic",
    "TaskConfig",
    "TrainValidTest",
    "Tree",
    "fold",
    "midi_notes",
    "named_clips",
    "tfds_names",
]
