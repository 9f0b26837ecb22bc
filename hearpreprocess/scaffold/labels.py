"""Labels in the columns of tables: which columns hold them, and how a cell is read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold.columns import (
    NO,
    NOTHING,
    YES,
    is_yes_and_no,
    quoted,
    says_yes_or_no,
)
from hearpreprocess.scaffold.parts import PathPart
from hearpreprocess.scaffold.tables import Row
from hearpreprocess.task import Column

LABEL_NAMES = (
    *("label", "labels", "eventlabel", "eventlabels", "scenelabel", "primarylabel", "positivelabels"),
    *("class", "classes", "classname", "classlabel", "category", "categories", "tag", "tags", "scene"),
    *("target", "targets", "emotion", "emotions", "genre", "genres", "species", "word"),
)
NO_TAGS = re.compile(r"verified|checked|reviewed|confirmed|augmented|synthetic", re.IGNORECASE)
"""In the names of columns of 0 and 1 that are about the annotation or the recording."""

SEPARATORS = (";", "|", ",")

LISTED = r"""'([^']*)'|"([^"]*)"|([^\s,'"\[\](){}]+)"""
"""An item of a list, as Python and numpy write it: quoted, or a word or a number."""

_QUOTED, _WORD, _NUMBER = r"""(?:'[^'\\]*'|"[^"\\]*")""", r"""[^\s,'"\[\](){}\\]+""", r"[-+.\d]+(?:e[-+]?\d+)?"
_CERTAIN_LIST = re.compile(
    rf"[\[({{]\s*(?:(?:{_QUOTED}|{_WORD})(?:\s*,\s*(?:{_QUOTED}|{_WORD}))*\s*,?"
    rf"|(?:{_QUOTED}|{_NUMBER})(?:\s+(?:{_QUOTED}|{_NUMBER}))*)?\s*[\])}}]"
)
"""A list whose items can be divided in one way only: without escapes, words only between commas."""

MOST_OTHERS = 0.1
"""The share of rows that hold something else than yes and no, in a column that is meant to hold these."""


@dataclass(frozen=True)
class Labels:
    """The column with the labels of a row, the part of a recording's path, or `yes_columns`, one for each label.

    `separator`: between several labels in a cell. `are_lists`: cells are written as Python or numpy write lists.
    """

    column: Column = ""
    part: PathPart | None = None
    yes_columns: tuple[Column, ...] = ()
    separator: str = ""
    are_lists: bool = False

    @property
    def are_several(self) -> bool:
        """Whether a row may have several labels."""
        return bool(self.separator or self.are_lists or self.yes_columns)

    def of_row(self, path: str, row: Row) -> list[str]:
        """The labels of the recording at a path, which a row names."""
        if self.part:
            return [self.part.of(path)]
        if self.yes_columns:
            return [str(column) for column in self.yes_columns if row[column].strip().lower() in YES]
        cell = row[self.column].strip()
        return _items(cell) if self.are_lists else _parts(cell, self.separator)


def yes_columns_in(columns: Sequence[Column], rows: Sequence[Row]) -> tuple[Column, ...]:
    """The columns of 0 and 1, but for a few of their rows, that can be tags: no splits, and nothing on annotations."""
    return tuple(
        column for column in columns if not NO_TAGS.search(str(column)) and _says_mostly_yes_and_no(rows, column)
    )


def _says_mostly_yes_and_no(rows: Sequence[Row], column: Column) -> bool:
    cells = [row[column].strip() for row in rows]
    others = sum(not says_yes_or_no(cell) for cell in cells)
    return others <= max(1, MOST_OTHERS * len(cells)) and is_yes_and_no(set(filter(says_yes_or_no, cells)))


def check_every_cell_says_yes_or_no(columns: Sequence[Column], rows: Sequence[Row], table: str) -> None:
    """Raise CorpusError where a cell says neither yes nor no, and a recording may have the label or not."""
    for column in columns:
        other = next((cell for row in rows if not says_yes_or_no(cell := row[column].strip())), None)
        if other is not None:
            raise CorpusError(
                f"{table}: column {quoted(column)} holds {other!r} beside yes and no; expected one of {', '.join(YES)} "
                f"or of {', '.join(filter(None, NO))}. Correct the cell, or remove the column if it is no label"
            )


