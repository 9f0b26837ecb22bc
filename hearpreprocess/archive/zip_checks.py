"""Contradictions in a zip archive that zipfile ignores."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

from hearpreprocess.archive.parts import SMALLEST_ENTRY, EndRecord

_LOCAL, _LOCAL_MAGIC = struct.Struct("<4s5H3L2H"), b"PK\x03\x04"
_ENTRY_MAGIC = b"PK\x01\x02"
_ENTRY_LENGTHS, _LENGTHS_AT = struct.Struct("<3H"), 28
_LARGEST_COUNT = 1 << 16
_HAS_DESCRIPTOR = 0x8


def check_directory(file: Any, archive: zipfile.ZipFile, end: EndRecord) -> None:
    """Raise zipfile.BadZipFile where the directory contradicts its end record, or does not list all members.

    zipfile does not count the members, truncates names that exceed the directory, and ignores bytes before and after an
    archive.
    """
    file.seek(archive.start_dir)
    directory: bytes = file.read(end.size)
    count = position = 0
    while directory.startswith(_ENTRY_MAGIC, position) and position + SMALLEST_ENTRY <= len(directory):
        position += SMALLEST_ENTRY + sum(_ENTRY_LENGTHS.unpack_from(directory, position + _LENGTHS_AT))
        count += 1
    if position != end.size:
        raise zipfile.BadZipFile("damaged central directory")
    if (count - end.entries) % _LARGEST_COUNT:  # in programs without zip64, the count starts again from 0
        raise zipfile.BadZipFile(f"its central directory declares {end.entries:,} entries, found {count:,}")
    members = sorted((member.header_offset, member.compress_size) for member in archive.infolist())
    ends = (start + _LOCAL.size + size for start, size in members)
    if any(end_of > start for end_of, (start, _size) in zip(ends, [*members[1:], (archive.start_dir, 0)], strict=True)):
        raise zipfile.BadZipFile("overlapping members")
    file.seek(0)
    if archive.start_dir > end.offset and file.read(len(_LOCAL_MAGIC)) == _LOCAL_MAGIC:
        raise zipfile.BadZipFile("another archive before it, whose members it does not list")
    if any(magic in end.rest for magic in (_LOCAL_MAGIC, _ENTRY_MAGIC)):
        raise zipfile.BadZipFile("another archive after it, whose members it does not list")


def seek_content(file: Any, offset: int, checksum: int, method: int, name_checksum: int) -> None:
    """Seek from a member's header to its content.

    `checksum`: the CRC-32 of its content, `name_checksum`: of its name's bytes. Raises zipfile.BadZipFile where the
    header is missing or contradicts the directory.
    """
    file.seek(offset)
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size or not header.startswith(_LOCAL_MAGIC):
        raise zipfile.BadZipFile("no member at the position in the central directory")
    _magic, _needed, flags, local_method, *_time, local_checksum, _packed, _size, name, extra = _LOCAL.unpack(header)
    if zlib.crc32(file.read(name)) != name_checksum or local_method != method:
        raise zipfile.BadZipFile("name or method differ between its header and the central directory")
    if local_checksum != checksum and not flags & _HAS_DESCRIPTOR:
        raise zipfile.BadZipFile("checksums differ between its header and the central directory")
    file.seek(extra, io.SEEK_CUR)
