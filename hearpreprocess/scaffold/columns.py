"""What the columns of tables that name recordings hold: labels, times, splits, groups."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from math import isfinite

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold.found import SPLITS, Guess, stem_of, with_train
from hearpreprocess.scaffold.tables import Column, Recordings, Row, Table

# Without blanks, underscores and brackets, as columns are called in many ways.
LABEL_NAMES = (
    *("label", "labels", "eventlabel", "class", "classes", "category", "categories", "tag", "tags"),
    *("target", "targets", "emotion", "emotions", "genre", "genres", "species", "word"),
)
SPLIT_NAMES = ("split", "fold", "set", "subset", "partition")
GROUP_NAMES = (
    *("group", "speaker", "speakerid", "participant", "participantid", "subject", "subjectid", "patient", "patientid"),
    *("actor", "talker", "singer", "artist", "clientid", "user", "userid", "recordist"),
    *("session", "recording", "animal"),
)
START_NAMES = ("onset", "onsets", "start", "starttime", "startseconds", "begin", "onsetseconds", "eventonset")
END_NAMES = ("offset", "offsets", "end", "endtime", "endseconds", "stop", "offsetseconds", "eventoffset")
DURATION_NAMES = ("duration", "durationseconds", "eventduration", "length")
SEPARATORS = (";", "|", ",")

YES, NO = ("1", "1.0", "true", "yes", "x"), ("0", "0.0", "false", "no", "")
NOTHING = ("", "nan", "none")
"""In small letters."""

MOST_FOLDS = 20
FOLD = re.compile(r"(?P<prefix>(?:[A-Za-z]+[ _-]?)?)(?P<number>\d+)(?:\.0)?")
"""A fold's number, as pandas writes it beside blank cells, too, or behind a word."""

SECONDS_BEYOND, MOST_BEYOND = 1.0, 0.1
"""Times of more than this share of rows, so far after the end of a recording, are times in something else."""

LISTED = r"""'([^']*)'|"([^"]*)"|([^\s,'"\[\](){}]+)"""
"""An item of a list, as Python and numpy write it: quoted, or a number."""


def split_of_table(path: str) -> str:
    """The split that a table is of, by its own name or that of its folder; "" where they do not tell."""
    folder, _slash, _name = path.rpartition("/")
    return SPLITS.get(stem_of(path).lower(), SPLITS.get(folder.rpartition("/")[2].lower(), ""))


def is_yes_and_no(cells: Collection[str]) -> bool:
    """Whether cells say yes and no, as people write that."""
    kinds = {cell.lower() for cell in cells}
    return kinds <= {*YES, *NO} and len(kinds) > 1


def split_column_of(columns: Sequence[Column], table: Table) -> Column:
    """A column that is called so, or whose cells are splits, whatever it is called."""
    kinds = {column: {row[column].strip().lower() for row in table.rows} for column in columns}
    by_value = (column for column in columns if len(kinds[column]) > 1 and kinds[column] <= SPLITS.keys())
    named = column_called(columns, SPLIT_NAMES)
    return named if named != "" else next(by_value, "")


def find_times(
    found: Guess,
    columns: Sequence[Column],
    of_recording: Mapping[str, Sequence[tuple[str, Row]]],
    seconds: Mapping[str, float],
) -> None:
    """Columns of numbers that are called as times are, and that stay inside of the recordings."""
    start, end = column_called(columns, START_NAMES), column_called(columns, END_NAMES)
    has_durations = end == ""
    end = end if end != "" else column_called(columns, DURATION_NAMES)
    if "" in (start, end):
        return
    timed = [
        (path, row)
        for path, its_rows in of_recording.items()
        for _table, row in its_rows
        if row[start].strip() and row[end].strip()
    ]
    why_not = "" if timed else "they are empty"
    no_number = next((row[each] for _path, row in timed for each in (start, end) if not _is_number(row[each])), None)
    if no_number is not None:
        why_not = f"{no_number!r} is no number of seconds"
    elif timed:
        ends = [
            (number_in(row[end]) + (number_in(row[start]) if has_durations else 0), seconds[path])
            for path, row in timed
            if path in seconds
        ]
        beyond = sum(each > length + SECONDS_BEYOND for each, length in ends)
        if beyond > MOST_BEYOND * len(ends):
            why_not = f"{beyond:,} of {len(ends):,} that were looked at are after the end of their recording"
    if why_not:
        found.notes.append(f"columns {start!r} and {end!r} are not taken for times of events: {why_not}")
    else:
        found.start_column, found.end_column, found.has_durations = start, end, has_durations


def number_in(cell: str) -> float:
    """The number that a cell is, with a decimal point or comma."""
    return float(cell.replace(",", "."))


def _is_number(cell: str) -> bool:
    try:
        return isfinite(number_in(cell))
    except ValueError:
        return False


