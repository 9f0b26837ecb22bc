"""Walk the elements of Matroska and WebM files: their sizes, the duration, and the time of the last block."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from hearpreprocess.audio.containers.container import Container, Part
from hearpreprocess.audio.containers.content import Content
from hearpreprocess.audio.containers.sizes import check_size
from hearpreprocess.errors import AudioError

_EBML, _SEGMENT, _INFO, _TRACKS, _CLUSTER, _VOID = 0x1A45DFA3, 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675, 0xEC
_TIME_SCALE, _DURATION, _TRACK, _TRACK_TYPE, _AUDIO = 0x2AD7B1, 0x4489, 0xAE, 0x83, b"\x02"

_IN_SEGMENTS = {0x114D9B74, _INFO, _TRACKS, _CLUSTER, 0x1C53BB6B, 0x1941A469, 0x1043A770, 0x1254C367}
_IN_CLUSTERS = {0xE7, 0xA3, 0xA0, 0xA7, 0xAB, 0xAF, 0x5854}
_CHECKED = {_EBML, _SEGMENT, _VOID, 0xBF, *_IN_SEGMENTS, *_IN_CLUSTERS}
"""The elements that a file is made of; others behind it are no part of it."""

_MOST_ELEMENTS = 1_000_000


def matroska_container(content: Content, begin: int, end: int) -> Container | None:
    """Walk the elements; raises AudioError where one lies beyond the end.

    `seconds` is the declared duration, where there is no other track that it may be of.
    """
    if content.read(begin, 4) != _EBML.to_bytes(4, "big"):
        return None
    seconds, is_audio_alone = None, True
    for name, start, stop in _elements(content, begin, end):
        if name == _INFO:
            seconds = _seconds(content, start, stop)
        elif name == _TRACKS:
            is_audio_alone = is_audio_alone and _is_audio_alone(content, start, stop)
    return Container("Matroska", (Part(begin, end),), seconds=seconds if is_audio_alone else None, by_libsndfile=False)


def _elements(content: Content, position: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Every element down to those of clusters: its name, and where its content begins and ends."""
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
        yield name, start, stop
        position = start if name in (_SEGMENT, _CLUSTER) else stop


def _number_at(content: Content, position: int, end: int, *, is_name: bool) -> tuple[int, int]:
    """The name or the size at a position, and the position behind it; the same position where there is none."""
    first = content.read(position, 1)
    if not first or not first[0] or position >= end:
        return 0, position
    length = 9 - first[0].bit_length()
    if position + length > end:
        raise AudioError(f"it is cut short: it ends within the header of an element, at byte {end:,}")
    number = int.from_bytes(content.read(position, length), "big")
    return number if is_name else number & ~(1 << 7 * length), position + length


def _seconds(content: Content, start: int, stop: int) -> float | None:
    """The duration in the information on a segment; None where it has none, as of a live recording."""
    scale, duration = 1_000_000, None
    for name, first, last in _elements(content, start, stop):
        value = content.read(first, last - first)
        if name == _TIME_SCALE:
            scale = int.from_bytes(value, "big")
        elif name == _DURATION and len(value) in (4, 8):
            (duration,) = struct.unpack(">f" if len(value) == 4 else ">d", value)
    return duration * scale / 1e9 if duration and 0 < duration < float("inf") else None


def _is_audio_alone(content: Content, start: int, stop: int) -> bool:
    """Whether the tracks are of audio alone."""
    tracks = [(first, last) for name, first, last in _elements(content, start, stop) if name == _TRACK]
    kinds = [
        content.read(begin, end - begin)
        for first, last in tracks
        for name, begin, end in _elements(content, first, last)
        if name == _TRACK_TYPE
    ]
    return all(kind == _AUDIO for kind in kinds)
