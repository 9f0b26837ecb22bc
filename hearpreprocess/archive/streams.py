"""Concatenated compressed streams as one file, as xz and bzip2 read them.

Python's lzma and bz2 stop at the first bytes that do not begin a stream, so that streams after the padding that xz
allows would be lost.
"""

from __future__ import annotations

import bz2
import io
import lzma
from collections.abc import Callable
from typing import Any, BinaryIO

_CHUNK = 1 << 18
_Begin = Callable[[], "lzma.LZMADecompressor | bz2.BZ2Decompressor"]
_PADDING_OF_XZ = 4
"""xz allows zeros between and after streams, in multiples of four (xz file format 1.2.1, section 2.2)."""


class ConcatenatedStreams(io.RawIOBase):
    """The content of streams; raises EOFError where one is truncated, LZMAError or OSError where one is damaged.

    `is_followed`: whether other bytes follow the streams, known at their end. bzip2 ignores such bytes, xz refuses
    them.
    """

    def __init__(self, file: BinaryIO, begin: _Begin) -> None:
        super().__init__()
        self._file, self._begin = file, begin
        self._stream = begin()
        self._magic = b"BZh" if isinstance(self._stream, bz2.BZ2Decompressor) else b"\xfd7zXZ\0"
        self._packed = b""
        self._is_at_end = self.is_followed = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        while len(view) and not self._is_at_end:
            if self._stream.eof:
                self._begin_next()
                continue
            packed = self._packed
            if not packed and self._stream.needs_input and not (packed := self._file.read(_CHUNK)):
                raise EOFError("the compressed content ends before its end mark")
            self._packed = b""
            content = self._stream.decompress(packed, len(view))
            if content:
                view[: len(content)] = content
                return len(content)
        return 0

    def _begin_next(self) -> None:
        """Go to the next stream, or to the end of the file."""
        rest, padding = self._stream.unused_data, 0
        while len(rest) < len(self._magic) or not rest[0]:
            stripped = rest.lstrip(b"\0")
            padding += len(rest) - len(stripped)
            more = self._file.read(_CHUNK)
            rest = stripped + more
            if not more:
                break
        is_xz = isinstance(self._stream, lzma.LZMADecompressor)
        if is_xz and padding % _PADDING_OF_XZ:
            raise lzma.LZMAError(f"{padding:,} zeros after a stream; expected a multiple of {_PADDING_OF_XZ}")
        if rest.startswith(self._magic):
            self._stream, self._packed = self._begin(), rest
            return
        if rest and self._magic.startswith(rest):
            raise EOFError("ends inside the header of a stream")
        if rest and is_xz:
            raise lzma.LZMAError("bytes after a stream that are not another stream")
        self._is_at_end, self.is_followed = True, bool(rest)


def opened_streams(file: BinaryIO, begin: _Begin) -> BinaryIO:
    """The content of the streams in a file; `begin` makes the decompressor of a stream."""
    return io.BufferedReader(ConcatenatedStreams(file, begin), _CHUNK)


def is_followed(opened: Any) -> bool:
    """Whether other bytes follow the streams that `opened_streams` has read; False for any other file."""
    raw = getattr(opened, "raw", None)
    return isinstance(raw, ConcatenatedStreams) and raw.is_followed
