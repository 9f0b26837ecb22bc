"""Listing and unpacking archives of every format, honest and hostile."""

from __future__ import annotations

import io
import stat
import struct
import tarfile
import unicodedata
import warnings
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearpreprocess import archive
from hearpreprocess.archive.listing import is_litter
from hearpreprocess.archive.parts import DirectoryEntry
from hearpreprocess.errors import ArchiveError
from hearpreprocess.synthetic import archives

Writer = Callable[..., Path]

WRITERS: dict[str, Writer] = {
    "zip": archives.write_zip,
    "split zip": archives.write_split_zip,
    "tar.gz": archives.write_tar_gz,
    "rar": archives.write_rar,
    "files": archives.write_files,
}
each_format = pytest.mark.parametrize("form", WRITERS)
each_archive = pytest.mark.parametrize("form", [form for form in WRITERS if form != "files"])

characters = st.characters(codec="utf-8", exclude_characters="/\\\0", exclude_categories=("C",))
# A name that starts like a drive's, and some systems' reserved names, are refused or changed by design.
parts = st.text(characters, min_size=1, max_size=8).filter(lambda part: part not in (".", "..") and part[1:2] != ":")
paths = st.lists(parts, min_size=1, max_size=3).map("/".join)


def files_of(folder: Path) -> dict[str, Path]:
    """What a source of these files is: the archive, or its parts in their order."""
    return {path.name: path for path in sorted(folder.iterdir())}


def write(form: str, folder: Path, members: dict[str, bytes], **options: int) -> dict[str, Path]:
    folder.mkdir(exist_ok=True)
    WRITERS[form](folder, "x", members.items(), **options)
    if form == "files":
        return {path: folder / path for path in members}
    return files_of(folder)


def unpack(
    form: str, files: dict[str, Path], folder: Path, select: Callable[[str], bool] = lambda path: True
) -> dict[str, int]:
    return archive.unpack(files, select, folder, archived=form != "files")


@each_format
@given(
    contents=st.dictionaries(paths, st.binary(max_size=400), min_size=1, max_size=8), part_size=st.integers(100, 900)
)
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory, form: str, contents: dict[str, bytes], part_size: int
) -> None:
    # Two paths that differ only in case are refused, and one that is also another's folder nobody can unpack.
    distinct = {unicodedata.normalize("NFC", path).casefold(): path for path in contents}.values()
    contents = {
        path: content
        for path, content in contents.items()
        if path in distinct and not any(other.startswith(f"{path}/") for other in contents) and len(path.encode()) < 100
    }
    if all(map(is_litter, contents)):
        return
    folder = tmp_path_factory.mktemp("archive")
    options = {"part_size": part_size} if form == "split zip" else {}
    files = write(form, folder / "in", contents, **options)
    if form == "rar" and len(contents) > 1 and next(iter(contents)) == "*":
        # libunrar takes a first member of this name for a pattern, and refuses what follows.
        with pytest.raises(ArchiveError):
            unpack(form, files, folder / "out")
        return
    found = unpack(form, files, folder / "out")
    data = {path: content for path, content in contents.items() if not is_litter(path)}
    assert found == {path: len(content) for path, content in data.items()}
    assert {path: (folder / "out" / path).read_bytes() for path in found} == data


@each_format
def test_only_what_is_asked_for_is_unpacked(tmp_path: Path, form: str) -> None:
    members = {
        "a b/ø ne.wav": b"1",
        "a b/two.wav": b"22",
        "a b/._two.wav": b"x",
        "__MACOSX/a.wav": b"x",
        ".DS_Store": b"x",
    }
    files = write(form, tmp_path / "in", members)
    found = unpack(form, files, tmp_path / "out", lambda path: path.endswith("two.wav"))
    assert found == {"a b/ø ne.wav": 1, "a b/two.wav": 2}
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").rglob("*.wav")} == {"two.wav": b"22"}


@each_archive
def test_folders_are_no_members(tmp_path: Path, form: str) -> None:
    files = write(form, tmp_path / "in", {"a/": b"", "a/b.wav": b"1"})
    assert unpack(form, files, tmp_path / "out") == {"a/b.wav": 1}


