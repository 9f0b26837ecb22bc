"""A multi-part zip archive as one file that zipfile can read, without a joined copy on disk.

In a multi-part archive every offset counts from the start of the part that it points into (APPNOTE.TXT 6.3, sections
4.3.16, 4.4.16 and 4.5.3). `JoinedParts` presents the parts as one file, followed by a central directory whose offsets
count from the start of the first part.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from hearpreprocess.archive.joined import JoinedFiles

_END = struct.Struct("<4s4H2LH")
_END_MAGIC = b"PK\x05\x06"
_LOCATOR = struct.Struct("<4sLQL")
_LOCATOR_MAGIC = b"PK\x06\x07"
_END_64 = struct.Struct("<4sQ2H2L4Q")
_END_64_MAGIC = b"PK\x06\x06"
_ENTRY = struct.Struct("<4s6H3L5H2L")
_ENTRY_MAGIC = b"PK\x01\x02"
_EXTRA = struct.Struct("<2H")
_EXTRA_64 = 0x0001
_VALUES_64 = struct.Struct("<3Q")
_LONGEST_COMMENT = 0xFFFF
MOST_DIRECTORY_BYTES = 400 << 20
SMALLEST_ENTRY = _ENTRY.size
_TOO_LARGE_16, _TOO_LARGE_32 = 0xFFFF, 0xFFFFFFFF
_LARGE_VALUES = (
    ("size", _TOO_LARGE_32, struct.Struct("<Q")),
    ("packed_size", _TOO_LARGE_32, struct.Struct("<Q")),
    ("offset", _TOO_LARGE_32, struct.Struct("<Q")),
    ("disk", _TOO_LARGE_16, struct.Struct("<L")),
)


class CommentError(zipfile.BadZipFile):
    """The comment of a zip archive makes its end ambiguous."""


@dataclass(frozen=True)
class EndRecord:
    """The location of the central directory: its `disk`, `offset` on it, `size` in bytes, number of `entries`.

    `last_disk`: the number of the last part, from 0. `rest`: the bytes after the record and its comment. `position`:
    where the record is in the file, right after the directory.
    """

    disk: int
    offset: int
    size: int
    entries: int
    comment: bytes
    last_disk: int = 0
    rest: bytes = b""
    position: int = 0


def end_record(file: BinaryIO, starts: Sequence[int] = ()) -> EndRecord:
    """Read the record at the end of a zip archive; `starts` are the offsets of its parts in `file`.

    Without `starts` the zip64 record is expected where zipfile expects it, right before its locator, whether or not the
    32-bit record refers to it. Raises zipfile.BadZipFile where there is no record.
    """
    length = file.seek(0, io.SEEK_END)
    tail_start = max(0, length - _END.size - _LONGEST_COMMENT)
    file.seek(tail_start)
    tail = file.read()
    at = tail.rfind(_END_MAGIC)
    if _is_in_comment(tail, at):
        raise CommentError("its comment contains the end signature PK\\5\\6, so that its end is ambiguous")
    if at < 0 or len(tail) - at < _END.size:
        raise zipfile.BadZipFile("no end record")
    _magic, last, disk, _here, entries, size, offset, comment = _END.unpack_from(tail, at)
    behind = tail[at + _END.size :]
    small = EndRecord(disk, offset, size, entries, behind[:comment], last, behind[comment:], tail_start + at)
    if starts and _TOO_LARGE_16 not in (disk, entries) and _TOO_LARGE_32 not in (size, offset):
        return small
    locator_at = tail_start + at - _LOCATOR.size
    file.seek(max(0, locator_at))
    locator = file.read(_LOCATOR.size)
    if len(locator) < _LOCATOR.size or not locator.startswith(_LOCATOR_MAGIC):
        return small
    _magic, disk_of_record, offset_of_record, disks = _LOCATOR.unpack(locator)
    if not starts and (disk_of_record or disks > 1):
        raise zipfile.BadZipFile("the last part of a multi-part archive, whose other parts are missing")
    position = _absolute(starts, disk_of_record, offset_of_record) if starts else max(0, locator_at - _END_64.size)
    file.seek(position)
    record = file.read(_END_64.size)
    if len(record) < _END_64.size or not record.startswith(_END_64_MAGIC):
        raise zipfile.BadZipFile("damaged zip64 end record")
    _magic, _size, _by, _needed, last, disk, _here, entries, size, offset = _END_64.unpack(record)
    return EndRecord(disk, offset, size, entries, small.comment, last, small.rest, position)


def _is_in_comment(tail: bytes, mark: int) -> bool:
    """Whether an end signature is in the comment of an earlier end record, whose comment extends to the end of file."""
    at = tail.find(_END_MAGIC)
    while 0 <= at < mark and len(tail) - at >= _END.size:
        if at + _END.size + _END.unpack_from(tail, at)[-1] == len(tail):
            return True
        at = tail.find(_END_MAGIC, at + 1)
    return False


class EntryHeader(NamedTuple):
    """The fixed-length fields of a directory entry, in their order (APPNOTE.TXT 4.3.12)."""

    magic: bytes
    made_by: int
    needed: int
    flags: int
    method: int
    time: int
    date: int
    checksum: int
    packed_size: int
    size: int
    name_length: int
    extra_length: int
    comment_length: int
    disk: int
    internal_attributes: int
    external_attributes: int
    offset: int


@dataclass(frozen=True)
class DirectoryEntry:
    """The entry of a member in a central directory.

    `header`: with sizes and offset taken from the zip64 field where it has them. `extra`: the other extra fields.
    """

    header: EntryHeader
    name: bytes
    extra: bytes
    comment: bytes

    @classmethod
    def parse(cls, directory: bytes, position: int) -> DirectoryEntry:
        """Read the entry at `position`.

        Raises zipfile.BadZipFile where there is no entry.
        """
        if len(directory) - position < _ENTRY.size or directory[position : position + 4] != _ENTRY_MAGIC:
            raise zipfile.BadZipFile("damaged central directory")
        header = EntryHeader._make(_ENTRY.unpack_from(directory, position))
        name_at = position + _ENTRY.size
        extra_at = name_at + header.name_length
        comment_at = extra_at + header.extra_length
        end = comment_at + header.comment_length
        large_values, extra = _split_extra(directory[extra_at:comment_at])
        header = _with_large_values(header, large_values)
        return cls(header, directory[name_at:extra_at], extra, directory[comment_at:end])

    @property
    def length(self) -> int:
        """The length in bytes of the entry as it was read."""
        header = self.header
        return _ENTRY.size + header.name_length + header.extra_length + header.comment_length

    def pack(self, offset: int) -> bytes:
        """The entry in zip64 form for an archive of one part, with the member at `offset`."""
        values = _VALUES_64.pack(self.header.size, self.header.packed_size, offset)
        extra = _EXTRA.pack(_EXTRA_64, len(values)) + values + self.extra
        header = self.header._replace(
            size=_TOO_LARGE_32, packed_size=_TOO_LARGE_32, offset=_TOO_LARGE_32, disk=0, extra_length=len(extra)
        )
        return _ENTRY.pack(*header) + self.name + extra + self.comment


def _split_extra(extra: bytes) -> tuple[bytes, bytes]:
    """The content of an entry's first zip64 field, empty if it has none, and the other extra fields."""
    large_values: bytes | None = None
    others, position = b"", 0
    while position + _EXTRA.size <= len(extra):
        kind, length = _EXTRA.unpack_from(extra, position)
        end = position + _EXTRA.size + length
        if kind == _EXTRA_64:
            if large_values is None:
                large_values = extra[position + _EXTRA.size : end]
        else:
            others += extra[position:end]
        position = end
    return large_values or b"", others


