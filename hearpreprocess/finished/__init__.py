"""A finished task: its layout, tarball, manifest and card, and `TaskReader`, which reads it."""

from hearpreprocess.finished import card, manifest, published, resampled
from hearpreprocess.finished.agreement import agreeing_facts, checked_labels
from hearpreprocess.finished.assembly import Assembly, assembled
from hearpreprocess.finished.card import is_synthetic
from hearpreprocess.finished.contents import ClipFile, Contents
from hearpreprocess.finished.files import ClipKey, clips_of, is_folder
from hearpreprocess.finished.forms import compression_problem, root_problem
from hearpreprocess.finished.front_matter import hub_facts
from hearpreprocess.finished.layout import (
    CARD,
    MANIFEST,
    METADATA,
    PROOFS,
    RELEASE_KEY,
    REPORT,
    VOCABULARY,
    check_replaceable,
    clip_path,
    clips_in,
    is_complete,
    is_task_folder,
    release_of_folder,
    task_folders_in,
    with_release,
    write_folder,
)
from hearpreprocess.finished.manifest import Fingerprint, Manifest, is_event, name_of
from hearpreprocess.finished.manifest_reading import ManifestReader
from hearpreprocess.finished.parsing import is_label, is_number, is_valid_event
from hearpreprocess.finished.published import PUBLISHED_RATE
from hearpreprocess.finished.reader import COMMON_METADATA, TaskReader, title_in
from hearpreprocess.finished.shapes import (
    MOST_PROBLEMS,
    clip_problems,
    head_problems,
    manifest_problems,
    metadata_problems,
    wrong_values,
)
from hearpreprocess.finished.tarball import (
    TARBALL,
    checksums_of,
    compression_of,
    release_of_tarball,
    tarball_name,
    write_tarball,
)
from hearpreprocess.finished.yaml_text import yaml_block

__all__ = [
    "CARD",
    "COMMON_METADATA",
    "MANIFEST",
    "METADATA",
    "MOST_PROBLEMS",
    "PROOFS",
    "PUBLISHED_RATE",
    "RELEASE_KEY",
    "REPORT",
    "TARBALL",
    "VOCABULARY",
    "Assembly",
    "ClipFile",
    "ClipKey",
    "Contents",
    "Fingerprint",
    "Manifest",
    "ManifestReader",
    "TaskReader",
    "agreeing_facts",
    "assembled",
    "card",
    "check_replaceable",
    "checked_labels",
    "checksums_of",
    "clip_path",
    "clip_problems",
    "clips_in",
    "clips_of",
    "compression_of",
    "compression_problem",
    "head_problems",
    "hub_facts",
    "is_complete",
    "is_event",
    "is_folder",
    "is_label",
    "is_number",
    "is_synthetic",
    "is_task_folder",
    "is_valid_event",
    "manifest",
    "manifest_problems",
    "metadata_problems",
    "name_of",
    "published",
    "release_of_folder",
    "release_of_tarball",
    "resampled",
    "root_problem",
    "tarball_name",
    "task_folders_in",
    "title_in",
    "with_release",
    "write_folder",
    "write_tarball",
    "wrong_values",
    "yaml_block",
]