@each_archive
@pytest.mark.parametrize("name", ["../x.wav", "a/../../x.wav", "/etc/x.wav", "C:\\x.wav", "..\\x.wav", "\\x.wav"])
def test_a_member_that_leads_out_is_refused(tmp_path: Path, form: str, name: str) -> None:
    files = write(form, tmp_path / "in", {"fine.wav": b"1", name: b"x"})
    with pytest.raises(ArchiveError, match="1 member is refused:\n.*outside of the target directory"):
        unpack(form, files, tmp_path / "out")
    assert {path.name for path in tmp_path.rglob("*.wav")} <= {"fine.wav"}
    assert not Path("/etc/x.wav").exists()


@each_archive
@pytest.mark.parametrize("names", [("a/b.wav", "a//b.wav"), ("a/./b.wav",), ("a", "a/b.wav"), ("a/b", "a/b/c/d.wav")])
def test_paths_that_could_meet_are_refused(tmp_path: Path, form: str, names: tuple[str, ...]) -> None:
    files = write(form, tmp_path / "in", dict.fromkeys(names, b"x"))
    with pytest.raises(ArchiveError, match="1 member is refused:\n.*(ambiguous path|both a file and a directory)"):
        unpack(form, files, tmp_path / "out", lambda path: False)


@pytest.mark.parametrize(
    "form", ["zip", *(pytest.param(form, marks=pytest.mark.slow) for form in ("split zip", "tar.gz", "rar"))]
)
def test_many_members(tmp_path: Path, form: str) -> None:
    count = 70_000 if form != "rar" else 20_000
    files = write(form, tmp_path / "in", {f"a/{number}.wav": b"" for number in range(count)})
    assert len(unpack(form, files, tmp_path / "out", lambda path: False)) == count


@each_archive
@pytest.mark.parametrize("kept", [0.3, 0.7, 0.95])
def test_a_truncated_archive_is_refused(tmp_path: Path, form: str, kept: float) -> None:
    members = {f"a/{number}.wav": bytes([number]) * 20_000 for number in range(30)}
    files = write(form, tmp_path / "in", members, **({"part_size": 1000} if form == "split zip" else {}))
    last = list(files.values())[-1]
    last.write_bytes(last.read_bytes()[: int(last.stat().st_size * kept)])
    with pytest.raises(ArchiveError, match="truncated (zip|tar|rar) archive"):
        unpack(form, files, tmp_path / "out")


@each_archive
def test_damaged_content_is_refused(tmp_path: Path, form: str) -> None:
    content = bytes(range(256)) * 200
    files = write(form, tmp_path / "in", {"a/b.wav": content}, **({"part_size": 300} if form == "split zip" else {}))
    path = next(iter(files.values()))
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(ArchiveError, match="x\\."):
        unpack(form, files, tmp_path / "out")


@pytest.mark.parametrize("name", ["x.zip", "x.rar", "x.tar.gz", "x"])
@pytest.mark.parametrize("form", ["zip", "tar.gz", "rar"])
def test_the_format_is_told_by_content(tmp_path: Path, form: str, name: str) -> None:
    (tmp_path / "in").mkdir()
    path = WRITERS[form](tmp_path / "in", "x", [("a.wav", b"1")])
    renamed = path.rename(tmp_path / name)
    assert unpack(form, {name: renamed}, tmp_path / "out") == {"a.wav": 1}


@pytest.mark.parametrize("content", [b"", b"PK", b"not an archive", bytes(600), b"RIFF\0\0\0\0WAVE"])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=r"x\.zip: unsupported or damaged archive; expected zip, tar .* or rar"):
        archive.unpack({"x.zip": path}, lambda path: True, tmp_path / "out")


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04", b"Rar!\x1a\x07\x01\0", b"\x1f\x8b" + bytes(100), b"BZh9" + bytes(50)]
)
def test_what_only_starts_like_an_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match="x: damaged or truncated (zip|tar|rar) archive"):
        archive.unpack({"x": path}, lambda path: True, tmp_path / "out")


def zip_with(folder: Path, external_attr: int = 0, flags: int = 0) -> Path:
    """A zip archive with one member of these attributes and flags."""
    member = zipfile.ZipInfo("a/odd.wav")
    member.external_attr = external_attr
    path = folder / "x.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(member, "/etc/passwd")
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= flags
    path.write_bytes(content)
    return path


