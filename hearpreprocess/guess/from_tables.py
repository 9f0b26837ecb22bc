"""Guess from tables that name the recordings: columns of labels, of times, of splits, of groups."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from math import ceil, inf, isfinite
from pathlib import Path

from hearpreprocess.errors import CorpusError
from hearpreprocess.guess.division import Guessed
from hearpreprocess.guess.found import SPLITS, Guess, are_unique, clip_name, stem_of, with_train
from hearpreprocess.guess.tables import Column, Naming, Recordings, Row, Table, naming_in, read
from hearpreprocess.texts import counted

# Without blanks, underscores and brackets, as columns are called in many ways.
LABEL_NAMES = (
    *("label", "labels", "eventlabel", "class", "classes", "category", "categories", "tag", "tags"),
    *("target", "targets", "emotion", "emotions", "genre", "genres", "species", "word"),
)
SPLIT_NAMES = ("split", "fold", "set", "subset", "partition")
GROUP_NAMES = (
    *("group", "speaker", "speakerid", "participant", "participantid", "subject", "subjectid", "patient", "patientid"),
    *(
        "actor",
        "talker",
        "singer",
        "artist",
        "clientid",
        "user",
        "userid",
        "recordist",
        "session",
        "recording",
        "animal",
    ),
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

MOST_OF_EARLY_EVENTS = 0.95
"""The share of recordings that a clip is long enough for, to hold an event."""

LISTED = r"""'([^']*)'|"([^"]*)"|([^\s,'"\[\](){}]+)"""
"""An item of a list, as Python and numpy write it: quoted, or a number."""


def tables_of(found: Guess, folder: Path, paths: Sequence[str], recordings: Recordings) -> list[tuple[Table, Naming]]:
    """The tables that name recordings, each with how it does so: one, or one for each split."""
    matched: list[tuple[int, Table, Naming]] = []
    for path in paths:
        if path.endswith(".txt") and stem_of(path) in recordings.stems:
            continue  # what is said in a recording, or heard, is no table of recordings
        try:
            table = read(folder, path, recordings)
        except CorpusError as error:
            if not path.endswith(".txt"):
                found.notes.append(f"{error}, and was passed over")
            continue
        count, naming = naming_in(table, recordings)
        if naming is not None:
            matched.append((count, table, naming))
        elif not path.endswith(".txt"):
            found.notes.append(f"{path} names no recording, and was passed over")
    if not matched:
        return []
    matched.sort(key=lambda each: -each[0])
    (_most, first, naming), *others = matched
    with_it = [(table, its) for _count, table, its in others if _go_together(first, naming, table, its)]
    chosen = [(first, naming), *with_it]
    paths_chosen = [table.path for table, _naming in chosen]
    left = [table.path for _count, table, _naming in others if table.path not in paths_chosen]
    found.notes += [f"{path} names recordings, too, and was passed over" for path in left]
    named = sum(count for count, table, _naming in matched if table.path in paths_chosen)
    if named < max(1, len(recordings.paths) / 2):
        found.notes.append(f"{' and '.join(paths_chosen)} names only {named:,} of the recordings, and was passed over")
        return []
    return chosen


def _go_together(first: Table, naming: Naming, other: Table, its_naming: Naming) -> bool:
    """Whether two tables are of the same kind, one for each split, and are read in the same way."""
    is_split = split_of_table(first.path) != "" and split_of_table(other.path) != ""
    is_alike = dict(first.options) == dict(other.options) and len(set(first.columns) & set(other.columns)) > 1
    return is_split and is_alike and replace(its_naming, prefix="") == replace(naming, prefix="")


def split_of_table(path: str) -> str:
    """The split that a table is of, by its own name or that of its folder; "" where they do not tell."""
    folder, _slash, _name = path.rpartition("/")
    return SPLITS.get(stem_of(path).lower(), SPLITS.get(folder.rpartition("/")[2].lower(), ""))


def tell_labels(tables: Sequence[tuple[Table, Naming]]) -> bool:
    """Whether a column is called as labels or their times are, or several hold yes and no."""
    (first, naming), *_others = tables
    columns = [column for column in first.columns if column != naming.column]
    are_yes_and_no = [column for column in columns if _is_yes_and_no({row[column].strip() for row in first.rows})]
    return (
        _named(columns, LABEL_NAMES) != ""
        or "" not in (_named(columns, START_NAMES), _named(columns, (*END_NAMES, *DURATION_NAMES)))
        or len(are_yes_and_no) > 1
    )


def _is_yes_and_no(cells: Collection[str]) -> bool:
    kinds = {cell.lower() for cell in cells}
    return kinds <= {*YES, *NO} and len(kinds) > 1


def from_tables(
    found: Guess, tables: Sequence[tuple[Table, Naming]], recordings: Recordings, seconds: Mapping[str, float]
) -> None:
    """Add what the tables tell. `seconds`: how long some of the recordings are.

    Raises CorpusError where no column looks like labels, or where a recording is named several times.
    """
    (first, naming), *_others = tables
    found.namings, found.options = {table.path: its for table, its in tables}, first.options
    found.tables = {table.path: "" for table, _naming in tables}
    rows = [(table.path, row) for table, _naming in tables for row in table.rows]
    found.has_backslashes = any("\\" in row[naming.column] for _path, row in rows)
    shared = [column for column in first.columns if all(column in table.columns for table, _naming in tables)]
    columns = [column for column in shared if column != naming.column]
    found.has_same_names = naming.by_name and len(recordings.unique_names) < len(recordings.names)
    of_recording = _by_recording(found, rows, recordings)
    _find_times(found, columns, of_recording, seconds)
    found.split_column = _split_column([each for each in first.columns if each != naming.column], first)
    times = (found.start_column, found.end_column)
    found.has_decimal_commas = found.is_event_task and any("," in row[each] for _path, row in rows for each in times)
    groups = [column for column in columns if any(row[column].strip() for _path, row in rows)]
    found.group_column = _named(groups, GROUP_NAMES)
    taken = (found.split_column, found.group_column, found.start_column, found.end_column)
    _find_labels(found, [row for _path, row in rows], [each for each in columns if each not in taken])
    _find_splits(found, rows, recordings)
    _take_rows(found, of_recording, recordings, seconds)


