"""Our listings held against the formats' own tools, on archives of several programs and on mutations of them.

For every archive, one of three: the same members with the same bytes; both refuse; or we refuse what the tool reads,
for one of the reasons in the tables below. FAULTS=long tries thousands of mutations, the fast tests a few.
"""

from __future__ import annotations

import itertools
import os
import random
import re
import shutil
import subprocess
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hearpreprocess import archive
from hearpreprocess.archive.tar_headers import is_header
from hearpreprocess.errors import ArchiveError
from hearpreprocess.synthetic import archives
from hearpreprocess.task import parts_beside
from tests.archive.by_hand import UNIX, UTF_8_FLAG, ZipEntry, rar4_of, unicode_path, zip_of
from tests.extent import IS_LONG, IS_WHOLE

Members = dict[bytes, tuple[int, int]]
"""By the bytes of its name, the size and the CRC-32 of a member."""

MUTATIONS = 4_000 if IS_LONG else 300 if IS_WHOLE else 25
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8"}

STRICTER_THAN_TAR = {
    "ends inside": "GNU tar does not need the zeros behind a content, and a volume's label",
    "before its member": "GNU tar ends silently behind the header with a long name",
    "another archive follows its end mark": "GNU tar lists what is in front of the mark, and loses the rest",
    "is a link|is a device|is a sparse file|another volume|has the unknown type": "no plain file",
    "is a directory with content|volume label has content": "GNU tar passes over the content",
    "invalid UTF-8|ambiguous path|outside of the target|both a file|twice|more than 255": "not for every disk",
    "a global header sets": "one name or size for all members",
    "a long name": "two names, or one that is longer than it says",
    "a header has no name": "GNU tar takes it for the folder itself",
    "invalid number": "numbers that GNU tar does not look at without -p",
    "a pax header is damaged": "GNU tar takes keywords that are empty",
    "larger than|more than .* times": "sizes that are not plausible",
    "got a file that begins with zeros": "GNU tar lists no member of a file that begins with zeros",
}
STRICTER_THAN_UNZIP = {
    r"\(another archive (before|after) it": "unzip lists the last one, with a warning",
    r"\(its central directory declares [\d,]+ entries, found": "unzip goes on with a warning",
    r"\(the last part of a multi-part archive": "unzip does not look at the numbers of parts",
    r"\(overlapping members\)": "sizes of stored members that unzip takes from the headers in front of them",
    r"\(damaged central directory\)": "lengths in the directory that do not end where it ends",
    r"\(Corrupt extra field": "unzip passes over extra fields that are longer than their place",
    r"\('utf-8' codec can't decode": "names that are marked as UTF-8 and are not",
    "the Unicode Path field of .* is not valid UTF-8": "as above",
    "invalid UTF-8|ambiguous path|outside of the target|both a file|twice|more than 255 bytes": "as of tar",
    "has a backslash in its name": "on Linux unzip takes it for a part of a name",
    "is a link|is a device|is a directory with content|is encrypted|is a patch": "no plain file",
    "is compressed with .*, which is unsupported": "unzip unpacks what old programs packed, Shrink and Implode",
    "cannot be unpacked: (name or method|checksums) differ": "unzip believes the header",
    r"cannot be unpacked: expected [\d,]+ bytes, got": "as above, of the size",
    "cannot be unpacked: (Bad CRC-32|wrong size or checksum)": "as above, of the checksum",
    "cannot be unpacked: strong encryption": "a flag that unzip does not look at",
    "unpacks to more than .* times its": "sizes that are not plausible",
}
STRICTER_THAN_BSDTAR = {
    r"\((ends inside a header|no end header|a header has a wrong checksum)\)": "it reads no end header",
    "rar archive: Rarfile corrupted: error code is 12$": "bsdtar looks at no checksum of a content",
    "got an empty file": "bsdtar takes it for an archive without members",
}
UNZIP_REFUSES = {
    "status 81": "a version that unzip does not know; what it would be needed for is seen by the method",
    "mapname: +conversion of|bad zipfile offset": "damage in entries for folders, which are not used",
    "overlapped components|bad extra-field": "extra fields in front of a member, on which none of its bytes depend",
}


def needs(*programs: str) -> pytest.MarkDecorator:
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


