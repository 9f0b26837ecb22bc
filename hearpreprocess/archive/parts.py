"""A divided zip archive as one file that zipfile can read, without a joined copy on disk.

In a divided archive every offset counts from the start of the part that it points into (APPNOTE.TXT 6.3, sections
4.3.16, 4.4.16 and 4.5.3). `JoinedParts` shows the parts one after the other, and behind them a central directory whose
offsets count from the start of the first part.
"""

from __future__ import annotations

import io
import struct
import zipfile
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_END = struct.Struct("<4s4H2LH")
_END_MAGIC = b"PK\x05\x06"
_LOCATOR = struct.Struct("<4sLQL")
_LOCATOR_MAGIC = b"PK\x06\x07"
_END_64 = struct.Struct("<4sQ2H2L4Q")
_END_64_MAGIC = b"PK\x06\x06"
_ENTRY = struct.Struct("<4s6H3L5H2L")
_ENTRY_MAGIC = b"PK\x01\x02"
_EXTRA_64 = 0x0001
_LONGEST_COMMENT = 0xFFFF
MOST_DIRECTORY_BYTES = 400 << 20
SMALLEST_ENTRY = _ENTRY.size
_TOO_LARGE_16, _TOO_LARGE_32 = 0xFFFF, 0xFFFFFFFF


@dataclass(frozen=True)
class EndRecord:
    """Where the central directory is: `disk` and `offset` there, its `size` in bytes, its number of `entries`."""

    disk: int
    offset: int
    size: int
    entries: int
    comment: bytes


def end_record(file: BinaryIO, starts: Sequence[int] = ()) -> EndRecord:
    """Read the record at the end of a zip archive; `starts` are the offsets of its parts in `file`.

    Without `starts` the large form of the record is looked for where zipfile looks, right before its locator, and
    whether or not the small form refers to it. Raises zipfile.BadZipFile where there is none.
    """
    length = file.seek(0, io.SEEK_END)
    tail_start = max(0, length - _END.size - _LONGEST_COMMENT)
    file.seek(tail_start)
    tail = file.read()
    at = tail.rfind(_END_MAGIC)
    if at < 0 or len(tail) - at < _END.size:
        raise zipfile.BadZipFile("it has no end record")
    _magic, _disk, disk, _here, entries, size, offset, comment = _END.unpack_from(tail, at)
    found = EndRecord(disk, offset, size, entries, tail[at + _END.size :][:comment])
    if starts and _TOO_LARGE_16 not in (disk, entries) and _TOO_LARGE_32 not in (size, offset):
        return found
    locator_at = tail_start + at - _LOCATOR.size
    file.seek(max(0, locator_at))
    locator = file.read(_LOCATOR.size)
    if len(locator) < _LOCATOR.size or not locator.startswith(_LOCATOR_MAGIC):
        return found
    _magic, disk_of_record, offset_of_record, _disks = _LOCATOR.unpack(locator)
    file.seek(_absolute(starts, disk_of_record, offset_of_record) if starts else max(0, locator_at - _END_64.size))
    record = file.read(_END_64.size)
    if len(record) < _END_64.size or not record.startswith(_END_64_MAGIC):
        raise zipfile.BadZipFile("its zip64 end record is damaged")
    _magic, _size, _by, _needed, _disk, disk, _here, entries, size, offset = _END_64.unpack(record)
    return EndRecord(disk, offset, size, entries, found.comment)


def check_directory(end: EndRecord) -> None:
    """Raise zipfile.BadZipFile where the central directory is larger than any that is meant to be read."""
    if end.size > MOST_DIRECTORY_BYTES:
        raise zipfile.BadZipFile(f"its central directory has {end.size:,} bytes, for {end.entries:,} members")


def _absolute(starts: Sequence[int], disk: int, offset: int) -> int:
    if disk >= len(starts):
        raise zipfile.BadZipFile(f"it points into part {disk + 1}, and there are {len(starts)}")
    return starts[disk] + offset


