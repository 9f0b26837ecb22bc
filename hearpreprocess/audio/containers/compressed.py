"""Check the declared length of formats that only ffmpeg reads, such as WMA, AVI, WavPack and AMR."""

from __future__ import annotations

import itertools
import statistics
import struct
from collections.abc import Callable

from hearpreprocess.audio.containers.chunks import HEADER_BYTES, MOST_CHUNKS, Chunks
from hearpreprocess.audio.containers.container import Container, EncodedStream
from hearpreprocess.audio.containers.content import Content
from hearpreprocess.audio.containers.sizes import check_size, is_placeholder
from hearpreprocess.audio.containers.tags import end_of_audio
from hearpreprocess.errors import AudioError

_ASF_END = b"$E\x08\0" + bytes(4) + b"\0\0\x08\0"
"""What ffmpeg writes at the end of a pipe."""

_ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
_ASF_INDEXES = (bytes.fromhex("90080033b1e5cf1189f400a0c90349cb"), bytes.fromhex("d329e2d6da35d111903400a0c90349be"))
_ASF_OBJECTS = (_ASF_HEADER, _ASF_DATA, *_ASF_INDEXES)
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_MILLISECONDS, _ASF_IS_LIVE, _ASF_DATA_HEADER_BYTES, _ASF_WIDTHS = 1000, 1, 50, (0, 1, 2, 4)


def asf_container(content: Content, begin: int, end: int) -> Container | None:
    """ASF and WMA: objects with sizes of 64 bits; the duration includes a preroll, and times without samples."""
    if content.read(begin, 16) != _ASF_HEADER:
        return None
    header_bytes = int.from_bytes(content.read(begin + 16, 8), "little")
    header = content.read(begin, min(header_bytes, 1 << 24))
    properties = header.find(_ASF_PROPERTIES)
    seconds, packet = None, 0
    if 0 <= properties <= len(header) - 104:
        played, _sent, preroll, flags, packet = struct.unpack_from("<QQQLL", header, properties + 64)
        if not flags & _ASF_IS_LIVE:
            seconds = max(0.0, played / 1e7 - preroll / _ASF_MILLISECONDS)
    position = begin
    for _number in range(MOST_CHUNKS):
        name, size = content.read(position, 16), int.from_bytes(content.read(position + 16, 8), "little")
        if name not in _ASF_OBJECTS or size < 24:
            break
        if name == _ASF_DATA and seconds is None:  # of a pipe: it lasts to the end, in whole packets
            stop = end_of_audio(content, position, end)
            stop -= len(_ASF_END) * (content.read(stop - len(_ASF_END), len(_ASF_END)) == _ASF_END)
            if packet and (rest := (stop - position - _ASF_DATA_HEADER_BYTES) % packet):
                raise AudioError(f"truncated: the last packet declares {packet:,} bytes, found {rest:,}")
            position = stop
            break
        check_size(size, end - position, "bytes of an object")
        if name == _ASF_DATA and seconds is not None:
            seconds -= _asf_silence(
                content.read(position + _ASF_DATA_HEADER_BYTES, size - _ASF_DATA_HEADER_BYTES), packet
            )
        position += size
    return Container(
        "ASF", (EncodedStream(begin, position),), seconds=max(0.0, seconds or 0) or None, by_libsndfile=False
    )


def _asf_silence(data: bytes, packet: int) -> float:
    """The seconds before the first packet, and those of gaps, where the next one is later than twice as long as usual.

    Decoders have no samples for them.
    """
    times = [_asf_time(data, at) for at in range(0, len(data) - packet + 1, packet)] if packet else []
    steps = [max(0, later - earlier) for earlier, later in itertools.pairwise(times)]
    usual = statistics.median(steps) if steps else 0
    return (sum(times[:1]) + sum(step - usual for step in steps if step > 2 * usual)) / _ASF_MILLISECONDS


