"""Finished tasks in Python: labels, splits, clips and samples, from a folder or a tarball."""

from hearpreprocess.loading.clips import FinishedClip, SampleType
from hearpreprocess.loading.dataset import ClipDataset
from hearpreprocess.loading.rounds import Round
from hearpreprocess.loading.targets import Target, frame_labels
from hearpreprocess.loading.task import FinishedTask, first_of, load, tasks_within
from hearpreprocess.loading.vocabulary import Vocabulary

__all__ = [
    "ClipDataset",
    "FinishedClip",
    "FinishedTask",
    "Round",
    "SampleType",
    "Target",
    "Vocabulary",
    "first_of",
    "frame_labels",
    "load",
    "tasks_within",
]
