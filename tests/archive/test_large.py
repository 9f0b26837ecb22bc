"""Archives of many gigabytes: what of a zip is read for its listing, and how much memory it takes."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from hearpreprocess import archive
from hearpreprocess.archive.parts import closing_records
from hearpreprocess.task import Tree, matcher
from tests.memory import from_a_small_process

_ENTRY = struct.Struct("<4s6H3L5H2L")
_TOO_LARGE = 0xFFFFFFFF
MEMBER_BYTES = 90_000
TABLE = b"clip,label\n"


def sparse_zip(path: Path, members: int, member_bytes: int) -> int:
    """Write a zip archive of stored members that nothing was written to, and a table; return the directory's bytes."""
    name, checksum = b"meta.csv", zlib.crc32(TABLE)
    fields = (20, 0, 0, 0, 33, checksum, len(TABLE), len(TABLE), len(name))
    header = struct.pack("<4s5H3L2H", b"PK\x03\x04", *fields, 0) + name + TABLE
    entries = [_ENTRY.pack(b"PK\x01\x02", 0x314, *fields, 0, 0, 0, 0, 0o100644 << 16, 0) + name]
    offset = len(header)
    for number in range(members):
        name = f"nsynth-train/audio/guitar_acoustic_{number:06d}-060-100.wav".encode()
        extra = struct.pack("<2HQ", 1, 8, offset) if offset >= _TOO_LARGE else b""
        facts = (0x314, 45, 0, 0, 0, 33, 0, member_bytes, member_bytes, len(name), len(extra), 0, 0, 0, 0o100644 << 16)
        entries.append(_ENTRY.pack(b"PK\x01\x02", *facts, min(offset, _TOO_LARGE)) + name + extra)
        offset += 30 + len(name) + member_bytes
    directory = b"".join(entries)
    with path.open("wb") as file:
        file.write(header)
        file.seek(offset)
        file.write(directory + closing_records(len(entries), len(directory), offset))
    return len(directory)


def bytes_read() -> int:
    """The bytes that this process has read from files, as Linux counts them."""
    return int(dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())["rchar"])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux counts the bytes that a process has read")
def test_of_a_zip_of_25_gb_the_directory_and_the_chosen_members_are_read(tmp_path: Path) -> None:
    path = tmp_path / "large.zip"
    directory = sparse_zip(path, 300, 25_000_000_000 // 300)
    files, is_read = {"large.zip": path}, matcher(["*.csv"])
    (tmp_path / "first").mkdir()
    archive.unpack(files, is_read, tmp_path / "first")  # which loads modules
    (tmp_path / "out").mkdir()
    before = bytes_read()
    sizes = archive.unpack(files, is_read, tmp_path / "out")
    packed = archive.packed_members(files)
    read = bytes_read() - before
    assert path.stat().st_size > 25_000_000_000
    assert (len(sizes), len(packed), (tmp_path / "out" / "meta.csv").read_bytes()) == (301, 301, TABLE)
    # The last 64 KiB, where the end record is, and the buffers of 1 MiB around the seeks.
    assert read < 2 * (directory + 65_557) + (10 << 20), "far less than the data"


LIST = """
import json, resource, sys
from pathlib import Path
from hearpreprocess import archive
from hearpreprocess.task import Tree, matcher
path, folder = map(Path, sys.argv[1:])
sizes = archive.unpack({path.name: path}, matcher(["*.csv"]), Tree.readable(folder))
Tree.write(folder, sizes, "a test", packed=archive.packed_members({path.name: path}))
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
print(json.dumps([len(sizes), memory]))
"""


@pytest.mark.slow
def test_the_listing_of_305_979_members_takes_less_than_300_mib(tmp_path: Path) -> None:
    sparse_zip(tmp_path / "large.zip", 305_979, MEMBER_BYTES)
    (tmp_path / "tree").mkdir()
    command = from_a_small_process([sys.executable, "-c", LIST, tmp_path / "large.zip", tmp_path / "tree"])
    members, memory = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert members == 305_980
    assert memory < 300
    tree = Tree("corpus", tmp_path / "tree")
    assert len(tree.members) == len(tree.packed) == members
