"""Contradictions in a zip archive that zipfile ignores."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from array import array
from collections.abc import Iterable
from typing import Any

from hearpreprocess.archive.parts import EndRecord
from hearpreprocess.archive.zip_directory import UTF_8_FLAG, ZipDirectory

_LOCAL, _LOCAL_MAGIC = struct.Struct("<4s5H3L2H"), b"PK\x03\x04"
_ENTRY_MAGIC = b"PK\x01\x02"
_LARGEST_COUNT = 1 << 16
_HAS_DESCRIPTOR = 0x8


def check_directory(file: Any, directory: ZipDirectory, end: EndRecord) -> None:
    """Raise zipfile.BadZipFile where the directory contradicts its end record, or does not list all members.

    zipfile does not count the members, and ignores bytes before and after an archive. Raises ValueError where a name
    is marked as UTF-8 and is not.
    """
    starts, sizes = array("Q"), array("Q")
    position = 0
    for member in directory:
        position = member.end
        if member.flags & UTF_8_FLAG:
            member.raw_name.decode()
        if member.offset < 0:
            raise zipfile.BadZipFile("no member at the position in the central directory")
        if member.offset > directory.start:
            raise zipfile.BadZipFile("overlapping members")
        starts.append(member.offset)
        sizes.append(member.packed_size)
    if position != end.size:
        raise zipfile.BadZipFile("damaged central directory")
    if (len(starts) - end.entries) % _LARGEST_COUNT:  # in programs without zip64, the count starts again from 0
        raise zipfile.BadZipFile(f"its central directory declares {end.entries:,} entries, found {len(starts):,}")
    # As a rule the members follow one another in the order of the directory; pairs that are sorted take more memory.
    if _overlap(zip(starts, sizes, strict=True), directory.start) and _overlap(
        sorted(zip(starts, sizes, strict=True)), directory.start
    ):
        raise zipfile.BadZipFile("overlapping members")
    file.seek(0)
    if directory.start > end.offset and file.read(len(_LOCAL_MAGIC)) == _LOCAL_MAGIC:
        raise zipfile.BadZipFile("another archive before it, whose members it does not list")
    if any(magic in end.rest for magic in (_LOCAL_MAGIC, _ENTRY_MAGIC)):
        raise zipfile.BadZipFile("another archive after it, whose members it does not list")


def _overlap(members: Iterable[tuple[int, int]], end: int) -> bool:
    """Whether one of the members, by offset and packed size, does not end before the next one, or before `end`."""
    free = 0
    for start, size in members:
        if start < free:
            return True
        free = start + _LOCAL.size + size
    return free > end


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
