"""Tar archives whose bytes depend only on the names and contents of their members."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator

_ENTRY_TIME = 1609459200  # 2021-01-01: fixed, for reproducible bytes; tar warns about times near 1970


def tar_pieces(members: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """The bytes of an uncompressed tar archive, piece by piece. `members`: the path and the content of each file."""
    written = 0
    for path, content in members:
        # Only the headers come from tarfile, as its `addfile` copies the content three times.
        for piece in (_header(path, len(content)), content, bytes(-len(content) % tarfile.BLOCKSIZE)):
            yield piece
            written += len(piece)
    end = 2 * tarfile.BLOCKSIZE
    yield bytes(end + -(written + end) % tarfile.RECORDSIZE)


def _header(name: str, size: int) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size = size
    entry.mtime = _ENTRY_TIME
    entry.mode = 0o644
    entry.uname = entry.gname = "root"
    return entry.tobuf(tarfile.PAX_FORMAT)
