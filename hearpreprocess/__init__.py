"""Regenerate the task datasets of HEAR, the Holistic Evaluation of Audio Representations (NeurIPS 2021).

The names below are what a task module needs; see `tasks/esc50.py` for one that uses them.
"""

from hearpreprocess.errors import ConfigError, CorpusError
from hearpreprocess.task.clips import Clip, Event, LeftOut, Member
from hearpreprocess.task.config import Mode, NewFolds, PresetFolds, SplitSeconds, TaskConfig, TrainValidTest, fold
from hearpreprocess.task.midi import midi_notes
from hearpreprocess.task.sources import Archive, File, FileList, Files, Local, SplitArchive, Synthetic
from hearpreprocess.task.tfds import named_clips, tfds_names
from hearpreprocess.task.tree import Tree

__version__ = "0.1.0"
PROJECT_URL = "https://github.com/hearbenchmark/hear-preprocess"

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
