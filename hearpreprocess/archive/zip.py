"""Zip archives, whole or divided into parts (.z01, .z02, ..., .zip)."""

from __future__ import annotations

import contextlib
import io
import lzma
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

from isal import igzip_lib, isal_zlib

from hearpreprocess.archive.listing import Listing, is_system_error, target_of
from hearpreprocess.archive.parts import SMALLEST_ENTRY, JoinedParts, check_directory, end_record
from hearpreprocess.errors import ArchiveError

MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")

# Raised by zipfile and its decompressors on damaged bytes; an OSError without a number comes from bz2.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    IndexError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
    struct.error,
)
_ENCRYPTED = 0x1
_LOCAL, _LOCAL_MAGIC = struct.Struct("<4s5H3L2H"), b"PK\x03\x04"
_CHUNK = 1 << 20


def unpack(
    parts: Sequence[Path],
    select: Callable[[str], bool],
    folder: Path,
    on_member: Callable[[int], object],
    listing: Listing,
) -> dict[str, int]:
    """List a zip archive and unpack the selected members to `folder`, each checked against its checksum."""
    name = parts[-1].name
    with _opened(parts, listing) as archive:
        members = [
            member
            for member in archive.infolist()
            if not member.filename.endswith("/") and listing.add(member.filename, member.file_size, _problem(member))
        ]
        sizes = listing.sizes()
        for member in members:
            if not select(member.filename):
                continue
            listing.take(member.filename)
            try:
                with archive.open(member) as reading, target_of(folder, member.filename).open("wb") as writing:
                    shutil.copyfileobj(reading, writing, _CHUNK)
            except _DAMAGE as error:
                if is_system_error(error):
                    raise
                raise ArchiveError(
                    f"{name}: member {member.filename!r} cannot be unpacked: {error}; is the archive damaged?"
                ) from error
            on_member(1)
    return sizes


def packed_members(parts: Sequence[Path]) -> dict[str, list[int]]:
    """For each member that `ZipReader` can read: offset of its header, packed size, size, CRC-32, method."""
    with _opened(parts, Listing(parts[-1].name)) as archive:
        return {
            member.filename: [
                member.header_offset,
                member.compress_size,
                member.file_size,
                member.CRC,
                member.compress_type,
            ]
            for member in archive.infolist()
            if not member.filename.endswith("/") and member.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        }


class ZipReader:
    """Reads single members of a zip archive at the offsets from `packed_members`, without its directory.

    zipfile would read the directory again in every process and inflates at half the speed of ISA-L.
    """

    def __init__(self, parts: Sequence[Path]) -> None:
        self._name = parts[-1].name
        self._file: IO[bytes] | JoinedParts
        self._file = JoinedParts(parts, with_directory=False) if len(parts) > 1 else parts[0].open("rb")

    def __enter__(self) -> ZipReader:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def read(self, path: str, packed: Sequence[int]) -> bytes:
        """The bytes of a member, checked against its checksum.

        Raises ArchiveError where they do not match the archive's directory.
        """
        offset, packed_size, size, checksum, method = packed
        self._file.seek(offset)
        header = self._file.read(_LOCAL.size)
        if len(header) < _LOCAL.size or not header.startswith(_LOCAL_MAGIC):
            raise ArchiveError(
                f"{self._name}: member {path!r} cannot be unpacked: it is not where the directory has it; "
                "is the archive damaged?"
            )
        self._file.seek(sum(_LOCAL.unpack(header)[-2:]), io.SEEK_CUR)  # the name and the extra fields
        content = self._file.read(packed_size)
        try:
            if method == zipfile.ZIP_DEFLATED:
                inflating = isal_zlib.decompressobj(-zlib.MAX_WBITS)
                content = inflating.decompress(content, size + 1)  # one more byte than declared shows an excess
        except igzip_lib.IsalError as error:  # type: ignore[misc]
            raise ArchiveError(
                f"{self._name}: member {path!r} cannot be unpacked: {error}; is the archive damaged?"
            ) from error
        if len(content) != size or zlib.crc32(content) != checksum:
            raise ArchiveError(
                f"{self._name}: member {path!r} cannot be unpacked: its bytes are not those that it had when it was "
                "packed; is the archive damaged?"
            )
        return content


def _problem(member: zipfile.ZipInfo) -> str | None:
    if stat.S_ISLNK(member.external_attr >> 16):
        return "is a link"
    if member.flag_bits & _ENCRYPTED:
        return "is encrypted"
    return None


@contextlib.contextmanager
def _opened(parts: Sequence[Path], listing: Listing) -> Iterator[zipfile.ZipFile]:
    with contextlib.ExitStack() as stack:
        try:
            joined = stack.enter_context(JoinedParts(parts)) if len(parts) > 1 else None
            listing.check_count(joined.members if joined else _member_count(parts[0]))
            archive = stack.enter_context(zipfile.ZipFile(joined or parts[0]))
        except _DAMAGE as error:
            if isinstance(error, FileNotFoundError | PermissionError):
                raise
            raise ArchiveError(
                f"{parts[-1]} is no whole zip archive ({error}): "
                "it may be cut short, or of another format under this name"
            ) from error
        yield archive


def _member_count(path: Path) -> int:
    """The number of members by the end record: zipfile reads the whole directory before it has a count."""
    with path.open("rb") as file:
        end = end_record(file)
    if end.disk:  # zipfile opens the last part of a divided archive as a complete one and misreads it
        raise zipfile.BadZipFile("it is the last part of a divided archive, the other parts are missing")
    check_directory(end)
    return max(end.entries, end.size // SMALLEST_ENTRY)
