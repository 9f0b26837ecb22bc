"""Regenerate the task datasets of HEAR, the Holistic Evaluation of Audio Representations (NeurIPS 2021).

The names below are what a task module needs; see `tasks/esc50.py` for one that uses them.
"""

from hearpreprocess.clips import Clip, Event, Member
from hearpreprocess.config import (
    Archive,
    Mode,
    NewFolds,
    PresetFolds,
    SplitSeconds,
    Synthetic,
    TaskConfig,
    TrainValidTest,
    fold,
)
from hearpreprocess.tree import Tree

__version__ = "0.1.0"
PROJECT_URL = "https://github.com/hearbenchmark/hear-preprocess"

__all__ = [
    "Archive",
    "Clip",
    "Event",
    "Member",
    "Mode",
    "NewFolds",
    "PresetFolds",
    "SplitSeconds",
    "Synthetic",
    "TaskConfig",
    "TrainValidTest",
    "Tree",
    "fold",
]
