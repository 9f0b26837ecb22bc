"""The Luigi steps: glue around the pure modules. A step is done when its output stands in its place, whole."""

import warnings

with warnings.catch_warnings():
    # On its import Luigi warns of a default of its own, which is of no use to who runs or tests a task.
    warnings.simplefilter("ignore", DeprecationWarning)
    import luigi  # noqa: F401

from hearpreprocess.steps.audio import Extract, Resample, Standardize
from hearpreprocess.steps.base import LOGGER, PlanningStep, Step, is_whole
from hearpreprocess.steps.clean import STAGES, Clean, sharing_sources
from hearpreprocess.steps.corpus import Corpus, corpus_folder
from hearpreprocess.steps.fetch import Generate, source_step
from hearpreprocess.steps.interruption import Interruption
from hearpreprocess.steps.journal import Entry, JournalReader
from hearpreprocess.steps.labels import Preview
from hearpreprocess.steps.release import Release

__all__ = [
    "LOGGER",
    "STAGES",
    "Clean",
    "Corpus",
    "Entry",
    "Extract",
    "Generate",
    "Interruption",
    "JournalReader",
    "PlanningStep",
    "Preview",
    "Release",
    "Resample",
    "Standardize",
    "Step",
    "corpus_folder",
    "is_whole",
    "sharing_sources",
    "source_step",
]
