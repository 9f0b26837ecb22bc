"""Small members of an archive, unpacked into one file: creating a file for each takes longer than its samples do.

A second file has an entry of fixed size for each member: a digest of its path, by which the entries are sorted, its
offset and its size. Every batch of clips opens both files and looks up its own members alone: as JSON, the paths of a
million members would take 2 s and 400 MB to parse each time.
"""

from __future__ import annotations

import hashlib
import os
import struct
from bisect import bisect_left
from pathlib import Path
from types import TracebackType

from hearpreprocess.errors import OutputError

LARGEST_GATHERED = 1 << 20
"""In bytes; a larger member gets a file of its own, which costs it little."""

_CONTENT, _ENTRIES = "gathered.bin", "gathered.index"

_DIGEST_BYTES = 16  # two of 2,000,000 paths have the same digest with a probability of 1e-26
_ENTRY = struct.Struct(f"<{_DIGEST_BYTES}sQQ")


class Gathered:
    """Writes members into one file in a folder, in the order in which they come."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._paths: set[str] = set()
        self._entries: list[bytes] = []
        self._file = (folder / _CONTENT).open("wb")
        self._end = 0

    def __enter__(self) -> Gathered:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()
        if kind is None:
            (self._folder / _ENTRIES).write_bytes(b"".join(sorted(self._entries)))

    def add(self, path: str, content: bytes) -> None:
        """Write a member."""
        self._file.write(content)
        self._paths.add(path)
        self._entries.append(_ENTRY.pack(_digest(path), self._end, len(content)))
        self._end += len(content)

    def __contains__(self, path: object) -> bool:
        return path in self._paths

    @property
    def files(self) -> list[str]:
        """The names of the files in the folder."""
        return [_CONTENT, _ENTRIES]


class GatheredReader:
    """Reads the members that Gathered wrote to a folder; none where it has no such file."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _CONTENT
        self._entries = b""
        self._descriptor: int | None = None
        if (folder / _ENTRIES).exists():
            self._entries = (folder / _ENTRIES).read_bytes()
            self._descriptor = os.open(self._path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))

    def __enter__(self) -> GatheredReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def read(self, path: str) -> bytes | None:
        """The bytes of a member; None where it was not gathered."""
        place = self._place(path)
        if place is None or self._descriptor is None:
            return None
        offset, size = place
        content = os.pread(self._descriptor, size, offset)
        while len(content) < size:
            more = os.pread(self._descriptor, size - len(content), offset + len(content))
            if not more:
                raise OutputError(
                    f"{self._path}: truncated by another program; expected member {path!r} up to byte "
                    f"{offset + size:,}, got {offset + len(content):,} bytes. Run the same command again"
                )
            content += more
        return content

    def _place(self, path: str) -> tuple[int, int] | None:
        """The offset and the size of a member; None where it was not gathered."""
        digest, count = _digest(path), len(self._entries) // _ENTRY.size
        number = bisect_left(range(count), digest, key=self._digest_at)
        if number == count or self._digest_at(number) != digest:
            return None
        _digest_of_path, offset, size = _ENTRY.unpack_from(self._entries, number * _ENTRY.size)
        return offset, size

    def _digest_at(self, number: int) -> bytes:
        start = number * _ENTRY.size
        return self._entries[start : start + _DIGEST_BYTES]


def _digest(path: str) -> bytes:
    return hashlib.blake2b(path.encode(), digest_size=_DIGEST_BYTES).digest()
