"""Refuse folders that look as if they gave splits to which the clips do not keep."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold.columns import YES, column_called, is_yes_and_no, name_of
from hearpreprocess.scaffold.dataset import DatasetDescription
from hearpreprocess.scaffold.encodings import text_of
from hearpreprocess.scaffold.naming import NamingTables
from hearpreprocess.scaffold.parts import fields_of
from hearpreprocess.scaffold.recordings import Recordings, clip_name, stem_of
from hearpreprocess.scaffold.split_names import divides, hinted_splits, is_called_split
from hearpreprocess.task import Column

TABLES, TREES = (".csv", ".tsv", ".txt", ".tab"), (".json", ".jsonl", ".yaml", ".yml", ".xml")
LISTS = (*TABLES, *TREES, ".lst", ".list", ".flist", ".scp", ".ctl", ".xlsx", ".xls", ".ods", ".parquet", ".m3u")

MOST_BYTES, MOST_VALUES, MOST_NAMES_SHOWN = 50_000_000, 50, 4
_LIST_WORDS = re.compile(r"(?:^|[^a-z])(?:splits?|folds?|partitions?)(?:[^a-z]|$)|split|fold[ _-]?\d", re.IGNORECASE)
_SEPARATORS = (",", ";", "\t", "|", None)
_SPLIT_COLUMNS = ("split", "splits", "datasplit", "splitname", "partition", "partitions", "istest", "istrain")
_QUOTED = re.compile(r"""["']([A-Za-z_ -]{2,30})["']""")


@dataclass(frozen=True)
class Sign:
    """Something that looks like given splits. `what`: in words. `of_path`: what it says of recordings, where known.

    `option`: what else than `none` --split-column could be; "" for nothing.
    """

    what: str
    of_path: Mapping[str, str] = field(default_factory=dict)
    option: str = ""


def check_no_splits_are_lost(
    folder: Path, dataset: DatasetDescription, recordings: Recordings, tables: NamingTables | None
) -> None:
    """Raise CorpusError where names or cells look like training and test sets, and the clips do not keep to these."""
    split_of = {clip.name: clip.split for clip in dataset.clips}
    used = {*dataset.tables, *dataset.split_lists, *dataset.annotation_files}
    of_names = [*_signs_of_folders(recordings.paths), *_signs_of_fields(recordings.paths)]
    of_columns = _signs_of_columns(tables) if tables else ()
    for sign in (*of_columns, *of_names):
        if not _is_kept(sign, split_of, dataset):
            _refuse(replace(sign, option="") if dataset.annotation_files else sign)
    if not dataset.splits.are_given:
        others = [path for path in recordings.others if path not in used and stem_of(path) not in recordings.stems]
        for sign in _signs_of_files(folder, others):
            _refuse(sign)


def _refuse(sign: Sign) -> None:
    stated = f"State them with --split-column {sign.option}, or ignore" if sign.option else "Ignore"
    more = "" if sign.option else ", or write them into a column of a table, with train, valid or test in each row"
    raise CorpusError(
        f"{sign.what} looks like given splits, but the clips do not keep to it. {stated} all given splits with "
        f"--split-column none{more}"
    )


def _is_kept(sign: Sign, split_of: Mapping[str, str], dataset: DatasetDescription) -> bool:
    """Whether no clip is on the other side of training and test than a sign says, and none lacks a split."""
    if not dataset.splits.are_given or not sign.of_path:
        return False
    if dataset.splits.folds:
        return True  # of which each is the test set once, as the dataset wants it
    for path, says in sign.of_path.items():
        given = split_of.get(clip_name(dataset.clip_naming, path))
        if given is None or not says:
            continue
        if (says == "test" and given == "train") or (says == "train" and given == "test"):
            return False
    return True


def _signs_of_columns(tables: NamingTables) -> Iterator[Sign]:
    """The columns of tables that name recordings; a column of folds is no sign."""
    where = tables.first.path
    rows_of = {path: [row for _table, row in rows] for path, rows in tables.by_recording.items()}
    for column in tables.columns:
        if column == tables.naming.column:
            continue
        cell_of = {path: rows[0].get(column, "").strip() for path, rows in rows_of.items()}
        values = set(cell_of.values()) - {""}
        of_value = {value: _one_of(hinted_splits(value)) for value in values}
        name, title = name_of(column), f"{where}: column {name_of(column)!r}"
        if divides(values):
            of_path = {path: of_value.get(cell, "") for path, cell in cell_of.items()}
            yield Sign(f"{title} ({_shown(values)})", of_path, name)
        elif _is_flag(column, set(cell_of.values())):
            yield Sign(f"{title} ({_shown(values)})", _of_flag(column, cell_of), name)


def _is_flag(column: Column, cells: set[str]) -> bool:
    """Whether a column is called as a split among other words, and holds two values, or one and blanks."""
    hints = hinted_splits(str(column))
    return bool(hints) and (is_yes_and_no(cells) or (len(cells) == 2 and is_called_split(str(column))))


def _of_flag(column: Column, cell_of: Mapping[str, str]) -> dict[str, str]:
    """What a column of yes and no says of recordings; nothing where it is not clear which cells say yes."""
    if not is_yes_and_no(set(cell_of.values())):
        return {}
    split = _one_of(hinted_splits(str(column)))
    return {path: split if cell.lower() in YES else "" for path, cell in cell_of.items()}


def _signs_of_folders(paths: Sequence[str]) -> Iterator[Sign]:
    """The folder levels, counted from both ends, as folders may be unevenly deep."""
    deepest = max(path.count("/") for path in paths)
    for level in (*range(deepest), *range(-1, -deepest - 1, -1)):
        name_of_path = {
            path: folders[level]
            for path in paths
            if len(folders := path.split("/")[:-1]) > (level if level >= 0 else -level - 1)
        }
        names = set(name_of_path.values())
        tests = {name for name in names if is_called_split(name) and "train" not in hinted_splits(name)}
        are_others = tests < names or len(name_of_path) < len(paths)
        if divides(names) or (tests and are_others):
            of_path = {path: _one_of(hinted_splits(name)) for path, name in name_of_path.items()}
            yield Sign(f"the folder level of {_shown(names, tests)}", of_path)


def _signs_of_fields(paths: Sequence[str]) -> Iterator[Sign]:
    """The fields of file names, of which most are named like splits."""
    fields = {path: [re.sub(r"\d+$", "", text) for text in fields_of(path)] for path in paths}
    for number in range(max(map(len, fields.values()))):
        of_path = {path: texts[number] for path, texts in fields.items() if number < len(texts)}
        called = {path: text for path, text in of_path.items() if is_called_split(text)}
        names = set(called.values())
        if 2 * len(called) >= len(paths) and divides(names):
            says = {path: _one_of(hinted_splits(text)) for path, text in called.items()}
            yield Sign(f"field {number + 1} of the file names ({_shown(names)})", says)


def _signs_of_files(folder: Path, paths: Sequence[str]) -> Iterator[Sign]:
    """Files that are called as splits, or of which a column or a value is."""
    for path in paths:
        if not path.lower().endswith(LISTS):
            continue
        if _LIST_WORDS.search(stem_of(path)) or hinted_splits(stem_of(path)) - {"train"} or stem_of(path) == "train":
            yield Sign(path)
            continue
        file = folder / path
        if file.stat().st_size > MOST_BYTES or not path.lower().endswith((*TABLES, *TREES)):
            continue
        try:
            (text, _encoding), _notes = text_of(file.read_bytes())
        except CorpusError:
            continue
        if path.lower().endswith(TREES):
            values = {value for value in set(_QUOTED.findall(text)) if is_called_split(value)}
            if divides(values):
                yield Sign(f"{path} ({_shown(values)})")
        else:
            yield from _signs_of_cells(path, text)


def _signs_of_cells(path: str, text: str) -> Iterator[Sign]:
    """The columns of a text, however it is divided, in which most cells are named like splits."""
    lines = [line for line in text.splitlines() if line.strip()]
    for separator in _SEPARATORS:
        rows = [[cell.strip(" \"'") for cell in line.split(separator)] for line in lines]
        width = max(map(len, rows), default=0)
        if width < 2 or any(len(row) != width for row in rows[:2]):
            continue
        for title, *cells in zip(*[row for row in rows if len(row) == width], strict=True):
            values = set(cells) - {""}
            is_called = column_called([title], _SPLIT_COLUMNS) != "" or _is_flag(title, set(cells))
            if (len(values) <= MOST_VALUES and divides(values)) or (is_called and len(values) > 1):
                yield Sign(f"{path}: column {title!r} ({_shown(values)})")


def _one_of(splits: set[str]) -> str:
    """The split where there is one; of a test set for development, the test set."""
    return next((split for split in ("train", "test") if split in splits), "valid" if splits else "")


def _shown(names: set[str], first: Collection[str] = ()) -> str:
    ordered = sorted(names, key=lambda name: (not (name in first or hinted_splits(name)), name))
    return ", ".join(ordered[:MOST_NAMES_SHOWN]) + (" ..." if len(names) > MOST_NAMES_SHOWN else "")
