"""Zip archives: single, in several parts (.z01, .z02, ..., .zip), or cut into pieces (.zip.001, .zip.002, ...)."""

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
from typing import Any

from isal import igzip_lib, isal_zlib

from hearpreprocess.archive.joined import JoinedFiles, opened_parts
from hearpreprocess.archive.listing import Listing, is_outside, is_system_error, target_of
from hearpreprocess.archive.opened import CompressedMember, OpenedMember, StoredMember
from hearpreprocess.archive.parts import SMALLEST_ENTRY, CommentError, JoinedParts, check_directory_size, end_record
from hearpreprocess.archive.zip_checks import check_directory, seek_content
from hearpreprocess.archive.zip_directory import ChosenMembers, ZipDirectory, ZipMember
from hearpreprocess.archive.zip_names import decoded_names
from hearpreprocess.errors import ArchiveError

MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")

# Raised by zipfile and its decompressors for damaged bytes; an OSError without a number comes from bz2.
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
_ENCRYPTED, _PATCHED, _HIDDEN_HEADERS = 0x1, 0x20, 0x2000
_CHUNK, _PIECE = 1 << 20, 1 << 16

_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
_METHOD_NAMES = {
    1: "Shrink", 2: "Reduce", 3: "Reduce", 4: "Reduce", 5: "Reduce", 6: "Implode", 9: "Deflate64", 10: "PKWARE DCL",
    18: "IBM TERSE", 19: "IBM LZ77", 20: "Zstandard", 93: "Zstandard", 94: "MP3", 95: "XZ", 96: "JPEG", 97: "WavPack",
    98: "PPMd", 99: "AES",
}  # fmt: skip
_UNIX = 3
_DOS_FOLDER = 0x10
_OF_FILES = (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFIFO)
"""Types of members with content; a pipe was packed from standard input, and unzip makes it a file."""


def unpack(
    parts: Sequence[Path],
    select: Callable[[str], bool],
    folder: Path,
    on_member: Callable[[int], object],
    listing: Listing,
    *,
    encoding: str | None = None,
) -> dict[str, int]:
    """List a zip archive and unpack the selected members to `folder`, each checked against its checksum."""
    archive_name = parts[-1].name
    with _opened(parts, listing) as directory:
        chosen = []
        for name, member in _members(directory, archive_name, encoding, listing.note):
            is_folder = name.endswith("/")
            if is_folder and (not member.size or _is_marked_as_folder(member)):
                continue
            problem = "is a directory with content" if is_folder else _problem(name, member)
            if listing.add(name, member.size, problem) and select(name):
                chosen.append((name, member))
    sizes = listing.sizes()
    if chosen:
        _unpack(parts, directory, chosen, folder, on_member, listing)
    return sizes


def _unpack(
    parts: Sequence[Path],
    directory: ZipDirectory,
    members: Sequence[tuple[str, ZipMember]],
    folder: Path,
    on_member: Callable[[int], object],
    listing: Listing,
) -> None:
    with contextlib.ExitStack() as stack:
        with _damage_of_directory(parts):
            file = stack.enter_context(ChosenMembers(parts, directory, [member for _name, member in members]))
            archive = stack.enter_context(zipfile.ZipFile(io.BufferedReader(file, _PIECE)))
        for (name, member), chosen in zip(members, archive.infolist(), strict=True):
            listing.take(name)
            try:
                seek_content(archive.fp, member.offset, member.checksum, member.method, zlib.crc32(member.raw_name))
                with archive.open(chosen) as reading, target_of(folder, name).open("wb") as writing:
                    shutil.copyfileobj(reading, writing, _CHUNK)
                    if writing.tell() != member.size:
                        raise zipfile.BadZipFile(f"expected {member.size:,} bytes, got {writing.tell():,}")
            except _DAMAGE as error:
                if is_system_error(error):
                    raise
                raise ArchiveError(
                    f"{parts[-1].name}: member {name!r} cannot be unpacked: {error}. The archive may be damaged"
                ) from error
            on_member(1)


def packed_members(parts: Sequence[Path], encoding: str | None = None) -> dict[str, list[int]]:
    """By path, the location of each member that `ZipReader` can read.

    A location is: offset of the header, packed size, size, CRC-32, method, CRC-32 of the name's bytes.
    """
    with _opened(parts, Listing(parts[-1].name)) as directory:
        return {
            name: [
                member.offset,
                member.packed_size,
                member.size,
                member.checksum,
                member.method,
                zlib.crc32(member.raw_name),
            ]
            for name, member in _members(directory, parts[-1].name, encoding, lambda text: None)
            if not name.endswith("/") and member.method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        }


def _members(
    directory: ZipDirectory, archive_name: str, encoding: str | None, on_note: Callable[[str], object]
) -> Iterator[tuple[str, ZipMember]]:
    decoded = decoded_names(archive_name, directory, encoding)
    if decoded.note is not None:
        on_note(decoded.note)
    return zip(decoded.names, directory, strict=True)


