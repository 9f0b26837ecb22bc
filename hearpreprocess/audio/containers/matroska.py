"""Walk the elements of Matroska and WebM files: their sizes, and the time of the last block."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from hearpreprocess.audio.containers.container import Container, EncodedStream
from hearpreprocess.audio.containers.content import Content
from hearpreprocess.audio.containers.sizes import check_size
from hearpreprocess.audio.containers.tags import end_of_audio
from hearpreprocess.errors import AudioError

_EBML, _SEGMENT, _INFO, _TRACKS, _CLUSTER, _VOID = 0x1A45DFA3, 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675, 0xEC
_TIME_SCALE, _DURATION = 0x2AD7B1, 0x4489
_CLUSTER_TIME, _SIMPLE_BLOCK, _BLOCK_GROUP, _BLOCK = 0xE7, 0xA3, 0xA0, 0xA1

_SLACK_SECONDS = 2.0
"""A block has samples for less, and what measures the duration of live recordings is as exact."""

_IN_SEGMENTS = {0x114D9B74, _INFO, _TRACKS, _CLUSTER, 0x1C53BB6B, 0x1941A469, 0x1043A770, 0x1254C367}
_IN_CLUSTERS = {0xE7, 0xA3, 0xA0, 0xA7, 0xAB, 0xAF, 0x5854}
_CHECKED = {_EBML, _SEGMENT, _VOID, 0xBF, *_IN_SEGMENTS, *_IN_CLUSTERS}
"""The elements that a file is made of; others behind it are no part of it."""

_MOST_ELEMENTS = 10_000_000


class _Element(NamedTuple):
    """An element, whose content lies from `start` to `stop`; `is_open`: whether its size is unknown."""

    name: int
    start: int
    stop: int
    is_open: bool


def matroska_container(content: Content, begin: int, end: int) -> Container | None:
    """Walk the elements; raises AudioError where one lies beyond the end.

    The duration includes gaps and the time before the first block, so complete recordings may have fewer samples. Where
    sizes are unknown, a last block that begins long before it shows a truncated file. `seconds` is the duration if the
    elements are invalid, as a decoder may then skip some.
    """
    if content.read(begin, 4) != _EBML.to_bytes(4, "big"):
        return None
    scale, seconds, cluster, last_block, is_open = 1_000_000, None, 0, 0, False
    reached, segment_end, is_sound = begin, end, True
    for name, start, stop, is_unknown in _elements(content, begin, end):
        is_open = is_open or is_unknown
        is_sound = is_sound and name in _CHECKED
        reached = start if name in (_SEGMENT, _CLUSTER) else stop
        if name == _SEGMENT:
            segment_end = stop
        if name == _INFO:
            scale, seconds = _times(content, start, stop)
        elif name == _CLUSTER_TIME:
            cluster = int.from_bytes(content.read(start, min(8, stop - start)), "big")
        elif name == _SIMPLE_BLOCK and is_open:
            last_block = max(last_block, cluster + _block_time(content, start, stop))
        elif name == _BLOCK_GROUP and is_open:
            blocks = (element for element in _elements(content, start, stop) if element.name == _BLOCK)
            last_block = max(last_block, *(cluster + _block_time(content, one.start, one.stop) for one in blocks), 0)
    if is_open and seconds is not None and last_block * scale / 1e9 < seconds - _SLACK_SECONDS:
        raise AudioError(
            f"truncated: the header declares {seconds:.3f} s, the last block begins at {last_block * scale / 1e9:.3f} s"
        )
    rest = end_of_audio(content, min(reached, segment_end), segment_end)
    is_walked = not any(block.strip(b"\0") for block in content.blocks(reached, rest))
    if seconds is None and not is_walked:
        raise AudioError(f"damaged: no element at byte {reached:,}")
    seconds = None if is_sound and is_walked else seconds
    return Container("Matroska", (EncodedStream(begin, end),), seconds=seconds, by_libsndfile=False)


def _elements(content: Content, position: int, end: int) -> Iterator[_Element]:
    """Every element down to those of clusters."""
    for _number in range(_MOST_ELEMENTS):
        if position >= end:
            return
        name, after_name = _number_at(content, position, end, is_name=True)
        size, start = _number_at(content, after_name, end, is_name=False)
        is_unknown = size == (1 << 7 * (start - after_name)) - 1
        if not name or start == after_name:
            return  # bytes that are no element, behind the last one
        stop = end if is_unknown else start + size
        if stop > end and name not in _CHECKED:
            return
        check_size(stop - start, end - start, f"bytes of element {name:#x}")
        yield _Element(name, start, stop, is_unknown)
        position = start if name in (_SEGMENT, _CLUSTER) else stop


def _number_at(content: Content, position: int, end: int, *, is_name: bool) -> tuple[int, int]:
    """The name or the size at a position, and the position behind it; the same position where there is none."""
    first = content.read(position, 1)
    if not first or not first[0] or position >= end:
        return 0, position
    length = 9 - first[0].bit_length()
    if position + length > end:
        raise AudioError(f"truncated inside the header of an element, at byte {end:,}")
    number = int.from_bytes(content.read(position, length), "big")
    return number if is_name else number & ~(1 << 7 * length), position + length


def _times(content: Content, start: int, stop: int) -> tuple[int, float | None]:
    """The nanoseconds of a unit of time, and the duration in seconds; None if it has none, as in a live recording."""
    scale, duration = 1_000_000, None
    for name, first, last, _is_open in _elements(content, start, stop):
        value = content.read(first, last - first)
        if name == _TIME_SCALE:
            scale = int.from_bytes(value, "big")
        elif name == _DURATION and len(value) in (4, 8):
            (duration,) = struct.unpack(">f" if len(value) == 4 else ">d", value)
    return scale, duration * scale / 1e9 if duration and 0 < duration < float("inf") else None


def _block_time(content: Content, start: int, stop: int) -> int:
    """The start of a block, relative to its cluster."""
    _track, position = _number_at(content, start, stop, is_name=False)
    return int.from_bytes(content.read(position, 2), "big", signed=True)
