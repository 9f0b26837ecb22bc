"""Find the samples in WAV files: RIFF, RIFX, RF64 and BW64, as the writers of the world write them."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from hearpreprocess.audio.containers.content import Content
from hearpreprocess.audio.containers.sizes import check_size, is_placeholder
from hearpreprocess.errors import AudioError

ORDERS = {b"RIFF": "<", b"RF64": "<", b"BW64": "<", b"RIFX": ">"}
"""The byte order by the first four bytes."""

CHUNK_HEADER, _FORM_HEADER = 8, 12

_DS64 = struct.Struct("<QQQ")

_EXTENSIBLE = 0xFFFE
_GUID_TAILS = (
    b"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71",
    b"\x00\x00\x21\x07\xd3\x11\x86\x44\xc8\xc1\xca\x00\x00\x00",  # Ambisonic B-format
)

_MOST_CHUNKS = 100_000

_TAIL_BYTES = 1 << 20
_BEHIND = re.compile(rb"LIST|INFO|id3 |ID3 |bext|iXML|axml|cue |smpl|inst|afsp|PAD |PEAK|fact|JUNK|_PMX|cart|chna|umid")
"""Chunks that may lie behind samples whose length the header does not state."""


@dataclass(frozen=True, slots=True)
class WavFormat:
    """The format chunk: its code (1: PCM, 3: float; that within EXTENSIBLE), channels, hertz, bytes a block, bits."""

    code: int
    channels: int
    rate: int
    block: int
    bits: int


@dataclass(frozen=True, slots=True)
class WavLayout:
    """Where in a WAV file its samples lie.

    `description`: the content of its format chunk. `start`, `length`: of the samples, in bytes. `declared`: the length
    that the header states; None where it has a placeholder. `frames`: of the fact chunk. `is_plain`: whether every
    reader finds the samples in the same place: one format chunk, then the samples, padded chunks around them.
    """

    order: str
    description: bytes
    start: int
    length: int
    declared: int | None
    frames: int | None
    is_plain: bool

    @property
    def format(self) -> WavFormat:
        """What the format chunk says; raises AudioError where it is too short."""
        if len(self.description) < 16:
            raise AudioError("its format chunk is too short")
        code, channels, rate, _speed, block, bits = struct.unpack_from(f"{self.order}HHLLHH", self.description)
        if code == _EXTENSIBLE and len(self.description) >= 40 and self.description[26:40] in _GUID_TAILS:
            (code,) = struct.unpack_from(f"{self.order}H", self.description, 24)
        return WavFormat(code, channels, rate, block, bits)


def wav_layout(content: Content, begin: int = 0, end: int | None = None) -> WavLayout | None:
    """Walk a WAV file's chunks; None where it is none, or lacks a format or samples.

    `begin`, `end`: where it lies in `content`. Raises AudioError where it holds less than its header declares.
    """
    end = content.size if end is None else end
    head = content.read(begin, _FORM_HEADER)
    order = ORDERS.get(head[:4], "")
    if not order or head[8:12] != b"WAVE":
        return None
    chunk = struct.Struct(f"{order}4sL")
    sizes_64: tuple[int, ...] | None = None
    description, frames, samples = b"", None, None
    is_plain, position = True, begin + _FORM_HEADER
    for _number in range(_MOST_CHUNKS):
        header = content.read(position, chunk.size)
        if position + chunk.size > end or len(header) < chunk.size:
            break
        name, size = chunk.unpack(header)
        start = position + chunk.size
        if name == b"ds64" and size >= _DS64.size and len(values := content.read(start, _DS64.size)) == _DS64.size:
            sizes_64 = _DS64.unpack(values)
        elif name == b"fmt " and not description:
            description = content.read(start, min(size, 4096))
        elif name == b"fact" and size >= 4:
            frames = int.from_bytes(content.read(start, 4), "little" if order == "<" else "big")
        elif name == b"data" and samples is None:
            if sizes_64 is not None and size == 0xFFFFFFFF:
                size = sizes_64[1]
            stop = (
                _unknown_end(content, order, begin, start, end)
                if _is_unknown(content, order, start, size, end)
                else None
            )
            declared = size if stop is None else None
            length = size if stop is None else stop - start
            check_size(length, end - start)
            samples = (start, length, declared)
            is_plain = is_plain and bool(description)
            size = length
            if description:
                break
        following = start + size + size % 2
        if size % 2 and not _is_chunk(content, following, end, chunk) and _is_chunk(content, start + size, end, chunk):
            following, is_plain = start + size, False  # a writer that leaves out the padding
        position = following
    if samples is None or not description:
        return None
    return WavLayout(order, description, *samples, frames, is_plain)


def _is_unknown(content: Content, order: str, start: int, size: int, end: int) -> bool:
    """Whether the declared size of the samples is a placeholder.

    0 is none where chunks follow that lead to the end: then there are no samples.
    """
    if size == 0:
        return start < end and not _leads_to_end(content, order, start, end)
    return is_placeholder(size) and start + size > end


def _unknown_end(content: Content, order: str, begin: int, start: int, end: int) -> int:
    """Where samples of unknown length end: where the form does, or before the chunks behind them, or with the file."""
    form_end = begin + CHUNK_HEADER + int.from_bytes(content.read(begin + 4, 4), "little" if order == "<" else "big")
    if start < form_end < end:
        end = form_end
    first = max(start, end - _TAIL_BYTES)
    tail = content.read(first, end - first)
    offsets = sorted(match.start() for match in _BEHIND.finditer(tail))
    return next((first + offset for offset in offsets if _leads_to_end(content, order, first + offset, end)), end)


def _leads_to_end(content: Content, order: str, position: int, end: int) -> bool:
    """Whether chunks from a position on end exactly where the file does."""
    chunk = struct.Struct(f"{order}4sL")
    while position < end:
        if not _is_chunk(content, position, end, chunk):
            return False
        size = chunk.unpack(content.read(position, chunk.size))[1]
        position += chunk.size + size
        if size % 2 and position < end and content.read(position, 1) == b"\0":
            position += 1
    return position == end


def _is_chunk(content: Content, position: int, end: int, chunk: struct.Struct) -> bool:
    """Whether a chunk may begin at a position: a name in ASCII, and a size that fits, or is that of the samples."""
    if position == end:
        return True
    header = content.read(position, chunk.size)
    if len(header) < chunk.size or position + chunk.size > end:
        return False
    name, size = chunk.unpack(header)
    return all(32 <= byte < 127 for byte in name) and (name == b"data" or position + chunk.size + size <= end)
