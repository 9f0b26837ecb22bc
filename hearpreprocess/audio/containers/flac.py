"""What a FLAC stream declares, where the next one begins, and the length of one that does not state it."""

from __future__ import annotations

import itertools
import re

from hearpreprocess.audio.containers.container import Container, Part
from hearpreprocess.audio.containers.content import Content
from hearpreprocess.audio.containers.sizes import check_size
from hearpreprocess.audio.containers.tags import end_of_audio
from hearpreprocess.errors import AudioError

_MARK, _STREAMINFO_BYTES, _LAST = b"fLaC", 34, 0x80

_START = re.compile(rb"fLaC[\x00\x80]\x00\x00\x22")
"""The mark and the header of the block that must come first."""

_MOST_BLOCKS = 10_000

_TOTAL_AT, _TOTAL_BYTES, _TOTAL_BITS = 21, 5, (1 << 36) - 1

_MOST_FRAME_BYTES = 1 << 20
"""More than a frame of 65,535 samples in 8 channels of 16 bits has where it is compressed at all."""

_SYNC, _IS_VARIABLE = (b"\xff\xf8", b"\xff\xf9"), 1


def flac_container(content: Content, begin: int, end: int) -> Container | None:
    """Read the header, and count the samples where it does not state them, as a pipe leaves it.

    Raises AudioError where the header is cut, or the last frame of a stream whose length is not stated.
    """
    head = content.read(begin, 8 + _STREAMINFO_BYTES)
    if head[:4] != _MARK:
        return None
    position = begin + len(_MARK)
    for _number in range(_MOST_BLOCKS):
        block = content.read(position, 4)
        size = int.from_bytes(block[1:], "big")
        check_size(size + 4, end - position, "bytes of metadata")
        position += 4 + size
        if block[0] & _LAST:
            break
    if frames := _total(head):
        return Container("FLAC", (Part(begin, end),), frames=frames)
    parts = flac_parts(content, begin, position, end)
    totals = [_total(part.header or content.read(part.begin, _TOTAL_AT + _TOTAL_BYTES)) for part in parts]
    return Container("FLAC", parts, frames=sum(totals))


def flac_parts(content: Content, begin: int, position: int, end: int) -> tuple[Part, ...]:
    """The streams from `begin` on, the first of which does not end before `position`."""
    starts = [begin]
    while (following := content.search(_START, position, end)) >= 0:
        starts.append(following)
        position = following + len(_MARK)
    return tuple(_with_total(content, *ends) for ends in itertools.pairwise([*starts, end]))


def _total(head: bytes) -> int:
    return int.from_bytes(head[_TOTAL_AT : _TOTAL_AT + _TOTAL_BYTES], "big") & _TOTAL_BITS


def _with_total(content: Content, begin: int, end: int) -> Part:
    """A stream with its length in its header: libsndfile cannot read it without."""
    head = content.read(begin, _TOTAL_AT + _TOTAL_BYTES)
    if _total(head):
        return Part(begin, end)
    end = end_of_audio(content, begin, end)
    first = max(begin, end - _MOST_FRAME_BYTES)
    tail = content.read(first, end - first).rstrip(b"\0") + b"\0\0"
    frames = _end_of_last_frame(tail[: end - first], int.from_bytes(head[8:10], "big"))
    upper = int.from_bytes(head[_TOTAL_AT:], "big") | frames
    return Part(begin + len(head), end, head[:_TOTAL_AT] + upper.to_bytes(_TOTAL_BYTES, "big"))


def _end_of_last_frame(tail: bytes, block: int) -> int:
    """The number of samples up to the end of the last frame, by its header; `block`: samples of the other frames.

    Raises AudioError where no whole frame ends the stream.
    """
    position = len(tail)
    while (position := max(tail.rfind(sync, 0, position + 1) for sync in _SYNC)) >= 0:
        if (samples := _samples_before_end(tail[position : position + 16], block)) is not None:
            frame = tail[position:]
            # The checksum ends the frame; zeros may lie behind it, or be its own last bytes.
            if any(not _checksum_16(frame[: len(frame) - zeros]) for zeros in range(3)):
                return samples
        position -= 1
    raise AudioError("it is cut short: no whole frame ends the stream, whose header declares no length")


def _samples_before_end(header: bytes, block: int) -> int | None:
    """The number of samples up to the end of the frame with this header; None if it is none."""
    code, number, position = header[2] >> 4 if len(header) == 16 else 0, 0, 4
    if code == 0:
        return None
    first = header[position]
    continued = 0 if first < 0x80 else 8 - (first ^ 0xFF).bit_length() - 1
    if first >= 0x80 and not 1 <= continued <= 6:
        return None
    number = first if first < 0x80 else first & (0x3F >> continued)
    for byte in header[position + 1 : position + 1 + continued]:
        if byte & 0xC0 != 0x80:
            return None
        number = number << 6 | byte & 0x3F
    position += 1 + continued
    if code in (6, 7):
        size = int.from_bytes(header[position : position + code - 5], "big") + 1
        position += code - 5
    else:
        size = 192 if code == 1 else 576 << code - 2 if code < 6 else 256 << code - 8
    position += {12: 1, 13: 2, 14: 2}.get(header[2] & 15, 0)
    if _checksum_8(header[: position + 1]):
        return None
    return number * (1 if header[1] & _IS_VARIABLE else block) + size


def _table(polynomial: int, bits: int) -> list[int]:
    """The checksums of all bytes."""
    checksums = []
    for byte in range(256):
        checksum = byte << bits - 8
        for _bit in range(8):
            checksum = checksum << 1 ^ (polynomial if checksum >> bits - 1 else 0)
            checksum &= (1 << bits) - 1
        checksums.append(checksum)
    return checksums


_TABLE_8, _TABLE_16 = _table(0x07, 8), _table(0x8005, 16)


def _checksum_8(data: bytes) -> int:
    """0 for a frame's header with its checksum."""
    checksum = 0
    for byte in data:
        checksum = _TABLE_8[checksum ^ byte]
    return checksum


def _checksum_16(data: bytes) -> int:
    """0 for a whole frame with its checksum."""
    checksum = 0
    for byte in data:
        checksum = (checksum & 0xFF) << 8 ^ _TABLE_16[checksum >> 8 ^ byte]
    return checksum
