"""Human-readable sizes, counts, tables and suggestions, and lines of CSV."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence


def bytes_text(count: float | None) -> str:
    """A number of bytes as human-readable text."""
    if count is None:
        return "unknown"
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count:,.0f} B"


def counted(count: int, plural: str) -> str:
    """A count with its noun, such as `1 clip`; `plural`: the noun's plural in -s, or in -ies for a noun in -y."""
    singular = f"{plural.removesuffix('ies')}y" if plural.endswith("ies") else plural.removesuffix("s")
    return f"{count:,} {singular if count == 1 else plural}"


def shortened(text: str, most: int) -> str:
    """The first words of a text, at most `most` characters, with `...` if words were cut."""
    return textwrap.shorten(text, most, placeholder=" ...")


def printable(text: str) -> str:
    """A text without terminal control characters; line breaks stay."""
    return "".join(character if character.isprintable() or character == "\n" else "?" for character in text)


def table(rows: Sequence[Mapping[str, str]], right: tuple[str, ...] = ()) -> list[str]:
    """The lines of a table with the rows' keys as its header; the columns in `right` are right-aligned."""
    if not rows:
        return []
    widths = {column: max(len(column), *(len(row[column]) for row in rows)) for column in rows[0]}
    lines = []
    for row in ({column: column for column in widths}, *rows):
        cells = [row[name].rjust(width) if name in right else row[name].ljust(width) for name, width in widths.items()]
        lines.append("  ".join(cells).rstrip())
    return lines


def csv_line(cells: Iterable[object]) -> str:
    """A line of CSV with its line end.

    A cell is quoted only if it has a comma, a quote or a line end. Python's csv writer is not used, as its versions
    differ in this rule.
    """
    return ",".join(map(_cell, map(str, cells))) + "\n"


def _cell(text: str) -> str:
    quoted = text.replace('"', '""')
    return f'"{quoted}"' if re.search('[,"\r\n]', text) else text


def nearest(name: str, legal: Iterable[str]) -> str:
    """A clause that suggests the legal names most similar to `name`, for the end of an error; empty if none is."""
    in_lower_case = {candidate.lower(): candidate for candidate in legal}
    if name.lower() in in_lower_case:
        return f"; did you mean {in_lower_case[name.lower()]}?"
    import difflib  # late, as few commands need it

    matches = difflib.get_close_matches(name.lower(), in_lower_case, n=3, cutoff=0.5)
    close = [in_lower_case[match] for match in matches]
    return f"; did you mean {' or '.join(close)}?" if close else ""
