"""Walk the boxes of MP4, M4A and MOV files, and the table of their audio's samples."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from hearpreprocess.audio.containers.container import Container, EncodedStream, NotAudioError
from hearpreprocess.audio.containers.content import Content
from hearpreprocess.audio.containers.sizes import check_size
from hearpreprocess.errors import AudioError

_FIRST = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp")
_OUTER = (*_FIRST, b"moof", b"mfra", b"sidx", b"meta", b"uuid", b"emsg", b"ssix", b"prft", b"udta")
_MOST_BOXES, _MOST_EDITS = 1_000_000, 1000

_OPUS, _OPUS_RATE = b"dOps", 48_000
_PRIMING = b"iTunSMPB"
"""A tag with the encoder's delay, which ffmpeg skips beside the list of edits."""


@dataclass(frozen=True, slots=True)
class _Box:
    """A box, with its content from `start` to `stop`."""

    content: Content
    name: bytes
    start: int
    stop: int

    def boxes(self, *path: bytes) -> Iterator[_Box]:
        """The boxes at a path of names below it."""
        for box in _boxes_in(self.content, self.start, self.stop):
            if box.name == path[0]:
                if len(path) == 1:
                    yield box
                else:
                    yield from box.boxes(*path[1:])

    def read(self, *path: bytes) -> bytes:
        """The content of the first box at a path; empty if there is none."""
        for box in self.boxes(*path) if path else (self,):
            return box.content.read(box.start, box.stop - box.start)
        return b""


def mp4_container(content: Content, begin: int, end: int) -> Container | None:
    """Walk the boxes; raises AudioError where a box or a sample lies beyond the end, or the table is missing."""
    if content.read(begin + 4, 4) not in _FIRST:
        return None
    boxes = list(_boxes_in(content, begin, end, is_outer=True))
    movie = next((box for box in boxes if box.name == b"moov"), None)
    if movie is None:
        raise AudioError("truncated: the sample table (box 'moov') is missing")
    tracks = (track for track in movie.boxes(b"trak") if track.read(b"mdia", b"hdlr")[8:12] == b"soun")
    track = next(tracks, None)
    if track is None:
        raise NotAudioError("not audio: no audio track")
    check_size(_end_of_samples(track), end - begin, "bytes up to its last sample")
    fragments = [box for box in boxes if box.name == b"moof"]
    times = _times(movie, track, fragments)
    seconds = _fragmented_seconds(movie, track, times) if fragments else _seconds(movie, track, times)
    is_known = not fragments or not any(duration for duration, _start in _entries(track))  # of the first fragment alone
    edits = _edits(movie, track, times) if is_known else ()
    return Container("MP4", (EncodedStream(begin, end),), seconds=seconds or None, edits=edits, by_libsndfile=False)


def _is_name(name: bytes) -> bool:
    """Whether a non-standard box may have this name: ASCII characters and Apple's copyright sign."""
    return all(32 <= byte < 127 or byte == 0xA9 for byte in name)


def _boxes_in(content: Content, position: int, end: int, *, is_outer: bool = False) -> Iterator[_Box]:
    """The boxes of a range. Raises AudioError where one of a file's own boxes lies beyond its end."""
    for _number in range(_MOST_BOXES):
        header = content.read(position, 16)
        if position + 8 > end or len(header) < 8:
            break
        size, name = struct.unpack_from(">L4s", header)
        start = position + 8
        if size == 1 and len(header) == 16:
            size, start = int.from_bytes(header[8:], "big"), position + 16
        stop = end if size == 0 else position + size
        if stop < start or (is_outer and name not in _OUTER and not (stop <= end and _is_name(name))):
            break  # bytes behind the last box
        if is_outer:
            check_size(stop - start, end - start, f"bytes of {name.decode('latin-1')!r}")
        yield _Box(content, name, start, min(stop, end))
        position = stop


