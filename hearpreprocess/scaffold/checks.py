"""Refuse what no task can be made of, before a module is written: labels, names and times as they are in a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hearpreprocess.corpus import problem_of_label, problem_of_name, spelled_twice
from hearpreprocess.errors import CorpusError, enumerate_problems
from hearpreprocess.scaffold.columns import quoted
from hearpreprocess.scaffold.division import ExpectedClip
from hearpreprocess.scaffold.naming import NamingTables
from hearpreprocess.scaffold.tables import Row
from hearpreprocess.scaffold.times import Times
from hearpreprocess.task import Column, shown, unusable_character

MISSING = ("nan", "NaN", "NAN", "null", "Null", "NULL", "None", "NA", "N/A", "n/a", "<NA>", "#N/A")
"""What programs write for a value that is missing: pandas, R, SQL and spreadsheets."""


def check_clips(clips: Sequence[ExpectedClip], label_source: str) -> None:
    """Raise CorpusError where a run would refuse the labels, names or groups of clips."""
    labels = dict.fromkeys(label for clip in clips for label in clip.labels)
    names = dict.fromkeys(clip.name for clip in clips)
    groups = dict.fromkeys(clip.group for clip in clips if clip.group != clip.name)
    problems = [
        *(f"label {shown(label)} {problem}" for label in labels if (problem := problem_of_label(label))),
        *(f"clip {shown(name)}: {problem}" for name in names if (problem := problem_of_name(name))),
        *(
            f"group {shown(group)} has the character {wrong}"
            for group in groups
            if (wrong := unusable_character(group))
        ),
        *(f"labels: {spellings}" for spellings in spelled_twice(labels)),
        *(f"names of recordings: {spellings}" for spellings in spelled_twice(names)),
    ]
    if problems:
        where = f"labels are from {label_source}; correct them there, and names by renaming the recordings"
        raise CorpusError(
            enumerate_problems("labels, names or groups that cannot be used: {count}", problems) + f"\n{where}"
        )


def check_no_missing_labels(tables: NamingTables, column: Column) -> None:
    """Raise CorpusError where cells of labels hold what stands for none, which would become a label."""
    lines = _lines_where(tables, lambda row: row[column].strip() in MISSING)
    if lines:
        cells = [cell for _table, row in tables.rows if (cell := row[column].strip()) in MISSING]
        raise CorpusError(
            f"column {quoted(column)} has the label {cells[0]!r} ({_some(lines)})"
            ", which programs write for a missing value. "
            "Leave the cell of a recording without a label empty, or rename the label"
        )


def check_events(tables: NamingTables, times: Times) -> None:
    """Raise CorpusError, which names the lines, where events do not run forward from 0."""
    lines = _lines_where(
        tables, lambda row: not times.are_blank_in(row) and not 0 <= times.start_of(row) <= times.end_of(row)
    )
    if lines:
        raise CorpusError(
            f"events of columns {times.start!r} and {times.end!r} need 0 s <= start <= end ({_some(lines)}); "
            "correct their times"
        )


def _lines_where(tables: NamingTables, is_wrong: Callable[[Row], bool]) -> list[str]:
    """The rows of which something holds, of those that name a recording, by table and line."""
    recordings = tables.recordings
    return [
        f"{table.path}, line {line}"
        for table, naming in tables.tables
        for line, row in zip(table.lines, table.rows, strict=True)
        if is_wrong(row) and naming.recording(row[naming.column], recordings) in recordings.known
    ]


def _some(lines: Sequence[str], most: int = 5) -> str:
    return "; ".join(lines[:most]) + (f"; and {len(lines) - most:,} more" if len(lines) > most else "")
