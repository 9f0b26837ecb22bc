"""Archives written byte by byte, with what no common program writes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

FAT, UNIX, NTFS = 0, 3, 10
UTF_8_FLAG = 0x800


@dataclass(frozen=True)
class ZipEntry:
    """A stored member; `local_name`, `size` and `checksum` say something else than what is there.

    `attributes`: None for those of a plain file.
    """

    name: bytes
    content: bytes = b"abc"
    flags: int = 0
    host: int = UNIX
    extra: bytes = b""
    method: int = 0
    local_name: bytes | None = None
    size: int | None = None
    checksum: int | None = None
    attributes: int | None = None
    mode: int = 0o100644


def zip_of(entries: Sequence[ZipEntry], *, count: int | None = None, comment: bytes = b"") -> bytes:
    """A zip archive; `count`: the number of members that its end states."""
    members, directory = b"", b""
    for entry in entries:
        size = len(entry.content) if entry.size is None else entry.size
        checksum = zlib.crc32(entry.content) if entry.checksum is None else entry.checksum
        local_name = entry.name if entry.local_name is None else entry.local_name
        facts = (entry.flags, entry.method, 0, 33, checksum, len(entry.content), size)
        plain = entry.mode << 16 if entry.host == UNIX else 0
        attributes = plain if entry.attributes is None else entry.attributes
        directory += struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", entry.host << 8 | 20, 20, *facts, len(entry.name), len(entry.extra), 0, 0, 0,
            attributes, len(members),
        ) + entry.name + entry.extra  # fmt: skip
        members += struct.pack("<4s5H3L2H", b"PK\3\4", 20, *facts, len(local_name), len(entry.extra))
        members += local_name + entry.extra + entry.content
    stated = len(entries) if count is None else count
    end = (0, 0, stated, stated, len(directory), len(members), len(comment))
    return members + directory + struct.pack("<4s4H2LH", b"PK\5\6", *end) + comment


def unicode_path(name: bytes, of: bytes) -> bytes:
    """The extra field 0x7075 with a name, for the one whose bytes are `of`."""
    return struct.pack("<2HBL", 0x7075, 5 + len(name), 1, zlib.crc32(of)) + name


def tar_header(name: bytes, size: int = 0, kind: bytes = b"0", *, signed: bool = False, **fields: bytes) -> bytes:
    """A header of v7, or with magic= and prefix= a later one.

    `number`: the field of the size. `signed`: the checksum counts signed bytes.
    """
    numbers = b"0000644\0" + b"0000000\0" * 2 + b"%011o\0" % size + b"00000000000\0"
    block = bytearray((name.ljust(100, b"\0") + numbers + b" " * 8 + kind).ljust(512, b"\0"))
    for field, at in (("magic", 257), ("prefix", 345), ("number", 124)):
        value = fields.get(field, b"")
        block[at : at + len(value)] = value
    total = sum(block) - (256 * sum(byte > 127 for byte in block) if signed else 0)
    block[148:156] = b"%06o\0 " % total
    return bytes(block)


def tar_member(name: bytes, content: bytes = b"abc", kind: bytes = b"0", **fields: bytes) -> bytes:
    return tar_header(name, len(content), kind, **fields) + content + bytes(-len(content) % 512)


TAR_END = bytes(1024)


def rar4_of(members: Sequence[tuple[bytes, bytes]], *, version: int = 29, has_end: bool = True) -> bytes:
    """A rar archive of before version 5, its members stored; names with backslashes, as all of them have."""

    def block(kind: int, flags: int, fields: bytes, data: bytes = b"") -> bytes:
        rest = struct.pack("<BHH", kind, flags, 7 + len(fields)) + fields
        return struct.pack("<H", zlib.crc32(rest) & 0xFFFF) + rest + data

    archive = b"Rar!\x1a\x07\0" + block(0x73, 0, bytes(6))
    for name, content in members:
        facts = (len(content), len(content), UNIX, zlib.crc32(content), 0x21 << 16, version, 0x30, len(name), 0o100644)
        archive += block(0x74, 0x8000, struct.pack("<LLBLLBBHL", *facts) + name, content)
    return archive + (block(0x7B, 0x4000, b"") if has_end else b"")
