"""The streams of an Ogg file, and how many samples their pages declare: Vorbis, Opus and FLAC."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from hearpreprocess.audio.containers.limits import HIGHEST_RATE

CONTINUED, FIRST, LAST = 1, 2, 4
"""Flags of a page: its first packet began on the one before; it is the first, or the last, of its stream."""

WHOLE_SEGMENT = 255
"""A packet goes on behind a segment of so many bytes, on the next page if need be."""

_PAGE_HEADER_BYTES = 27

_OPUS_RATE, _RATE_OF_HALF, _LOWEST_RATE = 48_000, 24_000, 1000
"""In hertz: of Opus; up to which libsndfile decodes to fewer samples; below which nobody records."""


class Page(NamedTuple):
    """A page from `start` to `stop`; `granule`: the sample that it ends with; `table`: the sizes of its segments."""

    start: int
    stop: int
    flags: int
    granule: int
    serial: int
    sequence: int
    table: bytes

    @property
    def is_empty(self) -> bool:
        """Whether it has no packet, or one without content, as some writers end a stream with."""
        return not any(self.table)


@dataclass(slots=True)
class Link:
    """A link of a chain: streams that begin together, by their serial number."""

    start: int
    stop: int
    streams: dict[int, list[Page]] = field(default_factory=dict)

    @property
    def is_begun(self) -> bool:
        """Whether a page has followed the first ones of the streams."""
        return any(len(pages) > 1 for pages in self.streams.values())

    @property
    def is_ended(self) -> bool:
        """Whether each stream has its last page."""
        return all(pages[-1].flags & LAST for pages in self.streams.values())


class Length(NamedTuple):
    """The samples of each channel that a link declares; None where it is not known.

    `has_gap`: whether its pages leave out a time, for which decoders have no samples. `offset`: the position of the
    first sample of Opus, as in a part of a longer stream. `rate`: what the header of Opus ought to state, where it
    states none that can be.
    """

    frames: int | None = None
    has_gap: bool = False
    offset: int = 0
    rate: int | None = None


class _Codec(NamedTuple):
    """How long the packets of a stream may be, by their first two bytes; what else its first page says.

    `skipped`: samples at its start that are none of the recording's. `frames`: its length. `is_exact`: whether packets
    are as long as they may be. `is_counted`: whether both decoders count samples as the pages do.
    `rate`: as in `Length`.
    """

    longest: Callable[[bytes], int]
    skipped: int = 0
    frames: int | None = None
    is_exact: bool = False
    is_counted: bool = True
    rate: int | None = None


def length_of(data: bytes, link: Link) -> Length:
    """The length of a link that has one stream of a known codec, by the numbers of its pages."""
    known = [(codec, pages) for pages in link.streams.values() if (codec := _codec(data, pages[0])) is not None]
    if len(known) != 1:
        return Length()
    codec, pages = known[0]
    before, longest, offset, has_gap = 0, 0, 0, False
    last = pages[-1].granule
    for page, packets in _packets(data, pages):
        longest += sum(map(codec.longest, packets))
        if page.granule <= 0 or not any(packets):
            continue
        if page.granule - before > longest:
            if before:
                has_gap = True
            else:
                offset = page.granule - longest
        before, longest = page.granule, 0
    end = min(before, last) if last > 0 else before
    frames = codec.frames
    if frames is None and codec.is_counted and (codec.is_exact or not offset):
        frames = max(0, end - offset - codec.skipped)
    return Length(frames, has_gap, offset if codec.is_exact else 0, codec.rate)


def _packets(data: bytes, pages: list[Page]) -> Iterator[tuple[Page, list[bytes]]]:
    """The pages of a stream, with the first bytes of the packets that end on each."""
    packet = b""
    for page in pages:
        position, packets = page.start + _PAGE_HEADER_BYTES + len(page.table), []
        for size in page.table:
            packet = packet or data[position : position + min(2, size)]
            position += size
            if size < WHOLE_SEGMENT:
                packets.append(packet)
                packet = b""
        yield page, packets


def _codec(data: bytes, first: Page) -> _Codec | None:
    """The codec of a stream, by its first page; None if it is not known."""
    head = data[first.start + _PAGE_HEADER_BYTES + len(first.table) : first.stop]
    if head.startswith(b"\1vorbis") and len(head) >= 29:
        half = 1 << (head[28] >> 4) >> 1
        return _Codec(lambda _packet: half)
    if head.startswith(b"OpusHead") and len(head) >= 16:
        rate = int.from_bytes(head[12:16], "little")
        # libsndfile decodes to the rate of the original, ffmpeg to 48,000 Hz.
        right = None if _LOWEST_RATE <= rate <= HIGHEST_RATE else _OPUS_RATE
        skipped, is_counted = int.from_bytes(head[10:12], "little"), (right or rate) > _RATE_OF_HALF
        return _Codec(_opus_samples, skipped, is_exact=True, is_counted=is_counted, rate=right)
    if head.startswith(b"\x7fFLAC") and len(head) >= 51:
        longest, total = int.from_bytes(head[19:21], "big"), int.from_bytes(head[30:35], "big") & (1 << 36) - 1
        return _Codec(lambda _packet: longest, frames=total or None)
    return None


@functools.lru_cache(maxsize=1024)
def _opus_samples(packet: bytes) -> int:
    """The samples of an Opus packet at 48,000 Hz (RFC 6716, section 3.1); 0 for the headers."""
    if len(packet) < 1 or packet == b"Op":
        return 0
    kind, code = packet[0] >> 3, packet[0] & 3
    if kind < 12:
        samples = (480, 960, 1920, 2880)[kind & 3]
    elif kind < 16:
        samples = (480, 960)[kind & 1]
    else:
        samples = (120, 240, 480, 960)[kind & 3]
    count = (1, 2, 2, packet[1] & 63 if len(packet) > 1 else 0)[code]
    return samples * count
