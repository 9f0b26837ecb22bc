"""Parts of a recording as files: for libsndfile, which reads them through callbacks, and on disk, for ffmpeg."""

from __future__ import annotations

import bisect
import io
import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING

from hearpreprocess.audio.containers import Content, EncodedStream

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Memory(io.BytesIO):
    """A file's content in memory. With a wrong header, libsndfile seeks before the start, which must not raise."""

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Seek, to the start at the least."""
        try:
            return super().seek(offset, whence)
        except ValueError:
            return super().seek(0)


class View(io.RawIOBase):
    """A part of a recording as a seekable file without a name, from which a library could guess the format."""

    def __init__(self, content: Content, part: EncodedStream) -> None:
        self._content, self._header, self._position = content, part.header, 0
        self._ranges = part.ranges
        self._ends = list(itertools.accumulate((stop - start for start, stop in part.ranges), initial=len(part.header)))

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Seek, to the start at the least."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._ends[-1]}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        """The position."""
        return self._position

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill the buffer from the header, then from the recording."""
        view, filled = memoryview(buffer), 0
        while filled < len(view) and (piece := self._piece(len(view) - filled)):
            view[filled : filled + len(piece)] = piece
            filled += len(piece)
            self._position += len(piece)
        return filled

    def _piece(self, length: int) -> bytes:
        """The bytes from the position to the end of the header or of a range, of a length at most."""
        if self._position < len(self._header):
            return self._header[self._position : self._position + length]
        number = bisect.bisect_right(self._ends, self._position) - 1
        if number == len(self._ranges):
            return b""
        start, stop = self._ranges[number]
        offset = start + self._position - self._ends[number]
        return self._content.read(offset, min(length, stop - offset))


def on_disk(content: Content, part: EncodedStream, folder: Path) -> Path:
    """A part as a file with a neutral name: a link to the recording if it is the whole of it, else a copy."""
    path = folder / "recording"
    path.unlink(missing_ok=True)
    is_whole = part == EncodedStream(0, content.size)
    if is_whole and isinstance(content.recording, Path):
        path.symlink_to(os.path.abspath(content.recording))  # noqa: PTH100  (resolve() would follow links)
        return path
    with path.open("wb") as file:
        file.write(part.header)
        for start, stop in part.ranges:
            for block in content.blocks(start, stop):
                file.write(block)
    return path
