"""Walk the pages of an Ogg file: whole pages, in sequence, to the last of each stream."""

from __future__ import annotations

import struct
import zlib

from hearpreprocess.audio.containers.container import Container, EncodedStream
from hearpreprocess.audio.containers.content import Content
from hearpreprocess.audio.containers.ogg_streams import FIRST, LAST, WHOLE_SEGMENT, Length, Link, Page, length_of
from hearpreprocess.audio.containers.tags import end_of_audio
from hearpreprocess.errors import AudioError

_MARK = b"OggS"
_PAGE = struct.Struct("<4sBBqLLLB")
_FLAGS, _GRANULE, _CHECKSUM = 5, slice(6, 14), slice(22, 26)

_OPUS_HEAD, _RATE = b"OpusHead", slice(12, 16)

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Each byte with its bits reversed: so the checksum of Ogg becomes that of zlib."""


def ogg_container(content: Content, begin: int, end: int) -> Container | None:
    """Walk all pages; each link of a chain is a part.

    A stream without a last page, as of Android's recorder, ends with its last whole page.
    Raises AudioError where a page is damaged or missing, or a packet goes on behind the last one.
    """
    if content.read(begin, 4) != _MARK:
        return None
    data = content.read(begin, end - begin)
    links = _links(data)
    rest = links[-1].stop
    # Behind a stream that has not ended, bytes that are no tag may be a damaged page.
    if data[rest : rest + 4] and (
        _MARK.startswith(data[rest : rest + 4])
        or not (links[-1].is_ended or end_of_audio(content, begin + rest, end) == begin + rest)
    ):
        raise AudioError(
            f"truncated: no last page of the stream, and no declared end; found {rest:,} bytes of complete pages"
        )
    parts, lengths = [], []
    for link in links:
        lengths.append(length_of(data, link))
        repaired = _repaired(data, link, lengths[-1])
        parts.append(
            EncodedStream(begin + link.start, begin + link.stop)
            if repaired is None
            else EncodedStream(end, end, repaired)
        )
    has_gap = any(length.has_gap for length in lengths)
    known = [length.frames for length in lengths if length.frames is not None]
    frames = sum(known) if len(known) == len(links) and not has_gap else None
    return Container("OGG", tuple(parts), frames=frames or None, by_libsndfile=not has_gap)


def _links(data: bytes) -> list[Link]:
    """The links of a chain with their pages; raises AudioError where a page is damaged, cut or missing."""
    links = [Link(0, 0)]
    position = 0
    while data[position : position + 4] == _MARK:
        page = _page(data, position)
        if page.flags & FIRST and (links[-1].is_begun or (links[-1].streams and links[-1].is_ended)):
            links.append(Link(position, position))
        link = links[-1]
        pages = link.streams.setdefault(page.serial, [])
        is_next = page.sequence == pages[-1].sequence + 1 if pages else bool(page.flags & FIRST)
        if not is_next or (pages and pages[-1].flags & LAST):
            raise AudioError(f"damaged: missing pages before byte {position:,}")
        pages.append(page)
        position = link.stop = page.stop
        if link.is_ended and data[position : position + 4] != _MARK:
            position = _next_link(data, position)
    return links


def _page(data: bytes, position: int) -> Page:
    """The page at a position; raises AudioError where it is cut, or its checksum is wrong."""
    header = data[position : position + _PAGE.size]
    if len(header) < _PAGE.size:
        raise AudioError(f"truncated: expected a page header of {_PAGE.size} bytes, found {len(header)}")
    _mark, _version, flags, granule, serial, sequence, checksum, segments = _PAGE.unpack(header)
    table = data[position + _PAGE.size : position + _PAGE.size + segments]
    length = _PAGE.size + segments + sum(table)
    page = data[position : position + length]
    if len(page) < length or len(table) < segments:
        raise AudioError(f"truncated: the last page declares {length:,} bytes, found {len(page):,}")
    if _checksum(page) != checksum.to_bytes(4, "little"):
        raise AudioError(f"damaged: wrong checksum of the page at byte {position:,}")
    return Page(position, position + length, flags, granule, serial, sequence, table)


def _checksum(page: bytes) -> bytes:
    """The checksum of a page, by its header."""
    reversed_bits = (page[: _CHECKSUM.start] + bytes(4) + page[_CHECKSUM.stop :]).translate(_REVERSED)
    computed = zlib.crc32(reversed_bits, 0xFFFFFFFF) ^ 0xFFFFFFFF
    return computed.to_bytes(4, "little").translate(_REVERSED)[::-1]


def _repaired(data: bytes, link: Link, length: Length) -> bytes | None:
    """A link in a form that libsndfile reads correctly; None where it does so already.

    Streams end with their last page of content: without a last page, or with an empty one, libsndfile refuses Opus, and
    others would last to the end of a block. Opus starts at position 0: else libsndfile does not skip what comes before
    its first sample. A header of Opus without a sample rate that can be has 48,000 Hz, as RFC 7845 says.
    """
    changes = {}
    for pages in link.streams.values():
        number = len(pages) - 1
        while number and pages[number].is_empty:
            number -= 1
        page, empty = pages[number], pages[number + 1 :]
        if page.table[-1:] == bytes([WHOLE_SEGMENT]):
            raise AudioError("truncated: the last packet continues after the last page")
        if not page.flags & LAST:
            granule = min([page.granule, *(other.granule for other in empty if other.granule >= 0)])
            changes[page.start] = _last_page(data[page.start : page.stop], granule)
            changes.update((other.start, b"") for other in empty)
        is_opus = data.find(_OPUS_HEAD, pages[0].start, pages[0].stop) >= 0
        for page in pages if is_opus and (length.offset or length.rate) else ():
            if present := changes.get(page.start, data[page.start : page.stop]):
                changes[page.start] = _moved(present, length)
    if not changes:
        return None
    pages = sorted(page for pages in link.streams.values() for page in pages)
    return b"".join(changes.get(page.start, data[page.start : page.stop]) for page in pages)


def _moved(page: bytes, length: Length) -> bytes:
    """A page of Opus from position 0 on, and its header with a sample rate."""
    changed = bytearray(page)
    granule = int.from_bytes(page[_GRANULE], "little", signed=True)
    head = page.find(_OPUS_HEAD)
    if length.rate is not None and page[_FLAGS] & FIRST:
        changed[head + _RATE.start : head + _RATE.stop] = length.rate.to_bytes(4, "little")
    if granule > 0:
        changed[_GRANULE] = (granule - length.offset).to_bytes(8, "little", signed=True)
    changed[_CHECKSUM] = _checksum(bytes(changed))
    return bytes(changed)


def _last_page(page: bytes, granule: int) -> bytes:
    """A page as the last one of its stream, which ends at a sample."""
    changed = bytearray(page)
    changed[_FLAGS] |= LAST
    changed[_GRANULE] = granule.to_bytes(8, "little", signed=True)
    changed[_CHECKSUM] = _checksum(bytes(changed))
    return bytes(changed)


def _next_link(data: bytes, position: int) -> int:
    """Where another link begins behind bytes that are no page; the same position if none does."""
    found = data.find(_MARK + b"\0" + bytes([FIRST]), position)
    return found if found >= 0 else position
