"""Guess what a folder of recordings is: where labels and splits are told, and how long clips should be."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
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


@dataclass(frozen=True)
class Naming:
    """How a column of a table names recordings: `prefix` and `suffix` around a cell make a path in the folder.

    `by_name`: the cell's last part is the file's name, wherever it is; no two files share one.
    """

    column: str
    prefix: str = ""
    suffix: str = ""
    by_name: bool = False

    def path(self, cell: str) -> str:
        """The path that a cell stands for; only the file's name if `by_name`."""
        cell = cell.strip().replace("\\", "/")
        return (cell.rpartition("/")[2] if self.by_name else self.prefix + cell) + self.suffix


@dataclass
class Guess:
    """What a folder of recordings is taken for.

    `table`, `delimiter`, `naming`, and the columns: where a table tells; else the folders' names do. `patterns`: of the
    recordings. `naming_by`: what makes a clip's name unique, `stem`, `folder` or `path`. `separator`: between several
    labels in a cell. `folds`, `first_fold`: given folds. `given_splits`: what the source calls each split. `missing`,
    `unlabelled`: rows of the table without a file, and without a label. `notes`: what a person should read.
    """

    recordings: int
    patterns: list[str]
    seconds: float | None
    naming_by: str = "stem"
    table: str = ""
    delimiter: str = ","
    naming: Naming = Naming("")
    label_column: str = ""
    split_column: str = ""
    group_column: str = ""
    separator: str = ""
    folds: int = 0
    first_fold: int = 0
    given_splits: dict[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    fewest: int = 0
    missing: int = 0
    unlabelled: int = 0
    notes: list[str] = field(default_factory=list)


def guess(folder: Path) -> Guess:
    """What the recordings in a folder are.

    Raises CorpusError where it holds none, or where nothing tells their labels.
    """
    files = [path for path in archive.files_below(folder) if not archive.is_litter(path)]
    recordings = [path for path in files if path.lower().endswith(AUDIO)]
    if not recordings:
        raise CorpusError(f"{folder} holds no recordings: expected files that end in {', '.join(AUDIO)}")
    suffixes = sorted({path.rpartition(".")[2] for path in recordings})
    found = Guess(len(recordings), [f"**/*.{suffix}" for suffix in suffixes], _usual_seconds(folder, recordings))
    _say_what_is_no_audio(found, folder, recordings)
    tables = [path for path in files if path.lower().endswith(TABLES)]
    best: tuple[int, str, Naming] = (0, "", Naming(""))
    for table in tables:
        _delimiter, rows = _rows(folder / table)
        if not rows and table.lower().endswith((".csv", ".tsv")):
            found.notes.append(f"{table} is no table in UTF-8 with a row of names on top, and was passed over")
        best = max(best, _matched(folder, table, rows, recordings), key=lambda each: each[0])
    if best[0] >= max(1, len(recordings) / 2):
        _from_table(found, folder, best[1], best[2], recordings)
    else:
        if best[0]:
            found.notes.append(f"{best[1]} names only {best[0]:,} of the recordings, and was passed over")
        _from_folders(found, folder, recordings)
    return found


def _say_what_is_no_audio(found: Guess, folder: Path, recordings: Sequence[str]) -> None:
    empty = [path for path in recordings if not (folder / path).stat().st_size]
    if empty:
        found.notes.append(f"{len(empty):,} recordings are empty files, such as {empty[0]}")


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


def _matched(
    folder: Path, table: str, rows: Sequence[Mapping[str, str]], recordings: Sequence[str]
) -> tuple[int, str, Naming]:
    """How many recordings a table names, and how."""
    known = frozenset(recordings)
    names = Counter(path.rpartition("/")[2] for path in recordings)
    unique = {name for name, count in names.items() if count == 1}
    best = (0, table, Naming(""))
    for column in rows[0] if rows else ():
        cells = {row[column] for row in rows if row[column].strip()}
        for naming in _namings(folder, table, column, recordings):
            paths = unique if naming.by_name else known
            count = len({naming.path(cell) for cell in cells} & paths)
            if count > best[0]:
                best = (count, table, naming)
    return best


def _namings(folder: Path, table: str, column: str, recordings: Sequence[str]) -> Iterator[Naming]:
    """The ways in which a column could name recordings: those that leave no doubt come first."""
    places = Counter(path.rpartition("/")[0] for path in recordings)
    prefixes = ["", f"{table.rpartition('/')[0]}/", *(f"{place}/" for place, _count in places.most_common(50))]
    suffixes = ["", *sorted({f".{path.rpartition('.')[2]}" for path in recordings})]
    for prefix in dict.fromkeys(prefix for prefix in prefixes if prefix != "/"):
        yield from (Naming(column, prefix, suffix) for suffix in suffixes)
    yield from (Naming(column, suffix=suffix, by_name=True) for suffix in suffixes)


def _from_table(found: Guess, folder: Path, table: str, naming: Naming, recordings: Sequence[str]) -> None:
    found.table, found.naming = table, naming
    found.delimiter, rows = _rows(folder / table)
    named = [naming.path(row[naming.column]) for row in rows]
    files = {path.rpartition("/")[2] if naming.by_name else path for path in recordings}
    found.missing = sum(path not in files for path in named)
    if repeated := [path for path, count in Counter(named).items() if count > 1 and path in files]:
        raise CorpusError(
            f"{table} names {len(repeated):,} recordings more than once, such as {repeated[0]}: put all labels of a "
            "recording into one cell, divided by semicolons"
        )
    columns = [column for column in rows[0] if column and column != naming.column]
    found.split_column = _named(columns, SPLIT_NAMES)
    found.group_column = _named(columns, GROUP_NAMES)
    _label_column(found, rows, [each for each in columns if each not in (found.split_column, found.group_column)])
    if found.split_column:
        _given_splits(found, [row[found.split_column].strip() for row in rows])
    unnamed = len(files - set(named))
    if unnamed:
        found.notes.append(f"{unnamed:,} recordings are not in {table} and are left out")
    if found.missing:
        found.notes.append(f"{found.missing:,} rows of {table} name no recording in the folder")
    if found.unlabelled:
        found.notes.append(f"{found.unlabelled:,} rows of {table} have no label; they are left out")
    used = [path for path in named if path in files]
    stems = [path.rpartition("/")[2].rpartition(".")[0] for path in used]
    found.naming_by = "stem" if _are_unique(stems) else "path"


def _label_column(found: Guess, rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> None:
    distinct = {column: len({row[column] for row in rows}) for column in columns}
    able = [column for column in columns if 1 < distinct[column] <= max(2, len(rows) // 2)]
    words = [column for column in able if not all(re.fullmatch(r"[-+.\d]*", row[column].strip()) for row in rows)]
    found.label_column = _named(columns, LABEL_NAMES)
    if not found.label_column:
        if not able:
            raise CorpusError(
                f"{found.table} names the recordings, and no column ({', '.join(columns)}) looks like labels"
            )
        found.label_column = min(words or able, key=lambda column: distinct[column])
        others = [column for column in able if column != found.label_column]
        if others:
            found.notes.append(f"labels could also be in {', '.join(others)}")
    cells = [row[found.label_column].strip() for row in rows]
    found.unlabelled = sum(not cell for cell in cells)
    found.separator = next((each for each in SEPARATORS if _divides(each, set(cells))), "")
    labels = Counter(each for cell in cells for each in split_cell(cell, found.separator))
    found.labels, found.fewest = tuple(sorted(labels)), min(labels.values(), default=0)


def _divides(separator: str, cells: Collection[str]) -> bool:
    """Whether it stands between labels: these recur in other company, while a comma inside of one label does not."""
    several = [cell for cell in cells if separator in cell]
    parts = {part for cell in cells for part in split_cell(cell, separator)}
    return len(several) > 1 and len(parts) < len(cells)


def split_cell(cell: str, separator: str) -> list[str]:
    """The labels in a cell."""
    return [part.strip() for part in (cell.split(separator) if separator else [cell]) if part.strip()]


def _named(columns: Sequence[str], names: Sequence[str]) -> str:
    return next((column for name in names for column in columns if column.strip().lower() == name), "")


def _given_splits(found: Guess, values: Sequence[str]) -> None:
    kinds = sorted(set(values))
    if all(value.lower() in SPLITS for value in kinds):
        found.given_splits = _with_train({value: SPLITS[value.lower()] for value in kinds})
    elif all(re.fullmatch(r"\d+", value) for value in kinds) and 2 <= len(kinds) <= 20:
        numbers = sorted(map(int, kinds))
        if numbers == list(range(numbers[0], numbers[0] + len(numbers))):
            found.folds, found.first_fold = len(numbers), numbers[0]
    if not found.given_splits and not found.folds:
        found.notes.append(
            f"column {found.split_column!r} looks like splits, but holds {', '.join(kinds[:5])}; not used"
        )
        found.split_column = ""


def _with_train(splits: dict[str, str]) -> dict[str, str]:
    """Splits of which one is train: where there is none, the development set is what others call train."""
    if "train" in splits.values():
        return splits
    if "valid" not in splits.values():
        return {}
    return {name: "train" if split == "valid" else split for name, split in splits.items()}


def _from_folders(found: Guess, folder: Path, recordings: Sequence[str]) -> None:
    parts = [path.split("/")[:-1] for path in recordings]
    if not all(parts):
        raise CorpusError(
            f"nothing tells the labels of the recordings in {folder}: put them into a folder a label, or add a table "
            "(csv, UTF-8) with a column of file names and one of labels"
        )
    tops = {part[0] for part in parts}
    if len(tops) > 1 and {top.lower() for top in tops} <= SPLITS.keys() and all(len(part) > 1 for part in parts):
        found.given_splits = _with_train({top: SPLITS[top.lower()] for top in sorted(tops)})
    counts = Counter(part[-1] for part in parts)
    if len(counts) < 2:
        raise CorpusError(
            f"all recordings in {folder} are in folders called {next(iter(counts))!r}: that tells no labels"
        )
    found.labels, found.fewest = tuple(sorted(counts)), min(counts.values())
    outer = sorted({part[-2] for part in parts if len(part) > 1} - set(found.given_splits))
    if outer:
        shown = ", ".join(outer[:5]) + (" ..." if len(outer) > 5 else "")
        found.notes.append(f"labels are the innermost folders; those around them, {shown}, are not used")
    names = [f"{path.split('/')[-2]}_{path.rpartition('/')[2].rpartition('.')[0]}" for path in recordings]
    found.naming_by = "folder" if _are_unique(names) else "path"


def _are_unique(names: Sequence[str]) -> bool:
    return len({name.casefold() for name in names}) == len(names)
