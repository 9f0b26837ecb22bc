"""The names in zip archives: how they are decoded, and what is refused."""

from __future__ import annotations

import re
import stat
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from hearpreprocess import archive
from hearpreprocess.errors import ArchiveError
from tests.archive.by_hand import FAT, NTFS, UNIX, UTF_8_FLAG, ZipEntry, unicode_path, zip_of


def names_of(folder: Path, content: bytes, encoding: str | None = None) -> tuple[list[str], list[str]]:
    """The names of an archive's members, which can all be read, and the notes."""
    path = folder / "x.zip"
    path.write_bytes(content)
    notes: list[str] = []
    out = folder / "out"
    sizes = archive.unpack({"x.zip": path}, lambda name: True, out, encoding=encoding, on_note=notes.append)
    packed = archive.packed_members({"x.zip": path}, encoding)
    assert packed.keys() == sizes.keys()
    with archive.ZipReader([path]) as reader:
        for name, location in packed.items():
            assert reader.read(name, location) == (out / name).read_bytes()
    return list(sizes), notes


def test_a_colon_in_a_name_is_no_drive(tmp_path: Path) -> None:
    names = ["1:2 mix.wav", "a:b.wav", "a/C:/b.wav"]
    assert names_of(tmp_path, zip_of([ZipEntry(name.encode()) for name in names])) == (names, [])


def test_icons_of_folders_on_macos_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(zip_of([ZipEntry(b"a.wav"), ZipEntry(b"Icon\r", b""), ZipEntry(b"a/Icon\r", b"resource")]))
    assert archive.unpack({"x.zip": path}, lambda name: True, tmp_path / "out") == {"a.wav": 3}
    assert [file.name for file in (tmp_path / "out").rglob("*")] == ["a.wav"]


@pytest.mark.parametrize(("host", "attributes"), [(FAT, 0x10), (NTFS, 0x10), (UNIX, 0o40755 << 16)])
def test_what_is_a_folder_by_name_and_attributes_is_one(tmp_path: Path, host: int, attributes: int) -> None:
    folder = ZipEntry(
        b"d\\" if host == FAT else b"d/", b"what all programs pass over", host=host, attributes=attributes
    )
    path = tmp_path / "x.zip"
    path.write_bytes(zip_of([folder, ZipEntry(b"d/a.wav")]))
    assert archive.unpack({"x.zip": path}, lambda name: True, tmp_path / "out") == {"d/a.wav": 3}


ZIP_7 = "Unpack it with a tool such as 7z"


@pytest.mark.parametrize(
    ("entry", "advice"),
    [
        (
            ZipEntry(b"a.wav", method=9),
            f"{ZIP_7} and give the directory with --source NAME=DIR, or repack it as zip",
        ),
        (
            ZipEntry(b"a.wav", flags=1),
            f"{ZIP_7} and give the directory with --source NAME=DIR, or repack it as zip",
        ),
        (ZipEntry(b"a.wav", attributes=0o120777 << 16), f"{ZIP_7} and give the directory with --source NAME=DIR"),
        (ZipEntry(b"a\\b.wav"), f"{ZIP_7} and give the directory with --source NAME=DIR"),
        (ZipEntry(b"a\1b.wav"), f"{ZIP_7}, rename these files, and give the directory with --source NAME=DIR"),
        (ZipEntry(b"n" * 256), f"{ZIP_7}, rename these files, and give the directory with --source NAME=DIR"),
        (ZipEntry(b"../a.wav"), "check the archive's listing before you unpack it"),
    ],
)
def test_the_advice_fits_the_refusal(tmp_path: Path, entry: ZipEntry, advice: str) -> None:
    (tmp_path / "x.zip").write_bytes(zip_of([ZipEntry(b"fine.wav"), entry]))
    with pytest.raises(ArchiveError) as refused:
        archive.unpack({"x.zip": tmp_path / "x.zip"}, lambda name: False, tmp_path / "out")
    first, _member, last = str(refused.value).splitlines()
    assert first == "x.zip: 1 member is refused:"
    assert advice in last


