"""Tar archives, plain or compressed, read as a stream from start to end."""

from __future__ import annotations

import bz2
import contextlib
import hashlib
import lzma
import shutil
import sys
import tarfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from isal import igzip_lib, igzip_threaded

from hearpreprocess.archive.listing import Listing, is_system_error, target_of
from hearpreprocess.errors import ArchiveError

_COMPRESSED: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": lambda path: igzip_threaded.open(path, "rb", threads=1),
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
}
MAGIC = tuple(_COMPRESSED)
USTAR_AT, USTAR = 257, b"ustar"

_DAMAGE: Any = (
    tarfile.TarError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    igzip_lib.IsalError,
    OSError,
    ValueError,
    RecursionError,  # raised for headers nested in headers
)
LARGEST_MEMBER_READ = 256 << 20
_CHUNK = 1 << 20
_LONGEST_HEADERS = 16 << 20
"""Bytes allowed between the payloads of two members; a header with a long name has a few thousand."""


def unpack(
    parts: Sequence[Path],
    select: Callable[[str], bool],
    folder: Path,
    on_member: Callable[[int], object],
    listing: Listing,
) -> dict[str, int]:
    """List a tar archive and unpack the selected members to `folder`, in one pass."""
    (path,) = parts
    try:
        with _opened(path) as (archive, stream):
            for number, member in enumerate(archive):
                stream.expect(member)
                listing.check_count(number + 1)
                archive.members = []  # type: ignore[attr-defined]  # which would grow by every header
                if member.isdir() or not listing.add(member.name.removeprefix("./"), member.size, _problem(member)):
                    continue
                name = member.name.removeprefix("./")
                if select(name):
                    listing.take(name)
                    _write(archive, member, target_of(folder, name))
                    on_member(1)
    except ArchiveError:
        raise
    except _DAMAGE as error:
        if is_system_error(error):
            raise
        raise ArchiveError(f"{path} is no whole tar archive ({error}): it may be cut short or damaged") from error
    return listing.sizes()


class TarReader:
    """The paths and contents of a tar archive's files, in their order, read as a stream.

    `sha256`: of the uncompressed archive, known when all of it has been read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.sha256 = ""

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Raise ArchiveError where the archive is damaged or truncated, or has an implausible member."""
        path, end = self._path, 0
        try:
            with _opened(path) as (archive, stream):
                for member in archive:
                    stream.expect(member)
                    end = member.offset_data + -(-member.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
                    archive.members = []  # type: ignore[attr-defined]
                    if member.isdir():
                        continue
                    if problem := _problem(member):
                        raise ArchiveError(f"{path}: member {member.name!r} {problem}")
                    if member.size > LARGEST_MEMBER_READ:
                        raise ArchiveError(f"{path}: member {member.name!r} has {member.size:,} bytes")
                    content = archive.extractfile(member)
                    yield member.name.removeprefix("./"), content.read() if content else b""
                if stream.drain() < end + tarfile.BLOCKSIZE:
                    raise ArchiveError(f"{path} is cut short: nothing marks its end")
                self.sha256 = stream.sha256.hexdigest()
        except ArchiveError:
            raise
        except _DAMAGE as error:
            raise ArchiveError(f"{path} is no whole tar archive ({error}): it may be cut short or damaged") from error


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    content: IO[bytes] | None = archive.extractfile(member)
    if content is None:
        raise tarfile.ReadError(f"{member.name} has no content")
    with content, target.open("wb") as writing:
        shutil.copyfileobj(content, writing, _CHUNK)


def _problem(member: tarfile.TarInfo) -> str | None:
    if member.issym() or member.islnk():
        return "is a link"
    if not member.isreg():
        return "is a device or another special file"
    if member.issparse():
        return "is a sparse file"
    return None


def _plain(path: Path) -> Any:
    return path.open("rb")


class _Stream:
    """The uncompressed bytes of a tar archive; ends where the headers of a member are implausibly large.

    tarfile reads the headers before a member's payload, such as a long name, into memory whatever their size.
    """

    def __init__(self, path: Path, file: Any) -> None:
        self._path, self._file = path, file
        self.sha256 = hashlib.sha256()
        self._read = 0
        self._most = _LONGEST_HEADERS

    def expect(self, member: tarfile.TarInfo) -> None:
        """Allow for a member's payload and the headers of the next member."""
        self._most = member.offset_data + member.size + _LONGEST_HEADERS

    def drain(self) -> int:
        """Read to the end, where a compressed archive has its checksum; return the total number of bytes."""
        self._most = sys.maxsize
        while self.read(_CHUNK):
            pass
        return self._read

    def read(self, size: int) -> bytes:
        if self._read > self._most:
            raise ArchiveError(
                f"{self._path}: what stands before one of its members is larger than {_LONGEST_HEADERS >> 20} MiB"
            )
        content: bytes = self._file.read(size)
        self._read += len(content)
        self.sha256.update(content)
        return content


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[tarfile.TarFile, _Stream]]:
    with path.open("rb") as file:
        start = file.read(max(map(len, MAGIC)))
    opened = next((opened for magic, opened in _COMPRESSED.items() if start.startswith(magic)), _plain)
    with opened(path) as file:
        stream: Any = _Stream(path, file)
        with tarfile.open(fileobj=stream, mode="r|", bufsize=_CHUNK) as archive:
            yield archive, stream
