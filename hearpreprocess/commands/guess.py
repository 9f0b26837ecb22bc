"""Guess what a folder of recordings is: where labels and splits are told, and how long clips should be."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hearpreprocess import archive
from hearpreprocess.errors import CorpusError

AUDIO = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff", ".m4a", ".mp4", ".webm", ".aac", ".au", ".wma")
TABLES = (".csv", ".tsv", ".txt")
LABEL_NAMES = ("label", "labels", "class", "category", "tag", "tags", "target", "emotion", "genre", "species", "word")
SPLIT_NAMES = ("split", "fold", "set", "subset", "partition")
GROUP_NAMES = ("group", "speaker", "speaker_id", "participant", "patient", "artist", "session", "recording", "animal")
SPLITS = {
    "train": "train",
    "training": "train",
    "valid": "valid",
    "validation": "valid",
    "val": "valid",
    "dev": "valid",
}
SPLITS |= {"test": "test", "testing": "test", "eval": "test", "evaluation": "test"}
SEPARATORS = (";", "|", ",")
LOOKED_AT = 200
QUANTILE = 0.95


@dataclass
class Guess:
    """`table`, `delimiter`, `file_column`, ... where a table tells; else the folders' names do.

    `has_suffix`: whether the table's file names have one. `folds`: the number of given folds. `separator`: between
    several labels in a cell. `notes`: what a person should read.
    """

    recordings: int
    suffixes: dict[str, int]
    seconds: float | None
    table: str | None = None
    delimiter: str = ","
    file_column: str = ""
    label_column: str = ""
    split_column: str = ""
    group_column: str = ""
    separator: str = ""
    folds: int = 0
    first_fold: int = 0
    given_splits: dict[str, str] = field(default_factory=dict)
    splits_by_folder: bool = False
    labels: tuple[str, ...] = ()
    fewest: int = 0
    notes: list[str] = field(default_factory=list)


def guess(folder: Path) -> Guess:
    """What the recordings in a folder are.

    Raises CorpusError where it holds none, or where nothing tells their labels.
    """
    files = [path for path in archive.files_below(folder) if not archive.is_litter(path)]
    recordings = [path for path in files if path.lower().endswith(AUDIO)]
    if not recordings:
        raise CorpusError(f"{folder} holds no recordings: expected files that end in {', '.join(AUDIO)}")
    suffixes = Counter(path.rpartition(".")[2].lower() for path in recordings)
    found = Guess(len(recordings), dict(suffixes), _usual_seconds(folder, recordings))
    tables = [path for path in files if path.lower().endswith(TABLES)]
    best = max(((_matches(folder / path, recordings), path) for path in tables), default=((0, ""), ""))
    if best[0][0] > len(recordings) / 2:
        _from_table(found, folder, best[1], best[0][1], recordings)
    else:
        _from_folders(found, folder, recordings)
    return found


def _usual_seconds(folder: Path, recordings: Sequence[str]) -> float | None:
    """A duration that 95 of 100 recordings do not exceed; None where libsndfile reads none of them."""
    import soundfile

    step = max(1, len(recordings) // LOOKED_AT)
    seconds = []
    for path in recordings[::step]:
        try:
            seconds.append(soundfile.info(str(folder / path)).duration)
        except soundfile.LibsndfileError:
            continue
    if not seconds:
        return None
    usual = sorted(seconds)[min(len(seconds) - 1, int(QUANTILE * len(seconds)))]
    return float(max(0.1, round(usual, 2 if usual < 1 else 1)))


def _rows(path: Path) -> tuple[str, list[Mapping[str, str]]]:
    """The delimiter and the rows of a table; no rows where it is none."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        delimiter = csv.Sniffer().sniff(text[:4096], delimiters=",;\t|").delimiter
        rows: list[Any] = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))
    except (csv.Error, UnicodeDecodeError):
        return ",", []
    return delimiter, [row for row in rows if None not in row and None not in row.values()]