def check_no_tag_is_lost(
    columns: Sequence[Column], yes_columns: Sequence[Column], rows: Sequence[Row], table: str
) -> None:
    """Raise CorpusError where one more column holds 0 and 1, and also -1 or a share, as tags that are not sure."""
    for column in columns if yes_columns else ():
        cells = {row[column].strip() for row in rows}
        others = sorted(cell for cell in cells if not says_yes_or_no(cell))
        if column in yes_columns or not others or not is_yes_and_no(cells.difference(others)):
            continue
        if all(re.fullmatch(r"-1(\.0*)?|0?\.\d+", cell) for cell in others):
            raise CorpusError(
                f"{table}: column {quoted(column)} holds {others[0]!r} beside yes and no; expected only yes and no, as "
                f"in column {quoted(yes_columns[0])}. Correct these cells, or state each column of labels with "
                "--label-column"
            )


def with_several(labels: Labels, rows: Sequence[Row]) -> Labels:
    """The labels, with how a cell of their column holds several, if it does."""
    if labels.yes_columns or labels.part:
        return labels
    cells = [row[labels.column].strip() for row in rows]
    filled = [cell for cell in cells if cell.lower() not in NOTHING]
    if filled and all(map(_is_list, filled)):
        if uncertain := next((cell for cell in filled if not _CERTAIN_LIST.fullmatch(cell)), None):
            raise CorpusError(
                f"column {labels.column!r}: the labels in {uncertain} cannot be separated with certainty; write the "
                "labels of a recording separated by semicolons"
            )
        return replace(labels, are_lists=True)
    return replace(labels, separator=next((mark for mark in SEPARATORS if _divides(mark, set(cells))), ""))


def parts_of_cells(cells: Sequence[str]) -> set[str]:
    """The different labels in cells, with each that holds several divided."""
    if cells and all(map(_is_list, cells)):
        return {item for cell in cells for item in _items(cell)}
    separator = next((mark for mark in SEPARATORS if _divides(mark, set(cells))), "")
    return {part for cell in cells for part in _parts(cell, separator)}


def _divides(separator: str, cells: Collection[str]) -> bool:
    """Whether it stands between labels: these recur in other company, while a comma inside of one label does not."""
    several = [cell for cell in cells if separator in cell]
    parts = {part for cell in cells for part in _parts(cell, separator)}
    are_alone_elsewhere = all(part in cells for cell in several for part in _parts(cell, separator))
    cells_of = Counter(part for cell in cells for part in set(_parts(cell, separator)))
    recur = all(any(cells_of[part] > 1 for part in _parts(cell, separator)) for cell in several)
    are_dense = recur and not any(f"{separator} " in cell for cell in several)
    if not several or (separator == "," and _are_names(cells)):
        return False
    return are_alone_elsewhere or are_dense or (len(several) > 1 and len(parts) <= len(cells))


def _are_names(cells: Collection[str]) -> bool:
    """Whether commas are part of names such as `Rain, light`: no part is a cell, or at different places of cells."""
    places: dict[str, set[int]] = {}
    for cell in cells:
        for place, part in enumerate(_parts(cell, ",") if "," in cell else ()):
            places.setdefault(part, set()).add(place)
    return not places.keys() & set(cells) and all(len(of_part) == 1 for of_part in places.values())


def _parts(cell: str, separator: str) -> list[str]:
    return [part.strip() for part in (cell.split(separator) if separator else [cell]) if part.strip()]


def _is_list(cell: str) -> bool:
    return cell[:1] + cell[-1:] in ("[]", "()", "{}")


def _items(cell: str) -> list[str]:
    """The items of a cell that is a list; none where it is not."""
    return ["".join(item) for item in re.findall(LISTED, cell)] if _is_list(cell) else []
