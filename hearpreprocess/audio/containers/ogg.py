"""Walk the pages of an Ogg file: whole pages, in sequence, to the last of each stream."""

from __future__ import annotations

import struct
import zlib

from hearpreprocess.audio.containers.container import Container, Part
from hearpreprocess.audio.containers.content import Content
from hearpreprocess.errors import AudioError

_MARK = b"OggS"
_PAGE = struct.Struct("<4sBBqLLLB")
_CHECKSUM, _CONTINUED, _FIRST, _LAST = slice(22, 26), 1, 2, 4

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Each byte with its bits reversed: so the checksum of Ogg becomes that of zlib."""


def ogg_container(content: Content, begin: int, end: int) -> Container | None:
    """Walk all pages; each link of a chain is a part.

    Raises AudioError where a page is damaged or missing, or the last one does not end its stream.
    """
    if content.read(begin, 4) != _MARK:
        return None
    data = content.read(begin, end - begin)
    parts: list[Part] = []
    sequences: dict[int, int] = {}
    position, link, is_open = 0, 0, False
    while data[position : position + 4] == _MARK:
        flags, serial, sequence, length = _page(data, position)
        if flags & _FIRST and not sequences and is_open:
            parts.append(Part(begin + link, begin + position))
            link, is_open = position, False
        if flags & _FIRST:
            sequences[serial] = sequence
        elif sequences.get(serial, -1) + 1 != sequence:
            raise AudioError(f"it is damaged: pages are missing before byte {begin + position:,}")
        sequences[serial] = sequence
        position += length
        if flags & _LAST:
            del sequences[serial]
            is_open = True
        if not sequences and data[position : position + 4] != _MARK:
            position = _next_link(data, position)
    if sequences or (position < len(data) and _MARK.startswith(data[position : position + 4])):
        raise AudioError(
            f"it is cut short: no page ends the stream; got {position:,} bytes of whole pages, and it declares no end"
        )
    return Container("OGG", (*parts, Part(begin + link, begin + position)))


def _page(data: bytes, position: int) -> tuple[int, int, int, int]:
    """The flags, the serial and sequence number, and the length of a page."""
    header = data[position : position + _PAGE.size]
    if len(header) < _PAGE.size:
        raise AudioError(f"it is cut short: a page declares {_PAGE.size} bytes of header, the file holds {len(header)}")
    _mark, _version, flags, _granule, serial, sequence, checksum, segments = _PAGE.unpack(header)
    table = data[position + _PAGE.size : position + _PAGE.size + segments]
    length = _PAGE.size + segments + sum(table)
    page = data[position : position + length]
    if len(page) < length or len(table) < segments:
        raise AudioError(f"it is cut short: its last page declares {length:,} bytes, the file holds {len(page):,}")
    reversed_bits = (page[: _CHECKSUM.start] + bytes(4) + page[_CHECKSUM.stop :]).translate(_REVERSED)
    computed = zlib.crc32(reversed_bits, 0xFFFFFFFF) ^ 0xFFFFFFFF
    if int.from_bytes(computed.to_bytes(4, "little").translate(_REVERSED), "big") != checksum:
        raise AudioError(f"it is damaged: the checksum of its page at byte {position:,} is wrong")
    return flags, serial, sequence, length


def _next_link(data: bytes, position: int) -> int:
    """Where another link begins behind bytes that are no page; the same position if none does."""
    found = data.find(_MARK + b"\0" + bytes([_FIRST]), position)
    return found if found >= 0 else position