class JoinedParts(io.RawIOBase):
    """The parts of a divided zip archive, in their order, as one whole archive, or without its directory."""

    def __init__(self, parts: Sequence[Path], *, with_directory: bool = True) -> None:
        super().__init__()
        self._files: list[BinaryIO] = []
        self._starts: list[int] = []
        self._length = self._position = 0
        try:
            for part in parts:
                self._files.append(part.open("rb"))
                self._starts.append(self._length)
                self._length += self._files[-1].seek(0, io.SEEK_END)
            self._directory_start = self._length
            if with_directory:
                self._append(self._directory())
        except BaseException:
            self.close()
            raise

    def _append(self, content: bytes) -> None:
        self._files.append(io.BytesIO(content))
        self._starts.append(self._length)
        self._length += len(content)

    def _directory(self) -> bytes:
        """The central directory with absolute offsets, and an end record that points at it, always in zip64 form."""
        part_starts = list(self._starts)
        end = end_record(self, part_starts)  # type: ignore[arg-type]
        check_directory(end)
        self.members = end.entries
        self.seek(_absolute(part_starts, end.disk, end.offset))
        entries = self.read(end.size)
        if len(entries) < end.size:
            raise zipfile.BadZipFile("its central directory is cut short")
        directory, position, count = bytearray(), 0, 0
        while position < len(entries):
            length = self._append_entry(directory, entries, position, part_starts)
            position += length
            count += 1
        if count != end.entries:
            raise zipfile.BadZipFile(f"its central directory has {count} entries, and promises {end.entries}")
        start = self._directory_start
        record = _END_64.pack(_END_64_MAGIC, _END_64.size - 12, 45, 45, 0, 0, count, count, len(directory), start)
        locator = _LOCATOR.pack(_LOCATOR_MAGIC, 0, start + len(directory), 1)
        last = _END.pack(_END_MAGIC, 0, 0, _TOO_LARGE_16, _TOO_LARGE_16, _TOO_LARGE_32, _TOO_LARGE_32, len(end.comment))
        return bytes(directory) + record + locator + last + end.comment

    @staticmethod
    def _append_entry(directory: bytearray, entries: bytes, position: int, part_starts: Sequence[int]) -> int:
        """Append the entry at `position` with an absolute offset, and return the length that it had."""
        if len(entries) - position < _ENTRY.size or entries[position : position + 4] != _ENTRY_MAGIC:
            raise zipfile.BadZipFile("its central directory is damaged")
        fields = list(_ENTRY.unpack_from(entries, position))
        packed, size, name_length, extra_length, comment_length, disk, offset = (
            *fields[8:10],
            *fields[10:13],
            fields[13],
            fields[16],
        )
        name_start = position + _ENTRY.size
        extra_start = name_start + name_length
        comment_start = extra_start + extra_length
        end = comment_start + comment_length
        large, others = _split_extra(entries[extra_start:comment_start])
        reading = io.BytesIO(large)

        def take(value: int, too_large: int, form: str) -> int:
            if value != too_large:
                return value
            content = reading.read(struct.calcsize(form))
            if len(content) < struct.calcsize(form):
                raise zipfile.BadZipFile("its central directory is damaged")
            found: int = struct.unpack(form, content)[0]
            return found

        size = take(size, _TOO_LARGE_32, "<Q")
        packed = take(packed, _TOO_LARGE_32, "<Q")
        offset = take(offset, _TOO_LARGE_32, "<Q")
        disk = take(disk, _TOO_LARGE_16, "<L")
        extra = struct.pack("<2H3Q", _EXTRA_64, 24, size, packed, _absolute(part_starts, disk, offset)) + others
        fields[8:10] = [_TOO_LARGE_32, _TOO_LARGE_32]
        fields[11], fields[13], fields[16] = len(extra), 0, _TOO_LARGE_32
        directory += _ENTRY.pack(*fields)
        directory += entries[name_start:extra_start] + extra + entries[comment_start:end]
        following: int = end - position
        return following

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._length}[whence]
        if start + offset < 0:
            raise OSError("negative seek")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        done = 0
        while done < len(view) and self._position < self._length:
            number = bisect_right(self._starts, self._position) - 1
            file = self._files[number]
            file.seek(self._position - self._starts[number])
            content = file.read(len(view) - done)
            if not content:
                break
            view[done : done + len(content)] = content
            done += len(content)
            self._position += len(content)
        return done

    def close(self) -> None:
        for file in self._files:
            file.close()
        super().close()


def _split_extra(extra: bytes) -> tuple[bytes, bytes]:
    """The zip64 field of an entry's extra fields, and the others."""
    large, others, position = b"", b"", 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, position)
        field = extra[position : position + 4 + length]
        if kind == _EXTRA_64:
            large = field[4:]
        else:
            others += field
        position += 4 + length
    return large, others