def tar_with(folder: Path, kind: bytes) -> Path:
    """A tar archive with one member of this type."""
    entry = tarfile.TarInfo("a/odd.wav")
    entry.type, entry.linkname = kind, "/etc/passwd"
    with tarfile.open(folder / "x.tar", "w") as tar:
        tar.addfile(entry)
    return folder / "x.tar"


def rar_with(folder: Path, record: bytes) -> Path:
    """A rar archive with one member that has this extra record."""
    extra = bytes([len(record)]) + record
    header = archives.rar_file_header("a/odd.wav", 3, zlib.crc32(b"abc"), extra)
    (folder / "x.rar").write_bytes(archives.RAR_START + header + b"abc" + archives.RAR_END)
    return folder / "x.rar"


# Extra records of rar 5: 5 redirects (1: a link of Unix), 1 encrypts (with 16 bytes of salt and of initialisation).
RAR_LINK = bytes([5, 1, 0, 11]) + b"/etc/passwd"
RAR_ENCRYPTION = bytes([1, 0, 0, 15]) + bytes(32)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda folder: zip_with(folder, external_attr=(stat.S_IFLNK | 0o777) << 16), "is a link"),
        (lambda folder: archives.divide_zip(zip_with(folder, (stat.S_IFLNK | 0o777) << 16), 20), "is a link"),
        (lambda folder: tar_with(folder, tarfile.SYMTYPE), "is a link"),
        (lambda folder: tar_with(folder, tarfile.LNKTYPE), "is a link"),
        (lambda folder: rar_with(folder, RAR_LINK), "is a link"),
        (lambda folder: tar_with(folder, tarfile.CHRTYPE), "is a special file, such as a device"),
        (lambda folder: tar_with(folder, tarfile.FIFOTYPE), "is a special file, such as a device"),
        (lambda folder: zip_with(folder, flags=1), "is encrypted"),
        (lambda folder: archives.divide_zip(zip_with(folder, flags=1), 20), "is encrypted"),
        (lambda folder: rar_with(folder, RAR_ENCRYPTION), "is encrypted"),
    ],
    ids=[
        "link in zip", "link in split zip", "link in tar", "hard link in tar", "link in rar", "device in tar",
        "pipe in tar", "encrypted zip", "encrypted split zip", "encrypted rar",
    ],
)  # fmt: skip
def test_members_that_are_no_plain_files_are_refused(
    tmp_path: Path, make: Callable[[Path], Path], problem: str
) -> None:
    (tmp_path / "in").mkdir()
    make(tmp_path / "in")
    with pytest.raises(ArchiveError, match=rf"'a/odd\.wav' {problem}"):
        archive.unpack(files_of(tmp_path / "in"), lambda path: True, tmp_path / "out")
    assert not list(tmp_path.glob("out/**/*.wav"))


@pytest.mark.parametrize("form", ["zip", "split zip", "rar"])
def test_two_members_of_one_name_are_refused(tmp_path: Path, form: str) -> None:
    (tmp_path / "in").mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        WRITERS[form](tmp_path / "in", "x", [("a.wav", b"x"), ("a.wav", b"y")])
    with pytest.raises(ArchiveError, match=r"'a\.wav' appears twice"):
        unpack(form, files_of(tmp_path / "in"), tmp_path / "out")


def test_the_last_part_alone_is_not_taken_for_an_archive(tmp_path: Path) -> None:
    files = write(
        "split zip", tmp_path / "in", {f"{number}.wav": bytes([number]) * 9999 for number in range(9)}, part_size=99
    )
    assert len(files) > 3
    last = list(files)[-1]
    with pytest.raises(ArchiveError, match="truncated zip archive|last part of a multi-part"):
        archive.unpack({last: files[last]}, lambda path: True, tmp_path / "out")
    del files["x.z02"]
    with pytest.raises(ArchiveError, match="truncated zip archive"):
        archive.unpack(files, lambda path: True, tmp_path / "out")


@pytest.mark.parametrize("compression", ["", "gz", "bz2", "xz"])
def test_every_compression_of_tar(tmp_path: Path, compression: str) -> None:
    path = tmp_path / "x"
    with tarfile.open(path, f"w:{compression}") as tar:
        entry = tarfile.TarInfo("./a/b.wav")
        entry.size = 3
        tar.addfile(entry, io.BytesIO(b"abc"))
    assert archive.unpack({"x": path}, lambda path: True, tmp_path / "out") == {"a/b.wav": 3}
    assert (tmp_path / "out" / "a" / "b.wav").read_bytes() == b"abc"