def is_gnu_tar() -> bool:
    return "GNU tar" in subprocess.run(["tar", "--version"], capture_output=True, text=True, check=False).stdout


gnu_tar = pytest.mark.skipif(not is_gnu_tar(), reason="GNU tar is not installed as tar")


def files_in(folder: Path) -> Members:
    found = {}
    for parent, _folders, files in os.walk(os.fsencode(folder)):
        for path in (os.path.join(parent, name) for name in files):  # noqa: PTH118
            if os.path.isfile(path) and not os.path.islink(path):  # noqa: PTH113, PTH114
                content = Path(os.fsdecode(path)).read_bytes()
                found[os.path.relpath(path, os.fsencode(folder))] = len(content), zlib.crc32(content)
    return found


def emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def ours(path: Path) -> Members | str:
    """The members that we unpack, or why we refuse. What is read in place is the same."""
    out = emptied(path.parent / "ours")
    try:
        files = {part.name: part for part in parts_beside(path)}
        sizes = archive.unpack(files, lambda name: True, out)
        packed = archive.packed_members(files)
        with archive.ZipReader(list(files.values())) as reader:
            for name, location in packed.items():
                assert reader.read(name, location) == (out / name).read_bytes()
    except ArchiveError as error:
        return str(error)
    members = files_in(out)
    assert {os.fsdecode(name): size for name, (size, _checksum) in members.items()} == sizes
    return members


def theirs(path: Path, *command: str | Path, fine: tuple[int, ...] = (0,)) -> Members | str:
    """The members that a tool unpacks into `out`, or what it says."""
    out = emptied(path.parent / "theirs")
    given = [str(part).replace("OUT", str(out)) for part in command]
    done = subprocess.run(
        given, capture_output=True, stdin=subprocess.DEVNULL, timeout=60, env=ENVIRONMENT, check=False
    )
    said = (done.stdout + done.stderr).decode(errors="replace")
    return files_in(out) if done.returncode in fine else f"status {done.returncode}: {said}"


def explained(text: str, reasons: dict[str, str]) -> bool:
    return any(re.search(expression, text) for expression in reasons)


def compare(path: Path, tool: Members | str, stricter: dict[str, str], laxer: dict[str, str]) -> str:
    """How we and a tool take an archive; anything else than the three ways is a failure."""
    mine = ours(path)
    if isinstance(mine, str):
        if isinstance(tool, str):
            return "both refuse"
        assert explained(mine, stricter), f"not explained: {mine}\n{path.read_bytes()!r}"
        return "stricter"
    if isinstance(tool, str):
        assert explained(tool, laxer), f"{tool}\nours: {mine}\n{path.read_bytes()!r}"
        return "laxer"
    assert mine == tool, path.read_bytes()
    return "same"


def assert_all_tried(outcomes: Counter[str], mutations: int) -> None:
    """That as many mutations were tried as there should be, and that no outcome is the only one."""
    assert outcomes.total() == mutations
    assert {"same", "both refuse", "stricter"} <= outcomes.keys() <= {*LAXER, "same", "both refuse", "stricter"}


LAXER = ("laxer", "same, but for names of MS-DOS")
"""As UNZIP_REFUSES explains, and `has_dos_names`."""


def seed_folder(folder: Path, *, deep: bool = True) -> Path:
    source = folder / "source"
    members = {"a b/été.wav": b"x" * 700, "c.txt": b"label\n", "empty.wav": b""}
    if deep:
        members |= {"long/" + "n" * 150 + ".wav": b"long" * 200, "d" * 90 + "/" + "e" * 90 + ".wav": b"e" * 513}
    archives.write_files(source, "", members.items())
    return source


