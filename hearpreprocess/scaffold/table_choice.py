"""Which tables of a folder name its recordings, and go together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from pathlib import Path

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold.choices import Ask, Question, certain_guess
from hearpreprocess.scaffold.columns import column_called, name_of
from hearpreprocess.scaffold.labels import LABEL_NAMES
from hearpreprocess.scaffold.naming import MOST_ALIKE, Naming, NamingTables, naming_in, other_file_columns
from hearpreprocess.scaffold.notes import Noted
from hearpreprocess.scaffold.recordings import Recordings, stem_of
from hearpreprocess.scaffold.split_names import fold_in_name
from hearpreprocess.scaffold.splits import split_of_table
from hearpreprocess.scaffold.tables import NotATableError, Table, is_divided_by_blanks, names_recordings, read
from hearpreprocess.storage import counted
from hearpreprocess.task import Column

_SHOWN = 3

FEWEST_BESIDE_THE_MOST = 0.5
"""A table with a column of labels comes before one without that names up to twice as many recordings."""


@dataclass(frozen=True)
class Candidate:
    """A table that names recordings, and how it does so."""

    table: Table
    naming: Naming
    recordings: Recordings

    @property
    def path(self) -> str:
        """The path of the table."""
        return self.table.path

    @cached_property
    def named(self) -> frozenset[str]:
        """The paths of the recordings that it names."""
        paths = (self.naming.recording(row[self.naming.column], self.recordings) for row in self.table.rows)
        return frozenset(paths) & self.recordings.known

    def cells_of(self, column: Column) -> dict[str, set[str]]:
        """The cells of a column, without the blanks around them, by the recording that their rows name."""
        cells: dict[str, set[str]] = {}
        for row in self.table.rows:
            path = self.naming.recording(row[self.naming.column], self.recordings)
            cells.setdefault(path, set()).add(row[column].strip())
        return {path: of_path for path, of_path in cells.items() if path in self.recordings.known}

    @property
    def split(self) -> str:
        """The split in the table's name, or ""."""
        return split_of_table(self.path)

    @property
    def has_labels(self) -> bool:
        """Whether a column is called as labels are."""
        return column_called(self.table.columns, LABEL_NAMES) != ""

    def is_like(self, other: Candidate) -> bool:
        """Whether one call reads both tables, and they share a column besides the one that names recordings."""
        shared = set(self.table.columns) & set(other.table.columns)
        return (
            self.table.is_written_as(other.table)
            and len(shared) > 1
            and replace(other.naming, prefix="") == replace(self.naming, prefix="")
        )


def tables_naming(
    folder: Path,
    paths: Sequence[str],
    recordings: Recordings,
    file_column: str = "",
    ask: Ask = certain_guess,
    *,
    are_stated: bool = False,
) -> Noted[NamingTables | None]:
    """Those of the tables at paths in a folder that name recordings and go together; None where none does.

    `file_column`: the column that names them, by its name or its number from 1; "" for any. `are_stated`: whether the
    user states that all these tables are to be used, and no others.

    Raises CorpusError where a table cannot be read or used, and recordings would be lost with it; where two columns of
    a table name recordings, and nobody can be asked.
    """
    notes: list[str] = []
    unused: list[str] = []
    candidates: list[Candidate] = []
    for path in paths:
        candidate, more = _candidate(folder, path, recordings, file_column)
        (notes if candidate else unused).extend(more)
        candidates += [candidate] if candidate else []
    notes += unused[:_SHOWN]
    if len(unused) > _SHOWN:
        notes.append(f"not used for the same or similar reasons: {counted(len(unused) - _SHOWN, 'tables')} more")
    if not candidates:
        return None, notes
    chosen, others = _chosen(candidates, are_stated=are_stated)
    if not file_column and (asked := _asked_for_file_column(chosen[0], ask)) != name_of(chosen[0].naming.column):
        return tables_naming(folder, paths, recordings, asked, ask, are_stated=are_stated)
    named = frozenset[str]().union(*(candidate.named for candidate in chosen))
    chosen_paths = [candidate.path for candidate in chosen]
    if not are_stated and len(named) < max(1, len(recordings.paths) / 2):
        notes.append(
            f"{' and '.join(chosen_paths)}: not used, because only {len(named):,} of "
            f"{counted(len(recordings.paths), 'recordings')} are named there"
        )
        return None, notes
    for candidate in chosen:
        _check_one_folder(candidate)
        _check_one_suffix(candidate)
        _check_spelling(candidate)
        notes += _notes_on_spelling(candidate)
    _check_nothing_lost(chosen, others, named)
    if not are_stated:
        _check_no_contradiction(chosen, others)
    notes += [
        f"{candidate.path}: not used; other tables name its {counted(len(candidate.named), 'recordings')}, too"
        for candidate in others
        if not candidate.split
    ]
    return NamingTables(tuple((candidate.table, candidate.naming) for candidate in chosen), recordings), notes


