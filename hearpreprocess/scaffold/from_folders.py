"""Describe recordings by the parts of their paths that are labels and groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold.dataset import DatasetDescription, FoldersLayout, Omissions
from hearpreprocess.scaffold.division import ExpectedClip, ungrouped
from hearpreprocess.scaffold.levels import advice_on_fields, levels_of
from hearpreprocess.scaffold.notes import Notes
from hearpreprocess.scaffold.parts import PathPart
from hearpreprocess.scaffold.recordings import ClipNaming, Recordings, are_unique, check_lengths, clip_name, long_names
from hearpreprocess.scaffold.rows import groups_that_hold
from hearpreprocess.scaffold.splits import Splits, splits_of_folders


@dataclass(frozen=True)
class Parts:
    """The parts of paths that a task is made of, and the splits that folders or lists give."""

    label: PathPart
    group: PathPart | None = None
    splits: Splits = field(default_factory=Splits)


def folders_name_labels(paths: Sequence[str]) -> bool:
    """Whether all recordings are in folders that are certainly labels."""
    levels = levels_of(paths, splits_of_folders(paths)[0])
    return levels is not None and levels.is_certain


def described_by_folders(folder: Path, recordings: Recordings, parts: Parts, notes: Notes) -> DatasetDescription:
    """The description by the parts of paths that are labels and groups; notes on it are added.

    Raises CorpusError where these folders hold fewer than two labels, or where paths do not name clips.
    """
    paths = recordings.paths
    _check_labels(folder, parts.label, paths)
    naming = _clip_naming(folder, parts.label, paths)
    clips, unsplit = _clips(parts, paths, naming)
    notes.add([f"recordings without a split, which are left out: {unsplit:,}"] if unsplit else [])
    group = notes.value_of(groups_that_hold(clips, parts.group or ""))
    return DatasetDescription(
        recordings=len(paths),
        patterns=recordings.patterns,
        seconds=recordings.usual_seconds,
        layout=FoldersLayout(parts.label),
        splits=parts.splits,
        clip_naming=naming,
        clips=clips if group != "" else ungrouped(clips),
        group=group,
        omissions=Omissions(unsplit=unsplit),
    )


def _check_labels(folder: Path, label: PathPart, paths: Sequence[str]) -> None:
    """Raise CorpusError where the folders' names hold fewer than two labels."""
    if not all(map(label.is_in, paths)):
        raise CorpusError(
            f"cannot tell the labels: {folder} has neither class folders nor a table of its recordings. Move the "
            "recordings into one folder for each label, or add a table (csv) with a column of file names and one of "
            f"labels. {advice_on_fields(paths)}"
        )
    if len(set(map(label.of, paths))) < 2:
        raise CorpusError(
            f"cannot tell the labels: all recordings in {folder} are in folders called {label.of(paths[0])!r}. "
            f"{advice_on_fields(paths)}"
        )


def _clip_naming(folder: Path, label: PathPart, paths: Sequence[str]) -> ClipNaming:
    """What makes the names of clips unique, and no longer than a file's name can be.

    Raises CorpusError where nothing does.
    """
    possible: tuple[ClipNaming, ...] = (
        ("folder", "path", "stem") if label.level == -1 else ("stem", "path") if label.field else ("path", "stem")
    )
    names = {naming: [clip_name(naming, path) for path in paths] for naming in possible}
    unique = [naming for naming in names if are_unique(names[naming])]
    if not unique:
        raise CorpusError(f"recordings in {folder} differ in case alone, or in dots and slashes; rename them")
    fitting = next((naming for naming in unique if not long_names(names[naming])), None)
    if fitting is None:
        check_lengths(names[unique[0]])
    return fitting or unique[0]


def _clips(parts: Parts, paths: Sequence[str], naming: ClipNaming) -> tuple[tuple[ExpectedClip, ...], int]:
    """A clip of each recording that has a split if the dataset gives splits, and how many have none."""
    clips: list[ExpectedClip] = []
    for path in paths:
        name, split = clip_name(naming, path), parts.splits.of_path(path)
        if split or not parts.splits.are_given:
            group = parts.group.of(path) if parts.group else name
            clips.append(ExpectedClip(name, (parts.label.of(path),), group, split))
    return tuple(clips), len(paths) - len(clips)