class ZipReader:
    """Reads single members of a zip archive at the offsets from `packed_members`, without its central directory.

    zipfile would read the directory again in every process, and inflates at half the speed of ISA-L.
    """

    def __init__(self, parts: Sequence[Path]) -> None:
        self._name = parts[-1].name
        # Without a buffer, through which every member would be copied.
        self._file: Any = JoinedFiles(parts) if len(parts) > 1 else parts[0].open("rb", buffering=0)

    def __enter__(self) -> ZipReader:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def read(self, path: str, packed: Sequence[int]) -> bytes:
        """The bytes of a member, checked against its checksum.

        Raises ArchiveError where they do not match the archive's directory.
        """
        offset, packed_size, size, checksum, method, name_checksum = packed
        with self._damage_of(path):
            seek_content(self._file, offset, checksum, method, name_checksum)
            content: bytes = self._file.read(packed_size)
            while len(content) < packed_size and (more := self._file.read(packed_size - len(content))):
                content += more
            if method == zipfile.ZIP_DEFLATED:
                inflating = isal_zlib.decompressobj(-zlib.MAX_WBITS)
                content = inflating.decompress(content, size + 1)  # one more byte than declared shows an excess
        # Not by ISA-L, whose CRC-32 slows down the resampling that follows: see gzip_stream.
        if len(content) != size or zlib.crc32(content) != checksum:
            raise ArchiveError(
                f"{self._name}: member {path!r} cannot be unpacked: wrong size or checksum. The archive may be damaged"
            )
        return content

    @contextlib.contextmanager
    def opened(self, path: str, packed: Sequence[int], folder: Path) -> Iterator[OpenedMember]:
        """A member to be read at any offset; it is not checked against its checksum.

        `folder`: for temporary files. Raises ArchiveError where the archive is damaged.
        """
        offset, packed_size, size, checksum, method, name_checksum = packed
        with self._damage_of(path):
            seek_content(self._file, offset, checksum, method, name_checksum)
        start = self._file.tell()
        if method == zipfile.ZIP_STORED:
            yield StoredMember(self._file, start, size)
            return
        inflating, left = isal_zlib.decompressobj(-zlib.MAX_WBITS), packed_size

        def decompress(most: int) -> bytes:
            nonlocal start, left
            with self._damage_of(path):
                while not inflating.eof:
                    packed_bytes = inflating.unconsumed_tail
                    if not packed_bytes:
                        self._file.seek(start)
                        packed_bytes = self._file.read(min(left, _PIECE))
                        start, left = start + len(packed_bytes), left - len(packed_bytes)
                    if content := inflating.decompress(packed_bytes, most):
                        return bytes(content)
                    if not packed_bytes:
                        raise zipfile.BadZipFile("its compressed content ends too early")
            return b""

        with contextlib.closing(CompressedMember(decompress, size, folder)) as opened:
            yield opened

    @contextlib.contextmanager
    def _damage_of(self, path: str) -> Iterator[None]:
        """Raise ArchiveError naming the member where the archive is damaged."""
        try:
            yield
        except (igzip_lib.IsalError, zipfile.BadZipFile) as error:  # type: ignore[misc]
            raise ArchiveError(
                f"{self._name}: member {path!r} cannot be unpacked: {error}; is the archive damaged?"
            ) from error


def is_divided(parts: Sequence[Path]) -> bool:
    """Whether files are the parts of a multi-part archive, not the pieces of a single one."""
    return len(parts) > 1 and parts[-1].suffix.lower() == ".zip"


def _is_marked_as_folder(member: ZipMember) -> bool:
    """Whether the attributes mark a directory, too; all programs ignore the content of such a member."""
    return bool(member.external_attributes & _DOS_FOLDER) or stat.S_ISDIR(member.external_attributes >> 16)


def _problem(name: str, member: ZipMember) -> str | None:
    mode = member.external_attributes >> 16
    if stat.S_ISLNK(mode):
        return "is a link"
    if member.create_system == _UNIX and stat.S_IFMT(mode) not in _OF_FILES:
        return "is a special file, such as a device"
    if member.flags & (_ENCRYPTED | _HIDDEN_HEADERS):
        return "is encrypted"
    if member.flags & _PATCHED:
        return "is a patch for another file"
    if member.method not in _METHODS:
        method = _METHOD_NAMES.get(member.method, "an unknown method")
        return f"is compressed with {method} (method {member.method}), which is unsupported; use Deflate"
    if "\\" in name and not is_outside(name):
        return "has a backslash in its name, which programs interpret differently"
    return None


@contextlib.contextmanager
def _opened(parts: Sequence[Path], listing: Listing) -> Iterator[ZipDirectory]:
    with contextlib.ExitStack() as stack:
        with _damage_of_directory(parts):
            file: Any = stack.enter_context(JoinedParts(parts) if is_divided(parts) else opened_parts(parts))
            end = end_record(file)
            if end.disk:  # the last part of a multi-part archive, which could be read as a complete one
                raise zipfile.BadZipFile("the last part of a multi-part archive, whose other parts are missing")
            check_directory_size(end)
            listing.check_count(max(end.entries, end.size // SMALLEST_ENTRY))
            directory = ZipDirectory(file, end)
            check_directory(file, directory, end)
        yield directory


@contextlib.contextmanager
def _damage_of_directory(parts: Sequence[Path]) -> Iterator[None]:
    """Raise ArchiveError where the archive is damaged, or is none."""
    try:
        yield
    except _DAMAGE as error:
        if isinstance(error, FileNotFoundError | PermissionError):
            raise
        if isinstance(error, CommentError):
            raise ArchiveError(f"{parts[-1]}: {error}. Remove the comment: zip -z {parts[-1].name}") from error
        raise ArchiveError(
            f"{parts[-1]}: damaged or truncated zip archive, or another format with this name ({error})"
        ) from error
