"""Whatever bytes servers send and notes hold, they are described or refused, and nothing else is raised."""

from __future__ import annotations

import json
from email.utils import formatdate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearpreprocess.archive import problem_of_archive
from hearpreprocess.errors import ConfigError
from hearpreprocess.fetch.content import described, problem_of_page
from hearpreprocess.fetch.faults import retry_after
from hearpreprocess.fetch.part import open_part, part_path, url_of_part
from hearpreprocess.finished import published
from hearpreprocess.storage import fitting_name, name_of
from hearpreprocess.task import Archive

STARTS = st.sampled_from(
    [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\x1f\x8b", b"BZh9", b"\xfd7zXZ\0", b"PK\x03\x04", b"<html", b"{"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["files", "key", "checksum", "links", "self", "size", "a"]), inner, max_size=5
        )
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("foreign")


@given(start=STARTS, rest=st.binary(max_size=600))
def test_any_file_is_described(folder: Path, start: bytes, rest: bytes) -> None:
    content = start + rest
    for text in (described(content, len(content)), name_of(content)):
        assert text.isprintable()
        assert len(text) < 200
    path = folder / "file.wav"
    path.write_bytes(content)
    assert problem_of_page(path) is None or "expected a .wav file" in (problem_of_page(path) or "")
    assert problem_of_archive(path) is None or isinstance(problem_of_archive(path), str)


@given(JSON)
def test_any_record_is_understood_or_refused(record: object) -> None:
    for value in (
        record,
        {"files": [record]},
        {"files": [{"key": "a", "checksum": record, "links": record, "size": 1}]},
    ):
        try:
            source: object = published.archives_in(value, "http://host/record", "a")["a"]
        except ConfigError as error:
            source = str(error)
        assert isinstance(source, Archive) or "the published record" in str(source)


@given(JSON | st.binary(max_size=50))
def test_any_note_is_taken_or_leads_to_a_new_start(folder: Path, note: object) -> None:
    target = folder / "rec.zip"
    part = part_path(target)
    part.write_bytes(b"begun")
    part.with_name(f"{part.name}.json").write_bytes(note if isinstance(note, bytes) else json.dumps(note).encode())
    assert url_of_part(target) is None
    with open_part(target, ["md5"], lambda: None, pytest.fail) as opened:
        assert opened.size == len(b"begun")
        assert opened.origin("http://host/rec.zip") is None


@given(st.text(max_size=30) | st.integers(0, 10**9).map(str))
def test_any_time_to_wait_is_a_number_or_unknown(text: str) -> None:
    seconds = retry_after(text)
    assert seconds is None or seconds >= 0


def test_a_time_to_wait_may_be_a_date() -> None:
    assert retry_after(formatdate(0, usegmt=True)) == 0
    assert (retry_after("Fri, 01 Jan 2100 00:00:00 GMT") or 0) > 10**9


@given(st.text(min_size=1, max_size=200), st.sampled_from(["", ".part", "-0123456789abcdef"]), st.integers(60, 255))
def test_names_fit_and_stay_apart(start: str, end: str, most: int) -> None:
    name = fitting_name(start, end, most)
    size = len(name.encode(errors="surrogatepass"))
    assert size <= most
    assert name.endswith(end)
    if len((start + end).encode(errors="surrogatepass")) <= most:
        assert name == start + end
    else:
        assert name != fitting_name(f"{start}x", end, most)
