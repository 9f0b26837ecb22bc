"""Walk the chunks of RIFF and IFF files, with or without the padding that the standards require."""

from __future__ import annotations

import struct
from typing import NamedTuple

from hearpreprocess.audio.containers.content import Content
from hearpreprocess.audio.containers.tags import end_of_audio

HEADER_BYTES = 8

_LITTLE, _BIG = struct.Struct("<4sL"), struct.Struct(">4sL")

MOST_CHUNKS = 100_000
"""More are no recording, but bytes that take long."""

_MOST_BEHIND, _MOST_ZEROS = 100, 4096

_SAMPLES = (b"data", b"SSND", b"BODY", b"movi")


class Chunks(NamedTuple):
    """The chunks of a form that ends at `end`; `order`: of its bytes, `<` or `>`."""

    content: Content
    order: str
    end: int

    def header(self, position: int) -> tuple[bytes, int] | None:
        """The name and declared size of the chunk at a position; None behind the last one."""
        if position + HEADER_BYTES > self.end:
            return None
        header = self.content.read(position, HEADER_BYTES)
        name, size = (_LITTLE if self.order == "<" else _BIG).unpack(header)
        return name, size

    def following(self, start: int, size: int) -> tuple[int, bool]:
        """Where the chunk begins that follows the content of another one, and whether padding lacks before it."""
        position = start + size
        if size % 2 == 0:
            return position, False
        if not self.is_chunk(position + 1) and self.is_chunk(position):
            return position, True
        return position + 1, False

    def is_chunk(self, position: int) -> bool:
        """Whether a chunk may begin at a position: a name in ASCII, and a size that fits, or is that of the samples."""
        if position == self.end:
            return True
        header = self.header(position)
        return (
            header is not None
            and all(32 <= byte < 127 for byte in header[0])
            and (header[0] in _SAMPLES or position + HEADER_BYTES + header[1] <= self.end)
        )

    def zeros(self, position: int) -> int:
        """How many zeros lie between a position and a chunk behind them, where nothing else does; else 0."""
        read = self.content.read(position, min(_MOST_ZEROS, self.end - position))
        count = len(read) - len(read.lstrip(b"\0"))
        return count if self.is_chunk(position + count) else 0

    def is_size(self, start: int, size: int) -> bool:
        """Whether a number that may be a placeholder is the size of samples: the end, chunks or tags follow them."""
        position, _lacks_padding = self.following(start, size)
        return self.lead_to_end(position) or start + size == end_of_audio(self.content, start, self.end)

    def lead_to_end(self, position: int) -> bool:
        """Whether chunks from a position on end exactly where the form does."""
        for _number in range(_MOST_BEHIND):
            if position >= self.end:
                break
            header = self.header(position)
            if header is None or not self.is_chunk(position):
                return False
            size = header[1]
            position += HEADER_BYTES + size
            if size % 2 and self.content.read(position, 1) == b"\0":
                position += 1
        return position == self.end