def mutated_tars(seeds: list[bytes], chance: random.Random) -> Iterator[bytes]:
    """Mutations, half of them in headers whose checksums are made right again."""
    while True:
        content = bytearray(chance.choice(seeds).rstrip(b"\0")) + bytes(2048)
        content += bytes(-len(content) % 512)
        headers = [at for at in range(0, len(content), 512) if is_header(content[at : at + 512])]
        at, kind, is_right = chance.choice(headers), chance.randrange(8), False
        if kind == 0:
            content[at + chance.randrange(512)] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del content[chance.randrange(len(content)) :]
        elif kind == 2:
            del content[at : at + 512]
        elif kind == 3:
            content[at + chance.randrange(512)], is_right = chance.randrange(256), True
        elif kind == 4:
            content[at + 156], is_right = chance.choice(b"01234567gxLKSVDMNAXZ\0"), True
        elif kind == 5:
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        elif kind == 6:
            start, length = chance.choice([(0, 100), (124, 12), (257, 8), (345, 155)])
            numbers = [b"\x80" + bytes(length - 2) + b"\5", b"0" * (length - 1) + b"\0", bytes(length), b" " * length]
            content[at + start : at + start + length] = chance.choice([*numbers, chance.randbytes(length)])
            is_right = True
        else:
            content[at:at] = bytes(512 * chance.choice((1, 2)))
        if is_right:
            content[at + 148 : at + 156] = b" " * 8
            content[at + 148 : at + 156] = b"%06o\0 " % sum(content[at : at + 512])
        yield bytes(content)


@gnu_tar
@needs("bsdtar")
def test_tar(tmp_path: Path) -> None:
    source, path = seed_folder(tmp_path), tmp_path / "x.tar"
    seeds = []
    for form in ("v7", "ustar", "oldgnu", "gnu", "pax", "label", "incremental"):
        options = {"label": ["-V", "label"], "incremental": ["--format=gnu", "-g", tmp_path / "snapshot"]}
        left_out = [f"--exclude=*{letter * 4}*" for letter in {"v7": "nd", "ustar": "n"}.get(form, "")]
        given = options.get(form, [f"--format={form}"])
        subprocess.run(["tar", *given, *left_out, "--sort=name", "-cf", path, "-C", source, "."], check=True)
        seeds.append(path.read_bytes())
    for form in ("v7", "ustar", "gnutar", "pax"):
        left_out = [f"--exclude=*{letter * 4}*" for letter in {"v7": "nd", "ustar": "n"}.get(form, "")]
        subprocess.run(["bsdtar", f"--format={form}", *left_out, "-cf", path, "-C", source, "."], check=True)
        seeds.append(path.read_bytes())
    command = ("tar", "-xf", path, "-C", "OUT", "--no-same-owner", "--no-same-permissions")
    for seed in seeds:
        path.write_bytes(seed)
        assert compare(path, theirs(path, *command), {}, {}) == "same"
    outcomes: Counter[str] = Counter()
    for content in itertools.islice(mutated_tars(seeds, random.Random("tar")), MUTATIONS):
        path.write_bytes(content)
        outcomes[compare(path, theirs(path, *command), STRICTER_THAN_TAR, {})] += 1
    print(f"\ntar: {dict(outcomes)}")
    assert_all_tried(outcomes, MUTATIONS)


def mutated_zips(seeds: list[bytes], chance: random.Random) -> Iterator[bytes]:
    while True:
        content = bytearray(chance.choice(seeds))
        directory = content.index(b"PK\1\2")
        kind = chance.randrange(6)
        if kind == 0:
            content[chance.randrange(directory, len(content))] ^= 1 << chance.randrange(8)
        elif kind == 1:
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        elif kind == 2:
            del content[chance.randrange(len(content)) :]
        elif kind == 3:
            content[chance.randrange(directory, len(content))] = chance.choice(b"\0\1\xff\x7f\x80\\/")
        elif kind == 4:
            content[:0] = chance.choice([b"MZ" * 20, chance.choice(seeds)])
        else:
            content += chance.choice([b"\n", bytes(100), chance.choice(seeds)[:-22]])
        yield bytes(content)


def has_dos_names(path: Path) -> bool:
    """Whether a program of MS-DOS wrote names that unzip converts to Latin-1, also those that are marked as UTF-8."""
    with zipfile.ZipFile(path) as zipped:
        members = zipped.infolist()
    return any(member.create_system != UNIX and not member.orig_filename.isascii() for member in members)


