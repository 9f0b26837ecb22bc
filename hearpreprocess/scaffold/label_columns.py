"""Which columns could hold the labels, and whether one of them certainly does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from hearpreprocess.scaffold.columns import GROUP_NAMES, NOTHING, plain_name, quoted
from hearpreprocess.scaffold.labels import LABEL_NAMES, Labels, parts_of_cells, yes_columns_in
from hearpreprocess.scaffold.tables import Row
from hearpreprocess.task import Column

MANY_COLUMNS = 3
"""So many columns of yes and no are tags, whatever else the table has."""

NEARLY_EVERY = 0.9
"""The share of rows with a value of their own, above which a column is a name, a text or a measurement."""

MOST_SHOWN = 4
"""How many values of a column are shown as examples."""

_GENERIC_NAMES = [name for name in LABEL_NAMES[: LABEL_NAMES.index("targets") + 1] if name != "scene"]
_METADATA_NAMES = {
    *("age", "sex", "gender", "accent", "accents", "locale", "country", "date", "time", "year", "hour", "latitude"),
    *("lat", "longitude", "lon", "lng", "elevation", "url", "link", "license", "licence", "author", "comment"),
    *("comments", "note", "notes", "remark", "remarks", "description", "title", "sentence", "transcript"),
    *("transcription", "text", "samplerate", "sr", "channels", "bitdepth", "duration", "length", "size", "filesize"),
    *("id", "index", "idx", "uid", "no", "number", "nr", "take", "device", "microphone", "mic", "rating", "quality"),
    *("salience", "snr", "upvotes", "downvotes", "upvote", "downvote", "confidence", "annotator", "verified"),
}
"""What columns are called that describe recordings, without being what a model is to learn."""


@dataclass(frozen=True)
class ColumnFacts:
    """What the cells of a column show. `cells`: one a row, without the blanks around them."""

    column: Column
    cells: tuple[str, ...]

    @cached_property
    def filled(self) -> list[str]:
        """The cells that hold something."""
        return [cell for cell in self.cells if cell.lower() not in NOTHING]

    @cached_property
    def values(self) -> frozenset[str]:
        """The different values; the labels of a cell that holds several count one by one."""
        return frozenset(parts_of_cells(self.filled))

    @property
    def are_repeated(self) -> bool:
        """Whether values recur, as labels do."""
        return len(self.values) <= max(2, len(self.filled) // 2)

    @property
    def are_decimals(self) -> bool:
        """Whether these are measurements."""
        numbers = [cell for cell in self.values if re.fullmatch(r"[-+]?\d*[.,]?\d+(e[-+]?\d+)?", cell.lower())]
        return len(numbers) == len(self.values) and any(re.search(r"[.,]\d*[1-9]", cell) for cell in numbers)

    @property
    def are_words(self) -> bool:
        """Whether a value is anything but a number."""
        return not all(re.fullmatch(r"[-+.\d]*", cell) for cell in self.values)

    @cached_property
    def objection(self) -> str:
        """Why the column is not the label by itself; "" if it may be."""
        if 2 * len(self.filled) <= len(self.cells):
            return f"values in only {len(self.filled):,} of {len(self.cells):,} rows"
        if len(self.values) < 2:
            return "one value" if self.values else "no value"
        if len(self.values) > max(2, NEARLY_EVERY * len(self.filled)):
            return "a different value in nearly every row"
        return ""

    @property
    def summary(self) -> str:
        """The number of values, the first of them, and what speaks against the column."""
        shown = ", ".join(sorted(self.values)[:MOST_SHOWN]) + (" ..." if len(self.values) > MOST_SHOWN else "")
        count = f"{len(self.values):,} value{'' if len(self.values) == 1 else 's'}"
        counted_rows = f"; {self.objection}" if self.objection.startswith("values in") else ""
        return f"{count}: {shown}{counted_rows}"

    def divides_as(self, other: ColumnFacts) -> bool:
        """Whether both columns are the same labels in other words."""
        pairs = set(zip(self.cells, other.cells, strict=True))
        return len(pairs) == len(set(self.cells)) == len(set(other.cells))


@dataclass(frozen=True)
class LabelGuess:
    """Where labels are by a guess. `candidates`: all columns that they could be in, the likeliest first.

    `is_explicit`: whether columns are named like labels or hold yes and no, so that folders are not the labels.
    """

    labels: Labels
    reason: str
    is_certain: bool
    candidates: tuple[Column, ...]
    is_explicit: bool = False


def facts_of(columns: Sequence[Column], rows: Sequence[Row]) -> dict[Column, ColumnFacts]:
    """What the cells of columns show."""
    return {column: ColumnFacts(column, tuple(row.get(column, "").strip() for row in rows)) for column in columns}


def guessed_labels(columns: Sequence[Column], rows: Sequence[Row], *, may_be_one: bool = False) -> LabelGuess | None:
    """The column that is called as labels are, or several of yes and no, or the only one whose values recur.

    None where no column could hold labels. `may_be_one`: whether a column with the name of labels may have one value,
    as events do.
    """
    facts = facts_of(columns, rows)
    named = [
        column
        for name in LABEL_NAMES
        for column in columns
        if plain_name(column) == name
        and (not facts[column].objection or (may_be_one and len(facts[column].values) == 1))
    ]
    if named:
        return _by_name(named, facts)
    yes_columns = yes_columns_in([column for column in columns if isinstance(column, str)], rows)
    usable = [
        column
        for column in columns
        if column not in yes_columns
        and not facts[column].objection
        and facts[column].are_repeated
        and not facts[column].are_decimals
    ]
    likely = [column for column in usable if plain_name(column) not in _METADATA_NAMES]
    if len(yes_columns) > 1:
        is_certain = len(yes_columns) >= MANY_COLUMNS or not likely
        reason = f"{len(yes_columns):,} columns contain only yes and no" + ("" if is_certain else _also(likely))
        return LabelGuess(
            Labels(yes_columns=yes_columns), reason, is_certain, (*likely, *yes_columns), is_explicit=True
        )
    candidates = likely or usable or list(yes_columns)
    if not candidates:
        return None
    ordered = sorted(
        candidates, key=lambda column: (not facts[column].are_words, len(facts[column].values), columns.index(column))
    )
    best, *rivals = ordered
    unusable = [column for column in columns if plain_name(column) in LABEL_NAMES]
    objection = (
        f"column {quoted(unusable[0])} is named like labels, but has {facts[unusable[0]].objection}; "
        if unusable
        else ""
    )
    rivals = [column for column in rivals if not facts[best].divides_as(facts[column])]
    if rivals:
        reason = f"{objection}column {quoted(best)} could hold the labels{_also(rivals)}"
        return LabelGuess(Labels(best), reason, False, tuple(ordered))
    reason = f"{quoted(best)} is the only column with values that recur"
    if likely and (others := [column for column in usable if column not in likely]):
        shown = ", ".join(map(quoted, others[:MOST_SHOWN]))
        reason = f"column {quoted(best)} could hold the labels; named like descriptions: {shown}"
    reason = f"{objection}{reason}"
    may_be_group = plain_name(best) in GROUP_NAMES
    reason = f"column {quoted(best)} could hold the labels, and as well the groups" if may_be_group else reason
    is_certain = not objection and not may_be_group and bool(likely or (not usable and len(yes_columns) == 1))
    return LabelGuess(Labels(best), reason, is_certain, tuple(ordered))


def _by_name(named: Sequence[Column], facts: dict[Column, ColumnFacts]) -> LabelGuess:
    best, *others = named
    is_generic = plain_name(best) in _GENERIC_NAMES
    rivals = [
        column
        for column in others
        if not facts[best].divides_as(facts[column]) and (not is_generic or plain_name(column) in _GENERIC_NAMES)
    ]
    reason = f"column {quoted(best)} is named like labels{_also(rivals) if rivals else ''}"
    return LabelGuess(Labels(best), reason, not rivals, tuple(named), is_explicit=True)


def _also(columns: Sequence[Column]) -> str:
    shown = ", ".join(quoted(column) for column in columns[:MOST_SHOWN]) + (" ..." if len(columns) > MOST_SHOWN else "")
    return f", and so could {shown}"
