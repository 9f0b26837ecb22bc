"""Tables: every line is a row with each cell in its column, or is named in the refusal."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearpreprocess import CorpusError, Tree
from hearpreprocess.errors import ConfigError
from hearpreprocess.task import column_names

Read = Callable[..., list[list[Any]]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    files = Tree.readable(tmp_path)
    Tree.write(tmp_path, {"t.csv": 1, "t.tsv": 1}, "made up")
    tree = Tree("corpus", tmp_path)

    def read(content: str | bytes, name: str = "t.csv", **options: Any) -> list[list[Any]]:
        (files / name).write_bytes(content.encode() if isinstance(content, str) else content)
        table = tree.table(tree.member(name), **options)
        assert set(map(str, table.dtypes)) <= {"str", "object"}
        return [list(table.columns), *table.values.tolist()]

    return read


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_in_three_ways_and_no_other(read: Read, end: str) -> None:
    lines = ["file,label", "a.wav,x\u2028y", "b.wav,\x0bz\x0c", "c.wav,\x85", '"d\n.wav","e\r\nf"']
    assert read(end.join(lines)) == [
        ["file", "label"],
        ["a.wav", "x\u2028y"],
        ["b.wav", "\x0bz\x0c"],
        ["c.wav", "\x85"],
        ["d\n.wav", "e\r\nf"],
    ]
    assert read("a,b\n1,2\r3,4\r\n\r\n5,6\n\n") == [["a", "b"], ["1", "2"], ["3", "4"], ["5", "6"]]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        # what follows RFC 4180
        ('a,b\n"1,2",3\n', [["1,2", "3"]]),
        ('a,b\n"say ""hi""",3\n', [['say "hi"', "3"]]),
        ('a,b\n"",3\n', [["", "3"]]),
        ('"a","b"\n"1","2"', [["1", "2"]]),
        ('a,b\n5" disk,x\n', [['5" disk', "x"]]),
        # what blanks are around stays as it is
        ("a, b\n1, 2\n", [["1", " 2"]]),
    ],
)
def test_quotes_that_can_be_meant_in_one_way(read: Read, content: str, rows: list[list[str]]) -> None:
    assert read(content)[1:] == rows


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('a,b\n"x,1\nz",2\n', "line 2 reads differently with and without quoted cells: 'x,1\\\\nz', '2' or '\"x', '1'"),
        ('a,b,c\nx,"well,1\ny,so",2\n', "line 2 reads differently with and without quoted cells"),
        ('"a,b",c\n"d,e",f\n', "line 1 reads differently with and without quoted cells"),
        ('a,b\n"well,x\nno,y\n', "line 2: a quoted cell begins at '\"well,x' and does not end. Where a quote"),
        ('a,b\n"x,1\ny,z"\n', "line 2 has 1 cell, expected 2 as in line 1: .*Where a quote is a character like any"),
        ('a,b\n"no" one,1\n"yes",2\n', "line 2: a quoted cell is followed by ' one,1'"),
        ('a,b\n"yes",1\n"no,2\n', "line 3: a quoted cell begins at '\"no,2' and does not end"),
        ('a,b\nx, "y"\n', "line 2: a space comes before a quote, as in ' \"y\"'"),
        ('a,b\n"x" ,y\n', "line 2: a quoted cell is followed by ' ,y'"),
        ('a,b\n\\"x,y\n', "line 2 has a backslash before a quote"),
        ("a,b\n1,2\n3\n4,5,6\n", r"line 3 has 1 cell, expected 2 as in line 1: '3'; the same in 1 more line: 4"),
        ("a,b\n1,2,\n", "line 2 has 3 cells, expected 2 as in line 1"),
        (b"a,b\n1,2\r\n\xe9,3", r"line 3: b'\\xe9' is not text in utf-8. Set encoding="),
        (
            "a,b\nété,1\n".encode() + b"caf\xe9,2",
            r"line 3: b'\\xe9' is not text in utf-8, as the rest of the file is; ",
        ),
        (
            'a,b\n"x",1\n12" disk,2\n',
            "line 2 reads differently with.*'x', '1' or '\"x\"', '1'; in line 3, a quote is part",
        ),
        ('a,b\n"x.wav","say \\"hi\\""\n', r'line 2: a quoted cell is followed by .* Write a quote inside a cell as ""'),
        (
            'a,b\n"x.wav","hi"there\n',
            r"line 2: a quoted cell is followed by 'there'; expected ',' or the end of the line$",
        ),
        ("a,b\n1,x,y\n2,z,w\n", r"line 2 has 3 cells, expected 2.*write\.table.*set skiprows=1 and names="),
        ("a,b\n1,2\n".encode("utf-16-le"), "line 1: contains a NUL character. A table in UTF-16 needs encoding="),
        ("a,b\n1,\0\n", "line 2: contains a NUL character"),
        ("a;b\n1;2\n", "each line is one cell with the separator ',', and 2 with ';': 'a;b'. Set sep="),
        ("sep=;\na;b\n1;2\n", "line 1: states the separator ';'; expected ','. Set sep="),
        ("", "it is empty"),
        ("\n \n", "it is empty"),
    ],
)
def test_what_is_ambiguous_or_wrong_is_refused_by_line(read: Read, content: str | bytes, message: str) -> None:
    with pytest.raises(CorpusError, match=message) as refused:
        read(content)
    assert str(refused.value).startswith("source 'corpus': 't.csv' cannot be read as a table: ")


