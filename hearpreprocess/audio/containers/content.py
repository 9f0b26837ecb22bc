"""The bytes of a recording, read at any offset, from memory or from an open file."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol, TypeAlias

_HEAD_BYTES = 4096
"""Most headers end here, so that most of them cost one read."""

_BLOCK_BYTES = 1 << 20

_SEARCHED_BYTES, _MOST_PATTERN_BYTES = 60_000, 16
"""Blocks of this size are taken from memory that is in use already, which is faster."""

_SETTLED_NANOSECONDS = 3_000_000_000
"""A file changed again within so long may have the same times: those of some file systems are whole seconds."""


class Readable(Protocol):
    """A recording of `size` bytes that is neither a file nor in memory, such as a member of an archive."""

    size: int

    def read(self, offset: int, length: int) -> bytes:
        """The bytes from an offset, fewer of them or none where the recording ends."""
        ...


Recording: TypeAlias = Path | bytes | Readable
"""A file, its content, or what reads it."""


class Content:
    """A recording's bytes, a context manager that closes its file.

    `size`: their number. `descriptor`: of its file; None if they are in memory.
    `identity`: equal for two files only if their bytes are equal; None for bytes in memory, and for a file that was
    written just now.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.descriptor: int | None = None
        self.identity: tuple[int, ...] | None = None
        if isinstance(recording, bytes):
            self._head, self.size = recording, len(recording)
        elif not isinstance(recording, Path):
            self._head, self.size = recording.read(0, _HEAD_BYTES), recording.size
        else:
            self.descriptor = os.open(recording, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
            try:
                status = os.fstat(self.descriptor)
                self.size = status.st_size
                changed = status.st_mtime_ns, status.st_ctime_ns
                if time.time_ns() - max(changed) > _SETTLED_NANOSECONDS:
                    self.identity = (status.st_dev, status.st_ino, status.st_size, *changed)
                self._head = os.pread(self.descriptor, _HEAD_BYTES, 0)
            except BaseException:
                os.close(self.descriptor)
                raise

    def __enter__(self) -> Content:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    def read(self, offset: int, length: int) -> bytes:
        """The bytes from an offset; fewer or none where the recording ends."""
        if offset < 0 or length <= 0 or offset >= self.size:
            return b""
        recording = self.recording
        if isinstance(recording, bytes) or offset + length <= len(self._head):
            return self._head[offset : offset + length]
        if self.descriptor is None:
            return b"" if isinstance(recording, Path) else recording.read(offset, length)
        pieces = []
        while length > 0 and (piece := os.pread(self.descriptor, min(length, 1 << 30), offset)):
            pieces.append(piece)
            offset, length = offset + len(piece), length - len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def view(self, offset: int, length: int) -> bytes | memoryview:
        """The result of `read`, without a copy of what is in memory already."""
        if isinstance(self.recording, bytes) and offset >= 0 and length >= 0:
            return memoryview(self.recording)[offset : offset + length]
        return self.read(offset, length)

    def blocks(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes of a range, about a megabyte at a time."""
        for offset in range(start, stop, _BLOCK_BYTES):
            yield self.read(offset, min(_BLOCK_BYTES, stop - offset))

    def search(self, pattern: re.Pattern[bytes], start: int, stop: int) -> int:
        """The offset of the first match of a short pattern in a range; -1 if there is none."""
        if isinstance(self.recording, bytes):
            match = pattern.search(self._head, start, stop)
            return match.start() if match else -1
        for offset in range(start, stop, _SEARCHED_BYTES):
            length = min(_SEARCHED_BYTES + _MOST_PATTERN_BYTES - 1, stop - offset)
            if match := pattern.search(self.read(offset, length)):
                return offset + match.start()
        return -1
