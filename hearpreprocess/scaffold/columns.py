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

WEAK_GROUP_NAMES = ("animal", "location", "site", "identifier", "player", "recording", "group")
"""Those of them that columns of labels have, too."""

YES, NO = ("1", "1.0", "true", "yes", "y", "x"), ("0", "0.0", "false", "no", "n", "")
"""In lower case."""

NOTHING = ("", "nan", "none", "[]")
"""Cells without a label, in lower case."""


def plain_name(column: Column) -> str:
    """A column's name in small letters, without blanks, underscores and brackets."""
    return re.sub(r"[^a-z0-9]", "", str(column).lower())


_GROUP_NAME = re.compile(
    r"(?:actor|speaker|spkr?|subject|subj|sub|participant|person|people|patient|pat|singer|talker|player|artist|user"
    r"|client|animal|individual|session|sess|ses|recording|record|rec|tape|day|date|week|month|year|take|trial|run|block"
    r"|round|visit|site|location|loc|room|mic|channel|chan|device|dev|part|chunk|batch|disc|disk|cd|vol|volume|chapter"
    r"|book|id|sn|[a-z])?[ _-]*(?:\d+[a-z]?|\d{4}[-_.]?\d{2}[-_.]?\d{2}|\d{1,2}[-_.]\d{1,2}[-_.]\d{2,4})"
    r"(?:[T _-]+\d{2}[-_.:h]?\d{2}.*)?",
    re.IGNORECASE,
)
"""A folder that is numbered as people, sessions and places are, or a date, with a time or without.

A number or a letter with a number is one, too.
"""


_PEOPLE_NAME = re.compile(
    r"(?:speakers?|spkr?|subjects?|subj?|participants?|patients?|persons?|actors?|talkers?|singers?|users?|id)"
    r"[ _-]*\d+",
    re.IGNORECASE,
)


def are_people_names(names: Collection[str]) -> bool:
    """Whether folders are numbered behind a word for people. Sessions are not: each speaker may have a first one."""
    return all(_PEOPLE_NAME.fullmatch(name) for name in names)


def are_group_names(names: Collection[str]) -> bool:
    """Whether folders are numbered as people, sessions or places are, so that their names are unlikely to be labels."""
    return all(_GROUP_NAME.fullmatch(name) for name in names)


def column_called(columns: Sequence[Column], names: Sequence[str]) -> Column:
    """The column with the first of these names that one has, however it is written; "" where none has."""
    return next((column for name in names for column in columns if plain_name(column) == name), "")


def name_of(column: Column) -> str:
    """What an option calls a column: its name, or its number from 1 where a table has no header."""
    return str(column + 1) if isinstance(column, int) else column


def quoted(column: Column) -> str:
    """A column in a message: its name in quotes, or its number from 1."""
    return repr(column) if isinstance(column, str) else name_of(column)


def is_yes_and_no(cells: Collection[str]) -> bool:
    """Whether cells say yes and no, as people write that."""
    kinds = {cell.lower() for cell in cells}
    return kinds <= {*YES, *NO} and not kinds.isdisjoint(YES) and not kinds.isdisjoint(NO)


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