def _asf_time(data: bytes, position: int) -> int:
    """When a packet is sent, in milliseconds: behind its error correction, its flags, and sizes of stated widths."""
    if data[position] & 0x80:
        position += 1 + (data[position] & 15)
    widths = data[position] if position < len(data) else 0
    position += 2 + sum(_ASF_WIDTHS[widths >> bit & 3] for bit in (1, 3, 5))
    return int.from_bytes(data[position : position + 4], "little")


def avi_container(content: Content, begin: int, end: int) -> Container | None:
    """AVI: a RIFF file whose chunks hold less than the file."""
    head = content.read(begin, 12)
    if head[:4] != b"RIFF" or head[8:] not in (b"AVI ", b"AVIX"):
        return None
    chunks, position = Chunks(content, "<", end), begin
    while (header := chunks.header(position)) is not None and header[0] == b"RIFF":
        if not is_placeholder(header[1]):
            check_size(header[1], end - position - HEADER_BYTES, "bytes")
        position += HEADER_BYTES + header[1] + header[1] % 2
    return Container("AVI", (EncodedStream(begin, end),), by_libsndfile=False)


def tta_container(content: Content, begin: int, end: int) -> Container | None:
    """True Audio: the frames, and a table of the sizes of their blocks."""
    head = content.read(begin, 22)
    if head[:4] != b"TTA1" or len(head) < 22:
        return None
    rate, frames = struct.unpack_from("<LL", head, 10)
    blocks = -(-frames // (max(1, rate) * 256 // 245 or 1))
    table = content.read(begin + 22, 4 * min(blocks, MOST_CHUNKS))
    needed = 22 + 4 * blocks + 4 + sum(size for (size,) in struct.iter_unpack("<L", table[: len(table) // 4 * 4]))
    check_size(needed, end - begin, "bytes")
    return Container("TTA", (EncodedStream(begin, end),), frames=frames, by_libsndfile=False)


def wavpack_container(content: Content, begin: int, end: int) -> Container | None:
    """WavPack: blocks that count their frames; the first one counts all."""
    if content.read(begin, 4) != b"wvpk":
        return None
    position, frames, total = begin, 0, None
    for _number in range(MOST_CHUNKS * 10):
        header = content.read(position, 32)
        if header[:4] != b"wvpk" or len(header) < 32:
            break
        size, _version, _track, _index, declared, _at, samples, flags = struct.unpack_from("<LHBBLLLL", header, 4)
        check_size(size + 8, end - position, "bytes of a block")
        if total is None and samples:
            total = None if declared == 0xFFFFFFFF else declared
        frames += samples if flags & 0x800 else 0
        position += size + 8
    if total is not None:
        check_size(total, frames, "samples")
    return Container("WavPack", (EncodedStream(begin, position),), frames=frames or None, by_libsndfile=False)


def ape_container(content: Content, begin: int, end: int) -> Container | None:
    """Monkey's Audio: from version 3.98 on, the lengths of all parts are declared."""
    head = content.read(begin, 76)
    if head[:4] != b"MAC " or len(head) < 76:
        return None
    version = int.from_bytes(head[4:6], "little")
    if version < 3980:
        return Container("APE", (EncodedStream(begin, end),), by_libsndfile=False)
    lengths = struct.unpack_from("<LLLLLLL", head, 8)
    check_size(sum(lengths[:5]) + (lengths[5] << 32) + lengths[6], end - begin, "bytes")
    at = lengths[0] + 4
    per_frame, last, frames = struct.unpack_from("<LLL", content.read(begin, at + 16).ljust(at + 16, b"\0"), at)
    return Container(
        "APE", (EncodedStream(begin, end),), frames=max(0, frames - 1) * per_frame + last or None, by_libsndfile=False
    )


_AMR = {
    b"#!AMR\n": (12, 13, 15, 17, 19, 20, 26, 31, 5, 0, 0, 0, 0, 0, 0, 0),
    b"#!AMR-WB\n": (17, 23, 32, 36, 40, 46, 50, 58, 60, 5, 0, 0, 0, 0, 0, 0),
}
_AMR_FRAMES_A_SECOND = 50


def amr_container(content: Content, begin: int, end: int) -> Container | None:
    """AMR: frames of 20 ms whose first byte has their kind."""
    head = content.read(begin, 9)
    mark = next((mark for mark in _AMR if head.startswith(mark)), None)
    if mark is None:
        return None
    sizes = _AMR[mark]
    frames, stop = _count(content, begin + len(mark), end, lambda data, at: _amr_size(sizes, data[at]))
    return Container("AMR", (EncodedStream(begin, stop),), seconds=frames / _AMR_FRAMES_A_SECOND, by_libsndfile=False)


def _amr_size(sizes: tuple[int, ...], header: int) -> int:
    size = sizes[header >> 3 & 15]
    return 0 if header & 0x83 or (not size and (header >> 3 & 15) < 15) else size + 1


_AC3_KILOBITS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
_MOST_AC3_VERSION, _MOST_EAC3_VERSION = 10, 16
_AC3_RATES, _AC3_SAMPLES = (48000, 44100, 32000), 1536


def ac3_container(content: Content, begin: int, end: int) -> Container | None:
    """AC-3: frames whose size is in their header."""
    head = content.read(begin, 6)
    if head[:2] != b"\x0b\x77" or len(head) < 6 or head[5] >> 3 > _MOST_EAC3_VERSION:
        return None
    if head[5] >> 3 > _MOST_AC3_VERSION:
        _frames, stop = _count(content, begin, end, _eac3_size)
        return Container("E-AC3", (EncodedStream(begin, stop),), by_libsndfile=False)
    if head[4] >> 6 == 3:
        return None
    frames, stop = _count(content, begin, end, _ac3_size)
    seconds = frames * _AC3_SAMPLES / _AC3_RATES[head[4] >> 6]
    return Container("AC3", (EncodedStream(begin, stop),), seconds=seconds, by_libsndfile=False)


def _eac3_size(data: bytes, at: int) -> int:
    return 2 * (((data[at + 2] & 7) << 8 | data[at + 3]) + 1) if data[at : at + 2] == b"\x0b\x77" else 0


def _ac3_size(data: bytes, at: int) -> int:
    rate, size = data[at + 4] >> 6, data[at + 4] & 63
    if data[at : at + 2] != b"\x0b\x77" or rate == 3 or size >= 2 * len(_AC3_KILOBITS):
        return 0
    words = _AC3_KILOBITS[size >> 1] * 1000 * _AC3_SAMPLES // _AC3_RATES[rate] // 16
    return 2 * (words + (size & 1 if rate == 1 else 0))


def _count(content: Content, begin: int, end: int, size_at: Callable[[bytes, int], int]) -> tuple[int, int]:
    """The number of frames from `begin` on, and where they end; behind them may be anything else.

    Raises AudioError where the last one is cut.
    """
    data = content.read(begin, end_of_audio(content, begin, end) - begin)
    length = len(data.rstrip(b"\0")) or len(data)  # zeros are frames of AMR, but not behind all others
    data += bytes(8)
    position, frames = 0, 0
    while position < length and (size := size_at(data, position)) > 0:
        if begin + position + size > end:
            raise AudioError(f"truncated: the last frame declares {size:,} bytes, found {end - begin - position:,}")
        position, frames = position + size, frames + 1
    return frames, begin + position


_TS_PACKET, _TS_SYNC = 188, 0x47


def transport_container(content: Content, begin: int, end: int) -> Container | None:
    """MPEG transport stream: packets of 188 bytes, which state no length; the last one must be whole."""
    head = content.read(begin, 4 * _TS_PACKET + 1)
    if len(head) <= 4 * _TS_PACKET or any(head[at] != _TS_SYNC for at in range(0, len(head), _TS_PACKET)):
        return None
    rest = (end - begin) % _TS_PACKET
    if rest and content.read(end - rest, 1) == bytes([_TS_SYNC]):
        check_size(_TS_PACKET, rest, "bytes of a packet")
    return Container("MPEG-TS", (EncodedStream(begin, end),), by_libsndfile=False)
