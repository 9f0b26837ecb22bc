"""Zip archives, whole or divided into parts (.z01, .z02, ..., .zip)."""

from __future__ import annotations

import contextlib
import lzma
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from hearpreprocess.archive.listing import Listing, place
from hearpreprocess.archive.parts import JoinedParts
from hearpreprocess.errors import ArchiveError

MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")

# What zipfile and the decompressors behind it raise on damaged bytes; an OSError without a number is one of bz2's.
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
_CHUNK = 1 << 20


def unpack(
    parts: Sequence[Path], select: Callable[[str], bool], folder: Path, on_member: Callable[[int], object]
) -> dict[str, int]:
    """List a zip archive and unpack the selected members to `folder`, each checked against its checksum."""
    name = parts[-1].name
    listing = Listing(name)
    with _opened(parts) as archive:
        members = [
            member
            for member in archive.infolist()
            if not member.is_dir() and listing.add(member.filename, member.file_size, _problem(member))
        ]
        sizes = listing.sizes()
        for member in members:
            if not select(member.filename):
                continue
            try:
                with archive.open(member) as reading, place(folder, member.filename).open("wb") as writing:
                    shutil.copyfileobj(reading, writing, _CHUNK)
            except _DAMAGE as error:
                if isinstance(error, OSError) and error.errno is not None:
                    raise
                raise ArchiveError(
                    f"{name}: member {member.filename!r} cannot be unpacked: {error}; is the archive damaged?"
                ) from error
            on_member(1)
    return sizes


def _problem(member: zipfile.ZipInfo) -> str | None:
    if stat.S_ISLNK(member.external_attr >> 16):
        return "is a link"
    if member.flag_bits & _ENCRYPTED:
        return "is encrypted"
    return None


@contextlib.contextmanager
def _opened(parts: Sequence[Path]) -> Iterator[zipfile.ZipFile]:
    with contextlib.ExitStack() as stack:
        try:
            joined = stack.enter_context(JoinedParts(parts)) if len(parts) > 1 else None
            archive = stack.enter_context(zipfile.ZipFile(joined or parts[0]))
            # zipfile takes the last part of a divided archive for a whole one, and then misreads it.
            if joined is None and (archive.fp is None or _number_of_disks(parts[0])):
                raise zipfile.BadZipFile("it is the last part of a divided archive, the other parts are missing")
        except _DAMAGE as error:
            if isinstance(error, FileNotFoundError | PermissionError):
                raise
            raise ArchiveError(
                f"{parts[-1]} is no whole zip archive ({error}): "
                "it may be cut short, or of another format under this name"
            ) from error
        yield archive


def _number_of_disks(path: Path) -> int:
    from hearpreprocess.archive.parts import end_record

    with path.open("rb") as file:
        return end_record(file).disk