def _numbers(table: bytes, start: int = 4, code: str = "L") -> list[int]:
    """The numbers of a table that begins with the count of its entries."""
    width = struct.calcsize(f">{code}")
    count = min(int.from_bytes(table[start : start + 4], "big"), (len(table) - start - 4) // width)
    return [number for entry in struct.iter_unpack(f">{code}", table[start + 4 :][: count * width]) for number in entry]


def _end_of_samples(track: _Box) -> int:
    """The offset behind the last sample that the track's table declares."""
    table = next(track.boxes(b"mdia", b"minf", b"stbl"), None)
    if table is None:
        return 0
    offsets = _numbers(table.read(b"stco")) or _numbers(table.read(b"co64"), code="Q")
    sizes_box, runs = table.read(b"stsz"), _numbers(table.read(b"stsc"), code="LLL")
    size = int.from_bytes(sizes_box[4:8], "big")
    sizes = [] if size else _numbers(sizes_box, 8)
    if not offsets or not runs or not (size > 1 or sizes):  # a size of 1: of old sound without packets
        return 0
    farthest, sample, run = 0, 0, 0
    for number, offset in enumerate(offsets, 1):
        while run + 3 < len(runs) and runs[run + 3] <= number:
            run += 3
        count = runs[run + 1]
        farthest = max(farthest, offset + (count * size if size else sum(sizes[sample : sample + count])))
        sample += count
    return farthest


def _scale(header: bytes) -> int:
    """The units of a second in a box 'mdhd' or 'mvhd'."""
    at = 20 if header[:1] == b"\1" else 12
    return int.from_bytes(header[at : at + 4], "big") or 1


def _entries(track: _Box) -> list[tuple[int, int]]:
    """The durations and starts of a track's list of edits."""
    table = track.read(b"edts", b"elst")
    numbers = _numbers(table, code="QqL" if table[:1] == b"\1" else "LlL")
    return list(zip(numbers[::3], numbers[1::3], strict=True))


def _times(movie: _Box, track: _Box, fragments: list[_Box]) -> list[tuple[int, int]]:
    """The durations of a track's samples, each with the number of consecutive samples that have it."""
    numbers = _numbers(track.read(b"mdia", b"minf", b"stbl", b"stts"), code="LL")
    return [*zip(numbers[1::2], numbers[::2], strict=True), *_fragmented_times(movie, track, fragments)]


def _seconds(movie: _Box, track: _Box, times: list[tuple[int, int]]) -> float:
    """The duration of a track's samples, within its list of edits if there is one."""
    scale = _scale(track.read(b"mdia", b"mdhd"))
    seconds = _whole(times) / scale
    gaps = seconds - _without_gaps(times) / scale
    edited = 0.0
    for duration, start in _entries(track):
        if start >= 0:
            edited += min(duration / _scale(movie.read(b"mvhd")), max(0.0, seconds - start / scale))
    return max(0.0, (edited or seconds) - gaps)


def _whole(times: Iterable[tuple[int, int]]) -> int:
    return sum(duration * count for duration, count in times)


def _without_gaps(times: Iterable[tuple[int, int]]) -> int:
    """The sum of durations, by how many samples have each: one before a gap is as long as most others are."""
    counts: Counter[int] = Counter()
    for duration, count in times:
        counts[duration] += count
    if not counts:
        return 0
    usual = max(counts, key=lambda duration: (counts[duration], duration))
    return sum(min(duration, usual) * count for duration, count in counts.items())


def _edits(movie: _Box, track: _Box, times: list[tuple[int, int]]) -> tuple[tuple[Fraction, Fraction], ...]:
    """From when to when each edit lasts, in seconds of all samples; none where there is no list, or gaps are in them.

    Raises AudioError where there are too many.
    """
    entries, total = _entries(track), _whole(times)
    # With a gap between samples, times are no places in what is decoded.
    if not entries or total > _without_gaps(times) or _PRIMING in movie.read(b"udta"):
        return ()
    if len(entries) > _MOST_EDITS:
        raise AudioError(f"edit list too long; expected at most {_MOST_EDITS:,} edits, got {len(entries):,}")
    scale, unit = _scale(track.read(b"mdia", b"mdhd")), Fraction(1, _scale(movie.read(b"mvhd")))
    whole, delay, edits = Fraction(total, scale), _opus_delay(track), []
    for duration, first in entries:
        start = Fraction(first, scale)
        stop = start + duration * unit
        # The list's own unit may be too coarse for the end of the last sample; 0 stands for that end.
        stop = whole if not duration or abs(stop - whole) < unit else min(stop, whole)
        if first >= 0 and max(start, delay) < stop:
            edits.append((max(start, delay), stop))
    return tuple(edits)


def _opus_delay(track: _Box) -> Fraction:
    """The seconds at the start of Opus that are never played."""
    description = track.read(b"mdia", b"minf", b"stbl", b"stsd")
    at = description.find(_OPUS)
    return Fraction(int.from_bytes(description[at + 6 : at + 8], "big"), _OPUS_RATE) if at >= 0 else Fraction(0)


def _fragmented_seconds(movie: _Box, track: _Box, times: list[tuple[int, int]]) -> float:
    """The duration of a file's fragments; at least the duration that it declares as a whole, without gaps."""
    whole = movie.read(b"mvex", b"mehd")
    declared = int.from_bytes(whole[4:12] if whole[:1] == b"\1" else whole[4:8], "big") / _scale(movie.read(b"mvhd"))
    scale, held = _scale(track.read(b"mdia", b"mdhd")), _without_gaps(times)
    return max(declared - (_whole(times) - held) / scale, held / scale)


def _fragmented_times(movie: _Box, track: _Box, fragments: list[_Box]) -> list[tuple[int, int]]:
    number = track.read(b"tkhd")
    identity = number[20:24] if number[:1] == b"\1" else number[12:16]
    default = next((box.read()[12:16] for box in movie.boxes(b"mvex", b"trex") if box.read()[4:8] == identity), b"")
    times: list[tuple[int, int]] = []
    for fragment in fragments:
        for part in fragment.boxes(b"traf"):
            header = part.read(b"tfhd")
            if header[4:8] == identity:
                for box in part.boxes(b"trun"):
                    times += _run_durations(box.read(), _default(header, default))
    return times


def _default(header: bytes, default: bytes) -> int:
    """The duration of a sample in a fragment, by its header 'tfhd' or by the movie."""
    flags = int.from_bytes(header[1:4], "big")
    position = 8 + 8 * bool(flags & 1) + 4 * bool(flags & 2)
    return int.from_bytes(header[position : position + 4] if flags & 8 else default, "big")


def _run_durations(run: bytes, default: int) -> list[tuple[int, int]]:
    """The durations of a run of samples ('trun'), and how many samples have each."""
    flags, count = int.from_bytes(run[1:4], "big"), int.from_bytes(run[4:8], "big")
    if not flags & 0x100:
        return [(default, count)]
    position = 8 + 4 * bool(flags & 1) + 4 * bool(flags & 4)
    width = 4 * sum(bool(flags & bit) for bit in (0x100, 0x200, 0x400, 0x800))
    return [(int.from_bytes(run[at : at + 4], "big"), 1) for at in range(position, len(run) - 3, width)]
