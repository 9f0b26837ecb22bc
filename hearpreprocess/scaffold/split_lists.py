"""Splits in lists of recordings: text files whose names contain a split, with one recording a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold.content import AUDIO, suffix_of
from hearpreprocess.scaffold.encodings import text_of
from hearpreprocess.scaffold.naming import Naming, naming_of_cells
from hearpreprocess.scaffold.notes import Noted
from hearpreprocess.scaffold.recordings import Recordings, stem_of
from hearpreprocess.scaffold.split_names import Folds, fold_in_name, split_in_name
from hearpreprocess.scaffold.splits import WAY_OUT, ListedSplits, Splits, split_of_table
from hearpreprocess.task import lines_of

SUFFIXES = (".txt", ".lst", ".list", ".csv", ".tsv", ".scp", ".ctl")
_SEPARATORS = ("", "\t", ",", ";", " ")
"""Between the fields of a line; "" takes the line as one."""

_MOST_FIELDS = 3
_BYTES_AT_MOST = 100_000_000


@dataclass(frozen=True)
class RecordingList:
    """A file that lists recordings. `separator`, `field`, `naming`: how a line names one; `named`: their paths."""

    path: str
    separator: str
    field: int
    naming: Naming
    encoding: str | None
    named: frozenset[str]
    cells: frozenset[str]

    @property
    def have_backslashes(self) -> bool:
        """Whether names are paths of Windows."""
        return any("\\" in cell for cell in self.cells)

    @property
    def split(self) -> str:
        """The split in the file's name, or in its folder's."""
        return split_of_table(self.path)

    @property
    def fold(self) -> int | None:
        """The fold in the file's name."""
        return fold_in_name(stem_of(self.path))


def names_in(text: str, separator: str, field: int) -> list[str]:
    """The part of each line that names a recording; none where a line has fewer fields."""
    lines = [line.strip() for _number, line in lines_of(text) if line.strip()]
    parts = [[line] if not separator else line.split(None if separator == " " else separator) for line in lines]
    return [part[field].strip(' \t"') for part in parts] if all(len(part) > field for part in parts) else []


def splits_of_lists(folder: Path, paths: Sequence[str], recordings: Recordings) -> Noted[Splits]:
    """The splits in lists among the files at paths in a folder; none where there are no such lists.

    Raises CorpusError where lists contradict each other, or do not say what the rest is.
    """
    notes: list[str] = []
    readings: list[list[RecordingList]] = []
    for path in _candidates(paths, recordings):
        of_path = _readings(folder, path, recordings)
        if of_path:
            readings.append(of_path)
        elif split_in_name(stem_of(path)) and path.lower().endswith((".lst", ".list", "_list.txt")):
            notes.append(f"{path}: not used; it names no recording")
    lists = _read_alike(readings, recordings)
    if all(len(found.named) == len(recordings.paths) for found in lists):
        return Splits(), notes  # a list of all recordings divides nothing
    folds = {found.fold for found in lists} - {None}
    return _of_folds(lists) if len(folds) > 1 else _of_splits(lists), notes


def _read_alike(readings: Sequence[Sequence[RecordingList]], recordings: Recordings) -> list[RecordingList]:
    """Each list, all of them read in the one way by which they name the most recordings.

    Raises CorpusError where one of them is not written like the others.
    """
    counts: Counter[tuple[str, int]] = Counter()
    for of_path in readings:
        counts.update({(found.separator, found.field): len(found.named) for found in of_path})
    if not counts:
        return []
    way, _count = counts.most_common(1)[0]
    lists = []
    for of_path in readings:
        found = next((found for found in of_path if (found.separator, found.field) == way), None)
        if found is None:
            raise CorpusError(
                f"{of_path[0].path} does not name recordings as {readings[0][0].path} does; write both alike. Or "
                "ignore these splits with --split-column none"
            )
        lists.append(found)
    return _named_alike(lists, recordings)


def _named_alike(lists: Sequence[RecordingList], recordings: Recordings) -> list[RecordingList]:
    """The lists with the one naming by which they name no fewer recordings, if there is one."""
    cells = frozenset[str]().union(*(found.cells for found in lists))
    _count, naming = naming_of_cells("", cells, lists[0].path, recordings)
    if naming is None or naming.is_loose:
        return list(lists)
    alike = [replace(found, naming=naming, named=_named(found.cells, naming, recordings)) for found in lists]
    is_enough = all(len(new.named) >= len(old.named) for new, old in zip(alike, lists, strict=True))
    return alike if is_enough else list(lists)


