"""Tar archives, plain or compressed, read from start to end."""

from __future__ import annotations

import bz2
import contextlib
import hashlib
import io
import lzma
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any, BinaryIO

from isal import igzip_lib

from hearpreprocess.archive.gathering import LARGEST_GATHERED, Gathered
from hearpreprocess.archive.gzip_stream import GzipStream
from hearpreprocess.archive.joined import opened_parts
from hearpreprocess.archive.listing import Listing, is_system_error, target_of
from hearpreprocess.archive.opened import CompressedMember, OpenedMember
from hearpreprocess.archive.streams import is_followed, opened_streams
from hearpreprocess.archive.tar_headers import BLOCK, EndMarkError, HeaderError, TarMember, is_header, read_member
from hearpreprocess.errors import ArchiveError
from hearpreprocess.storage import FIRST_BYTES, CallsAhead

_CHUNK = 1 << 20
_COMPRESSED: dict[bytes, Callable[[BinaryIO], Any]] = {
    b"\x1f\x8b": GzipStream,
    b"BZh": partial(opened_streams, begin=bz2.BZ2Decompressor),
    b"\xfd7zXZ\0": partial(opened_streams, begin=partial(lzma.LZMADecompressor, lzma.FORMAT_XZ)),
}
MAGIC = tuple(_COMPRESSED)

_DAMAGE: Any = (HeaderError, EOFError, zlib.error, lzma.LZMAError, igzip_lib.IsalError, OSError, ValueError)
LARGEST_MEMBER_READ = 256 << 20


def unpack(
    parts: Sequence[Path],
    select: Callable[[str], bool],
    folder: Path,
    on_member: Callable[[int], object],
    listing: Listing,
    gathered: Gathered | None = None,
) -> dict[str, int]:
    """List a tar archive and unpack the selected members to `folder`, in one pass; small ones to `gathered`, if given.

    An archive without an end mark is read, as GNU tar and bsdtar do, with a note to the user, as truncation between two
    members looks the same.
    """
    archive_name = parts[-1].name

    def note_missing_end() -> None:
        listing.note(
            f"{archive_name}: no end mark; expected two blocks of zeros. If it was truncated between two members, "
            "files are missing: compare its size or checksum with the published one"
        )

    with _opened(parts) as stream, CallsAhead[int]() as ahead:
        for number, (name, member) in enumerate(_members(stream, note_missing_end)):
            listing.check_count(number + 1)
            if member.is_folder or not listing.add(name, member.size, member.problem):
                stream.skip(member.stored)
            elif select(name):
                listing.take(name)
                if member.stored > LARGEST_GATHERED:
                    with target_of(folder, name).open("wb") as writing:
                        stream.copy(member.stored, writing)
                elif gathered is not None:
                    gathered.add(name, stream.content(member.stored))
                else:
                    content = stream.content(member.stored)
                    ahead.call(target_of(folder, name).write_bytes, content, size=member.stored)
                on_member(1)
            else:
                stream.skip(member.stored)
    return listing.sizes()


def opened_members(
    parts: Sequence[Path], select: Callable[[str], bool], folder: Path
) -> Iterator[tuple[str, OpenedMember]]:
    """The selected members in one pass, each to be read before the next one; temporary files are in `folder`.

    Raises ArchiveError where the archive is damaged.
    """
    with _opened(parts) as stream:
        for name, member in _members(stream, lambda: None):
            end = stream.position + member.stored + -member.stored % BLOCK
            if not member.is_folder and member.problem is None and select(name):
                with contextlib.closing(CompressedMember(_reading(stream, parts), member.stored, folder)) as opened:
                    yield name, opened
            stream.pass_to(end)


def _reading(stream: _Stream, parts: Sequence[Path]) -> Callable[[int], bytes]:
    """Reads on in a stream; what reads a member is not to take damage of the archive for one of the member."""

    def read(size: int) -> bytes:
        with _damage_of(parts):
            return stream.read(size)

    return read


def first_bytes(parts: Sequence[Path]) -> bytes:
    """The first FIRST_BYTES bytes of the decompressed content.

    Raises ArchiveError where they are damaged.
    """
    with _opened(parts) as stream:
        return stream.read(FIRST_BYTES)


def read_first_header(path: Path) -> None:
    """Raise ArchiveError where a file, or its decompressed content, does not begin with a tar header."""
    with _opened([path]) as stream:
        read_member(stream.read)


class TarReader:
    """The paths and contents of a tar archive's files, in their order, read as a stream.

    `sha256`: of the uncompressed archive, known after all of it was read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.sha256 = ""

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Raise ArchiveError where the archive is damaged, truncated or has no end mark, or a member is implausible."""
        sha256 = hashlib.sha256()
        with _opened([self._path], sha256.update) as stream:
            for name, member in _members(stream):
                if member.is_folder:
                    stream.skip(member.stored)
                    continue
                if member.problem:
                    raise ArchiveError(f"{self._path}: member {member.name!r} {member.problem}")
                if member.size > LARGEST_MEMBER_READ:
                    raise ArchiveError(
                        f"{self._path}: member {member.name!r} is too large; expected at most "
                        f"{LARGEST_MEMBER_READ:,} bytes, got {member.size:,}"
                    )
                if member.stored <= LARGEST_GATHERED:
                    yield name, stream.content(member.stored)
                    continue
                stream.copy(member.stored, content := io.BytesIO())
                yield name, content.getvalue()
        self.sha256 = sha256.hexdigest()