def find_labels(found: Guess, rows: Sequence[Row], columns: Sequence[Column]) -> None:
    """A column that is called so, or several of yes and no, or the one with the fewest different words.

    Raises CorpusError where no column looks like labels.
    """
    distinct = {column: {row[column].strip() for row in rows} for column in columns}
    able = [column for column in columns if 1 < len(distinct[column]) <= max(2, len(rows) // 2)]
    words = [column for column in able if not all(re.fullmatch(r"[-+.\d]*", cell) for cell in distinct[column])]
    yes_columns = [column for column in columns if isinstance(column, str) and is_yes_and_no(distinct[column])]
    found.label_column = column_called(columns, LABEL_NAMES)
    if found.label_column == "" and len(yes_columns) > 1:
        found.yes_columns = tuple(yes_columns)
        return
    if found.label_column == "":
        if not able:
            names = ", ".join(map(str, columns))
            raise CorpusError(
                f"{next(iter(found.tables))} names the recordings, and no column ({names}) looks like labels"
            )
        found.label_column = min(words or able, key=lambda column: len(distinct[column]))
        others = [str(column) for column in able if column != found.label_column]
        if others:
            found.notes.append(f"labels could also be in {', '.join(others)}")
    cells = [row[found.label_column].strip() for row in rows]
    if not found.is_event_task:
        lists = [cell for cell in cells if cell.lower() not in NOTHING]
        found.has_lists = bool(lists) and all(_is_list(cell) for cell in lists)
        if not found.has_lists:
            found.separator = next((each for each in SEPARATORS if _divides(each, set(cells))), "")


def _divides(separator: str, cells: Collection[str]) -> bool:
    """Whether it stands between labels: these recur in other company, while a comma inside of one label does not."""
    several = [cell for cell in cells if separator in cell]
    parts = {part for cell in cells for part in parts_of(cell, separator)}
    return len(several) > 1 and len(parts) <= len(cells)


def parts_of(cell: str, separator: str) -> list[str]:
    """The labels in a cell."""
    return [part.strip() for part in (cell.split(separator) if separator else [cell]) if part.strip()]


def _is_list(cell: str) -> bool:
    return cell[:1] + cell[-1:] in ("[]", "()", "{}")


def listed(cell: str) -> list[str]:
    """The items of a cell that is a list; none where it is not."""
    return ["".join(item) for item in re.findall(LISTED, cell)] if _is_list(cell) else []


def column_called(columns: Sequence[Column], names: Sequence[str]) -> Column:
    """The column with the first of these names that one has, however it is written; "" where none has."""
    called = {column: re.sub(r"[^a-z0-9]", "", str(column).lower()) for column in columns}
    return next((column for name in names for column in columns if called[column] == name), "")


def find_splits(found: Guess, rows: Sequence[tuple[str, Row]], recordings: Recordings) -> None:
    """Splits of a column, of the tables' names, or of the outermost folders."""
    if len(found.tables) > 1:
        found.tables = {path: split_of_table(path) for path in found.tables}
    if found.split_column != "":
        _splits_of_column(found, [row[found.split_column].strip() for _path, row in rows if found.split_column in row])
    if len(found.tables) > 1 and found.folds:
        found.notes.append(f"column {found.split_column!r} is not used: the tables' names tell the splits")
        found.folds, found.split_column = 0, ""
    if len(found.tables) > 1:
        own = [path for path, row in rows if found.split_column in row] if found.given_splits else []
        found.tables = {path: "" if path in own else split for path, split in found.tables.items()}
        return
    tops = {path.partition("/")[0] if "/" in path else "" for path in recordings.paths}
    if not found.given_splits and not found.folds and len(tops) > 1 and {top.lower() for top in tops} <= SPLITS.keys():
        found.given_splits = with_train(found, {top: SPLITS[top.lower()] for top in sorted(tops)})
        found.by_folder = bool(found.given_splits)


def _splits_of_column(found: Guess, values: Sequence[str]) -> None:
    kinds = sorted(set(values) - {""})
    is_mostly_blank = values.count("") > len(values) / 2
    if not is_mostly_blank and all(value.lower() in SPLITS for value in kinds):
        found.given_splits = with_train(found, {value: SPLITS[value.lower()] for value in kinds})
    elif not is_mostly_blank:
        _find_folds(found, kinds)
    if not found.given_splits and not found.folds:
        shown = "is blank in most rows" if is_mostly_blank else f"holds {', '.join(map(repr, kinds[:5]))}"
        found.notes.append(f"column {found.split_column!r} looks like splits, but {shown}; not used")
        found.split_column = ""


def _find_folds(found: Guess, kinds: Sequence[str]) -> None:
    """Folds that are numbered on end, all of them written in the same way."""
    folds = [fold for fold in map(FOLD.fullmatch, kinds) if fold]
    numbers = sorted(int(fold["number"]) for fold in folds)
    prefixes = {fold["prefix"] for fold in folds}
    is_every = len(folds) == len(kinds) and 2 <= len(kinds) <= MOST_FOLDS and len(prefixes) == 1
    if is_every and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
        found.folds, found.first_fold, found.fold_prefix = len(numbers), numbers[0], prefixes.pop()
