"""Tags before and after any recording: ID3, APE and Lyrics3."""

from __future__ import annotations

import re

from hearpreprocess.audio.containers.content import Content

_ID3_HEADER, _ID3V1_BYTES, _ENHANCED_BYTES, _APE_BYTES = 10, 128, 227, 32

_MOST_PADDING_BYTES, _MOST_CANDIDATES = 1 << 16, 100

_LYRICS3_ENDS, _LYRICS3_MARK_BYTES = (re.compile(rb"LYRICS200"), re.compile(rb"LYRICSEND")), 9
_LYRICS3_BYTES, _LYRICS3_VERSION_1_BYTES = 15, 5100


def tag_length(content: Content, position: int, end: int) -> int:
    """The length of the tag that begins at a position; 0 if none does."""
    head = content.read(position, min(_APE_BYTES, end - position))
    if head[:3] == b"ID3" and len(head) >= _ID3_HEADER and head[3] < 0xFF and max(head[6:10]) < 0x80:
        footer = _ID3_HEADER if head[5] & 0x10 else 0
        return _ID3_HEADER + _sync_safe(head[6:10]) + footer
    if head[:3] == b"TAG" and end - position in (_ID3V1_BYTES, _ID3V1_BYTES + _ENHANCED_BYTES):
        return end - position
    if head[:8] == b"APETAGEX" and len(head) == _APE_BYTES:
        is_header = int.from_bytes(head[20:24], "little") & 0x20000000
        return int.from_bytes(head[12:16], "little") + _APE_BYTES if is_header else _APE_BYTES
    if head[:11] == b"LYRICSBEGIN":
        for mark in _LYRICS3_ENDS:
            if (found := content.search(mark, position, end)) >= 0:
                return found + _LYRICS3_MARK_BYTES - position
    return 0


def starts_of_audio(content: Content) -> list[int]:
    """The offset behind the tags in front of a recording, and that behind the zeros that may pad them."""
    start = 0
    while (length := tag_length(content, start, content.size)) > 0 and start + length < content.size:
        start += length
    if not start:
        return [0]
    padding = content.read(start, _MOST_PADDING_BYTES)
    return [start, start + len(padding) - len(padding.lstrip(b"\0"))]


def end_of_audio(content: Content, start: int, end: int) -> int:
    """The offset of the tags before `end`, which is returned if there are none."""
    while (length := _length_of_tag_before(content, start, end) or _length_of_id3_before(content, start, end)) > 0:
        end -= length
    return end


def _length_of_id3_before(content: Content, start: int, end: int) -> int:
    """The length of an ID3 tag of version 2 that ends at an offset, without a footer that says so."""
    first = max(start, end - _MOST_PADDING_BYTES)
    tail = content.read(first, end - first)
    position = tail.rfind(b"ID3")
    for _number in range(_MOST_CANDIDATES):
        if position < 0:
            break
        if first + position + tag_length(content, first + position, end) == end:
            return len(tail) - position
        position = tail.rfind(b"ID3", 0, position + 2)
    return 0


def _length_of_tag_before(content: Content, start: int, end: int) -> int:
    tail = content.read(max(start, end - _ID3V1_BYTES), min(_ID3V1_BYTES, end - start))
    length = 0
    if len(tail) == _ID3V1_BYTES and tail[:3] == b"TAG":
        enhanced = content.read(end - _ID3V1_BYTES - _ENHANCED_BYTES, 4) == b"TAG+"
        length = _ID3V1_BYTES + _ENHANCED_BYTES * enhanced
    elif tail[-_APE_BYTES:][:8] == b"APETAGEX":
        footer = tail[-_APE_BYTES:]
        has_header = int.from_bytes(footer[20:24], "little") & 0x80000000
        length = int.from_bytes(footer[12:16], "little") + (_APE_BYTES if has_header else 0)
    elif tail[-10:-7] == b"3DI" and max(tail[-4:]) < 0x80:
        length = _sync_safe(tail[-4:]) + 2 * _ID3_HEADER
    elif tail[-9:] == b"LYRICS200" and tail[-_LYRICS3_BYTES:-9].isdigit():
        length = int(tail[-_LYRICS3_BYTES:-9]) + _LYRICS3_BYTES
    elif tail[-9:] == b"LYRICSEND":
        first = max(start, end - _LYRICS3_VERSION_1_BYTES - 20)
        found = content.read(first, end - first).rfind(b"LYRICSBEGIN")
        length = end - first - found if found >= 0 else 0
    return length if length <= end - start else 0


def _sync_safe(size: bytes) -> int:
    return size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3]
