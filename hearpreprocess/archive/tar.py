"""Tar archives, plain or compressed, read as a stream from start to end."""

from __future__ import annotations

import contextlib
import lzma
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from isal import igzip_lib, igzip_threaded

from hearpreprocess.archive.listing import Listing, is_of_the_disk, place
from hearpreprocess.errors import ArchiveError

MAGIC = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")
USTAR_AT, USTAR = 257, b"ustar"

_DAMAGE: Any = (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, igzip_lib.IsalError, OSError, ValueError)
_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 20


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
        with _opened(path) as archive:
            for number, member in enumerate(archive):
                listing.check_count(number + 1)
                archive.members = []  # type: ignore[attr-defined]  # which would hold one of each header
                if member.isdir() or not listing.add(member.name.removeprefix("./"), member.size, _problem(member)):
                    continue
                name = member.name.removeprefix("./")
                if select(name):
                    listing.take(name)
                    _write(archive, member, place(folder, name))
                    on_member(1)
    except ArchiveError:
        raise
    except _DAMAGE as error:
        if is_of_the_disk(error):
            raise
        raise ArchiveError(f"{path} is no whole tar archive ({error}): it may be cut short or damaged") from error
    return listing.sizes()


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
    return None


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    with path.open("rb") as file:
        gzipped = file.read(2) == _GZIP
    with contextlib.ExitStack() as stack:
        if gzipped:
            stream: Any = stack.enter_context(igzip_threaded.open(path, "rb", threads=1))
            yield stack.enter_context(tarfile.open(fileobj=stream, mode="r|", bufsize=_CHUNK))
        else:
            yield stack.enter_context(tarfile.open(path, "r|*", bufsize=_CHUNK))