@pytest.mark.parametrize(
    ("content", "options", "rows"),
    [
        ('a,b,c\nx,"well,1\ny,so",2\n', {"quoting": "none"}, [["x", '"well', "1"], ["y", 'so"', "2"]]),
        ('a,b,c\nx,"well,1\ny,so",2\n', {"quoting": "minimal"}, [["x", "well,1\ny,so", "2"]]),
        ('a,b\n"well,x\nno,y\n', {"quoting": "none"}, [['"well', "x"], ["no", "y"]]),
        ('a,b\n"x,1\ny,z"\n', {"quoting": "none"}, [['"x', "1"], ["y", 'z"']]),
        ('a,b\n"Yes" I do,x\n', {"quoting": "none"}, [['"Yes" I do', "x"]]),
        ('a,b\n"yes",1\n"no,2\n', {"quoting": csv.QUOTE_NONE}, [['"yes"', "1"], ['"no', "2"]]),
        ('a,b\n\\"x,y\n', {"quoting": csv.QUOTE_MINIMAL}, [['\\"x', "y"]]),
        ('a , b\nx, "y"\n"z" ,1\n', {"strip_blanks": True}, [["x", "y"], ["z", "1"]]),
        ('a,b\nx, "y"\n', {"strip_blanks": False}, [["x", ' "y"']]),
        ("a,b\n\xe9,1\n".encode("cp1252"), {"encoding": "cp1252"}, [["é", "1"]]),
        ("a,b\né,1\n".encode("utf-16"), {}, [["é", "1"]]),
        ("a,b\né,1\n".encode("utf-16-le"), {"encoding": "utf-16-le"}, [["é", "1"]]),
        ("\ufeff" * 2 + "a,b\n1,2\n", {}, [["1", "2"]]),
        ("a;b\n1;2\n", {"sep": ";"}, [["1", "2"]]),
        ("sep=;\na;b\n1;2\n", {"sep": ";"}, [["1", "2"]]),
        ("sep=;\na;b\n1;2\n", {"sep": ";", "skiprows": 1}, [["1", "2"]]),
        ("x\ny,z,z\na,b\n1,2\n", {"skiprows": 2}, [["1", "2"]]),
        ("#x\na,b\n#y,1,2\n1,#2\n", {"comment": "#"}, [["1", "#2"]]),
        ("1,2\n3,4\n", {"header": None}, [["1", "2"], ["3", "4"]]),
        ("1,2\n3,4\n", {"names": ["x", "y"]}, [["1", "2"], ["3", "4"]]),
        ("a,b\n3,4\n", {"names": ["x", "y"], "header": 0}, [["3", "4"]]),
        ("of,us\na,b\n3,4\n", {"header": 1}, [["3", "4"]]),
        ("a,b,c\n1,2,3\n", {"usecols": ["c", "a"]}, [["1", "3"]]),
        ("a,b,c\n1,2,3\n", {"usecols": [1]}, [["2"]]),
        ("", {"names": ["x", "y"]}, []),
    ],
)
def test_options_decide(read: Read, content: str | bytes, options: dict[str, Any], rows: list[list[str]]) -> None:
    assert read(content, **options)[1:] == rows


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sep": ""}, "sep: expected one character"),
        ({"sep": r"\s+"}, "sep: expected one character"),
        ({"quoting": "all"}, 'quoting: expected "minimal", "none" or None'),
        ({"encoding": "utf-88"}, "encoding: expected a codec of Python"),
        ({"strip_blanks": "yes"}, "strip_blanks: expected True, False or None"),
        ({"comment": ""}, "comment: expected a text"),
        ({"skiprows": -1}, "skiprows: expected a number of lines"),
        ({"header": "a"}, "header: expected the number of a row"),
        ({"names": "ab"}, "names: expected different names"),
        ({"names": ["a", "a"]}, "names: expected different names"),
        ({"names": ["a", 1]}, "names: expected different names"),
        ({"usecols": "a"}, "usecols: expected names or numbers"),
        ({"usecols": len}, "usecols: expected names or numbers"),
        ({"quoting": False}, 'quoting: expected "minimal", "none" or None'),
        ({"encoding": 8}, "encoding: expected a codec of Python"),
        ({"dtype": int}, r"Tree\.table has no option 'dtype'; expected sep, quoting.*pandas\.read_csv"),
    ],
)
def test_wrong_options_are_named(read: Read, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read("a,b\n1,2\n", **options)
    with pytest.raises(CorpusError, match="it has no column 'z'; its columns are a, b"):
        read("a,b\n1,2\n", usecols=["z"])
    with pytest.raises(CorpusError, match="line 1 has 2 cells, expected 3: 'a', 'b'"):
        read("a,b\n1,2\n", names=["x", "y", "z"])


def test_a_row_of_names_that_is_not_there(read: Read) -> None:
    with pytest.raises(
        CorpusError, match=r"header=7 must name the columns; the table has 2 rows, from row 0 to row 1$"
    ):
        read("a,b\n1,2\n", header=7)
    with pytest.raises(CorpusError, match=r"header=1 must name the columns; the table has 1 row, row 0$"):
        read("a,b\n", header=1)


@given(st.lists(st.sampled_from(("", "a", "b", "a.1", "a.2", "Unnamed: 1", "Unnamed: 0")), min_size=2, max_size=6))
def test_columns_are_called_as_pandas_calls_them(header: list[str]) -> None:
    text = ",".join(f'"{name}"' for name in header) + "\n" + ",".join("1" * len(header)) + "\n"
    assert column_names(header) == list(pd.read_csv(io.StringIO(text)).columns)


@given(st.lists(st.lists(st.sampled_from(("", "a", "1", "NA", "x y", 'q"q', "p,q", "l\nm")), min_size=3, max_size=3)))
def test_tables_are_those_of_pandas(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    folder = tmp_path_factory.mktemp("tree")
    file = Tree.readable(folder) / "t.csv"
    with file.open("w", newline="", encoding="utf-8") as opened:
        csv.writer(opened).writerows([["x", "y", "x y"], *rows])
    Tree.write(folder, {"t.csv": 1}, "made up")
    tree = Tree("corpus", folder)
    expected = pd.read_csv(file, dtype=str, keep_default_na=False)
    pd.testing.assert_frame_equal(tree.table(tree.member("t.csv"), quoting="minimal"), expected)