def _with_large_values(header: EntryHeader, large_values: bytes) -> EntryHeader:
    """Fill in the values that are too large for the header: a zip64 field has only these, in this order (4.5.3)."""
    values: dict[str, Any] = {}
    position = 0
    for name, too_large, form in _LARGE_VALUES:
        if getattr(header, name) == too_large:
            if len(large_values) - position < form.size:
                if name == "disk":  # an archive of one part needs no number, and none has so many parts
                    break
                raise zipfile.BadZipFile("damaged central directory")
            (values[name],) = form.unpack_from(large_values, position)
            position += form.size
    return header._replace(**values) if values else header


def closing_records(entries: int, size: int, start: int, comment: bytes = b"") -> bytes:
    """The records after a central directory of `size` bytes at `start`, always in zip64 form."""
    record = _END_64.pack(_END_64_MAGIC, _END_64.size - 12, 45, 45, 0, 0, entries, entries, size, start)
    locator = _LOCATOR.pack(_LOCATOR_MAGIC, 0, start + size, 1)
    last = _END.pack(_END_MAGIC, 0, 0, _TOO_LARGE_16, _TOO_LARGE_16, _TOO_LARGE_32, _TOO_LARGE_32, len(comment))
    return record + locator + last + comment


def check_directory_size(end: EndRecord) -> None:
    """Raise zipfile.BadZipFile where the central directory is implausibly large."""
    if end.size > MOST_DIRECTORY_BYTES:
        raise zipfile.BadZipFile(f"implausible central directory of {end.size:,} bytes for {end.entries:,} members")


def _absolute(starts: Sequence[int], disk: int, offset: int) -> int:
    if disk >= len(starts):
        raise zipfile.BadZipFile(f"refers to part {disk + 1} of {len(starts)}")
    return starts[disk] + offset


class JoinedParts(JoinedFiles):
    """The parts of a multi-part zip archive, in their order, as one file, with or without a central directory."""

    def __init__(self, parts: Sequence[Path], *, with_directory: bool = True) -> None:
        super().__init__(parts)
        try:
            self._directory_start = self._length
            if with_directory:
                self.append(self._directory())
        except BaseException:
            self.close()
            raise

    def _directory(self) -> bytes:
        """The central directory with absolute offsets and its end record, always in zip64 form."""
        part_starts = list(self._starts)
        end = end_record(self, part_starts)  # type: ignore[arg-type]
        check_directory_size(end)
        if end.last_disk + 1 != len(part_starts):
            raise zipfile.BadZipFile(f"expected {end.last_disk + 1} parts, got {len(part_starts)}")
        self.seek(_absolute(part_starts, end.disk, end.offset))
        entries = self.read(end.size)
        if len(entries) < end.size:
            raise zipfile.BadZipFile("truncated central directory")
        directory, position, count = bytearray(), 0, 0
        while position < len(entries):
            entry = DirectoryEntry.parse(entries, position)
            directory += entry.pack(_absolute(part_starts, entry.header.disk, entry.header.offset))
            position += entry.length
            count += 1
        if count != end.entries:
            raise zipfile.BadZipFile(f"its central directory declares {end.entries} entries, found {count}")
        return bytes(directory) + closing_records(count, len(directory), self._directory_start, end.comment)
