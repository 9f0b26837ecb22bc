"""Guess from the names of folders: labels of the innermost ones, splits of the outermost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold.division import Guessed
from hearpreprocess.scaffold.found import SPLITS, Guess, are_unique, clip_name, with_train


def folders_tell_labels(recordings: Sequence[str]) -> bool:
    """Whether all recordings are in folders, of which two at least are called differently and not as splits are."""
    folders = [path.split("/")[:-1] for path in recordings]
    names = {part[-2 if _are_splits(folders) else -1] if part else "" for part in folders}
    return "" not in names and len({name for name in names if name.lower() not in SPLITS}) > 1


def _are_splits(folders: Sequence[Sequence[str]]) -> bool:
    """Whether the innermost folders are splits, in folders that are labels."""
    innermost = {part[-1].lower() for part in folders if part}
    return len(innermost) > 1 and innermost <= SPLITS.keys() and all(len(part) > 1 for part in folders)


def from_folders(found: Guess, folder: Path, recordings: Sequence[str]) -> None:
    """Add what the folders' names tell.

    Raises CorpusError where that is nothing.
    """
    parts = [path.split("/")[:-1] for path in recordings]
    if not all(parts):
        raise CorpusError(
            f"nothing tells the labels of the recordings in {folder}: put them into a folder a label, or add a table "
            "(csv) with a column of file names and one of labels"
        )
    if _are_splits(parts):
        _from_labels_with_splits(found, recordings, parts)
        return
    tops = {part[0] for part in parts}
    if len(tops) > 1 and {top.lower() for top in tops} <= SPLITS.keys() and all(len(part) > 1 for part in parts):
        found.given_splits = with_train(found, {top: SPLITS[top.lower()] for top in sorted(tops)})
        found.by_folder = bool(found.given_splits)
    if len({part[-1] for part in parts}) < 2:
        raise CorpusError(f"all recordings in {folder} are in folders called {parts[0][-1]!r}: that tells no labels")
    outer = sorted({part[-2] for part in parts if len(part) > 1} - set(found.given_splits))
    if outer:
        shown = ", ".join(outer[:5]) + (" ..." if len(outer) > 5 else "")
        found.notes.append(f"labels are the innermost folders; those around them, {shown}, are not used")
    names = [clip_name("folder", path) for path in recordings]
    found.naming_by = "folder" if are_unique(names) else "path"
    if not are_unique([clip_name(found.naming_by, path) for path in recordings]):
        raise CorpusError(f"recordings in {folder} differ in case alone, or in dots and slashes; rename them")
    for path, part in zip(recordings, parts, strict=True):
        name = clip_name(found.naming_by, path)
        found.clips.append(Guessed(name, (part[-1],), name, found.given_splits.get(part[0], "")))


def _from_labels_with_splits(found: Guess, recordings: Sequence[str], parts: Sequence[Sequence[str]]) -> None:
    found.given_splits = with_train(
        found, {name: SPLITS[name.lower()] for name in sorted({part[-1] for part in parts})}
    )
    found.by_innermost, found.naming_by = bool(found.given_splits), "path"
    for path, part in zip(recordings, parts, strict=True):
        name = clip_name("path", path)
        found.clips.append(Guessed(name, (part[-2],), name, found.given_splits.get(part[-1], "")))
