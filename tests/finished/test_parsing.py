"""The small files of finished tasks as values: what readers would disagree on is refused, on every Python alike."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearpreprocess.corpus.labels import vocabulary_csv
from hearpreprocess.finished.parsing import MOST_LEVELS, json_object, vocabulary_rows

REFUSED = {
    b"": "is not valid JSON: it is empty",
    b" \n": "is not valid JSON: it is empty",
    b"[]": "is not a JSON object",
    b'{"a": NaN}': "is not valid JSON: NaN is not a JSON number",
    b'{"a": -Infinity}': "is not valid JSON: -Infinity is not a JSON number",
    b'{"a": 1e999}': "has a number that is too large: 1e999",
    b'{"a": -' + b"9" * 101 + b"}": "has a number that is too large: -9999999999999999999...",
    b'{"a": ' + b"9" * 5000 + b"}": "has a number that is too large: 99999999999999999999...",
    b'{"a": "\\ud800"}': "is not valid JSON: it has half of a surrogate pair",
    b'{"\\udfff\\ud800": 1}': "is not valid JSON: it has half of a surrogate pair",
    b'{"a": "\xff"}': "is not valid JSON: it is not UTF-8 (invalid start byte at byte 7)",
    b"\xef\xbb\xbf{}": "is not valid JSON: Unexpected UTF-8 BOM",
    b'{"a": 1, "a": 1}': "has a key more than once: 'a' (with one value)",
    b'{"x": [{"a": [], "b": 1, "a": ["c"]}]}': "has a key more than once: 'a' (with different values)",
    b'{"a":1,"a":1,"b":1,"b":2,"c":1,"c":1,"d":1,"d":1}': "'b' (with different values), 'c' (with one value) and 1",
    b"[" * 100_000: f"is not valid JSON: it is nested more than {MOST_LEVELS} levels deep",
    b'{"a": ' * (MOST_LEVELS + 1) + b"1" + b"}" * (MOST_LEVELS + 1): "levels deep",
}  # fmt: skip


@pytest.mark.parametrize("content", REFUSED, ids=lambda content: content[:30].decode(errors="replace"))
def test_what_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011  (any text, which is compared below)
        json_object(content)
    assert REFUSED[content] in str(refused.value)


@pytest.mark.parametrize(
    "content",
    [
        b'{"a": "\\ud83d\\udd0a", "b": "\\\\ud800", "c": -9999999999999999999, "e": 1.7976931348623157e308}',
        b'{"a": ' * (MOST_LEVELS - 1) + b"{}" + b"}" * (MOST_LEVELS - 1),
        b'{"' + b"[" * 1000 + b'": "' + b'\\"{' * 1000 + b'"}',
        b'{"a": {"x": 1}, "b": {"x": 1}}',
    ],
)
def test_what_is_taken(content: bytes) -> None:
    assert json_object(content) == json.loads(content)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
numbers = st.integers(-(10**14), 10**14) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | texts | numbers, lambda inner: st.lists(inner) | st.dictionaries(texts, inner)
)


@given(st.dictionaries(texts, values), st.booleans())
def test_whatever_is_written_is_read(value: dict, ascii_only: bool) -> None:
    assert json_object(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


def test_the_bytes_of_a_vocabulary() -> None:
    labels = [
        3,
        12,
        "",
        " a ",
        "#x",
        "'b'",
        'c "d"',
        "e, f",
        "g\nh",
        "i\rj",
        "k\tl",
        "\u00e9t\u00e9",
        "\U0001f50a",
        "\u2028",
    ]
    expected = (
        b'idx,label\n0,3\n1,12\n2,\n3, a \n4,#x\n5,\'b\'\n6,"c ""d"""\n7,"e, f"\n8,"g\nh"\n9,"i\rj"\n10,k\tl\n'
        b"11,\xc3\xa9t\xc3\xa9\n12,\xf0\x9f\x94\x8a\n13,\xe2\x80\xa8\n"
    )
    assert vocabulary_csv(labels).encode() == expected


odd_texts = st.text(
    st.sampled_from(' ,"\n;\t#\\a\u00e9') | st.characters(exclude_characters="\r\0", exclude_categories=["Cs"]),
    max_size=6,
)


@given(st.lists(odd_texts | st.integers()))
def test_a_vocabulary_has_the_bytes_of_pythons_writer_and_is_read_back(labels: list[str | int]) -> None:
    """Of all versions but for carriage returns, which 3.13 quotes, too."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("idx", "label"))
    writer.writerows(enumerate(labels))
    assert vocabulary_csv(labels) == file.getvalue()
    read = vocabulary_rows(vocabulary_csv(labels).encode())
    assert read == tuple((str(index), str(label)) for index, label in enumerate(labels))


@pytest.mark.parametrize(
    "content",
    [b"", b"idx\n", b"idx,label\n0\n", b"idx,label\n0,a,b\n", b'idx,label\n0,"a', b"idx,label\n0,\0\n", b"\xff"],
)
def test_what_is_no_vocabulary(content: bytes) -> None:
    with pytest.raises(ValueError, match="is not a valid table"):
        vocabulary_rows(content)
