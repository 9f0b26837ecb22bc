"""Tables of every writer: read back as they were written, or refused; never anything else.

FAULTS=long, which `make faults` sets, tries 20,000 tables of each writer.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold.recordings import Recordings
from hearpreprocess.scaffold.tables import read
from hearpreprocess.task import Dialect
from hearpreprocess.task.frame import table_frame
from tests.extent import IS_LONG

EXAMPLES = 20_000 if IS_LONG else 15
try_many = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)

Cells = list[list[str]]
SEPARATORS = st.sampled_from(",;\t|")
LINE_ENDS = st.sampled_from(("\n", "\r\n", "\r"))
ENCODINGS = st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "utf-32"))
# What quoting, blanks and lines could be confused by: also what str.splitlines takes for the end of a line.
CHARACTERS = st.sampled_from("aé1 \t,;|\"'#\\\n\r\u2028\u0085\x0b\x0c")
PLAIN = st.text(st.sampled_from("aé1"), min_size=1, max_size=3)
CELL = st.text(CHARACTERS, max_size=5) | PLAIN


@st.composite
def cells(draw: st.DrawFn, of: st.SearchStrategy[str] = CELL) -> Cells:
    """A header and rows, with at least two columns: a row of one blank cell is no line of text."""
    width = draw(st.integers(2, 4))
    row = st.lists(of, min_size=width, max_size=width)
    names = st.lists(PLAIN, min_size=width, max_size=width, unique=True)
    return [draw(names), *draw(st.lists(row, min_size=1, max_size=5))]


def unquoted(sep: str) -> st.SearchStrategy[str]:
    """Cells that can be written without quotes."""
    return st.text(CHARACTERS.filter(lambda character: character not in f"{sep}\n\r"), max_size=5)


def seem_quoted(written: Cells) -> bool:
    """Whether all quotes of cells are around them, which are quoted ones to every reader."""
    texts = [cell.strip(" \t") for row in written for cell in row]
    quoted = [text for text in texts if '"' in text]
    return bool(quoted) and all(len(text) > 1 and text[0] == text[-1] == '"' for text in quoted)


def read_cells(content: bytes, **dialect: object) -> Cells:
    table = table_frame(content, Dialect(**dialect))  # type: ignore[arg-type]
    return [list(table.columns), *table.values.tolist()]


def is_equal(content: bytes, written: Cells, **dialect: object) -> bool:
    """Whether a table is read as it was written; False where it is refused; fails where it is read otherwise."""
    try:
        found = read_cells(content, **dialect)
    except CorpusError:
        return False
    assert found == written, content
    return True


def by_csv(written: Cells, sep: str, end: str, quoting: int) -> str:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=sep, lineterminator=end, quoting=quoting).writerows(written)  # type: ignore[arg-type]
    return file.getvalue()


def by_pandas(written: Cells, sep: str, end: str, quoting: int) -> str:
    table = pd.DataFrame(written[1:], columns=written[0], dtype=str)
    return str(table.to_csv(index=False, sep=sep, lineterminator=end, quoting=quoting))  # type: ignore[call-overload]


def is_whole(text: str, written: Cells, sep: str) -> bool:
    """Whether the csv module reads a text as it was written: before 3.13, it quotes no line end but its own."""
    return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=sep) if row] == written


QUOTINGS = st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC))


@pytest.mark.parametrize("write", [by_csv, by_pandas])
def test_tables_of_writers_that_quote(write: Callable[[Cells, str, str, int], str]) -> None:
    counts: Counter[bool] = Counter()

    @try_many
    @given(cells(), SEPARATORS, LINE_ENDS, QUOTINGS, ENCODINGS)
    def check(written: Cells, sep: str, end: str, quoting: int, encoding: str) -> None:
        text = write(written, sep, end, quoting)
        assume(is_whole(text, written, sep))
        content = text.encode(encoding)
        assert read_cells(content, sep=sep, quoting="minimal") == written
        counts[is_equal(content, written, sep=sep)] += 1

    check()
    assert counts[True] > 5 * counts[False], counts


def test_tables_without_quotes() -> None:
    counts: Counter[bool] = Counter()

    @try_many
    @given(st.data(), SEPARATORS, LINE_ENDS, ENCODINGS)
    def check(data: st.DataObject, sep: str, end: str, encoding: str) -> None:
        written = data.draw(cells(unquoted(sep)))
        content = end.join(sep.join(row) for row in written).encode(encoding)
        assert read_cells(content, sep=sep, quoting="none", strip_blanks=False) == written
        assume(not seem_quoted(written))
        counts[is_equal(content, written, sep=sep)] += 1

    check()
    assert 4 * counts[True] > counts[False], counts


def test_tables_with_blanks_around_cells() -> None:
    counts: Counter[bool] = Counter()

    @try_many
    @given(st.data(), SEPARATORS, LINE_ENDS)
    def check(data: st.DataObject, sep: str, end: str) -> None:
        blanks = " \t".replace(sep, "")
        written = data.draw(cells(CELL.map(lambda cell: cell.strip(" \t"))))
        around = st.text(st.sampled_from(blanks), max_size=2)

        def write(cell: str) -> str:
            is_quoted = any(character in cell for character in f'{sep}"\n\r') or data.draw(st.booleans())
            quoted = '"' + cell.replace('"', '""') + '"' if is_quoted else cell
            return data.draw(around) + quoted + data.draw(around)

        content = "".join(sep.join(map(write, row)) + end for row in written).encode()
        assert read_cells(content, sep=sep, quoting="minimal", strip_blanks=True) == written
        counts[is_equal(content, written, sep=sep, strip_blanks=True)] += 1

    check()
    assert counts[True] > counts[False], counts


@pytest.mark.parametrize("is_quoted", [True, False])
def test_what_new_reads(tmp_path: Path, is_quoted: bool) -> None:
    """`new` guesses the separator and the encoding, too; it leaves out blanks around cells that are not quoted."""
    counts: Counter[bool] = Counter()

    @try_many
    @given(st.data(), SEPARATORS, LINE_ENDS, st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252")))
    def check(data: st.DataObject, sep: str, end: str, encoding: str) -> None:
        written = data.draw(cells((CELL if is_quoted else unquoted(sep)).map(lambda cell: cell.strip(" \t"))))
        written = [["file", *written[0]], *([f"r{n}.wav", *row] for n, row in enumerate(written[1:]))]
        assume(len(set(written[0])) == len(written[0]))
        assume(is_quoted or not seem_quoted(written))
        text = by_csv(written, sep, end, csv.QUOTE_MINIMAL) if is_quoted else end.join(map(sep.join, written))
        assume(not is_quoted or is_whole(text, written, sep))
        try:
            content = text.encode(encoding)
        except UnicodeEncodeError:
            assume(False)
        (tmp_path / "t.tsv").write_bytes(content)
        try:
            table, _notes = read(tmp_path, "t.tsv", Recordings(tuple(f"r{n}.wav" for n in range(9))))
        except CorpusError:
            counts[False] += 1
            return
        found = [table.columns, *(list(row.values()) for row in table.rows)]
        assert found == written, content
        options = {
            name: getattr(table.dialect, name) for name in ("sep", "quoting", "encoding", "strip_blanks", "comment")
        }
        assert read_cells(content, **options) == written, "as the module that new writes reads it"
        counts[True] += 1

    check()
    assert counts[True] > counts[False], counts
