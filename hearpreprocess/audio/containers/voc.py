"""Find the samples in Creative Voice files, which may consist of many blocks."""

from __future__ import annotations

import itertools
import struct

from hearpreprocess.audio.containers.chunks import MOST_CHUNKS
from hearpreprocess.audio.containers.container import Container, EncodedStream
from hearpreprocess.audio.containers.content import Content
from hearpreprocess.audio.containers.riff import linear_header
from hearpreprocess.audio.containers.sizes import check_size
from hearpreprocess.errors import AudioError

_MARK, _BLOCK_HEADER_BYTES = b"Creative Voice File\x1a", 4

_END, _SAMPLES, _MORE_SAMPLES, _SILENCE, _REPEAT, _STEREO, _NEW_SAMPLES = 0, 1, 2, 3, 6, 8, 9

_SHORT_BY_SOX = 8
"""sox leaves so many bytes of its header out of the size of a block."""

_CODECS = {0: (1, 8), 4: (1, 16), 6: (6, 8), 7: (7, 8)}
"""The code of a WAV file's format and the bits of a sample, by the codec."""


def voc_container(content: Content, begin: int, end: int) -> Container | None:
    """Walk the blocks; those behind the first one are joined to it, as libsndfile takes their headers for samples."""
    head = content.read(begin, 26)
    if head[: len(_MARK)] != _MARK or len(head) < 26:
        return None
    position = begin + struct.unpack_from("<H", head, 20)[0]
    ranges: list[tuple[int, int]] = []
    form: tuple[int, int, int, int] | None = None
    is_new = False
    for _number in range(MOST_CHUNKS):
        block = content.read(position, _BLOCK_HEADER_BYTES)
        if block[:1] == bytes([_END]):
            break
        if len(block) < _BLOCK_HEADER_BYTES or position >= end:
            # libsndfile counts the end to the block before it, or leaves it out behind a block of the old kind.
            if is_new and content.read(position - 1, 1) != bytes([_END]):
                raise AudioError("truncated: no end block")
            if is_new and ranges:
                ranges[-1:] = [(ranges[-1][0], position - 1), (position, position)]
            break
        kind, size = block[0], int.from_bytes(block[1:], "little")
        start = position + _BLOCK_HEADER_BYTES
        position = start + size
        if kind == _NEW_SAMPLES and position + _SHORT_BY_SOX + 1 == end and content.read(end - 1, 1) == b"\0":
            return Container("VOC", (EncodedStream(begin, end),))
        check_size(size, end - start)
        if kind in (_SILENCE, _REPEAT, _STEREO) or (form is not None and kind in (_SAMPLES, _NEW_SAMPLES)):
            form = (0, 0, 0, 0)  # left to libsndfile where it is the first, else refused
        elif kind == _NEW_SAMPLES:
            is_new = True
            rate, bits, channels, codec = struct.unpack("<LBBH", content.read(start, 8).ljust(8, b"\0"))
            form = (_CODECS.get(codec, (0, 0))[0], channels, rate, bits)
            ranges.append((start + 12, position))
        elif kind == _SAMPLES:
            divisor, codec = content.read(start, 2).ljust(2, b"\0")
            form = (*_CODECS.get(codec, (0, 0))[:1], 1, 1_000_000 // (256 - divisor), _CODECS.get(codec, (0, 0))[1])
            ranges.append((start + 2, position))
        elif kind == _MORE_SAMPLES:
            ranges.append((start, position))
    if len(ranges) < 2:
        return Container("VOC", (EncodedStream(begin, min(end, position + 1)),))
    if form is None or not all(form):
        raise AudioError("unsupported format: VOC file with blocks of different kinds")
    length = sum(stop - start for start, stop in ranges)
    gaps = tuple((stop, start) for (_start, stop), (start, _stop) in itertools.pairwise(ranges))
    return Container("VOC", (EncodedStream(ranges[0][0], ranges[-1][1], linear_header(form, length), gaps),))
