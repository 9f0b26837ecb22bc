"""Count the frames of MP3 (and MP1, MP2) and of AAC in ADTS, and compare them with what the first one declares."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from hearpreprocess.audio.containers.container import Container, EncodedStream
from hearpreprocess.audio.containers.content import Content
from hearpreprocess.audio.containers.tags import tag_length
from hearpreprocess.errors import AudioError
from hearpreprocess.storage import counted

_KILOBITS = {  # by MPEG-1 or not, and layer
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_ADTS_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)

_ADTS_HEADER_BYTES = 7

_SEARCHED_BYTES, _FRAMES_TO_BE_SURE, _DECODER_DELAY = 1 << 17, 4, 529

_ZEROS, _BLANKS = re.compile(rb"\0+"), re.compile(rb"[\0\t\r\n ]+")

_COUNTED = re.compile(rb"Xing|Info|VBRI")

_MOST_STREAMS = 1000


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame's header: its size in bytes, samples, hertz, channels, and what does not change within a stream."""

    size: int
    samples: int
    rate: int
    channels: int
    kind: tuple[object, ...]


@dataclass(slots=True)
class Stream:
    """Frames one after the other; how many `frames`, and how many are `declared`, if so.

    `gaps`: tags and padding in between. `junk`: other bytes in between; a damaged frame would look the same.

    `declared_bytes`: from the first frame to the end of the last, which some declare, too. `skipped`: the samples of
    the encoder's delay and padding.
    """

    first: Frame
    begin: int
    end: int
    gaps: list[tuple[int, int]] = field(default_factory=list)
    junk: list[tuple[int, int]] = field(default_factory=list)
    frames: int = 0
    declared: int | None = None
    declared_bytes: int | None = None
    skipped: int = 0

    @property
    def samples(self) -> int:
        """The samples of each channel without delay and padding."""
        return max(0, self.frames * self.first.samples - self.skipped)