def test_the_advice_on_a_directory_is_not_to_unpack_it(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a\nb.wav").write_bytes(b"abc")
    with pytest.raises(
        ArchiveError, match=r"control characters\n  Rename these files or move them out of the directory$"
    ):
        archive.unpack({"in": tmp_path / "in"}, lambda name: True, tmp_path / "out")


@pytest.mark.parametrize("host", [FAT, UNIX, NTFS])
def test_names_that_are_valid_utf_8_are_it(tmp_path: Path, host: int) -> None:
    names = ["été/x.wav", "hiver/x.wav", "テスト/y.wav"]
    content = zip_of([ZipEntry(name.encode(), host=host) for name in names])
    assert names_of(tmp_path, content) == (names, [])


def test_one_name_that_is_not_utf_8_decides_for_all_and_is_shown(tmp_path: Path) -> None:
    # "é" of the first is valid in UTF-8, too; one program wrote both names.
    names, notes = names_of(tmp_path, zip_of([ZipEntry("é".encode()), ZipEntry(b"\x82t\x82.wav"), ZipEntry(b"b.wav")]))
    assert names == ["├⌐", "été.wav", "b.wav"]
    (note,) = notes
    for words in ("x.zip", "cp437", r"b'\x82t\x82.wav'", "'été.wav'", "--zip-encoding"):
        assert words in note


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("cp932", "ソプラノ/表.wav"), ("cp1252", "été.wav"), ("gbk", "测试.wav"), ("cp437", "été.wav")],
)
@pytest.mark.parametrize("host", [FAT, UNIX])
def test_the_encoding_can_be_given(tmp_path: Path, encoding: str, name: str, host: int) -> None:
    content = zip_of([ZipEntry(name.encode(encoding), host=host), ZipEntry("ü".encode(), flags=UTF_8_FLAG, host=host)])
    assert names_of(tmp_path, content, encoding) == ([name, "ü"], [])


def test_a_name_that_is_not_valid_in_the_given_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"x\.zip: member b'\\x82.*not valid utf-8.*--zip-encoding"):
        names_of(tmp_path, zip_of([ZipEntry(b"\x82.wav")]), "utf-8")


def test_the_unicode_path_field_is_taken_if_it_belongs_to_the_name(tmp_path: Path) -> None:
    raw, name = b"?t?.wav", "été.wav".encode()
    content = zip_of([ZipEntry(raw, extra=unicode_path(name, raw)), ZipEntry(b"b", extra=unicode_path(name, raw))])
    assert names_of(tmp_path, content) == (["été.wav", "b"], [])
    with pytest.raises(ArchiveError, match="Unicode Path field of .* is not valid UTF-8"):
        names_of(tmp_path, zip_of([ZipEntry(raw, extra=unicode_path(b"\xff", raw))]))


def test_backslashes_of_ms_dos_are_slashes(tmp_path: Path) -> None:
    entries = [ZipEntry(b"a\\b.wav", host=FAT), ZipEntry(b"c\\", b"", host=FAT), ZipEntry("é\\d".encode(), host=FAT)]
    assert names_of(tmp_path, zip_of(entries)) == (["a/b.wav", "é/d"], [])


@pytest.mark.parametrize(
    "entry",
    [
        ZipEntry(b"a\\b.wav", host=UNIX),
        ZipEntry(b"a\\b.wav", host=NTFS),
        ZipEntry(b"a/b\\c.wav", host=FAT),
        ZipEntry("ソ.wav".encode("cp932"), host=FAT),  # whose second byte is one
    ],
)
def test_other_backslashes_are_refused(tmp_path: Path, entry: ZipEntry) -> None:
    with pytest.raises(ArchiveError, match="has a backslash in its name"):
        names_of(tmp_path, zip_of([entry]))


