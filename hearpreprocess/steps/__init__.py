"""The Luigi steps, which connect the pure modules. A step is complete when its whole output exists."""

from hearpreprocess.steps.luigi_files import check_read, names_of, reading_settings, settings_files
from hearpreprocess.steps.luigi_rpc import importing_late

with reading_settings(), importing_late():
    import luigi  # noqa: F401

from hearpreprocess.steps.audio import Decode, Resample
from hearpreprocess.steps.base import LOGGER, PlanningStep, Step, is_whole
from hearpreprocess.steps.clean import SMALL_STAGES, STAGES, Clean, remove_leftovers, sharing_sources
from hearpreprocess.steps.code import made_by, made_with
from hearpreprocess.steps.corpus import Corpus, corpus_folder
from hearpreprocess.steps.extract import Extract
from hearpreprocess.steps.fetch import Generate, source_step
from hearpreprocess.steps.interruption import interrupt, is_interrupted
from hearpreprocess.steps.journal import Journal, JournalEntry, JournalReader, send_journal
from hearpreprocess.steps.labels import Preview
from hearpreprocess.steps.published import (
    DOWNLOADS,
    DOWNLOADS_AT_ONCE,
    DownloadTarball,
    Published,
    StoredTarball,
    uses_of,
)
from hearpreprocess.steps.release import Release
from hearpreprocess.steps.upload import check_no_foreign_objects, tarball_at

__all__ = [
    "DOWNLOADS",
    "DOWNLOADS_AT_ONCE",
    "LOGGER",
    "SMALL_STAGES",
    "STAGES",
    "Clean",
    "Corpus",
    "Decode",
    "DownloadTarball",
    "Extract",
    "Generate",
    "Journal",
    "JournalEntry",
    "JournalReader",
    "PlanningStep",
    "Preview",
    "Published",
    "Release",
    "Resample",
    "Step",
    "StoredTarball",
    "check_no_foreign_objects",
    "check_read",
    "corpus_folder",
    "interrupt",
    "is_interrupted",
    "is_whole",
    "made_by",
    "made_with",
    "names_of",
    "remove_leftovers",
    "send_journal",
    "settings_files",
    "sharing_sources",
    "source_step",
    "tarball_at",
    "uses_of",
]
