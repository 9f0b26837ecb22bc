"""Describe recordings by the parts of their paths that are labels and groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold.dataset import DatasetDescription, FoldersLayout, Omissions
from hearpreprocess.scaffold.division import ExpectedClip, ungrouped
from hearpreprocess.scaffold.levels import levels_in
from hearpreprocess.scaffold.notes import Notes
from hearpreprocess.scaffold.parts import PathPart
from hearpreprocess.scaffold.recordings import ClipNaming, Recordings, are_unique, check_lengths, clip_name, long_names
from hearpreprocess.scaffold.rows import groups_that_hold
from hearpreprocess.scaffold.splits import Splits
from hearpreprocess.storage import counted


@dataclass(frozen=True)
class Parts:
    """The parts of paths that a task is made of, and the splits that folders or lists give."""

    label: PathPart
    group: PathPart | None = None
    splits: Splits = field(default_factory=Splits)


def described_by_folders(folder: Path, recordings: Recordings, parts: Parts, notes: Notes) -> DatasetDescription:
    """The description by the parts of paths that are labels and groups; notes on it are added.

    Raises CorpusError where these folders hold fewer than two labels, or where paths do not name clips.
    """
    paths = recordings.paths
    _check_labels(folder, parts.label, paths)
    notes.add(_notes_on_unused(parts, paths))
    naming = _clip_naming(folder, parts.label, paths)
    readable = [path for path in paths if path not in recordings.unreadable]
    clips, unsplit = _clips(parts, readable, naming)
    notes.add([f"recordings without a split, left out: {unsplit:,}"] if unsplit else [])
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
        unreadable=tuple(sorted(recordings.unreadable)),
    )


def _check_labels(folder: Path, label: PathPart, paths: Sequence[str]) -> None:
    """Raise CorpusError where the folders' names hold fewer than two labels."""
    without = [path for path in paths if not label.is_in(path)]
    if without and len(without) < len(paths):
        raise CorpusError(
            f"{folder}: {counted(len(without), 'recordings')} outside the folders of labels, such as {without[0]}. "
            f"Move them into one of these folders, or out of {folder}"
        )
    if without:
        raise CorpusError(
            f"cannot tell the labels: {folder} has neither one folder per label nor a table that names the recordings. "
            "Add a csv file with a column of file names and a column of labels, or use --label-field if the file names "
            "contain the labels"
        )
    if len(set(map(label.of, paths))) < 2:
        raise CorpusError(
            f"cannot tell the labels: {folder} has only {label.of(paths[0])!r} as {label}; expected two or more. "
            "Add a csv file with a column of labels, or use --label-field if the file names contain the labels"
        )


def _notes_on_unused(parts: Parts, paths: Sequence[str]) -> list[str]:
    """Notes on the folders that are neither labels nor groups nor splits."""
    return [
        f"folders not used (level {level.number}): {level.shown}"
        for level in levels_in(paths, parts.splits)
        if level.part not in (parts.label, parts.group)
    ]


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
        raise CorpusError(f"recordings in {folder} differ only in case, or in dots and slashes; rename them")
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
