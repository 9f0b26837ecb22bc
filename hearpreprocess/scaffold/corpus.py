"""Guess what a folder of recordings is: where its labels are told, how long clips should be, how they are divided."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hearpreprocess import archive
from hearpreprocess.errors import CorpusError, SplitError
from hearpreprocess.scaffold.division import MOST_FOLDS, divide
from hearpreprocess.scaffold.found import Guess
from hearpreprocess.scaffold.from_folders import folders_tell_labels, from_folders
from hearpreprocess.scaffold.from_tables import from_tables, tables_of, tell_labels
from hearpreprocess.scaffold.tables import SUFFIXES, Recordings
from hearpreprocess.storage import counted

AUDIO = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff", ".m4a", ".mp4", ".webm", ".aac", ".au", ".wma")
UNREAD = (".json", ".jsonl", ".xlsx", ".xls", ".ods", ".parquet")
"""Tables of kinds that are not read."""

LOOKED_AT, QUANTILE = 200, 0.95


def guess(folder: Path) -> Guess:
    """What the recordings in a folder are.

    Raises CorpusError where it holds none, or where nothing tells their labels.
    """
    files = [path for path in archive.files_below(folder) if not archive.is_litter(path)]
    recordings = [path for path in files if path.lower().endswith(AUDIO)]
    if not recordings:
        raise CorpusError(f"{folder} holds no recordings: expected files that end in {', '.join(AUDIO)}")
    suffixes = sorted({path.rpartition(".")[2] for path in recordings})
    seconds = _seconds_of_some(folder, recordings)
    found = Guess(len(recordings), [f"**/*.{suffix}" for suffix in suffixes], _usual(list(seconds.values())))
    empty = [path for path in recordings if not (folder / path).stat().st_size]
    if empty:
        found.notes.append(f"empty files among the recordings, such as {empty[0]}: {len(empty):,}")
    if unread := [path for path in files if path.lower().endswith(UNREAD)]:
        found.notes.append(f"{unread[0]} is not read; what it tells is taken from a csv")
    known = Recordings(recordings)
    tables = tables_of(found, folder, [path for path in files if path.lower().endswith(SUFFIXES)], known)
    try:
        if tables and (tell_labels(tables) or not folders_tell_labels(recordings)):
            from_tables(found, tables, known, seconds)
        else:
            found.notes += [f"{table.path} has no column that is called label" for table, _naming in tables]
            from_folders(found, folder, recordings)
        _divide(found)
    except (CorpusError, SplitError) as error:
        where = f"column {found.label_column!r}" if found.label_column != "" else "the folders' names"
        used = [f"labels were looked for in {where}"] if found.clips else []
        used += (
            [f"groups are those of column {found.group_column!r}"] if found.clips and found.group_column != "" else []
        )
        raise CorpusError("\n".join([str(error), *(f"  note: {note}" for note in (*used, *found.notes))])) from None
    if found.division.rare:
        found.notes.append(_of_rare_labels(found))
    if 0 < found.division.folds < MOST_FOLDS and not found.is_event_task:
        found.notes.append(_of_few_folds(found))
    return found


def _divide(found: Guess) -> None:
    """Find out how the clips can be divided: without their groups where these leave nothing that can be."""
    needs_every_label = not found.is_event_task
    try:
        found.division = divide(found.clips, needs_every_label=needs_every_label)
    except SplitError as error:
        if found.group_column == "":
            raise
        ungrouped = [replace(clip, group=clip.name) for clip in found.clips]
        try:
            found.division = divide(ungrouped, needs_every_label=needs_every_label)
        except SplitError:
            raise error from None
        found.notes.append(
            f"of labels, fewer than two are in several groups of column {found.group_column!r}: it is not used as a "
            "group, and a model is tested on what it was trained on"
        )
        found.clips, found.group_column = ungrouped, ""


def _of_few_folds(found: Guess) -> str:
    groups = Counter(label for _group, label in {(clip.group, label) for clip in found.clips for label in clip.labels})
    count, label = min((count, label) for label, count in groups.items() if label not in found.division.rare)
    what = "recordings" if found.group_column == "" else f"groups of column {found.group_column!r}"
    return f"{found.division.folds} folds in place of {MOST_FOLDS}: label {label} is in {count:,} {what}"


def _of_rare_labels(found: Guess) -> str:
    rare = found.division.rare
    shown = ", ".join(rare[:5]) + (" ..." if len(rare) > 5 else "")
    alone = sum(set(rare).issuperset(clip.labels) for clip in found.clips)
    return (
        f"{counted(len(rare), 'labels')} would not be in every split ({shown}); {counted(alone, 'clips')} with no "
        "other label are left out, as scores on splits with different labels do not compare"
    )


def _seconds_of_some(folder: Path, recordings: Sequence[str]) -> dict[str, float]:
    """How long each of LOOKED_AT recordings is, of those that libsndfile reads."""
    import soundfile

    step = max(1, len(recordings) // LOOKED_AT)
    seconds = {}
    for path in recordings[::step]:
        with contextlib.suppress(soundfile.LibsndfileError):
            seconds[path] = soundfile.info(str(folder / path)).duration
    return seconds


def _usual(seconds: Sequence[float]) -> float | None:
    """A duration that 95 of 100 recordings do not exceed; None where none is known."""
    if not seconds:
        return None
    usual = sorted(seconds)[min(len(seconds) - 1, int(QUANTILE * len(seconds)))]
    return float(max(0.1, round(usual, 2 if usual < 1 else 1)))
