"""Several files as one, without a joined copy on disk."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

_BUFFER = 1 << 20


class JoinedFiles(io.RawIOBase):
    """Concatenated files as one file that can be read at any position."""

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__()
        self._files: list[BinaryIO] = []
        self._starts: list[int] = []
        self._length = self._position = 0
        try:
            for path in paths:
                self._files.append(path.open("rb"))
                self._starts.append(self._length)
                self._length += self._files[-1].seek(0, io.SEEK_END)
        except BaseException:
            self.close()
            raise

    @property
    def length(self) -> int:
        """The bytes of all files."""
        return self._length

    def append(self, content: bytes) -> None:
        """Add bytes at the end, as if they were one more file."""
        self._files.append(io.BytesIO(content))
        self._starts.append(self._length)
        self._length += len(content)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._length}[whence]
        if start + offset < 0:
            raise OSError("negative seek")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        done = 0
        while done < len(view) and self._position < self._length:
            number = bisect_right(self._starts, self._position) - 1
            file = self._files[number]
            file.seek(self._position - self._starts[number])
            content = file.read(len(view) - done)
            if not content:
                break
            view[done : done + len(content)] = content
            done += len(content)
            self._position += len(content)
        return done

    def close(self) -> None:
        for file in self._files:
            file.close()
        super().close()


def opened_parts(paths: Sequence[Path]) -> BinaryIO:
    """Open one file, or several concatenated ones, for reading."""
    return paths[0].open("rb", _BUFFER) if len(paths) == 1 else io.BufferedReader(JoinedFiles(paths), _BUFFER)
