"""Headers of tar archives: every member, or a refusal."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import tarfile
from pathlib import Path
from types import ModuleType

import pytest

from hearpreprocess import archive
from hearpreprocess.errors import ArchiveError
from tests.archive.by_hand import TAR_END, ZipEntry, tar_header, tar_member, zip_of

NAMES = [f"{folder}/{number:02d}.wav" for folder in ("barks", "meows") for number in range(6)]


def members_of(folder: Path, content: bytes) -> dict[str, bytes]:
    """The members, read in both ways."""
    path = folder / "x.tar"
    path.write_bytes(content)
    sizes = archive.unpack({"x.tar": path}, lambda name: True, folder / "out")
    unpacked = {name: (folder / "out" / name).read_bytes() for name in sizes}
    assert {name: len(content) for name, content in unpacked.items()} == sizes
    assert dict(archive.TarReader(path)) == unpacked
    return unpacked


def whole(form: int = tarfile.USTAR_FORMAT) -> tuple[bytes, list[int]]:
    """An archive and the offsets of its headers."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as tar:
        for name in NAMES:
            member = tarfile.TarInfo(name)
            member.size = 700
            tar.addfile(member, io.BytesIO(name.encode() * 99))
    file.seek(0)
    with tarfile.open(fileobj=file) as tar:
        return file.getvalue(), [member.offset for member in tar]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_one_wrong_bit_in_any_header_is_refused(tmp_path: Path, form: int) -> None:
    content, offsets = whole(form)
    assert list(members_of(tmp_path, content)) == NAMES
    for offset in offsets:
        for at in (0, 130, 150, 300, 511):
            damaged = bytearray(content)
            damaged[offset + at] ^= 1
            with pytest.raises(
                ArchiveError, match=r"x\.tar: (damaged or truncated tar|unsupported or damaged) archive"
            ):
                members_of(tmp_path, bytes(damaged))