def _by_recording(
    found: Guess, rows: Sequence[tuple[str, Row]], recordings: Recordings
) -> dict[str, list[tuple[str, Row]]]:
    """The rows, each with its table, by the path of what they name."""
    place_of = {path.rpartition("/")[2]: path for path in recordings.paths}
    of_path: dict[str, list[tuple[str, Row]]] = {}
    for table, row in rows:
        naming = found.namings[table]
        path = naming.path(row[naming.column])
        of_path.setdefault(place_of.get(path, path) if naming.by_name else path, []).append((table, row))
    return of_path


def _split_column(columns: Sequence[Column], table: Table) -> Column:
    """A column that is called so, or whose cells are splits, whatever it is called."""
    kinds = {column: {row[column].strip().lower() for row in table.rows} for column in columns}
    by_value = (column for column in columns if len(kinds[column]) > 1 and kinds[column] <= SPLITS.keys())
    named = _named(columns, SPLIT_NAMES)
    return named if named != "" else next(by_value, "")


def _find_times(
    found: Guess,
    columns: Sequence[Column],
    of_recording: Mapping[str, Sequence[tuple[str, Row]]],
    seconds: Mapping[str, float],
) -> None:
    """Columns of numbers that are called as times are, and that stay inside of the recordings."""
    start, end = _named(columns, START_NAMES), _named(columns, END_NAMES)
    has_durations = end == ""
    end = end if end != "" else _named(columns, DURATION_NAMES)
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
            (_number(row[end]) + (_number(row[start]) if has_durations else 0), seconds[path])
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


def _number(cell: str) -> float:
    return float(cell.replace(",", "."))


def _is_number(cell: str) -> bool:
    try:
        return isfinite(_number(cell))
    except ValueError:
        return False


def _find_labels(found: Guess, rows: Sequence[Row], columns: Sequence[Column]) -> None:
    distinct = {column: {row[column].strip() for row in rows} for column in columns}
    able = [column for column in columns if 1 < len(distinct[column]) <= max(2, len(rows) // 2)]
    words = [column for column in able if not all(re.fullmatch(r"[-+.\d]*", cell) for cell in distinct[column])]
    yes_columns = [column for column in columns if isinstance(column, str) and _is_yes_and_no(distinct[column])]
    found.label_column = _named(columns, LABEL_NAMES)
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
    parts = {part for cell in cells for part in _parts(cell, separator)}
    return len(several) > 1 and len(parts) <= len(cells)


def _parts(cell: str, separator: str) -> list[str]:
    return [part.strip() for part in (cell.split(separator) if separator else [cell]) if part.strip()]


def _is_list(cell: str) -> bool:
    return cell[:1] + cell[-1:] in ("[]", "()", "{}")


def _listed(cell: str) -> list[str]:
    return ["".join(item) for item in re.findall(LISTED, cell)] if _is_list(cell) else []


def _named(columns: Sequence[Column], names: Sequence[str]) -> Column:
    called = {column: re.sub(r"[^a-z0-9]", "", str(column).lower()) for column in columns}
    return next((column for name in names for column in columns if called[column] == name), "")


def _find_splits(found: Guess, rows: Sequence[tuple[str, Row]], recordings: Recordings) -> None:
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
    folds = [FOLD.fullmatch(value) for value in kinds]
    if is_mostly_blank:
        pass
    elif all(value.lower() in SPLITS for value in kinds):
        found.given_splits = with_train(found, {value: SPLITS[value.lower()] for value in kinds})
    elif 2 <= len(kinds) <= MOST_FOLDS and len({fold and fold["prefix"] for fold in folds}) == 1:
        numbers = sorted(int(fold["number"]) for fold in folds if fold)
        if numbers and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
            found.folds, found.first_fold = len(numbers), numbers[0]
            found.fold_prefix = next(fold["prefix"] for fold in folds if fold)
    if not found.given_splits and not found.folds:
        shown = "is blank in most rows" if is_mostly_blank else f"holds {', '.join(map(repr, kinds[:5]))}"
        found.notes.append(f"column {found.split_column!r} looks like splits, but {shown}; not used")
        found.split_column = ""


def _take_rows(
    found: Guess,
    of_path: Mapping[str, Sequence[tuple[str, Row]]],
    recordings: Recordings,
    seconds: Mapping[str, float],
) -> None:
    """The clips that the rows stand for, and what is told of those that stand for none."""
    place_of = {path.rpartition("/")[2]: path for path in recordings.paths}
    known = {place_of[name] for name in recordings.unique_names} if found.naming.by_name else recordings.known
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
        return _listed(cell)
    return _parts(cell, found.separator)


def _has_no_times(found: Guess, row: Row) -> bool:
    return found.is_event_task and not (row[found.start_column].strip() and row[found.end_column].strip())


def _start(found: Guess, row: Row) -> float:
    return inf if _has_no_times(found, row) else _number(row[found.start_column])


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