def _members(stream: _Stream, on_missing_end: Callable[[], object] | None = None) -> Iterator[tuple[str, TarMember]]:
    """Each member with its path; its content must be read from the stream before the next member.

    `on_missing_end`: called where the archive has no end mark; without it this is an error.
    """
    while True:
        start = stream.position
        try:
            member = read_member(stream.read)
        except HeaderError as error:
            if isinstance(error, EndMarkError) and on_missing_end and not stream.is_followed:
                on_missing_end()
                return
            after = f", after member {stream.last!r}" if stream.last else ""
            raise HeaderError(f"{error}, at byte {start:,}{after}") from error
        if member is None:
            break
        stream.last = member.name
        yield member.name.removeprefix("./"), member
    stream.check_rest()


class _Stream:
    """The uncompressed bytes of a tar archive.

    `on_bytes`: called with all of them, in their order. `last`: the name of the last member whose header was read.
    """

    def __init__(self, file: Any, length: int | None, on_bytes: Callable[[bytes], object] | None) -> None:
        self._file, self._length, self._on_bytes = file, length, on_bytes
        self.position = 0
        self.last = ""

    @property
    def is_followed(self) -> bool:
        """Whether bytes that cannot be decompressed follow."""
        return is_followed(self._file)

    def read(self, size: int) -> bytes:
        content: bytes = self._file.read(size)
        self.position += len(content)
        if self._on_bytes is not None:
            self._on_bytes(content)
        return content

    def copy(self, size: int, writing: IO[bytes]) -> None:
        """Write the next `size` bytes to a file, and skip the padding after them."""
        left = size
        while left:
            content = self.read(min(left, _CHUNK))
            if not content:
                raise EOFError(f"ends inside member {self.last!r}")
            writing.write(content)
            left -= len(content)
        if len(self.read(-size % BLOCK)) < -size % BLOCK:
            raise EOFError(f"ends inside the padding after member {self.last!r}")

    def content(self, size: int) -> bytes:
        """The next `size` bytes, without the padding after them."""
        padded = size + -size % BLOCK
        if len(content := self.read(padded)) == padded:
            return content[:size]
        while len(content) < padded:  # some decompressors return fewer bytes than there are
            if not (more := self.read(padded - len(content))):
                where = "" if len(content) < size else "the padding after "
                raise EOFError(f"ends inside {where}member {self.last!r}")
            content += more
        return content[:size]

    def skip(self, size: int) -> None:
        """Skip the next `size` bytes and the padding after them."""
        self.pass_to(self.position + size + -size % BLOCK)

    def pass_to(self, end: int) -> None:
        """Skip to a later byte."""
        if self._length is not None and self._on_bytes is None:
            if end > self._length:
                raise EOFError(f"ends inside member {self.last!r}")
            self.position = self._file.seek(end)
            return
        while self.position < end:
            if not self.read(min(end - self.position, _CHUNK)):
                raise EOFError(f"ends inside member {self.last!r}")

    def check_rest(self) -> None:
        """Read the bytes after the end mark, where compressed archives have their checksum.

        Raises HeaderError where another archive follows, which GNU tar would not list, either.
        """
        while content := self.read(_CHUNK):
            if content.count(0) == len(content):
                continue
            for start in range(0, len(content), BLOCK):
                block = content[start : start + BLOCK]
                if is_header(block) or block.startswith(MAGIC):
                    at = self.position - len(content) + start
                    raise HeaderError(f"another archive follows its end mark, at byte {at:,}")


@contextlib.contextmanager
def _opened(parts: Sequence[Path], on_bytes: Callable[[bytes], object] | None = None) -> Iterator[_Stream]:
    with _damage_of(parts), opened_parts(parts) as file:
        start = file.read(max(map(len, MAGIC)))
        length = file.seek(0, io.SEEK_END)
        file.seek(0)
        decompressed = next((opened for magic, opened in _COMPRESSED.items() if start.startswith(magic)), None)
        if decompressed is None:
            yield _Stream(file, length, on_bytes)
            return
        with decompressed(file) as uncompressed:
            yield _Stream(uncompressed, None, on_bytes)


@contextlib.contextmanager
def _damage_of(parts: Sequence[Path]) -> Iterator[None]:
    """Raise ArchiveError where the archive is damaged."""
    try:
        yield
    except ArchiveError:
        raise
    except _DAMAGE as error:
        if is_system_error(error):
            raise
        raise ArchiveError(f"{parts[0]}: damaged or truncated tar archive ({error})") from error
