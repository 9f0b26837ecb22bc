"""The clips that the rows of tables stand for, and what is told of those that stand for none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil, inf

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold.columns import YES, listed, number_in, parts_of
from hearpreprocess.scaffold.division import Guessed
from hearpreprocess.scaffold.found import Guess, are_unique, clip_name, stem_of
from hearpreprocess.scaffold.tables import Recordings, Row
from hearpreprocess.storage import counted

MOST_OF_EARLY_EVENTS = 0.95
"""The share of recordings that a clip is long enough for, to hold an event."""


def take_rows(
    found: Guess,
    of_path: Mapping[str, Sequence[tuple[str, Row]]],
    recordings: Recordings,
    seconds: Mapping[str, float],
) -> None:
    """The clips that the rows stand for, and what is told of those that stand for none."""
    by_name = found.naming.by_name
    known = frozenset(filter(recordings.is_unique, recordings.paths)) if by_name else recordings.known
    found.missing = sum(len(its_rows) for path, its_rows in of_path.items() if path not in known)
    used = {path: its_rows for path, its_rows in of_path.items() if path in known}
    repeated = [path for path, its_rows in used.items() if len(its_rows) > 1]
    if repeated and not found.is_event_task:
        raise CorpusError(
            f"{next(iter(found.tables))} names {counted(len(repeated), 'recordings')} more than once, such as "
            f"{repeated[0]}: put all labels of a recording into one cell, divided by semicolons; labels with "
            "times need columns called onset and offset, in seconds"
        )
    found.naming_by = "stem" if are_unique([stem_of(path) for path in used]) else "path"
    if found.is_event_task and found.seconds is not None:
        _lengthen_clips(found, used, seconds)
    without_group = 0
    for path, its_rows in used.items():
        table, row = its_rows[0]
        labelled = [(_labels(found, each), each) for _table, each in its_rows]
        found.untimed += sum(_has_no_times(found, each) for _labels_of_it, each in labelled)
        found.unlabelled += sum(not labels and not _has_no_times(found, each) for labels, each in labelled)
        kept = [labels for labels, each in labelled if labels and not _is_late(found, each)]
        if _has_no_split(found, table, row):
            found.unsplit += 1
        elif kept:
            name = clip_name(found.naming_by, path)
            group = row[found.group_column].strip() if found.group_column != "" else ""
            without_group += not group
            labels = tuple(dict.fromkeys(label for of_row in kept for label in of_row))
            found.clips.append(Guessed(name, labels, group or name, _split(found, path, table, row)))
        else:
            found.late += any(labels for labels, _row in labelled)
    _say_what_differs(found, used)
    _say_what_is_left_out(found, len(recordings.paths) - len(used))
    _drop_divided_groups(found)
    if found.group_column != "" and without_group:
        text = f"recordings without a {found.group_column}, each of which is a group of its own: {without_group:,}"
        found.notes.append(text)


def _lengthen_clips(found: Guess, used: Mapping[str, Sequence[tuple[str, Row]]], seconds: Mapping[str, float]) -> None:
    """Make clips so long that of most recordings an event begins within."""
    starts = [
        min(within)
        for path, its_rows in used.items()
        if (within := [start for _table, row in its_rows if (start := _start(found, row)) < seconds.get(path, inf)])
    ]
    needed = sorted(starts)[min(len(starts) - 1, int(MOST_OF_EARLY_EVENTS * len(starts)))] if starts else 0.0
    if needed >= (found.seconds or 0.0):
        found.seconds = ceil(10 * needed + 1) / 10
        found.notes.append(f"clips are long enough for an event of {100 * MOST_OF_EARLY_EVENTS:.0f} of 100 recordings")


def _labels(found: Guess, row: Row) -> list[str]:
    """The labels of a row; none where it is to be an event and has no times."""
    if _has_no_times(found, row):
        return []
    if found.yes_columns:
        return [str(column) for column in found.yes_columns if row[column].strip().lower() in YES]
    cell = row[found.label_column].strip()
    if found.has_lists:
        return listed(cell)
    return parts_of(cell, found.separator)


def _has_no_times(found: Guess, row: Row) -> bool:
    return found.is_event_task and not (row[found.start_column].strip() and row[found.end_column].strip())


def _start(found: Guess, row: Row) -> float:
    return inf if _has_no_times(found, row) else number_in(row[found.start_column])


def _is_late(found: Guess, row: Row) -> bool:
    """Whether a row is an event after the end of a clip."""
    return found.is_event_task and found.seconds is not None and _start(found, row) >= found.seconds


def _has_no_split(found: Guess, table: str, row: Row) -> bool:
    """Whether the column that gives others a split gives it none."""
    is_told_by_column = found.split_column in row and not found.tables.get(table)
    return is_told_by_column and not row[found.split_column].strip()


def _split(found: Guess, path: str, table: str, row: Row) -> str:
    if found.folds:
        number = float(row[found.split_column].strip().removeprefix(found.fold_prefix))
        return f"fold{int(number) - found.first_fold:02d}"
    if found.tables.get(table):
        return found.tables[table]
    if found.by_folder:
        return found.given_splits[path.partition("/")[0]]
    return found.given_splits[row[found.split_column].strip()] if found.given_splits else ""


def _say_what_differs(found: Guess, used: Mapping[str, Sequence[tuple[str, Row]]]) -> None:
    """Rows of one recording may have several splits or groups, of which a clip can have no more than one."""
    for column in (found.split_column, found.group_column):
        differing = [path for path, its_rows in used.items() if len({row.get(column) for _table, row in its_rows}) > 1]
        if column != "" and differing:
            found.notes.append(
                f"column {column!r} differs within {counted(len(differing), 'recordings')}, such as {differing[0]}, "
                "and that of the first row is taken: clips that are parts of a recording need start and stop"
            )


def _say_what_is_left_out(found: Guess, unnamed: int) -> None:
    where = " and ".join(found.tables)
    if unnamed:
        found.notes.append(f"recordings that are not in {where}, and are left out: {unnamed:,}")
    if found.missing:
        found.notes.append(f"rows of {where} that name no recording in the folder, or several: {found.missing:,}")
    if found.unlabelled:
        found.notes.append(f"rows of {where} without a label, which are left out: {found.unlabelled:,}")
    if found.untimed:
        found.notes.append(f"rows of {where} without times, which are no events: {found.untimed:,}")
    if found.late:
        found.notes.append(f"recordings whose events are all after the end of a clip, and are left out: {found.late:,}")
    if found.unsplit:
        found.notes.append(f"recordings of {where} without a split, which are left out: {found.unsplit:,}")
    if bracketed := next((label for label in found.labels if label[:1] in ("[", "(", "{")), None):
        found.notes.append(f"labels are taken as they are written, such as {bracketed}; is that a list of several?")


def _drop_divided_groups(found: Guess) -> None:
    """Given splits may divide what a column tells to belong together; then it is no group, and that is told."""
    splits_of: dict[str, set[str]] = {}
    for clip in found.clips:
        if clip.group != clip.name:
            splits_of.setdefault(clip.group, set()).add(clip.split)
    divided = [group for group, splits in splits_of.items() if len(splits) > 1]
    if found.group_column != "" and divided:
        found.clips = [replace(clip, group=clip.name) for clip in found.clips]
        found.notes.append(
            f"the given splits divide {len(divided):,} of {len(splits_of):,} in column {found.group_column!r}, such as "
            f"{divided[0]}: it is not used as a group, and a model is tested on what it was trained on"
        )
        found.group_column = ""