@needs("zip", "unzip", "bsdtar", "7z")
def test_zip(tmp_path: Path) -> None:
    source, path = seed_folder(tmp_path, deep=False), tmp_path / "x.zip"
    seeds = []
    for command in (
        ["zip", "-qr", path, "."],
        ["zip", "-qr0", path, "."],
        ["zip", "-qrZ", "bzip2", path, "."],
        ["bsdtar", "--format=zip", "-cf", path, "."],
        ["7z", "a", "-tzip", "-bd", path, "."],
        ["7z", "a", "-tzip", "-mm=BZip2", "-bd", path, "."],
    ):
        path.unlink(missing_ok=True)
        subprocess.run(command, cwd=source, check=True, capture_output=True)
        seeds.append(path.read_bytes())
    raw = b"?t?.wav"
    seeds.append(zip_of([ZipEntry("été".encode()), ZipEntry("ü".encode(), flags=UTF_8_FLAG), ZipEntry(b"a/b")]))
    seeds.append(zip_of([ZipEntry(raw, extra=unicode_path("été.wav".encode(), raw)), ZipEntry(b"c\\d.wav", host=0)]))
    command = ("unzip", "-o", "-q", "-P", "", path, "-d", "OUT")
    for seed in seeds:
        path.write_bytes(seed)
        assert compare(path, theirs(path, *command, fine=(0, 1)), {}, {}) == "same"
    outcomes: Counter[str] = Counter()
    for content in itertools.islice(mutated_zips(seeds, random.Random("zip")), MUTATIONS):
        path.write_bytes(content)
        unzipped, mine = theirs(path, *command, fine=(0, 1)), ours(path)
        if isinstance(unzipped, dict) and isinstance(mine, dict) and has_dos_names(path):
            assert sorted(unzipped.values()) == sorted(mine.values())
            outcomes["same, but for names of MS-DOS"] += 1
        else:
            outcomes[compare(path, unzipped, STRICTER_THAN_UNZIP, UNZIP_REFUSES)] += 1
    print(f"\nzip: {dict(outcomes)}")
    assert_all_tried(outcomes, MUTATIONS)


@needs("7z")
@pytest.mark.parametrize("method", ["Copy", "Deflate", "BZip2", "LZMA", "Deflate64", "PPMd"])
def test_pieces_and_methods_of_7_zip(tmp_path: Path, method: str) -> None:
    source, path = seed_folder(tmp_path), tmp_path / "x.zip"
    (source / "noise.wav").write_bytes(random.Random("noise").randbytes(9_000))
    given = ["7z", "a", "-tzip", f"-mm={method}", "-v2k", "-bd", path, "."]
    subprocess.run(given, cwd=source, check=True, capture_output=True)
    first = tmp_path / "x.zip.001"
    assert len(parts_beside(first)) > 3
    mine, unpacked = ours(first), theirs(first, "7z", "x", "-y", first, "-oOUT")
    if method in ("Deflate64", "PPMd"):
        assert isinstance(mine, str)
        assert f"is compressed with {method}" in mine
    else:
        assert mine == unpacked == files_in(source)


def mutated_rars(seeds: list[bytes], chance: random.Random) -> Iterator[bytes]:
    while True:
        content = bytearray(chance.choice(seeds))
        kind = chance.randrange(3)
        if kind == 0:
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del content[chance.randrange(len(content)) :]
        else:
            content += chance.choice([b"\n", bytes(100)])
        yield bytes(content)


@needs("bsdtar")
def test_rar(tmp_path: Path) -> None:
    """Stored members alone, as no free program packs rar archives."""
    pytest.importorskip("unrar.cffi", reason="the extra rar is not installed")
    path = tmp_path / "x.rar"
    members = {"a b/été.wav": b"x" * 700, "c.txt": b"label\n", "empty.wav": b""}
    in_ascii = [(name.replace("/", "\\").encode(), content) for name, content in members.items() if name.isascii()]
    seeds = [archives.write_rar(tmp_path, "x", members.items()).read_bytes(), rar4_of(in_ascii)]
    command: Callable[[], Members | str] = lambda: theirs(path, "bsdtar", "-xf", path, "-C", "OUT")  # noqa: E731
    for seed in seeds:
        path.write_bytes(seed)
        assert compare(path, command(), {}, {}) == "same"
    outcomes: Counter[str] = Counter()
    for content in itertools.islice(mutated_rars(seeds, random.Random("rar")), MUTATIONS // 5):
        path.write_bytes(content)
        outcomes[compare(path, command(), STRICTER_THAN_BSDTAR, {})] += 1
    print(f"\nrar: {dict(outcomes)}")
    assert_all_tried(outcomes, MUTATIONS // 5)