@pytest.mark.parametrize("selected", [True, False])
def test_a_cut_anywhere_is_refused_or_told(tmp_path: Path, selected: bool) -> None:
    content, offsets = whole()
    last = offsets[-1] + 512 + 1024
    path = tmp_path / "x.tar"
    for end in {100, *range(0, last, 451), *offsets, last, last - 1, last - 300, last - 325}:
        path.write_bytes(content[:end])
        notes: list[str] = []
        if end and end in (*offsets, last):  # nothing shows it, as one without an end mark is the same
            sizes = archive.unpack({"x.tar": path}, lambda name: selected, tmp_path / "out", on_note=notes.append)
            assert list(sizes) == NAMES[: end // 1536]
            assert ["x.tar: no end mark" in note for note in notes] == [True]
        else:
            with pytest.raises(
                ArchiveError, match="ends inside" if end > 257 + 5 else "unsupported or damaged archive"
            ):
                archive.unpack({"x.tar": path}, lambda name: selected, tmp_path / "out", on_note=notes.append)
            assert notes == []
        with pytest.raises(ArchiveError, match="(truncated tar|unsupported or damaged) archive"):
            list(archive.TarReader(path))
    assert list(members_of(tmp_path, content[: last + 512])) == NAMES, "one block of zeros is an end mark"


@pytest.mark.parametrize("packed", [False, True])
def test_a_second_archive_behind_the_end_is_refused(tmp_path: Path, packed: bool) -> None:
    content, _offsets = whole()
    for second in (content, tar_member(b"a.wav") + TAR_END, gzip.compress(content)):
        both = content + second
        with pytest.raises(ArchiveError, match="another archive follows its end mark, at byte"):
            members_of(tmp_path, gzip.compress(both) if packed else both)
    assert list(members_of(tmp_path, content + b"what a buffer held before".ljust(512, b"!"))) == NAMES


def test_the_checksum_of_a_gzip_file_is_always_looked_at(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(tar_member(b"a.wav") + TAR_END + bytes(5 << 20)))
    packed[-8] ^= 1
    with pytest.raises(ArchiveError, match="truncated tar archive"):
        members_of(tmp_path, bytes(packed))


def test_headers_of_every_kind(tmp_path: Path) -> None:
    ustar, old_gnu = b"ustar\x0000", b"ustar  \0"
    content = b"".join(
        [
            tar_member("ü".encode(), signed=True),  # as old programs counted
            tar_header(b"v7/", 0, b"\0"),
            tar_header(b"v7/", 4096, b"5"),  # POSIX: a limit of the folder's, not followed by anything
            tar_member(b"v7/", b"Ya.wav\0\0", b"D", magic=old_gnu),
            tar_member(b"v7/a.wav", b"1", b"\0"),
            tar_header(b"label", 0, b"V", magic=old_gnu, number=bytes(12)),
            tar_member(b"b.wav", b"2", magic=ustar, prefix=b"in/front"),
            tar_member(b"c.wav", b"3", magic=old_gnu, prefix=b"15302506115\x0015302506115\0"),  # times, no prefix
            tar_member(b"d.wav", b"4", magic=ustar, prefix=b"star".ljust(131, b"\0") + b"15302506115 " * 2),
            tar_member(b"e.wav", b"55", b"7", number=b"\x80" + bytes(10) + b"\2"),
            tar_member(b"././@LongLink", b"long/" * 40 + b"f.wav\0", b"L", magic=old_gnu) + tar_member(b"cut"),
            tar_member(b"pax", b"17 path=\xc3\xa9/g.wav\n9 size=1\n", b"x")
            + tar_header(b"cut", 7)
            + b"7".ljust(512, b"\0"),
            tar_member(b"pax", b"20 comment=a commit\n", b"g"),
            tar_member(b"h.wav", b"", b"0"),
        ]
    )
    assert members_of(tmp_path, content + TAR_END) == {
        "ü": b"abc", "v7/a.wav": b"1", "in/front/b.wav": b"2", "c.wav": b"3", "star/d.wav": b"4", "e.wav": b"55",
        "long/" * 40 + "f.wav": b"abc", "é/g.wav": b"7", "h.wav": b"",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("headers", "problem"),
    [
        (tar_member(b"pax", b"12 path=a.w\n", b"x") + tar_header(b"a"), None),
        (tar_member(b"pax", b"99 path=a.wav\n", b"x") + tar_header(b"a"), "a pax header is damaged"),
        (tar_member(b"pax", b"13 path=a.wa\n", b"x"), "before its member"),
        (tar_member(b"L", b"a" * 200, b"L"), "before its member"),
        (tar_member(b"pax", b"10 size=a\n", b"x") + tar_header(b"a"), "invalid size"),
        (tar_member(b"pax", b"14 path=all.w\n", b"g") + tar_header(b"a"), "a global header sets 'path'"),
        (tar_member(b"pax", b"22 GNU.sparse.major=1\n", b"x") + tar_header(b"a"), "is a sparse file"),
        (tar_member(b"a.wav", b"abc", b"S"), "is a sparse file"),
        (tar_member(b"a.wav", b"abc", b"M"), "continues a file of another volume"),
        (tar_member(b"a.wav", b"abc", b"A"), "has the unknown type 'A'"),
        (tar_member(b"a/", b"abc", b"5"), "wrong checksum"),
        (tar_member(b"a/", b"abc", b"0"), "is a directory with content"),
        (tar_member(b"a.wav", number=b"\xff" * 12), "invalid size"),
        (tar_member(b"a.wav", number=b"            "), "invalid size"),
        (tar_member(b"a.wav", number=b"00000000009\0"), "invalid size"),
        (tar_member(b"a.wav", number=b"\x80" + b"\xff" * 11), "impossible size"),
        (tar_header(b"L", 20 << 20, b"L"), "larger than 16 MiB"),
        (tar_member(b"L", b"\0", b"L") + tar_header(b"a"), "long name that is empty"),
    ],
)  # fmt: skip
def test_headers_that_are_refused(tmp_path: Path, headers: bytes, problem: str | None) -> None:
    content = tar_member(b"first.wav") + headers + TAR_END
    if problem is None:
        assert set(members_of(tmp_path, content)) == {"first.wav", "a.w"}
    else:
        with pytest.raises(ArchiveError, match=problem):
            members_of(tmp_path, content)


@pytest.mark.parametrize(("kind", "content"), [(b"L", b"a" * 200), (b"x", b"13 path=a.wa\n")])
def test_an_archive_that_ends_behind_a_long_name_is_refused(tmp_path: Path, kind: bytes, content: bytes) -> None:
    headers = tar_member(b"first.wav") + tar_member(b"long", content, kind)
    for end in (0, 1, 100):
        with pytest.raises(ArchiveError, match="before its member" if not end else "ends inside a header"):
            members_of(tmp_path, headers[: len(headers) - end])


@pytest.mark.parametrize("names", [(b"a", b"a/b.wav"), (b"a/b.wav", b"a"), (b"a", b"a/b/c.wav")])
def test_a_file_that_is_also_a_folder_is_refused(tmp_path: Path, names: tuple[bytes, bytes]) -> None:
    with pytest.raises(ArchiveError, match="is both a file and a directory"):
        members_of(tmp_path, b"".join(map(tar_member, names)) + TAR_END)


@pytest.mark.parametrize(("name", "compress"), [("gzip", gzip), ("bzip2", bz2), ("xz", lzma)])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"RIFF\x24\0\0\0WAVEfmt " + bytes(600), "a recording"),
        (zip_of([ZipEntry(b"a.wav")]), "a zip archive"),
        (b"file,label\n", 'text, "file,label"'),
    ],
)
def test_what_was_compressed_is_named_if_it_is_no_tar(
    tmp_path: Path, name: str, compress: ModuleType, content: bytes, words: str
) -> None:
    expected = f"file with a tar archive, got an? {name} file with {re.escape(words)}\\. Decompress it"
    (tmp_path / "a.wav.gz").write_bytes(compress.compress(content))
    with pytest.raises(ArchiveError, match=expected) as raised:
        archive.unpack({"a.wav.gz": tmp_path / "a.wav.gz"}, lambda path: True, tmp_path / "out")
    assert "truncated tar" not in str(raised.value)
