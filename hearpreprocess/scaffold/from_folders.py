"""Describe recordings by the names of their folders: the innermost are labels, or those around folders of splits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold.dataset import DatasetDescription, FoldersLayout
from hearpreprocess.scaffold.division import ExpectedClip
from hearpreprocess.scaffold.notes import Noted, Notes
from hearpreprocess.scaffold.recordings import ClipNaming, Recordings, are_unique, check_lengths, clip_name, long_names
from hearpreprocess.scaffold.splits import SPLITS, Splits, splits_of_innermost, splits_of_outermost


def folders_name_labels(paths: Sequence[str]) -> bool:
    """Whether all recordings are in folders, of which two at least are called differently and not as splits are."""
    layout = layout_of(paths)
    if not all("/" in path for path in paths):
        return False
    return len({name for name in map(layout.label, paths) if name.lower() not in SPLITS}) > 1


def layout_of(paths: Sequence[str]) -> FoldersLayout:
    """Which folders of the recordings are labels: those around the innermost ones where these are splits."""
    innermost = {path.split("/")[-2].lower() for path in paths if "/" in path}
    are_splits = len(innermost) > 1 and innermost <= SPLITS.keys() and all(path.count("/") > 1 for path in paths)
    return FoldersLayout(-2 if are_splits else -1)


def described_by_folders(
    folder: Path, recordings: Recordings, layout: FoldersLayout, notes: Notes
) -> DatasetDescription:
    """The description by the folders that a layout says are labels; notes on it are added.

    Raises CorpusError where these folders hold fewer than two labels, or where paths do not name clips.
    """
    paths = recordings.paths
    splits = notes.value_of(splits_of_folders(layout, paths))
    _check_labels(folder, layout, paths)
    notes.add(_notes_on_unused(layout, paths, splits))
    naming = _clip_naming(folder, layout, paths)
    return DatasetDescription(
        recordings=len(paths),
        patterns=recordings.patterns,
        seconds=recordings.usual_seconds,
        layout=layout,
        splits=splits,
        clip_naming=naming,
        clips=_clips(layout, paths, splits, naming),
    )


def splits_of_folders(layout: FoldersLayout, paths: Sequence[str]) -> Noted[Splits]:
    """The splits that folders beside or around those of labels are; none where no folders are."""
    if layout.label_level == -2:
        return splits_of_innermost(paths)
    if all(path.count("/") > 1 for path in paths):
        return splits_of_outermost(paths)
    return Splits(), []


def _check_labels(folder: Path, layout: FoldersLayout, paths: Sequence[str]) -> None:
    """Raise CorpusError where the folders' names hold fewer than two labels."""
    if not all("/" in path for path in paths):
        raise CorpusError(
            f"nothing tells the labels of the recordings in {folder}: put them into a folder a label, or add a table "
            "(csv) with a column of file names and one of labels"
        )
    if layout.label_level == -1 and len(set(map(layout.label, paths))) < 2:
        label = layout.label(paths[0])
        raise CorpusError(f"all recordings in {folder} are in folders called {label!r}: that tells no labels")


def _notes_on_unused(layout: FoldersLayout, paths: Sequence[str], splits: Splits) -> list[str]:
    """A note on the folders around those of labels that stand for nothing, if there are any."""
    if layout.label_level == -2:
        return []
    outer = sorted({path.split("/")[-3] for path in paths if path.count("/") > 1} - set(splits.names))
    shown = ", ".join(outer[:5]) + (" ..." if len(outer) > 5 else "")
    return [f"labels are the innermost folders; those around them, {shown}, are not used"] if outer else []


def _clip_naming(folder: Path, layout: FoldersLayout, paths: Sequence[str]) -> ClipNaming:
    """What makes the names of clips unique, and no longer than a file's name can be.

    Raises CorpusError where nothing does.
    """
    possible: tuple[ClipNaming, ...] = ("path", "stem") if layout.label_level == -2 else ("folder", "path", "stem")
    names = {naming: [clip_name(naming, path) for path in paths] for naming in possible}
    unique = [naming for naming in names if are_unique(names[naming])]
    if not unique:
        raise CorpusError(f"recordings in {folder} differ in case alone, or in dots and slashes; rename them")
    fitting = next((naming for naming in unique if not long_names(names[naming])), None)
    if fitting is None:
        check_lengths(names[unique[0]])
    return fitting or unique[0]


def _clips(layout: FoldersLayout, paths: Sequence[str], splits: Splits, naming: ClipNaming) -> tuple[ExpectedClip, ...]:
    """A clip of each recording, each a group of its own."""
    names = [clip_name(naming, path) for path in paths]
    return tuple(
        ExpectedClip(name, (layout.label(path),), name, splits.of_path(path))
        for name, path in zip(names, paths, strict=True)
    )