@functools.lru_cache(maxsize=4096)
def frame_of(header: bytes) -> Frame | None:
    """The frame that begins with 4 bytes; None if none does, or its size is not stated (free format)."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    kilobits, rate = header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or layer == 4 or kilobits in (0, 15) or rate == 3:
        return None
    bits = _KILOBITS[version == 3, layer][kilobits - 1] * 1000
    hertz, padding = _RATES[version][rate], header[2] >> 1 & 1
    samples = 384 if layer == 1 else 576 if layer == 3 and version != 3 else 1152
    size = (12 * bits // hertz + padding) * 4 if layer == 1 else samples // 8 * bits // hertz + padding
    channels = 1 if header[3] >> 6 == 3 else 2
    return Frame(size, samples, hertz, channels, ("MP3", version, layer, rate, channels))


def adts_frame_of(header: bytes) -> Frame | None:
    """The frame of AAC that begins with 7 bytes; None if none does."""
    if len(header) < 7 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0:
        return None
    rate, size = header[2] >> 2 & 15, (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    if rate >= len(_ADTS_RATES) or size < 7:
        return None
    channels = (header[2] & 1) << 2 | header[3] >> 6
    return Frame(size, 1024 * ((header[6] & 3) + 1), _ADTS_RATES[rate], channels, ("AAC", rate, channels))


def mpeg_container(content: Content, begin: int, end: int) -> Container | None:
    """Walk all frames; every stream with a count of its own is a part.

    Raises AudioError where the last frame is cut, or there are fewer than declared.
    """
    streams = mpeg_streams(content, begin, end)
    if not streams:
        return None
    parts = []
    for stream in streams:
        # Some encoders count the frame with the count; where that has the bytes, too, they show what is missing.
        missing = stream.declared is not None and stream.frames + (stream.declared_bytes is None) < stream.declared
        length = stream.end - stream.begin - sum(stop - start for start, stop in stream.gaps)
        if missing and (stream.declared_bytes is None or length < stream.declared_bytes):
            raise AudioError(f"truncated: the header declares {stream.declared:,} frames, found {stream.frames:,}")
        parts.append(EncodedStream(stream.begin, stream.end, gaps=tuple(stream.gaps)))
    name = str(streams[0].first.kind[0])
    frames = sum(stream.samples for stream in streams)
    first = streams[0].first
    counted = (first.rate, first.channels, frames) if name == "MP3" and frames else None
    return Container(
        name,
        tuple(parts),
        seconds=frames / first.rate,
        counted=counted,
        has_junk=any(stream.junk for stream in streams),
        by_libsndfile=False,
    )


def mpeg_streams(content: Content, begin: int, end: int) -> list[Stream]:
    """The streams of frames; none where the bytes are something else. Raises AudioError where the last frame is cut."""
    data = content.read(begin, end - begin)
    for read, header_bytes in ((frame_of, 4), (adts_frame_of, _ADTS_HEADER_BYTES)):
        if (start := _first_frame(data, read, header_bytes)) is not None:
            return _Walk(content, begin, data, read, header_bytes).streams(start)
    if (frame := adts_frame_of(data[:_ADTS_HEADER_BYTES])) and data[frame.size : frame.size + 1] in b"TAIL\0":
        # The header of AAC has the longest mark, and a size: a single frame is known by it where it is all of the file.
        return _Walk(content, begin, data, adts_frame_of, _ADTS_HEADER_BYTES).streams(0)
    return []


def _first_frame(data: bytes, read: Callable[[bytes], Frame | None], header_bytes: int, begin: int = 0) -> int | None:
    """The first offset, not far behind `begin`, from which several frames of one kind follow each other."""
    end = begin + _SEARCHED_BYTES
    position = data.find(b"\xff", begin, end)
    while position >= 0:
        if _are_frames(data, position, read, header_bytes):
            return position
        position = data.find(b"\xff", position + 1, end)
    return None


def _are_frames(data: bytes, position: int, read: Callable[[bytes], Frame | None], header_bytes: int) -> bool:
    kinds = set()
    for number in range(_FRAMES_TO_BE_SURE):
        frame = read(data[position : position + header_bytes])
        if frame is None:
            # A short recording: all of its frames lead to its end, or to a tag or zeros behind it.
            return number > 1 and (position >= len(data) or data[position : position + 1] in b"TAIL\0")
        kinds.add(frame.kind)
        position += frame.size
    return len(kinds) == 1


@dataclass(slots=True)
class _Walk:
    """The walk over the frames of `data`, which begins at `begin` in `content`."""

    content: Content
    begin: int
    data: bytes
    read: Callable[[bytes], Frame | None]
    header_bytes: int

    def streams(self, position: int) -> list[Stream]:
        data, read, header_bytes = self.data, self.read, self.header_bytes
        counted = {match.start() for match in _COUNTED.finditer(data)}
        streams: list[Stream] = []
        kind: tuple[object, ...] | None = None
        while position < len(data):
            frame = read(data[position : position + header_bytes])
            if frame is None or (
                kind is not None and frame.kind != kind and not _are_frames(data, position, read, header_bytes)
            ):
                position = self._gap(streams[-1], position)
                continue
            if kind is not None and frame.kind != kind:
                raise AudioError(f"sample rate, channels or layer change at byte {self.begin + position:,}")
            kind = frame.kind
            if position + frame.size > len(data):
                raise AudioError(
                    f"truncated: the last frame declares {frame.size:,} bytes, found {len(data) - position:,}"
                )
            count_at = _count_position(frame)
            if counted and not counted.isdisjoint((position + count_at, position + 36)):
                stream = Stream(frame, self.begin + position, 0)
                _declare(stream, data[position : position + frame.size], count_at)
                streams.append(stream)
                if len(streams) > _MOST_STREAMS:
                    raise AudioError(f"more than {_MOST_STREAMS:,} consecutive streams")
            else:
                if not streams:
                    streams.append(Stream(frame, self.begin + position, 0))
                streams[-1].frames += 1
            position += frame.size
            streams[-1].end = self.begin + position
        for stream in streams:
            if stream.declared is not None and stream.frames >= stream.declared:  # no frame is missing
                stream.gaps, stream.junk = sorted(stream.gaps + stream.junk), []
            stream.gaps = [gap for gap in stream.gaps if gap[0] < stream.end]
        return streams

    def _gap(self, stream: Stream, position: int) -> int:
        """Skip bytes that are not a frame: a tag, zeros, or other bytes, which are left to the decoder."""
        data = self.data
        following = position + tag_length(self.content, self.begin + position, self.begin + len(data))
        if following == position:
            following = _behind_padding(data, position)
        if following > position:
            stream.gaps.append((self.begin + position, self.begin + min(following, len(data))))
            return following
        if len(data) - position < self.header_bytes and data[position] == 0xFF:
            raise AudioError(f"truncated: incomplete last frame of {counted(len(data) - position, 'bytes')}")
        next_frame = _first_frame(data, self.read, self.header_bytes, position)
        if next_frame is None and stream.declared is not None and stream.frames >= stream.declared:
            return len(data)  # text, or whatever else, behind a recording that is whole
        following = len(data) if next_frame is None else next_frame
        stream.end = self.begin + following
        stream.junk.append((self.begin + position, self.begin + following))
        return following


def _behind_padding(data: bytes, position: int) -> int:
    """The offset behind zeros, or behind blanks that end the data; the same position where there is neither."""
    if data[position] == 0 and (zeros := _ZEROS.match(data, position, position + _SEARCHED_BYTES)):
        return zeros.end()
    blanks = _BLANKS.match(data, position, position + _SEARCHED_BYTES)
    return len(data) if blanks and blanks.end() == len(data) else position


def _count_position(frame: Frame) -> int:
    """Where in a frame the encoder of an MP3 may count the others: behind the side information."""
    is_mpeg_1 = frame.samples == 1152
    return 4 + ((32 if is_mpeg_1 else 17) if frame.channels == 2 else (17 if is_mpeg_1 else 9))


def _declare(stream: Stream, frame: bytes, position: int) -> None:
    """Read the count of an encoder: frames, bytes, and the samples of its delay and padding."""
    if frame[36:40] == b"VBRI":
        stream.declared_bytes, stream.declared = (int.from_bytes(frame[at : at + 4], "big") for at in (46, 50))
        return
    flags = int.from_bytes(frame[position + 4 : position + 8], "big")
    position += 8
    for bit in (1, 2):
        if flags & bit:
            number = int.from_bytes(frame[position : position + 4], "big") or None
            if bit == 1:
                stream.declared = number
            else:
                stream.declared_bytes = number
            position += 4
    position += 100 * bool(flags & 4) + 4 * bool(flags & 8)
    if frame[position : position + 4] in (b"LAME", b"Lavf", b"Lavc", b"GOGO"):
        delays = int.from_bytes(frame[position + 21 : position + 24], "big")
        stream.skipped = (delays >> 12) + _DECODER_DELAY + max(0, (delays & 0xFFF) - _DECODER_DELAY)
