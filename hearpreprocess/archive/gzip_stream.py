"""The content of a gzip file: its start is decompressed where it is read, all else by a thread that reads ahead.

Most readers of a finished task's tarball want its first member alone, and a thread decompresses megabytes before it
notices that nobody reads on.

No CRC-32 of ISA-L is computed in the caller's thread: with AVX-512 it leaves the vector registers in a state in which
libsoxr takes about ten times as long to design a filter, for the rest of the thread's life (python-isal 1.9.1).
"""

from __future__ import annotations

import gzip
import io
from typing import Any, BinaryIO

from isal import igzip_threaded

_START = 1 << 18
"""The bytes after which the thread begins, which decompresses these again."""


class GzipStream(io.RawIOBase):
    """The content of the gzip file `file`, which stays open.

    Raises EOFError, OSError, zlib.error or isal's IsalError where it is damaged.
    """

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file, self._position, self._is_ahead = file, 0, False
        self._content: Any = gzip.GzipFile(fileobj=file, mode="rb")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if not self._is_ahead and not 0 <= size <= _START - self._position:
            self._begin_ahead()
        content: bytes = self._content.read(size)
        self._position += len(content)
        return content

    def _begin_ahead(self) -> None:
        self._content.close()
        self._file.seek(0)
        self._content = igzip_threaded.open(self._file, "rb", threads=1)
        self._content.read(self._position)
        self._is_ahead = True

    def close(self) -> None:
        if not self.closed:
            self._content.close()
        super().close()