def _candidate(folder: Path, path: str, recordings: Recordings, file_column: str) -> Noted[Candidate | None]:
    """The table at a path, if it names recordings."""
    if path.endswith(".txt") and stem_of(path) in recordings.stems:
        return None, []  # a transcript or an annotation of one recording is no table of recordings
    is_text = path.lower().endswith(".txt")
    try:
        table, notes = read(folder, path, recordings)
    except CorpusError as error:
        is_named = names_recordings(folder, path, recordings)
        if is_named and not is_text and not isinstance(error, NotATableError):
            raise CorpusError(f"{error}. Correct the table, or move it out of the folder") from None
        if isinstance(error, NotATableError) and is_named and split_of_table(path):
            return None, []  # a list of the recordings of a split
        if is_named or not is_text:
            return None, [f"{error}; not used"]
        if is_divided_by_blanks(folder, path, recordings):
            return None, [f"{path} is not used: its columns are separated by spaces. Separate them by tabs or commas"]
        return None, []
    _count, naming = naming_in(table, recordings, file_column)
    if naming is None:
        return None, [] if is_text else [f"{path}: not used; it names no recording"]
    return Candidate(table, naming, recordings), notes


def _asked_for_file_column(candidate: Candidate, ask: Ask) -> str:
    """The column that names the recordings of the rows, where several columns name recordings."""
    table, guess = candidate.table, candidate.naming.column
    others = other_file_columns(table, candidate.naming, candidate.recordings)
    if not others:
        return name_of(guess)
    columns = [column for column in table.columns if column in (guess, *others)]
    shown = " and ".join(map(name_of, columns))
    return ask(
        Question(
            "--file-column",
            "column names the recordings",
            name_of(guess),
            tuple(map(name_of, columns)),
            f"{candidate.path}: columns {shown} name different recordings",
            is_certain=False,
            details=tuple(f"such as {table.rows[0][column]}" for column in columns),
        )
    )


def _chosen(candidates: Sequence[Candidate], *, are_stated: bool) -> tuple[list[Candidate], list[Candidate]]:
    """The tables that go together with the one that names the most recordings, it first, and the others."""
    most = max(len(candidate.named) for candidate in candidates)

    def rank(candidate: Candidate) -> tuple[bool, int, int, str]:
        is_first_choice = candidate.has_labels and len(candidate.named) >= FEWEST_BESIDE_THE_MOST * most
        return not is_first_choice, -len(candidate.named), -len(candidate.table.columns), candidate.path

    first, *others = sorted(candidates, key=rank)
    together = [first, *(other for other in others if _go_together(first, other, are_stated=are_stated))]
    if not are_stated and len({fold_in_name(stem_of(candidate.path)) for candidate in together} - {None}) > 1:
        together = [candidate for candidate in together if candidate.split == "test"]
    chosen: list[Candidate] = []
    named: set[str] = set()
    for candidate in together:
        if are_stated or not candidate.named <= named or candidate.split not in {other.split for other in chosen}:
            chosen.append(candidate)
            named |= candidate.named
    paths = {candidate.path for candidate in chosen}
    return chosen, [candidate for candidate in candidates if candidate.path not in paths]


def _go_together(first: Candidate, other: Candidate, *, are_stated: bool) -> bool:
    """Whether two tables are of the same kind: one for each split, or parts of one table."""
    if not first.is_like(other):
        return False
    if are_stated or (first.split and other.split):
        return True
    are_parts = not first.split and not other.split and set(first.table.columns) == set(other.table.columns)
    return are_parts and first.named.isdisjoint(other.named)


def _check_nothing_lost(chosen: Sequence[Candidate], others: Sequence[Candidate], named: frozenset[str]) -> None:
    """Raise CorpusError where a table that is not used has the labels of recordings that no used one names.

    Where the others are a train and a test set, what is in neither is not meant to be used.
    """
    splits = {candidate.split for candidate in chosen}
    splits |= {candidate.split for candidate in others if candidate.named <= named}
    for other in others:
        lost = other.named - named
        are_labelled = other.has_labels or set(other.table.columns) == set(chosen[0].table.columns)
        if not lost or not are_labelled or (not other.split and {"train", "test"} <= splits):
            continue
        used = " and ".join(candidate.path for candidate in chosen)
        raise CorpusError(
            f"{other.path} names {counted(len(lost), 'recordings')} that {used} does not, such as {min(lost)}, and "
            f"the tables cannot be read as one: {_difference(chosen[0], other)}. State the tables with --table, once "
            "for each, or give them the same columns"
        )


def _check_no_contradiction(chosen: Sequence[Candidate], others: Sequence[Candidate]) -> None:
    """Raise CorpusError where a table that is not used has other labels for more than a few of the recordings."""
    for first, other in product(chosen, others):
        labels = column_called(first.table.columns, LABEL_NAMES)
        if labels == "" or labels not in other.table.columns:
            continue
        ours, theirs = first.cells_of(labels), other.cells_of(labels)
        differing = sorted(path for path in ours.keys() & theirs.keys() if {""} != theirs[path] != ours[path])
        if len(differing) > (1 - MOST_ALIKE) * len(ours.keys() & theirs.keys()):
            raise CorpusError(
                f"{first.path} and {other.path} differ in column {name_of(labels)} of "
                f"{counted(len(differing), 'recordings')}, such as {differing[0]}. State one:\n"
                f"  --table {first.path}\n  --table {other.path}"
            )