def _matches(table: Path, recordings: Sequence[str]) -> tuple[int, str]:
    """How many recordings a table names, and in which column."""
    _delimiter, rows = _rows(table)
    names = {_stem(path) for path in recordings}
    counts = {column: len({_stem(row[column]) for row in rows} & names) for column in (rows[0] if rows else ())}
    return max(((count, column) for column, count in counts.items()), default=(0, ""))


def _stem(path: str) -> str:
    name = path.strip().replace("\\", "/").rpartition("/")[2]
    stem, dot, suffix = name.rpartition(".")
    return stem if dot and f".{suffix.lower()}" in AUDIO else name


def _from_table(found: Guess, folder: Path, table: str, file_column: str, recordings: Sequence[str]) -> None:
    found.table, found.file_column = table, file_column
    found.delimiter, rows = _rows(folder / table)
    columns = [column for column in rows[0] if column and column != file_column]
    distinct = {column: len({row[column] for row in rows}) for column in columns}
    found.split_column = _named(columns, SPLIT_NAMES)
    found.group_column = _named(columns, GROUP_NAMES)
    others = [column for column in columns if column not in (found.split_column, found.group_column)]
    found.label_column = _named(others, LABEL_NAMES) or min(
        (column for column in others if 1 < distinct[column] <= max(2, len(rows) // 2)),
        key=lambda column: distinct[column],
        default="",
    )
    if not found.label_column:
        raise CorpusError(
            f"{table} names the recordings, and none of its columns ({', '.join(columns)}) looks like labels"
        )
    cells = [row[found.label_column] for row in rows]
    found.separator = next((each for each in SEPARATORS if sum(each in cell for cell in cells) > len(cells) / 20), "")
    labels = [[each.strip() for each in _split(cell, found.separator)] for cell in cells]
    found.labels = tuple(sorted({label for of_row in labels for label in of_row if label}))
    found.fewest = min(Counter(label for of_row in labels for label in of_row if label).values(), default=0)
    if found.split_column:
        _given_splits(found, [row[found.split_column].strip() for row in rows])
    unnamed = len({_stem(path) for path in recordings} - {_stem(row[file_column]) for row in rows})
    if unnamed:
        found.notes.append(f"{unnamed:,} recordings are not in {table} and are left out")


def _split(cell: str, separator: str) -> list[str]:
    return cell.split(separator) if separator else [cell]


def _named(columns: Sequence[str], names: Sequence[str]) -> str:
    return next((column for name in names for column in columns if column.strip().lower() == name), "")


def _given_splits(found: Guess, values: Sequence[str]) -> None:
    kinds = sorted(set(values))
    if all(value.lower() in SPLITS for value in kinds):
        found.given_splits = {value: SPLITS[value.lower()] for value in kinds}
    elif all(re.fullmatch(r"\d+", value) for value in kinds) and 2 <= len(kinds) <= 20:
        numbers = sorted(map(int, kinds))
        if numbers == list(range(numbers[0], numbers[0] + len(numbers))):
            found.folds, found.first_fold = len(numbers), numbers[0]
    if not found.given_splits and not found.folds:
        found.notes.append(
            f"column {found.split_column!r} looks like splits, but holds {', '.join(kinds[:5])}; not used"
        )
        found.split_column = ""


def _from_folders(found: Guess, folder: Path, recordings: Sequence[str]) -> None:
    parts = [path.split("/")[:-1] for path in recordings]
    if not all(parts):
        raise CorpusError(
            f"nothing tells the labels of the recordings in {folder}: put them into a folder a label, or add a table "
            "with a column of file names and one of labels"
        )
    tops = {part[0].lower() for part in parts}
    if len(tops) > 1 and tops <= SPLITS.keys() and all(len(part) > 1 for part in parts):
        found.splits_by_folder = True
        found.given_splits = {part[0]: SPLITS[part[0].lower()] for part in parts}
    counts = Counter(part[-1] for part in parts)
    if len(counts) < 2:
        raise CorpusError(
            f"all recordings in {folder} are in one folder, {next(iter(counts))!r}: nothing tells their labels"
        )
    found.labels, found.fewest = tuple(sorted(counts)), min(counts.values())
