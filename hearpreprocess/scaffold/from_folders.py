"""Describe recordings by the names of their folders: the innermost are labels, or those around folders of splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold.dataset import DatasetDescription, FoldersLayout
from hearpreprocess.scaffold.division import ExpectedClip, ungrouped
from hearpreprocess.scaffold.levels import levels_in
from hearpreprocess.scaffold.notes import Noted, Notes
from hearpreprocess.scaffold.parts import PathPart
from hearpreprocess.scaffold.recordings import ClipNaming, Recordings, are_unique, check_lengths, clip_name, long_names
from hearpreprocess.scaffold.rows import groups_that_hold
from hearpreprocess.scaffold.splits import Splits, splits_of_innermost, splits_of_outermost


@dataclass(frozen=True)
class Parts:
    """The parts of paths that a task is made of. `may_have_splits`: whether folders called as splits are splits."""

    label: PathPart
    group: PathPart | None = None
    may_have_splits: bool = True


def described_by_folders(folder: Path, recordings: Recordings, parts: Parts, notes: Notes) -> DatasetDescription:
    """The description by the parts of paths that are labels and groups; notes on it are added.

    Raises CorpusError where these folders hold fewer than two labels, or where paths do not name clips.
    """
    paths = recordings.paths
    splits = notes.value_of(splits_of_folders(parts.label, paths)) if parts.may_have_splits else Splits()
    _check_labels(folder, parts.label, paths)
    notes.add(_notes_on_unused(parts, paths, splits))
    naming = _clip_naming(folder, parts.label, paths)
    clips = _clips(parts, paths, splits, naming)
    group = notes.value_of(groups_that_hold(clips, parts.group or ""))
    return DatasetDescription(
        recordings=len(paths),
        patterns=recordings.patterns,
        seconds=recordings.usual_seconds,
        layout=FoldersLayout(parts.label),
        splits=splits,
        clip_naming=naming,
        clips=clips if group != "" else ungrouped(clips),
        group=group,
    )


def splits_of_folders(label: PathPart, paths: Sequence[str]) -> Noted[Splits]:
    """The splits that folders beside or around those of labels are; none where no folders are."""
    if label.level == -2 and (splits := splits_of_innermost(paths))[0].names:
        return splits
    if all(path.count("/") > 1 for path in paths):
        return splits_of_outermost(paths)
    return Splits(), []


def _check_labels(folder: Path, label: PathPart, paths: Sequence[str]) -> None:
    """Raise CorpusError where the folders' names hold fewer than two labels."""
    if not all(map(label.is_in, paths)):
        raise CorpusError(
            f"cannot find the labels: {folder} has neither one folder per label nor a table that names the recordings. "
            "Add a csv file with a column of file names and a column of labels, or use --label-field"
        )
    if len(set(map(label.of, paths))) < 2:
        name = label.of(paths[0])
        raise CorpusError(f"{folder}: {label} is {name!r} for all recordings; expected at least two labels")


def _notes_on_unused(parts: Parts, paths: Sequence[str], splits: Splits) -> list[str]:
    """Notes on the folders that are neither labels nor groups nor splits."""
    unused = [level for level in levels_in(paths) if level.part not in (parts.label, parts.group)]
    return [
        f"folders not used (level {level.number}): {level.shown}"
        for level in unused
        if not set(level.names) <= set(splits.names)
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
        raise CorpusError(f"recordings in {folder} differ in case alone, or in dots and slashes; rename them")
    fitting = next((naming for naming in unique if not long_names(names[naming])), None)
    if fitting is None:
        check_lengths(names[unique[0]])
    return fitting or unique[0]


def _clips(parts: Parts, paths: Sequence[str], splits: Splits, naming: ClipNaming) -> tuple[ExpectedClip, ...]:
    """A clip of each recording; each is a group of its own where no part of the path is the group."""
    names = [clip_name(naming, path) for path in paths]
    return tuple(
        ExpectedClip(name, (parts.label.of(path),), parts.group.of(path) if parts.group else name, splits.of_path(path))
        for name, path in zip(names, paths, strict=True)
    )
