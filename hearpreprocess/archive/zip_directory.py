"""The central directory of a zip archive, read entry by entry.

zipfile keeps an object of about 1 KiB for each member, 300 MiB for the largest source of HEAR, and takes 20 us to make
it. Here a directory is its bytes, which are parsed again each time that they are gone through.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hearpreprocess.archive.joined import JoinedFiles
from hearpreprocess.archive.parts import DirectoryEntry, EndRecord, closing_records

_ENTRY, _ENTRY_MAGIC = struct.Struct("<4s6H3L5H2L"), b"PK\x01\x02"
_EXTRA = struct.Struct("<2H")
_EXTRA_64 = 0x0001
_TOO_LARGE = 0xFFFFFFFF
_LARGE = struct.Struct("<Q")
_NEWEST = 63
"""The version of the format that zipfile reads, times ten (APPNOTE.TXT 6.3)."""

UTF_8_FLAG = 0x800


class ZipMember(NamedTuple):
    """The entry of a member: `offset` of its header in the file, `at` and `end` of the entry in the directory."""

    raw_name: bytes
    create_system: int
    flags: int
    method: int
    checksum: int
    packed_size: int
    size: int
    external_attributes: int
    offset: int
    extra: bytes
    at: int
    end: int


class ZipDirectory:
    """The members of an archive; iterating raises zipfile.BadZipFile where an entry is damaged."""

    def __init__(self, file: Any, end: EndRecord) -> None:
        self.start = end.position - end.size
        if self.start < 0:
            raise zipfile.BadZipFile("Bad offset for central directory")
        file.seek(self.start)
        self.content: bytes = file.read(end.size)
        # Bytes before an archive, such as a program that unpacks it, move all its members.
        self._moved = self.start - end.offset

    def __iter__(self) -> Iterator[ZipMember]:
        content, moved = self.content, self._moved
        at, length = 0, len(content)
        while at < length:
            if length - at < _ENTRY.size:
                raise zipfile.BadZipFile("Truncated central directory")
            (
                magic, made_by, needed, flags, method, _time, _date, checksum, packed_size, size, name_length,
                extra_length, comment_length, _disk, _internal, external, offset,
            ) = _ENTRY.unpack_from(content, at)  # fmt: skip
            if magic != _ENTRY_MAGIC:
                raise zipfile.BadZipFile("Bad magic number for central directory")
            if needed & 0xFF > _NEWEST:
                raise zipfile.BadZipFile(f"zip file version {(needed & 0xFF) / 10:.1f}")
            extra_at = at + _ENTRY.size + name_length
            extra = content[extra_at : extra_at + extra_length]
            if extra:
                size, packed_size, offset = _large(extra, size, packed_size, offset)
            raw_name = content[at + _ENTRY.size : extra_at]
            end = extra_at + extra_length + comment_length
            yield ZipMember(
                raw_name, made_by >> 8, flags, method, checksum, packed_size, size, external, offset + moved, extra,
                at, end,
            )  # fmt: skip
            at = end


def _large(extra: bytes, *values: int) -> Iterator[int]:
    """The size, the packed size and the offset, from the zip64 field where the entry has no room for them."""
    large: bytes | None = None
    position = 0
    while position + _EXTRA.size <= len(extra):
        kind, length = _EXTRA.unpack_from(extra, position)
        position += _EXTRA.size
        if position + length > len(extra):
            raise zipfile.BadZipFile(f"Corrupt extra field {kind:04x} (size={length})")
        if kind == _EXTRA_64 and large is None:  # of several fields, zipfile and unzip read the first
            large = extra[position : position + length]
        position += length
    used = 0
    for value in values:
        if value == _TOO_LARGE:
            if large is None or used + _LARGE.size > len(large):
                raise zipfile.BadZipFile("Corrupt zip64 extra field")
            (value,) = _LARGE.unpack_from(large, used)
            used += _LARGE.size
        yield value


class ChosenMembers(JoinedFiles):
    """An archive as zipfile reads it, with a central directory of some of its members only."""

    def __init__(self, parts: Sequence[Path], directory: ZipDirectory, members: Sequence[ZipMember]) -> None:
        super().__init__(parts)
        entries = b"".join(DirectoryEntry.parse(directory.content, member.at).pack(member.offset) for member in members)
        self.append(entries + closing_records(len(members), len(entries), self.length))