def _difference(first: Candidate, other: Candidate) -> str:
    if not first.table.is_written_as(other.table):
        return "they differ in delimiter, header or encoding"
    if replace(other.naming, prefix="") != replace(first.naming, prefix=""):
        return "they name recordings in different ways"
    if len(set(first.table.columns) & set(other.table.columns)) < 2:
        return f"columns {', '.join(map(str, first.table.columns))} and {', '.join(map(str, other.table.columns))}"
    named = [candidate.path for candidate in (first, other) if not candidate.split]
    return f"the name of {' and '.join(named)} contains no split" if named else "they are of the same fold"


def _ambiguous(candidate: Candidate, others: Sequence[Naming]) -> Iterator[tuple[int, str, list[str]]]:
    """The lines whose cell names a recording in two ways: line, cell and both paths."""
    table, naming, recordings = candidate.table, candidate.naming, candidate.recordings
    for line, row in zip(table.lines, table.rows, strict=True):
        cell = row[naming.column]
        path = naming.recording(cell, recordings)
        also = [path for other in others if (path := other.recording(cell, recordings)) in recordings.known]
        if also and path in recordings.known:
            yield line, cell, [path, also[0]]


def _check_one_folder(candidate: Candidate) -> None:
    """Raise CorpusError where names are those of the recordings of several folders, and nothing tells which."""
    naming, recordings, table = candidate.naming, candidate.recordings, candidate.table
    folder = naming.prefix.rstrip("/")
    names_folder = stem_of(table.path).lower() in folder.lower().split("/")
    if naming.by_name or not folder or naming.prefix == table.folder or names_folder:
        return
    cells = {row[naming.column] for row in table.rows}
    for other in recordings.folders:
        same = replace(naming, prefix=f"{other}/" if other else "")
        also = sorted({same.recording(cell, recordings) for cell in cells} & recordings.known)
        if other != folder and len(also) >= MOST_ALIKE * len(candidate.named):
            raise CorpusError(
                f"{table.path}: its names are those of recordings in {folder} and in {other or 'the folder itself'}, "
                f"such as {min(candidate.named)} and {also[0]}. Write the folders into the table, or move other "
                "recordings away"
            )


def _check_one_suffix(candidate: Candidate) -> None:
    """Raise CorpusError where a cell without a suffix names recordings of several."""
    naming, recordings = candidate.naming, candidate.recordings
    others = [replace(naming, suffix=suffix) for suffix in recordings.suffixes if suffix != naming.suffix]
    for line, cell, paths in _ambiguous(candidate, others) if naming.suffix else ():
        raise CorpusError(
            f"{candidate.path}, line {line}: {cell!r} names both {' and '.join(paths)}; write the suffix into the "
            "table, or move the other recordings out of the folder"
        )


def _check_spelling(candidate: Candidate) -> None:
    """Raise CorpusError where a cell names several recordings that differ in case or Unicode form alone."""
    recordings, exact = candidate.recordings, replace(candidate.naming, is_loose=False)
    loose = replace(candidate.naming, is_loose=True)
    keys: dict[str, list[str]] = {}
    for path in recordings.paths:
        keys.setdefault(loose.key(path.rpartition("/")[2] if loose.by_name else path), []).append(path)
    if all(len(paths) == 1 for paths in keys.values()):
        return
    for line, row in zip(candidate.table.lines, candidate.table.rows, strict=True):
        cell = row[loose.column]
        paths = keys.get(loose.key(loose.path(cell)), [])
        if len({path.rpartition("/")[2] if loose.by_name else path for path in paths}) < 2:
            continue
        if exact.recording(cell, recordings) not in recordings.known:
            raise CorpusError(
                f"{candidate.path}, line {line}: {cell!r} names both {paths[0]} and {paths[1]}, if case and Unicode "
                "form are ignored. Write the name in the table as the file has it"
            )


def _notes_on_spelling(candidate: Candidate) -> list[str]:
    """A note on the first name that the table and the files spell differently, and how they differ."""
    naming, notes = candidate.naming, list[str]()
    if naming.cell_suffix:
        notes.append(f"{candidate.path}: names end with {naming.cell_suffix}, the files with {naming.suffix}; matched")
    if naming.cell_prefix:
        notes.append(
            f"{candidate.path}: names begin with {naming.cell_prefix}, which is not a folder here; matched without it"
        )
    if not naming.is_loose:
        return notes
    exact = replace(naming, is_loose=False)
    cells = [row[naming.column] for row in candidate.table.rows]
    differing = [cell for cell in cells if exact.path(cell) != naming.recording(cell, candidate.recordings)]
    differing = [cell for cell in differing if naming.recording(cell, candidate.recordings) in candidate.named]
    file = naming.recording(differing[0], candidate.recordings)
    return [
        *notes,
        f"{candidate.path}: {counted(len(differing), 'names')} and their files differ in case or Unicode form, such as "
        f"{differing[0]!r} and {file!r}; matched without regard to these",
    ]
