"""The headers of rar archives, read to check that the archive is complete.

libunrar reports no error where an archive is truncated between two members, and waits for a missing volume. The
formats: rarlab.com/technote.htm for version 5, technote.txt of RAR 3 for the version before.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from hearpreprocess.storage import counted

MAGIC_5, MAGIC_4 = b"Rar!\x1a\x07\x01\x00", b"Rar!\x1a\x07\x00"
_ANY_MAGIC = MAGIC_4[:-1]
_CHUNK = 1 << 20

_MAIN, _FILE, _ENCRYPTION, _END = 1, 2, 4, 5
_EXTRA, _DATA, _FROM_BEFORE = 0x1, 0x2, 0x8
_LONGEST_NUMBER = 10
_LONGEST_HEADER = 2 << 20

_SHORT = struct.Struct("<HBHH")
_MAIN_4, _FILE_4, _PART_4, _END_4 = 0x73, 0x74, 0x7A, 0x7B
_LONG_BLOCK, _LARGE_4, _ENCRYPTED_4, _FOLDER_4, _FROM_BEFORE_4 = 0x8000, 0x100, 0x80, 0xE0, 0x1
_COMMENTS_4 = {_MAIN_4: 0x2, _FILE_4: 0x8}
_VERSION_4_AT = 24
_FIRST_WITH_END = 29
"""The version needed for unpacking a member; archives with members of this version or later have an end header."""


class HeaderError(ValueError):
    """A header is damaged or missing."""


@dataclass
class _Volume:
    """The facts in a volume's headers: the number of files that begin in it, and whether another volume follows."""

    files: int = 0
    is_followed: bool = False


def count_files(paths: Sequence[Path]) -> int:
    """The number of files in the volumes of an archive, in their order.

    Raises HeaderError where a header is damaged, a volume is truncated or missing, or followed by another archive.
    """
    total = 0
    for number, path in enumerate(paths, 1):
        with path.open("rb") as file:
            volume = _volume(file)
            _check_rest(file)
        total += volume.files
        if volume.is_followed and number == len(paths):
            raise HeaderError(f"volume {number + 1} is missing")
        if not volume.is_followed and number < len(paths):
            raise HeaderError(f"{path.name} is its last volume, but {counted(len(paths) - number, 'volumes')} follow")
    return total


def _volume(file: BinaryIO) -> _Volume:
    start = file.read(len(MAGIC_5))
    if start == MAGIC_5:
        return _volume_5(file)
    if start.startswith(MAGIC_4):
        file.seek(len(MAGIC_4))
        return _volume_4(file)
    raise HeaderError(f"a volume starts with {start!r}, not with a rar signature")


def _volume_5(file: BinaryIO) -> _Volume:
    volume = _Volume()
    while True:
        checksum = file.read(4)
        if len(checksum) < 4:
            raise HeaderError("no end header")
        length = b""
        while len(length) < 3 and (not length or length[-1] & 0x80):
            if not (byte := file.read(1)):
                raise HeaderError("ends inside a header")
            length += byte
        size = next(_numbers(io.BytesIO(length)))
        header = file.read(min(size, _LONGEST_HEADER))
        if len(header) < size:
            raise HeaderError("ends inside a header")
        if zlib.crc32(length + header) != int.from_bytes(checksum, "little"):
            raise HeaderError("a header has a wrong checksum")
        numbers = _numbers(io.BytesIO(header))
        kind, flags = next(numbers), next(numbers)
        if flags & _EXTRA:
            next(numbers)
        data = next(numbers) if flags & _DATA else 0
        if kind == _ENCRYPTION:
            raise HeaderError("encrypted headers")
        if kind == _END:
            volume.is_followed = bool(next(numbers) & 1)
            return volume
        if kind == _FILE:
            is_folder = next(numbers) & 1
            volume.files += not is_folder and not flags & _FROM_BEFORE
        _pass(file, data)


def _volume_4(file: BinaryIO) -> _Volume:
    volume = _Volume()
    needs_end = False
    while True:
        start = file.read(_SHORT.size)
        if not start and not needs_end:
            return volume
        if len(start) < _SHORT.size:
            raise HeaderError("ends inside a header" if start else "no end header")
        checksum, kind, flags, size = _SHORT.unpack(start)
        header = start + file.read(max(0, size - _SHORT.size))
        if len(header) < size or size < _SHORT.size:
            raise HeaderError("ends inside a header")
        # The checksum does not cover old comments, which are inside of headers.
        if not flags & _COMMENTS_4.get(kind, 0) and zlib.crc32(header[2:]) & 0xFFFF != checksum:
            raise HeaderError("a header has a wrong checksum")
        if kind == _MAIN_4 and flags & _ENCRYPTED_4:
            raise HeaderError("encrypted headers")
        if kind == _END_4:
            volume.is_followed = bool(flags & 1)
            return volume
        data = int.from_bytes(header[7:11], "little") if flags & _LONG_BLOCK or kind in (_FILE_4, _PART_4) else 0
        if kind in (_FILE_4, _PART_4) and flags & _LARGE_4:
            data |= int.from_bytes(header[32:36], "little") << 32
        if kind == _FILE_4:
            needs_end = needs_end or header[_VERSION_4_AT] >= _FIRST_WITH_END
            volume.files += flags & _FOLDER_4 != _FOLDER_4 and not flags & _FROM_BEFORE_4
        _pass(file, data)


def _numbers(file: BinaryIO) -> Iterator[int]:
    """The numbers in a header of version 5: seven bits per byte, lowest first."""
    while True:
        number = 0
        for position in range(_LONGEST_NUMBER):
            byte = file.read(1)
            if not byte:
                raise HeaderError("a header is too short")
            number |= (byte[0] & 0x7F) << 7 * position
            if byte[0] < 0x80:
                break
        yield number


def _pass(file: BinaryIO, size: int) -> None:
    position, end = file.tell(), file.seek(0, io.SEEK_END)
    if position + size > end:
        raise HeaderError("ends inside a member")
    file.seek(position + size)


def _check_rest(file: BinaryIO) -> None:
    before = b""
    while content := file.read(_CHUNK):
        if _ANY_MAGIC in before + content:
            raise HeaderError("another archive follows its end header")
        before = content[-len(_ANY_MAGIC) :]
