"""The clips that the rows of tables stand for, and notes on the rows and recordings that make none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import ceil, inf, isfinite

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold.columns import quoted
from hearpreprocess.scaffold.dataset import Omissions, TablesLayout
from hearpreprocess.scaffold.division import ExpectedClip
from hearpreprocess.scaffold.naming import NamingTables, RowsByRecording
from hearpreprocess.scaffold.notes import Noted, some
from hearpreprocess.scaffold.parts import PathPart, named
from hearpreprocess.scaffold.recordings import ClipNaming, Recordings, are_unique, clip_name, stem_of
from hearpreprocess.scaffold.splits import Splits
from hearpreprocess.scaffold.tables import Row
from hearpreprocess.scaffold.times import Times
from hearpreprocess.storage import counted
from hearpreprocess.task import Column

MOST_OF_EARLY_EVENTS = 0.95
"""The share of recordings that a clip is long enough for, to hold an event."""


def of_known(rows: RowsByRecording, recordings: Recordings, *, by_name: bool) -> RowsByRecording:
    """The rows that name a recording of the folder; if `by_name`, one whose file name no other has."""
    known = frozenset(filter(recordings.is_unique, recordings.paths)) if by_name else recordings.known
    return {path: of_path for path, of_path in rows.items() if path in known}


def check_one_row_each(rows: RowsByRecording, tables: NamingTables) -> None:
    """Raise CorpusError, which names the table and the lines, where a recording has several rows."""
    repeated = [path for path, of_path in rows.items() if len(of_path) > 1]
    if repeated:
        raise CorpusError(
            f"{tables.first.path} names {counted(len(repeated), 'recordings')} more than once, such as {repeated[0]} "
            f"({tables.lines_naming(repeated[0])}): put all labels of a recording into one cell, separated by "
            "semicolons; labels with times need columns called onset and offset, in seconds"
        )


def clip_naming(paths: Iterable[str]) -> ClipNaming:
    """What makes the names of the clips of these recordings unique."""
    return "stem" if are_unique([stem_of(path) for path in paths]) else "path"


def seconds_for_events(
    seconds: float, times: Times, rows: RowsByRecording, durations: Mapping[str, float]
) -> Noted[float]:
    """The duration of clips, made so long that of most recordings an event begins within.

    `durations`: of some recordings, in seconds; an event after the end of its recording makes no clip longer.
    """
    starts = [
        min(within)
        for path, of_path in rows.items()
        if (within := [start for _table, row in of_path if (start := times.start_of(row)) < durations.get(path, inf)])
    ]
    return seconds_for_starts(seconds, starts)


def seconds_for_starts(seconds: float, starts: Iterable[float]) -> Noted[float]:
    """The duration of clips, made so long that most recordings have an event; `starts`: of the first one of each."""
    starts = sorted(start for start in starts if isfinite(start))
    needed = starts[min(len(starts) - 1, int(MOST_OF_EARLY_EVENTS * len(starts)))] if starts else 0.0
    if needed < seconds:
        return seconds, []
    note = f"clips are long enough for an event of {100 * MOST_OF_EARLY_EVENTS:.0f} of 100 recordings"
    return ceil(10 * needed + 1) / 10, [note]


def clips_of(
    layout: TablesLayout,
    splits: Splits,
    group: Column | PathPart,
    naming: ClipNaming,
    seconds: float | None,
    rows: RowsByRecording,
) -> tuple[dict[str, ExpectedClip], Omissions]:
    """The clip of each recording that makes one, by its path, and how many do not, with the reasons.

    `seconds`: how long a clip is, or None; it holds no event that begins later. `rows`: of recordings in the folder.
    """
    clips: dict[str, ExpectedClip] = {}
    late = unsplit = 0
    for path, of_path in rows.items():
        table, first = of_path[0]
        labels = [
            label
            for _table, row in of_path
            if not _is_late(layout, seconds, row)
            for label in _labels(layout, path, row)
        ]
        split = splits.of_row(path, table, first)
        if splits.are_given and not split:
            unsplit += 1
        elif labels:
            name = clip_name(naming, path)
            group_name = group.of(path) if isinstance(group, PathPart) else first[group].strip() if group != "" else ""
            clips[path] = ExpectedClip(name, tuple(dict.fromkeys(labels)), group_name or name, split)
        else:
            late += any(_labels(layout, path, row) for _table, row in of_path)
    every_row = [(path, row) for path, of_path in rows.items() for _table, row in of_path]
    untimed = sum(_is_untimed(layout, row) for _path, row in every_row)
    unlabelled = sum(not _is_untimed(layout, row) and not _labels(layout, path, row) for path, row in every_row)
    return clips, Omissions(unlabelled=unlabelled, untimed=untimed, unsplit=unsplit, late=late)


def _is_untimed(layout: TablesLayout, row: Row) -> bool:
    return layout.times is not None and layout.times.are_blank_in(row)


def _labels(layout: TablesLayout, path: str, row: Row) -> list[str]:
    """The labels of a row; none where it is to be an event and has no times."""
    return [] if _is_untimed(layout, row) else layout.labels.of_row(path, row)


def _is_late(layout: TablesLayout, seconds: float | None, row: Row) -> bool:
    """Whether a row is an event after the end of a clip."""
    return layout.times is not None and seconds is not None and layout.times.start_of(row) >= seconds


def check_one_split_each(splits: Splits, rows: RowsByRecording) -> None:
    """Raise CorpusError, which names the recording, where the rows of one have several splits."""
    for path, of_path in rows.items():
        given = {splits.of_row(path, table, row) for table, row in of_path}
        if len(given) > 1:
            shown = " and ".join(split or "none" for split in sorted(given))
            raise CorpusError(
                f"{path} is in several splits ({shown}) according to {splits.source}; expected one. Correct "
                "the rows, or ignore these splits with --split-column none"
            )


def notes_on_differences(column: Column, rows: RowsByRecording) -> list[str]:
    """A note on a column of groups that differs within a recording, while its clip can have one group."""
    differing = [path for path, of_path in rows.items() if len({row.get(column) for _table, row in of_path}) > 1]
    if column == "" or not differing:
        return []
    return [
        f"column {quoted(column)} has several values in {counted(len(differing), 'recordings')}, such as "
        f"{differing[0]}; the first row is used. If rows are parts of recordings, give each Clip start and stop"
    ]


def notes_on_omissions(
    tables: Sequence[str], unnamed: Sequence[str], missing: Sequence[str], omissions: Omissions
) -> list[str]:
    """Notes on all that makes no clip. `unnamed`: recordings that no row names. `missing`: what rows name instead."""
    where = " and ".join(tables)
    counts = {
        f"rows of {where} without a label, left out": omissions.unlabelled,
        f"rows of {where} without times, not used": omissions.untimed,
        "recordings without an event before the end of the clip, left out": omissions.late,
        f"recordings of {where} without a split, left out": omissions.unsplit,
    }
    notes = [f"{text}: {count:,}" for text, count in counts.items() if count]
    if missing:
        text = f"rows of {where} that name no recording, or several of the same name"
        notes.insert(0, f"{text}: {omissions.missing:,} ({some(missing)})")
    if unnamed:
        notes.insert(0, f"recordings that are not in {where}, left out: {len(unnamed):,} ({some(unnamed)})")
    return notes


def notes_on_brackets(clips: Iterable[ExpectedClip]) -> list[str]:
    """A note on a label that looks like a list of several, if there is one."""
    bracketed = sorted(label for clip in clips for label in clip.labels if label[:1] in ("[", "(", "{"))
    return [
        f"labels used as written, such as {label}; to list several, separate them by semicolons"
        for label in bracketed[:1]
    ]


def groups_that_hold(clips: Iterable[ExpectedClip], group: Column | PathPart) -> Noted[Column | PathPart]:
    """What holds the groups; nothing, with a note, where the given splits divide a group."""
    splits_of: dict[str, set[str]] = {}
    for clip in clips:
        if clip.group != clip.name:
            splits_of.setdefault(clip.group, set()).add(clip.split)
    divided = [group_name for group_name, splits in splits_of.items() if len(splits) > 1]
    if group == "" or not divided:
        return group, []
    return "", [
        f"groups not used: {len(divided):,} of {len(splits_of):,} in {named(group)} are in several given splits, such "
        f"as {divided[0]}, so train and test share groups; --split-column none draws other splits"
    ]


def notes_on_blank_groups(column: Column, clips: Iterable[str], rows: RowsByRecording) -> list[str]:
    """A note on the recordings, among those that make clips, whose group is blank."""
    blank = sum(not rows[path][0][1][column].strip() for path in clips)
    return [f"recordings without a {column}, each its own group: {blank:,}"] if blank else []