def test_a_zip64_archive(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as file, file.open(zipfile.ZipInfo("a.wav"), "w", force_zip64=True) as member:
        member.write(b"abc")
    assert archive.unpack({"x.zip": path}, lambda path: True, tmp_path / "out") == {"a.wav": 3}


@pytest.mark.large
@each_archive
def test_a_member_over_4_gib(tmp_path: Path, form: str) -> None:
    """Needs 5 to 9 GB of disk for some seconds."""
    size = 2**32 + 12345
    block = bytes(1 << 24)
    blocks = [block] * (size // len(block)) + [bytes(size % len(block) - 3) + b"end"]
    folder = tmp_path / "in"
    folder.mkdir()
    if form in ("zip", "split zip"):
        with zipfile.ZipFile(folder / "x.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
            file.writestr("first.wav", b"1")
            with file.open("large.wav", "w", force_zip64=True) as member:
                for each in blocks:
                    member.write(each)
            file.writestr("last.wav", b"2")
        if form == "split zip":
            archives.divide_zip(folder / "x.zip", 1_000_000)
    elif form == "tar.gz":
        import gzip

        with gzip.open(folder / "x.tar.gz", "wb", 1) as file:
            entry = tarfile.TarInfo("large.wav")
            entry.size = size
            file.write(entry.tobuf(tarfile.GNU_FORMAT))
            for each in blocks:
                file.write(each)
            file.write(bytes(-size % 512 + 1024))
    else:
        checksum = 0
        for each in blocks:
            checksum = zlib.crc32(each, checksum)
        header = archives.rar_file_header("large.wav", size, checksum)
        with (folder / "x.rar").open("wb") as file:
            file.write(archives.RAR_START + header)
            file.seek(size - 3, io.SEEK_CUR)
            file.write(b"end" + archives.RAR_END)
    # Four GiB of silence are a bomb, unless one says that they are not.
    found = archive.unpack(files_of(folder), lambda path: path == "large.wav", tmp_path / "out", max_expansion=10_000)
    assert found["large.wav"] == size
    with (tmp_path / "out" / "large.wav").open("rb") as large:
        assert large.seek(0, io.SEEK_END) == size
        large.seek(size - 4)
        assert large.read() == b"\0end"
    (tmp_path / "out" / "large.wav").unlink()


@given(
    members=st.dictionaries(
        st.text("abc/é0", min_size=1, max_size=8).filter(
            lambda path: "" not in path.split("/") and not path.startswith("/")
        ),
        st.binary(max_size=400),
        min_size=1,
        max_size=6,
    ).filter(lambda members: not any(f"{path}/" in other for path in members for other in members)),
    part_size=st.none() | st.integers(60, 300),
)
def test_members_can_be_read_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, members: dict[str, bytes], part_size: int | None
) -> None:
    folder = tmp_path_factory.mktemp("zip")
    path = archives.write_zip(folder, "x", members.items())
    if part_size:
        archives.divide_zip(path, part_size)
    files = {file.name: file for file in sorted(folder.iterdir(), key=lambda file: (file.suffix == ".zip", file.name))}
    packed = archive.packed_members(files)
    with archive.ZipReader(list(files.values())) as reader:
        assert {member: reader.read(member, packed[member]) for member in reversed(list(members))} == members


@pytest.mark.parametrize("place", [0, 60, 90, -30])
def test_a_damaged_member_is_not_read(tmp_path: Path, place: int) -> None:
    path = archives.write_zip(tmp_path, "x", [("a.wav", bytes(range(256)) * 2)])
    packed = archive.packed_members({"x": path})
    content = bytearray(path.read_bytes())
    start = place if place >= 0 else content.index(b"PK\x01\x02") + place
    content[start : start + 10] = bytes(10) if place else b"nothing of"
    path.write_bytes(content)
    with archive.ZipReader([path]) as reader, pytest.raises(ArchiveError, match=r"member 'a.wav' cannot be unpacked"):
        reader.read("a.wav", packed["a.wav"])


def test_only_an_archive_that_can_be_entered_anywhere_is_read_member_by_member(tmp_path: Path) -> None:
    members = {"a.wav": b"x", "b.txt": b"y"}
    assert archive.packed_members({"x": archives.write_tar_gz(tmp_path, "x", members.items())}) == {}
    assert archive.packed_members({"x": archives.write_rar(tmp_path, "x", members.items())}) == {}
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as zipped:
        zipped.writestr("stored.wav", b"x", zipfile.ZIP_STORED)
        zipped.writestr("unusual.wav", b"x" * 99, zipfile.ZIP_BZIP2)
    assert list(archive.packed_members({"y": tmp_path / "y.zip"})) == ["stored.wav"]


EIGHT_BYTES, FOUR_BYTES, TWO_BYTES = (st.integers(0, 2 ** (8 * size) - 1) for size in (8, 4, 2))
OTHER_EXTRA = st.lists(st.tuples(TWO_BYTES.filter(lambda kind: kind != 1), st.binary(max_size=9)), max_size=3).map(
    lambda fields: b"".join(struct.pack("<2H", kind, len(content)) + content for kind, content in fields)
)


@given(
    size=EIGHT_BYTES,
    packed_size=EIGHT_BYTES,
    offset=EIGHT_BYTES,
    disk=FOUR_BYTES | st.integers(0, 9),
    moved_to=EIGHT_BYTES,
    name=st.binary(max_size=9),
    extra=OTHER_EXTRA,
    comment=st.binary(max_size=9),
    before=st.binary(max_size=9),
)
def test_a_directory_entry_keeps_all_but_its_place(
    size: int,
    packed_size: int,
    offset: int,
    disk: int,
    moved_to: int,
    name: bytes,
    extra: bytes,
    comment: bytes,
    before: bytes,
) -> None:
    # Only what is too large for the header is in the zip64 field, in this order.
    large = [value for value in (size, packed_size, offset) if value >= 0xFFFFFFFF]
    field = struct.pack(f"<{len(large)}Q", *large) + (struct.pack("<L", disk) if disk >= 0xFFFF else b"")
    extra_64 = struct.pack("<2H", 1, len(field)) + field if field else b""
    header = struct.pack(
        "<4s6H3L5H2L",
        *(b"PK\x01\x02", 1, 2, 3, 4, 5, 6, 7, min(packed_size, 0xFFFFFFFF), min(size, 0xFFFFFFFF)),
        *(len(name), len(extra_64 + extra), len(comment), min(disk, 0xFFFF), 8, 9, min(offset, 0xFFFFFFFF)),
    )
    packed = header + name + extra_64 + extra + comment
    entry = DirectoryEntry.parse(before + packed, len(before))
    assert entry.length == len(packed)
    assert (entry.header.size, entry.header.packed_size) == (size, packed_size)
    assert (entry.header.offset, entry.header.disk) == (offset, disk)
    assert (entry.name, entry.extra, entry.comment) == (name, extra, comment)
    moved = DirectoryEntry.parse(entry.pack(moved_to), 0)
    fields = {"offset": moved_to, "disk": 0, "extra_length": len(extra) + 28}
    assert moved == replace(entry, header=entry.header._replace(**fields))


@pytest.mark.parametrize("kept", [*range(0, 46, 5), 50, 57])
def test_a_damaged_directory_entry_is_refused(kept: int) -> None:
    field = struct.pack("<2HQ", 1, 8, 2**33)
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", *range(7), 5, 0xFFFFFFFF, 0, len(field), 0, 0, 0, 0, 0) + field
    assert DirectoryEntry.parse(entry, 0).header.size == 2**33
    with pytest.raises(zipfile.BadZipFile, match="damaged"):
        DirectoryEntry.parse(entry[:kept], 0)
    with pytest.raises(zipfile.BadZipFile, match="damaged"):
        DirectoryEntry.parse(b"P" + entry, 0)


class Huge(bytes):
    """Content that states a size of its own."""

    size = 0

    def __len__(self) -> int:
        return self.size


@given(
    st.one_of(st.text(characters, min_size=1, max_size=120), st.text("abc/-_.", min_size=95, max_size=105)),
    st.one_of(st.integers(0, 1 << 20), st.integers(8**11 - 2, 8**11 + 2)),
)
def test_headers_are_those_of_tarfile(name: str, size: int) -> None:
    content = Huge()
    content.size = size
    header = next(iter(archive.tar_pieces([(name, content)])))
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime, entry.mode, entry.uname, entry.gname = size, 1609459200, 0o644, "root", "root"
    assert header == entry.tobuf(tarfile.PAX_FORMAT)
