"""The header of a FLAC stream, the start of the next stream, and the length of a stream that does not state it."""

from __future__ import annotations

import itertools
import re

from hearpreprocess.audio.containers.container import Container, EncodedStream
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
_SYNC_CODE, _HEADER_BYTES = re.compile(rb"\xff[\xf8\xf9]"), 16

_SHORTEST_STEP = 30_000
"""A step over fewer bytes takes longer than to search them."""


def flac_container(content: Content, begin: int, end: int) -> Container | None:
    """Read the header, and count the samples where it does not state them, as when written to a pipe.

    Raises AudioError where the header is truncated, or the last frame of a stream without a stated length.
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
        return Container("FLAC", (EncodedStream(begin, end),), frames=frames)
    parts = flac_parts(content, begin, position, end)
    totals = [_total(part.header or content.read(part.begin, _TOTAL_AT + _TOTAL_BYTES)) for part in parts]
    return Container("FLAC", parts, frames=sum(totals))


def flac_parts(content: Content, begin: int, position: int, end: int) -> tuple[EncodedStream, ...]:
    """The streams from `begin` on, the first of which does not end before `position`."""
    starts = [begin]
    while (following := content.search(_START, position, end)) >= 0:
        starts.append(following)
        position = following + len(_MARK)
    return tuple(_with_total(content, *ends) for ends in itertools.pairwise([*starts, end]))


def search_start(content: Content, begin: int, position: int, first: int, end: int) -> int:
    """An offset before which no second stream begins; `first`: the sample that follows at `position` or behind it.

    The frames that are still to come have the size at least that the header states for the smallest. So many bytes
    ahead, two frames that follow each other show by their numbers how many are left, and the next step is taken.
    """
    head = content.read(begin, _TOTAL_AT + _TOTAL_BYTES)
    (smallest, largest), block, total = _frame_sizes(head), int.from_bytes(head[10:12], "big"), _total(head)
    window = 2 * largest + _HEADER_BYTES
    while smallest and largest and block:
        room = ((total - first) // block - 1) * smallest
        if room < max(_SHORTEST_STEP, window) or position + room > end:
            break
        position += room
        found = _two_frames(content.read(position - window, window), int.from_bytes(head[8:10], "big"))
        if found is None or not first < found[1] < total:
            break
        position, first = position - window + found[0], found[1]
    return position


def _two_frames(data: bytes, block: int) -> tuple[int, int] | None:
    """The offset and the first sample of a frame that another one follows; None if there is none."""
    frames: dict[int, tuple[int, int]] = {}
    for match in _SYNC_CODE.finditer(data):
        start, stop = _samples_of(data[match.start() : match.start() + _HEADER_BYTES], block) or (0, 0)
        if start in frames:
            return frames[start]
        if stop:
            frames[stop] = match.start(), start
    return None


def ends_with_last_frame(content: Content, begin: int, end: int) -> bool:
    """Whether the last bytes before any tags are a whole frame with the last sample that the header declares.

    Its checksum must be right. False also where the header does not state what is needed to find it.
    """
    head = content.read(begin, _TOTAL_AT + _TOTAL_BYTES)
    (_smallest, largest), block, total = _frame_sizes(head), int.from_bytes(head[8:10], "big"), _total(head)
    if not largest or not total:
        return False
    tail = content.read(max(begin, end - largest), min(largest, end - begin))
    for match in _SYNC_CODE.finditer(tail):
        samples = _samples_of(tail[match.start() : match.start() + _HEADER_BYTES].ljust(_HEADER_BYTES, b"\0"), block)
        if samples is not None and samples[1] == total and is_whole_frame(tail[match.start() :]):
            return True
    before_tags = end_of_audio(content, begin, end)
    return before_tags < end and ends_with_last_frame(content, begin, before_tags)


def check_total(content: Content, begin: int, end: int) -> None:
    """Raise AudioError where the last frame ends behind the last sample that the header declares.

    Not where the header lies elsewhere than at `begin`: its length is that of the last frame then.
    """
    head = content.read(begin, _TOTAL_AT + _TOTAL_BYTES)
    (_smallest, largest), block, total = _frame_sizes(head), int.from_bytes(head[8:10], "big"), _total(head)
    if head[:4] != _MARK or not largest or not total:
        return
    end = end_of_audio(content, begin, end)
    tail = content.read(max(begin, end - largest), min(largest, end - begin))
    for match in _SYNC_CODE.finditer(tail):
        samples = _samples_of(tail[match.start() : match.start() + _HEADER_BYTES], block)
        if samples is not None and samples[1] > total and is_whole_frame(tail[match.start() :]):
            raise AudioError(
                f"contradictory length: the header declares {total:,} samples, the last frame ends with sample "
                f"{samples[1]:,}. Convert it again with flac or ffmpeg"
            )


def _frame_sizes(head: bytes) -> tuple[int, int]:
    """The sizes of the smallest and the largest frame in bytes; 0 where they are not stated."""
    return int.from_bytes(head[12:15], "big"), int.from_bytes(head[15:18], "big")


def _total(head: bytes) -> int:
    return int.from_bytes(head[_TOTAL_AT : _TOTAL_AT + _TOTAL_BYTES], "big") & _TOTAL_BITS


def _with_total(content: Content, begin: int, end: int) -> EncodedStream:
    """A stream with its length in its header: libsndfile cannot read it without."""
    head = content.read(begin, _TOTAL_AT + _TOTAL_BYTES)
    if _total(head):
        return EncodedStream(begin, end)
    end = end_of_audio(content, begin, end)
    first = max(begin, end - _MOST_FRAME_BYTES)
    tail = content.read(first, end - first).rstrip(b"\0") + b"\0\0"
    frames = _end_of_last_frame(tail[: end - first], int.from_bytes(head[8:10], "big"))
    upper = int.from_bytes(head[_TOTAL_AT:], "big") | frames
    return EncodedStream(begin + len(head), end, head[:_TOTAL_AT] + upper.to_bytes(_TOTAL_BYTES, "big"))


def _end_of_last_frame(tail: bytes, block: int) -> int:
    """The number of samples up to the end of the last frame, by its header; `block`: samples of the other frames.

    Raises AudioError where no whole frame ends the stream.
    """
    position = len(tail)
    while (position := max(tail.rfind(sync, 0, position + 1) for sync in _SYNC)) >= 0:
        if (samples := _samples_of(tail[position : position + _HEADER_BYTES], block)) is not None:
            frame = tail[position:]
            # The checksum ends the frame; zeros may lie behind it, or be its own last bytes.
            if any(is_whole_frame(frame[: len(frame) - zeros]) for zeros in range(3)):
                return samples[1]
        position -= 1
    raise AudioError("truncated: no complete frame at the end, and the header declares no length")


def _samples_of(header: bytes, block: int) -> tuple[int, int] | None:
    """The samples before the frame with this header, and up to its end; None if it is not a frame header."""
    code, number, position = header[2] >> 4 if len(header) == _HEADER_BYTES else 0, 0, 4
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
    start = number * (1 if header[1] & _IS_VARIABLE else block)
    return start, start + size


def _table() -> list[int]:
    """The checksums of all bytes, in 8 bits: the rest by x^8 + x^2 + x + 1."""
    checksums = []
    for byte in range(256):
        checksum = byte
        for _bit in range(8):
            checksum = (checksum << 1 ^ (0x07 if checksum >> 7 else 0)) & 0xFF
        checksums.append(checksum)
    return checksums


_TABLE_8 = _table()


def _checksum_8(data: bytes) -> int:
    """0 for a frame's header with its checksum."""
    checksum = 0
    for byte in data:
        checksum = _TABLE_8[checksum ^ byte]
    return checksum


def is_whole_frame(data: bytes) -> bool:
    """Whether data end with the checksum of what is before it: as a polynomial they are a multiple of its own.

    That is (x + 1) * (x^15 + x + 1). Where x^15 is x + 1, so it is with each exponent times any power of two: thus the
    upper bits are added to the lower ones in a few large steps.
    """
    bits = int.from_bytes(data, "big")
    if bits.bit_count() % 2:
        return False
    exponent = 1 << (bits.bit_length() // 15).bit_length()
    while exponent:
        while upper := bits >> 15 * exponent:
            bits = bits & (1 << 15 * exponent) - 1 ^ upper << exponent ^ upper
        exponent >>= 1
    return not bits