def _named(cells: Collection[str], naming: Naming, recordings: Recordings) -> frozenset[str]:
    return frozenset(naming.recording(cell, recordings) for cell in cells) & recordings.known


def _of_splits(lists: Sequence[RecordingList]) -> Splits:
    given = {found.split for found in lists}
    if given == {"train"}:
        shown = " and ".join(found.path for found in lists)
        raise CorpusError(
            f"{shown}: lists recordings to train on, and no list says whether the others are to be tested on. Add a "
            "list such as test.txt, or ignore these splits with --split-column none"
        )
    return Splits(listed=_listed(lists, {found.path: found.split for found in lists}), rest=_rest(given))


def _rest(given: set[str]) -> str:
    return "" if "train" in given else "train"


def _of_folds(lists: Sequence[RecordingList]) -> Splits:
    """Folds, each of which is what one of several lists is to be tested on."""
    tests = [found for found in lists if found.split == "test" and found.fold is not None]
    numbers = sorted({found.fold for found in tests if found.fold is not None})
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True:
        shown = ", ".join(found.path for found in lists[:4])
        raise CorpusError(f"{shown}: expected a list of test recordings for each fold. {WAY_OUT}")
    fold_of = {found.path: f"fold{(found.fold or 0) - numbers[0]:02d}" for found in tests}
    return Splits(listed=_listed(tests, fold_of), folds=Folds(len(numbers), numbers[0]))


def _listed(lists: Sequence[RecordingList], split_of_list: dict[str, str]) -> ListedSplits:
    """The lists, all read in one way.

    Raises CorpusError where a recording is in two of them, or where they are written differently.
    """
    split_of: dict[str, str] = {}
    list_of: dict[str, str] = {}
    for found in lists:
        for path in sorted(found.named):
            if split_of.setdefault(path, split_of_list[found.path]) != split_of_list[found.path]:
                raise CorpusError(f"{path} is both in {list_of[path]} and in {found.path}. {WAY_OUT}")
            list_of.setdefault(path, found.path)
    first = lists[0]
    for other in lists[1:]:
        if (first.naming, first.encoding) != (other.naming, other.encoding):
            raise CorpusError(
                f"{first.path} and {other.path} name recordings in different ways; write both alike. Or ignore these "
                "splits with --split-column none"
            )
    naming = first.naming
    return ListedSplits(
        lists=split_of_list,
        split_of=split_of,
        separator=first.separator,
        field=first.field,
        prefix=naming.prefix,
        suffix=naming.suffix,
        by_name=naming.by_name,
        cell_prefix=naming.cell_prefix,
        cell_suffix=naming.cell_suffix,
        encoding=first.encoding,
        have_backslashes=any(found.have_backslashes for found in lists),
    )


def _candidates(paths: Sequence[str], recordings: Recordings) -> Iterator[str]:
    """The text files that a split names, but for those of one recording each."""
    for path in paths:
        if path.lower().endswith(SUFFIXES) and split_of_table(path) and stem_of(path) not in recordings.stems:
            yield path


def _readings(folder: Path, path: str, recordings: Recordings) -> list[RecordingList]:
    """The ways to read a list in which most of its lines name recordings, whether or not these are all here."""
    file = folder / path
    if file.stat().st_size > _BYTES_AT_MOST:
        return []
    try:
        (text, encoding), _notes = text_of(file.read_bytes())
    except CorpusError:
        return []
    readings: list[RecordingList] = []
    for separator in _SEPARATORS:
        for field in range(_MOST_FIELDS if separator else 1):
            cells = names_in(text, separator, field)
            found = _as(path, cells, separator, field, encoding, recordings)
            are_files = sum(suffix_of(cell).lower() in AUDIO for cell in cells)
            if found and 2 * max(len(found.named), are_files) >= len(set(cells)) - 1:
                readings.append(found)
    return readings


def _as(
    path: str, names: Sequence[str], separator: str, field: int, encoding: str | None, recordings: Recordings
) -> RecordingList | None:
    cells = set(names)
    if not cells or not recordings.are_named(cells):
        return None
    _count, naming = naming_of_cells("", cells, path, recordings)
    if naming is None or naming.is_loose:
        return None
    shared = sorted(cell for cell in cells if naming.by_name and recordings.names.get(naming.path(cell), 0) > 1)
    if shared:
        raise CorpusError(
            f"{path} lists {shared[0]!r}, a name that several recordings have. Write paths into the list, or ignore "
            "these splits with --split-column none"
        )
    named = _named(cells, naming, recordings)
    return RecordingList(path, separator, field, naming, encoding, named, frozenset(cells))
