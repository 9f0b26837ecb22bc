"""Archives that come as several files, and rar archives that are not whole."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from hearpreprocess import Archive, ConfigError, Local, SplitArchive, archive
from hearpreprocess.errors import ArchiveError
from hearpreprocess.synthetic import archives
from hearpreprocess.task import File, parts_beside
from tests.archive.by_hand import rar4_of

MEMBERS = {f"a/{number}.wav": bytes([number]) * 5_000 for number in range(6)}
STORED = [(path.replace("/", "\\").encode(), content) for path, content in MEMBERS.items()]


def pieces(path: Path, size: int) -> list[Path]:
    """Cut a file into pieces of `size` bytes as 7-Zip does: x.zip.001, x.zip.002, ..."""
    content = path.read_bytes()
    for number, start in enumerate(range(0, len(content), size), 1):
        path.with_name(f"{path.name}.{number:03d}").write_bytes(content[start : start + size])
    path.unlink()
    return sorted(path.parent.glob(f"{path.name}.*"))


def unpack(paths: list[Path], folder: Path) -> dict[str, bytes]:
    files = {path.name: path for path in paths}
    sizes = archive.unpack(files, lambda name: True, folder)
    with archive.ZipReader(paths) as reader:
        for name, location in archive.packed_members(files).items():
            assert reader.read(name, location) == (folder / name).read_bytes()
    return {name: (folder / name).read_bytes() for name in sizes}


@pytest.mark.parametrize("write", [archives.write_zip, archives.write_tar_gz])
def test_pieces_are_read_and_a_missing_one_is_named(tmp_path: Path, write) -> None:
    paths = pieces(write(tmp_path, "x", MEMBERS.items()), 100)
    assert len(paths) > 3
    assert Local(paths[0]).title == paths[0].name
    assert parts_beside(paths[0]) == paths
    assert unpack(paths, tmp_path / "out") == MEMBERS
    with pytest.raises(ConfigError, match=r"002: a part of an archive; give its first part, x\..*\.001"):
        Local(paths[1])
    with pytest.raises(ArchiveError, match="truncated (zip|tar) archive"):
        unpack(paths[:-1], tmp_path / "out")
    paths[1].unlink()
    for given in (paths[0], paths[2]):
        with pytest.raises(ConfigError, match=r"parts of it are missing: x\..*\.002\. Put them into"):
            Local(given)


def test_a_missing_part_of_a_divided_zip_is_named(tmp_path: Path) -> None:
    last = archives.divide_zip(archives.write_zip(tmp_path, "x", MEMBERS.items()), 60)
    paths = parts_beside(last)
    assert len(paths) > 4
    assert unpack(paths, tmp_path / "out") == MEMBERS
    with pytest.raises(ConfigError, match=r"x\.z02: a part of a divided zip archive; give its last part, x\.zip"):
        Local(paths[1])
    with pytest.raises(ArchiveError, match=r"expected \d+ parts, got 3"):
        unpack([*paths[:2], last], tmp_path / "out")
    paths[1].unlink()
    with pytest.raises(ConfigError, match=r"parts of it are missing: x\.z02"):
        Local(last)


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["x.z01", "x.zip"], None),
        (["x.zip.001", "x.zip.002"], None),
        (["x.part1.rar", "x.part2.rar"], None),
        (["x.zip.001", "x.zip.003"], "not numbered from 1"),
        (["x.zip.001"], "not numbered from 1"),
        (["x.z02", "x.zip"], "expected .z01, .z02"),
    ],
)
def test_the_parts_of_a_download(names: list[str], problem: str | None) -> None:
    parts = [File(f"https://example.org/{name}", md5="0" * 32) for name in names]
    if problem is None:
        assert SplitArchive(parts).title in (names[0], names[-1])
    else:
        with pytest.raises(ConfigError, match=problem):
            SplitArchive(parts)


@pytest.mark.parametrize("encoding", ["nothing", "utf-16", "hex", "unicode_escape", 7])
def test_an_encoding_that_is_none_is_refused(encoding: object) -> None:
    with pytest.raises(ConfigError, match="Archive: encoding .*(is not a supported encoding|must be)"):
        Archive("https://example.org/x.zip", md5="0" * 32, encoding=encoding)


def test_an_encoding_has_one_name() -> None:
    assert Archive("https://example.org/x.zip", md5="0" * 32, encoding="MS932").encoding == "cp932"


def test_rar_archives_of_before_version_5(tmp_path: Path) -> None:
    path = tmp_path / "x.rar"
    path.write_bytes(rar4_of(STORED))
    assert unpack([path], tmp_path / "out") == MEMBERS
    path.write_bytes(rar4_of(STORED, version=20, has_end=False))
    assert len(archive.unpack({"x.rar": path}, lambda name: False, tmp_path / "out")) == len(MEMBERS), "older: no end"


def rar5_volume(number: int, members: list[tuple[str, bytes]], *, is_last: bool) -> bytes:
    flags = 1 if number == 0 else 3
    main = archives._rar_block(1, 0, bytes([flags]) + (bytes([number]) if number else b""))
    stored = b"".join(archives.rar_file_header(path, len(c), zlib.crc32(c)) + c for path, c in members)
    return archives._RAR_MAGIC + main + stored + archives._rar_block(5, 0, bytes([0 if is_last else 1]))


def test_volumes_of_a_rar_archive(tmp_path: Path) -> None:
    items = list(MEMBERS.items())
    for number in range(3):
        content = rar5_volume(number, items[2 * number : 2 * number + 2], is_last=number == 2)
        (tmp_path / f"x.part{number + 1}.rar").write_bytes(content)
    paths = parts_beside(tmp_path / "x.part1.rar")
    assert unpack(paths, tmp_path / "out") == MEMBERS
    with pytest.raises(ConfigError, match=r"give its first part, x\.part1\.rar"):
        Local(paths[1])
    with pytest.raises(ArchiveError, match=r"x\.part1\.rar: damaged or truncated rar archive \(volume 2 is missing\)"):
        archive.unpack({"x": paths[0]}, lambda name: False, tmp_path / "out")
    paths[2].unlink()
    with pytest.raises(ArchiveError, match="volume 3 is missing"):
        archive.unpack({path.name: path for path in paths[:2]}, lambda name: False, tmp_path / "out")
    paths[1].unlink()
    (tmp_path / "x.part3.rar").touch()
    with pytest.raises(ConfigError, match=r"parts of it are missing: x\.part2\.rar"):
        Local(paths[0])


def test_a_rar_archive_with_a_fault_in_its_headers_is_refused(tmp_path: Path) -> None:
    """Without libunrar's process, as every header is looked at before."""
    path = tmp_path / "x.rar"
    five = archives.write_rar(tmp_path, "x", MEMBERS.items()).read_bytes()
    header = archives.rar_file_header("a/3.wav", 5000, zlib.crc32(MEMBERS["a/3.wav"]))
    for content, start in ((five, five.index(header)), (rar4_of(STORED), rar4_of(STORED).index(b"a\\3.wav") - 32)):
        wrong = bytearray(content)
        wrong[start + 12] ^= 1
        # Cut between two members, inside a header, inside a member, before the end header; a wrong bit; two archives.
        cuts = [content[:end] for end in (start, start + 9, start + 900, -3, -8 if content is five else -7)]
        for damaged in (*cuts, bytes(wrong), content + content):
            path.write_bytes(damaged)
            with pytest.raises(
                ArchiveError, match=r"x\.rar: damaged or truncated rar archive \((ends|no end|a header|another)"
            ):
                archive.unpack({"x.rar": path}, lambda name: False, tmp_path / "out")
    path.write_bytes(archives.RAR_START + archives._rar_block(4, 0, bytes(30)))
    with pytest.raises(ArchiveError, match="encrypted headers"):
        archive.unpack({"x.rar": path}, lambda name: False, tmp_path / "out")


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"7z\xbc\xaf\x27\x1c", "got a 7z archive.*7z x"),
        (b"\x28\xb5\x2f\xfd", "got a zstd file.*zstd -d"),
        (b"  <!DOCTYPE HTML>", "got an HTML page"),
        (b"..-lh5-", "got an LHA archive"),
        (b"RIFF....WAVE", "got a recording"),
        (b"\0\xde\xad\xbe\xef", "got a file that starts with"),
    ],
)
def test_what_is_not_read_is_named(tmp_path: Path, start: bytes, words: str) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(start.ljust(600))
    with pytest.raises(ArchiveError, match=rf"x\.zip: unsupported or damaged archive; expected zip, .*{words}"):
        archive.unpack({"x.zip": path}, lambda name: False, tmp_path / "out")
