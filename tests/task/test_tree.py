"""What `clips` functions see of a source."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcmatch import glob

from hearpreprocess import Member, Tree
from hearpreprocess.errors import CorpusError
from hearpreprocess.task import matcher

PATHS = ["a.csv", "audio/b.wav", "audio/deep/c.wav", "audio/[odd] name.wav", "Audio/d.wav", "_noise_/e.wav"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.csv", ["a.csv"]),
        ("*/*.wav", ["Audio/d.wav", "_noise_/e.wav", "audio/[odd] name.wav", "audio/b.wav"]),
        ("**/*.wav", ["Audio/d.wav", "_noise_/e.wav", "audio/[odd] name.wav", "audio/b.wav", "audio/deep/c.wav"]),
        ("audio/**/*.wav", ["audio/[odd] name.wav", "audio/b.wav", "audio/deep/c.wav"]),
        ("[!_]*/*.wav", ["Audio/d.wav", "audio/[odd] name.wav", "audio/b.wav"]),
        ("**", sorted(PATHS)),
        ("*.mp3", []),
    ],
)
def test_patterns(pattern: str, expected: list[str]) -> None:
    assert sorted(filter(matcher([pattern]), PATHS)) == expected


@given(
    st.text("ab./*?[]!\\", min_size=1, max_size=6),
    st.lists(st.sampled_from(["a", "b", "a.b", ".a", "b]", "!", "a?"]), min_size=1, max_size=3),
)
def test_patterns_match_what_the_library_matches(pattern: str, parts: list[str]) -> None:
    path = "/".join(parts)
    flags = glob.GLOBSTAR | glob.FORCEUNIX | glob.CASE
    expected = any(re.match(expression, path) for expression in glob.translate([pattern], flags=flags)[0])
    assert matcher([pattern])(path) == expected


HIDDEN = [".a.wav", ".git/b.wav", "c/.ipynb_checkpoints/d.wav", "c/.e.wav", "c/f.wav"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("**/*.wav", ["c/f.wav"]),
        ("**", ["c/f.wav"]),
        ("*/*", ["c/f.wav"]),
        ("[!x]*/*.wav", ["c/f.wav"]),
        ("**/.*", [".a.wav", "c/.e.wav"]),
        ("**/.ipynb_checkpoints/*", ["c/.ipynb_checkpoints/d.wav"]),
        (".git/*.wav", [".git/b.wav"]),
    ],
)
def test_what_is_hidden_is_matched_where_the_pattern_has_the_dot(
    tmp_path: Path, pattern: str, expected: list[str]
) -> None:
    Tree.write(tmp_path, dict.fromkeys(HIDDEN, 1), "made up")
    tree = Tree("corpus", tmp_path)
    assert [member.path for member in tree.glob(pattern)] == expected
    tree.glob("**/*.wav")
    assert set(tree.passed_over) == set(HIDDEN) - {"c/f.wav", *expected}, "what no pattern has matched"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    files = Tree.readable(tmp_path)
    Tree.write(tmp_path, {"meta/a.csv": 10, "meta/b.txt": 5, "x.wav": 7, "meta/broken.csv": 3}, "md5:0")
    (files / "meta").mkdir()
    (files / "meta" / "a.csv").write_bytes("\ufeffname,label\n007,NA\n,é\n".encode())
    (files / "meta" / "b.txt").write_bytes(b"1.5\t2.5\tdog\n")
    (files / "meta" / "broken.csv").write_bytes(b"a,b\n1,2\n1,2,3\n")
    return Tree("corpus", tmp_path)


def test_a_table_is_text_and_nothing_else(tree: Tree) -> None:
    rows = list(tree.table(tree.find("meta/a.csv")).itertuples(index=False, name=None))
    assert rows == [("007", "NA"), ("", "é")], "no number is guessed, no label becomes a missing value, no mark stays"


def test_a_table_without_header(tree: Tree) -> None:
    (row,) = tree.table(tree.find("meta/b.txt"), names=["start", "end", "label"]).itertuples(index=False)
    assert (row.start, row.end, row.label) == ("1.5", "2.5", "dog")


def test_what_cannot_be_read_is_said(tree: Tree) -> None:
    with pytest.raises(CorpusError, match=r"source 'corpus': 'meta/broken\.csv' cannot be read as a table"):
        tree.table(tree.find("meta/broken.csv"))
    with pytest.raises(CorpusError, match=r"Add a pattern that matches it to the source's reads="):
        tree.read(tree.find("x.wav"))
    with pytest.raises(CorpusError, match=r"source 'corpus' has no member 'y\.wav'"):
        tree.read(tree.member("y.wav"))
    with pytest.raises(CorpusError, match=r"expected one member like 'meta/\*', got 3: meta/a\.csv, meta/b\.txt"):
        tree.find("meta/*")


def test_members_know_their_names() -> None:
    member = Member("corpus", "root/audio/a.b.wav")
    assert (member.name, member.stem, member.folder) == ("a.b.wav", "a.b", "audio")
    assert member.sibling("../meta/t.csv").path == "root/meta/t.csv"
    assert (Member("corpus", ".hidden").stem, Member("corpus", "top").folder) == (".hidden", "")