@pytest.mark.parametrize(("method", "words"), [(9, "Deflate64"), (98, "PPMd"), (93, "Zstandard"), (77, "unknown")])
def test_methods_that_are_not_read_are_named_in_the_listing(tmp_path: Path, method: int, words: str) -> None:
    (tmp_path / "x.zip").write_bytes(zip_of([ZipEntry(b"a.wav", method=method)]))
    with pytest.raises(ArchiveError, match=rf"'a\.wav' is compressed with .*{words}.*method {method}.*use Deflate"):
        archive.unpack({"x.zip": tmp_path / "x.zip"}, lambda name: False, tmp_path / "out")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (zip_of([ZipEntry(b"a\0b.wav")]), "control characters"),
        (zip_of([ZipEntry(b"a/", b"abc")]), "is a directory with content"),
        (zip_of([ZipEntry(b"C:/a.wav")]), "outside of the target"),
        (zip_of([ZipEntry(b"c:\\a.wav")]), "outside of the target"),
        (zip_of([ZipEntry(b"a.wav", flags=1)]), "is encrypted"),
        (zip_of([ZipEntry(b"a.wav", local_name=b"b.wav")]), "a.wav"),
        (zip_of([ZipEntry(b"a.wav", size=5)]), "a.wav"),
        (zip_of([ZipEntry(b"a.wav", checksum=5)]), "a.wav"),
        (zip_of([ZipEntry(b"a.wav")], count=2), "declares 2 entries, found 1"),
        (zip_of([ZipEntry(b"a.wav")]) + zip_of([ZipEntry(b"b.wav")]), "another archive before it"),
        (zip_of([ZipEntry(b"a.wav")]) + zip_of([ZipEntry(b"b.wav")])[:-22], "another archive after it"),
        (zip_of([ZipEntry(b"n" * 256)]), "more than 255 bytes"),
    ],
)
def test_what_is_not_what_it_says_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(ArchiveError, match=problem):
        names_of(tmp_path, content)


def test_a_member_is_not_read_under_the_name_of_another(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(zip_of([ZipEntry(b"a.wav", local_name=b"b.wav")]))
    packed = archive.packed_members({"x.zip": tmp_path / "x.zip"})
    assert packed["a.wav"][5] == zlib.crc32(b"a.wav")
    with archive.ZipReader([tmp_path / "x.zip"]) as reader, pytest.raises(ArchiveError, match="name or method differ"):
        reader.read("a.wav", packed["a.wav"])


def test_what_stands_in_front_of_an_archive_that_unpacks_itself_is_no_matter(tmp_path: Path) -> None:
    assert names_of(tmp_path, b"#!/bin/sh\n" * 9 + zip_of([ZipEntry(b"a.wav")])) == (["a.wav"], [])


def test_what_was_packed_from_a_pipe_is_a_file(tmp_path: Path) -> None:
    content = zip_of([ZipEntry(b"a.wav", mode=stat.S_IFIFO | 0o600), ZipEntry(b"b.wav")])
    assert names_of(tmp_path, content)[0] == ["a.wav", "b.wav"]
    assert (tmp_path / "out" / "a.wav").is_file()


@pytest.mark.parametrize("mark", [b"PK\5\6", b"see PK\5\6 for more", b"PK\5\6" + bytes(18), b"PK\5\6" + bytes(60)])
@pytest.mark.parametrize(
    "read", [names_of, lambda folder, content: archive.packed_members({"x.zip": folder / "x.zip"})]
)
def test_a_comment_with_the_mark_of_an_end_is_named(
    tmp_path: Path, mark: bytes, read: Callable[[Path, bytes], object]
) -> None:
    (tmp_path / "x.zip").write_bytes(content := zip_of([ZipEntry(b"a.wav")], comment=mark))
    with pytest.raises(ArchiveError, match=r"x\.zip: its comment contains the end signature.*zip -z x\.zip") as raised:
        read(tmp_path, content)
    assert "no whole" not in str(raised.value)


def test_any_other_comment_is_passed_over(tmp_path: Path) -> None:
    inner = zip_of([ZipEntry(b"c.wav")])
    content = zip_of([ZipEntry(b"a.wav", inner)], comment=b"PK\5 and PK\6")
    assert names_of(tmp_path, content)[0] == ["a.wav"]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("a.wav", "A.wav"), "'a.wav' and 'A.wav' differ only in case "),
        (
            ("caf\xe9", "cafe\u0301"),
            r"'caf\xe9' and 'cafe\u0301' differ only in the Unicode form of an accent (NFC, NFD) ",
        ),
        (("caf\xe9", "CAFE\u0301"), r"'caf\xe9' and 'CAFE\u0301' differ only in case and the Unicode form (NFC, NFD) "),
    ],
)
def test_how_names_differ_that_some_disks_take_for_one(tmp_path: Path, names: tuple[str, str], words: str) -> None:
    content = zip_of([ZipEntry(name.encode(), flags=UTF_8_FLAG) for name in names])
    with pytest.raises(ArchiveError, match=re.escape(words)):
        names_of(tmp_path, content)
