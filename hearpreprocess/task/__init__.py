"""What a task module says: its configuration, split schemes, clips and sources, and how a task is found."""

from hearpreprocess.task import registry
from hearpreprocess.task.clips import Clip, Event, Label, LeftOut, Member
from hearpreprocess.task.config import EXTRAS, Mode, Resampled, TaskConfig, TaskMode
from hearpreprocess.task.midi import midi_notes
from hearpreprocess.task.registry import GROUPS, LoadedTask, TaskReference, built_in_names, load
from hearpreprocess.task.schemes import NewFolds, PresetFolds, SplitScheme, SplitSeconds, TrainValidTest, fold
from hearpreprocess.task.sources import (
    Archive,
    File,
    FileList,
    Files,
    Local,
    Source,
    SplitArchive,
    Synthetic,
    source_from_json,
    source_to_json,
    source_without_credentials,
    without_credentials,
)
from hearpreprocess.task.tfds import named_clips, tfds_names
from hearpreprocess.task.tree import Packed, Tree, matcher

__all__ = [
    "EXTRAS",
    "GROUPS",
    "Archive",
    "Clip",
    "Event",
    "File",
    "FileList",
    "Files",
    "Label",
    "LeftOut",
    "LoadedTask",
    "Local",
    "Member",
    "Mode",
    "NewFolds",
    "Packed",
    "PresetFolds",
    "Resampled",
    "Source",
    "SplitArchive",
    "SplitScheme",
    "SplitSeconds",
    "Synthetic",
    "TaskConfig",
    "TaskMode",
    "TaskReference",
    "TrainValidTest",
    "Tree",
    "built_in_names",
    "fold",
    "load",
    "matcher",
    "midi_notes",
    "named_clips",
    "registry",
    "source_from_json",
    "source_to_json",
    "source_without_credentials",
    "tfds_names",
    "without_credentials",
]
