"""Listing and unpacking archives, honest and hostile."""

from __future__ import annotations

import stat
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearpreprocess import archive
from hearpreprocess.errors import ArchiveError
from hearpreprocess.testing.archives import write_zip

parts = st.text(
    st.characters(codec="utf-8", exclude_characters="/\\\0", exclude_categories=("C",)), min_size=1, max_size=8
)
paths = st.lists(parts.filter(lambda part: part not in (".", "..") and part[1:2] != ":"), min_size=1, max_size=3).map(
    "/".join
)


@given(st.dictionaries(paths, st.binary(max_size=200), max_size=8))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, contents: dict[str, bytes]) -> None:
    # A path that is also another's folder cannot be unpacked by anybody.
    contents = {
        path: content
        for path, content in contents.items()
        if not any(other.startswith(path + "/") for other in contents)
    }
    folder = tmp_path_factory.mktemp("archive")
    path = write_zip(folder / "x.zip", contents.items())
    found = archive.members(path)
    data = {name: content for name, content in contents.items() if not archive.is_litter(name)}
    assert found == {name: len(content) for name, content in data.items()}
    archive.extract(path, found, folder / "out")
    assert {name: (folder / "out" / name).read_bytes() for name in found} == data


def test_only_what_is_asked_for_is_unpacked(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "x.zip", [("a/", b""), ("a/one.wav", b"1"), ("a/two.wav", b"2")])
    assert archive.members(path) == {"a/one.wav": 1, "a/two.wav": 1}
    archive.extract(path, ["a/two.wav"], tmp_path / "out")
    assert [file.name for file in (tmp_path / "out").rglob("*.wav")] == ["two.wav"]
    with pytest.raises(ArchiveError, match=r"x\.zip holds no member 'a/three.wav'"):
        archive.extract(path, ["a/three.wav"], tmp_path / "out")


@pytest.mark.parametrize("name", ["__MACOSX/a.wav", "a/.DS_Store", "a/._b.wav", "__MACOSX/._a"])
def test_litter_is_no_data(tmp_path: Path, name: str) -> None:
    path = write_zip(tmp_path / "x.zip", [(name, b"x"), ("a/b.wav", b"1")])
    assert archive.members(path) == {"a/b.wav": 1}


@pytest.mark.parametrize("name", ["../x.wav", "a/../../x.wav", "/etc/x.wav", "C:\\x.wav", "..\\x.wav", "\\x.wav"])
def test_a_member_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    path = write_zip(tmp_path / "x.zip", [(name, b"x")])
    with pytest.raises(ArchiveError, match=r"x\.zip: 1 members are refused:\n.*outside the folder"):
        archive.members(path)


def test_a_link_is_refused(tmp_path: Path) -> None:
    member = zipfile.ZipInfo("a/link.wav")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
        file.writestr(member, "/etc/passwd")
    with pytest.raises(ArchiveError, match=r"'a/link\.wav' is a link"):
        archive.members(tmp_path / "x.zip")


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "x.zip", [("a.wav", b"x")])
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=r"'a.wav' is encrypted"):
        archive.members(path)


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = write_zip(tmp_path / "x.zip", [("a.wav", b"x"), ("a.wav", b"y")])
    with pytest.raises(ArchiveError, match=r"'a.wav' stands in it twice"):
        archive.members(path)


@pytest.mark.parametrize("content", [b"", b"PK", b"Rar!\x1a\x07\x00", b"\x1f\x8b" + bytes(100)])
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(ArchiveError, match="is no whole zip archive"):
        archive.members(tmp_path / "x.zip")


def test_many_members(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "x.zip", ((f"a/{number}.wav", b"") for number in range(70000)))
    assert len(archive.members(path)) == 70000
