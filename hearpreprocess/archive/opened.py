"""Members of archives that are read at any offset without being unpacked to the disk."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Protocol

_CHUNK = 1 << 16
_IN_MEMORY = 8 << 20


class OpenedMember(Protocol):
    """A member of `size` bytes."""

    size: int

    def read(self, offset: int, length: int) -> bytes:
        """The bytes from an offset, fewer of them or none where the member ends."""
        ...


class StoredMember:
    """A member that lies in a file as it is, from the byte `start` on."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file, self._start, self.size = file, start, size

    def read(self, offset: int, length: int) -> bytes:
        """The bytes from an offset, fewer of them or none where the member ends."""
        self._file.seek(self._start + offset)
        return self._file.read(max(0, min(length, self.size - offset)))


class CompressedMember:
    """A member that can only be decompressed from its start.

    It is decompressed as far as it is read. What was is kept for further reads, beyond 8 MiB in a temporary file in
    `folder`. `decompress`: returns the next bytes, at most as many as it is given, none at the end.
    """

    def __init__(self, decompress: Callable[[int], bytes], size: int, folder: Path) -> None:
        self._decompress, self.size = decompress, size
        self._kept = tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(folder))  # noqa: SIM115  (closed by `close`)
        self.decompressed = 0

    def read(self, offset: int, length: int) -> bytes:
        """The bytes from an offset, fewer of them or none where the member ends."""
        end = min(offset + length, self.size)
        self._kept.seek(self.decompressed)
        while self.decompressed < end and (piece := self._decompress(min(_CHUNK, self.size - self.decompressed))):
            self._kept.write(piece)
            self.decompressed += len(piece)
        self._kept.seek(offset)
        return self._kept.read(max(0, end - offset))

    def close(self) -> None:
        """Remove what was decompressed."""
        self._kept.close()
