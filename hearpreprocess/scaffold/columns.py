"""Columns of tables by what they are called, and by what their cells hold."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from hearpreprocess.scaffold.tables import Row
from hearpreprocess.task import Column

# Without blanks, underscores and brackets, as columns are called in many ways.
GROUP_NAMES = (
    *(
        "group",
        "groupid",
        "speaker",
        "speakerid",
        "speakername",
        "spk",
        "spkid",
        "spkr",
        "participant",
        "participantid",
    ),
    *("subject", "subjectid", "subjectname", "patient", "patientid", "person", "personid", "actor", "actorid"),
    *("talker", "talkerid", "singer", "singerid", "performer", "player", "artist", "artistid", "clientid", "user"),
    *("userid", "username", "recordist", "author", "animal", "animalid", "individual", "session", "sessionid"),
    *("recording", "recordingid", "recordingname", "sourcefile", "srcfile", "originalfile", "fsid", "freesoundid"),
    *("location", "locationid", "site", "siteid", "identifier"),
)
"""The one before another is the larger unit, as sessions are of one speaker."""

YES, NO = ("1", "1.0", "true", "yes", "x"), ("0", "0.0", "false", "no", "")
"""In lower case."""

NOTHING = ("", "nan", "none", "[]")
"""Cells without a label, in lower case."""


def column_called(columns: Sequence[Column], names: Sequence[str]) -> Column:
    """The column with the first of these names that one has, however it is written; "" where none has."""
    called = {column: re.sub(r"[^a-z0-9]", "", str(column).lower()) for column in columns}
    return next((column for name in names for column in columns if called[column] == name), "")


def name_of(column: Column) -> str:
    """What an option calls a column: its name, or its number from 1 where a table has no header."""
    return str(column + 1) if isinstance(column, int) else column


def is_yes_and_no(cells: Collection[str]) -> bool:
    """Whether cells say yes and no, as people write that."""
    kinds = {cell.lower() for cell in cells}
    return kinds <= {*YES, *NO} and len(kinds) > 1


def says_yes_or_no(cell: str) -> bool:
    """Whether a cell says one of both."""
    return cell.lower() in (*YES, *NO)


def distinct_cells(rows: Sequence[Row], column: Column) -> set[str]:
    """The different cells of a column, without the blanks around them."""
    return {row[column].strip() for row in rows}


def group_column_in(columns: Sequence[Column], rows: Sequence[Row]) -> Column:
    """The column that is called as groups are, one whose values recur before others; "" where there is none.

    Neither a column with one value nor one of 0 and 1 holds groups.
    """
    values = {column: distinct_cells(rows, column) for column in columns}
    able = [column for column in columns if len(values[column] - {""}) > 1 and not is_yes_and_no(values[column])]
    recurring = [column for column in able if len(values[column]) < len(rows)]
    found = column_called(recurring, GROUP_NAMES)
    return found if found != "" else column_called(able, GROUP_NAMES)


def can_be_labels(column: Column, rows: Sequence[Row]) -> bool:
    """Whether a column has several values, and is filled in at least half of the rows."""
    cells = [row[column].strip() for row in rows]
    filled = [cell for cell in cells if cell.lower() not in NOTHING]
    return 2 * len(filled) >= len(cells) and len(set(filled)) > 1
