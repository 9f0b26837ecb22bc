"""Find the samples in WAV files: RIFF, RIFX, RF64 and BW64, with the deviations of common programs."""

from __future__ import annotations

import itertools
import re
import struct
from typing import NamedTuple

from hearpreprocess.audio.containers.chunks import HEADER_BYTES, MOST_CHUNKS, Chunks
from hearpreprocess.audio.containers.container import Container, EncodedStream, Pcm
from hearpreprocess.audio.containers.content import Content
from hearpreprocess.audio.containers.limits import HIGHEST_RATE, MOST_CHANNELS
from hearpreprocess.audio.containers.sizes import check_size, is_placeholder, is_placeholder_64
from hearpreprocess.audio.containers.tags import end_of_audio
from hearpreprocess.errors import AudioError
from hearpreprocess.storage import counted

ORDERS = {b"RIFF": "<", b"RF64": "<", b"BW64": "<", b"RIFX": ">"}
"""The byte order by the first four bytes."""

_FORM_HEADER_BYTES, _SIZE_IN_DS64, _MOST_HEADER_BYTES = 12, 0xFFFFFFFF, 4096

_DS64 = struct.Struct("<QQQ")

_MOST_DESCRIPTION_BYTES = 4096

_EXTENSIBLE, _EXTENSIBLE_CODE = 0xFFFE, b"\xfe\xff"
_GUID_TAILS = (
    b"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71",
    b"\x00\x00\x21\x07\xd3\x11\x86\x44\xc8\xc1\xca\x00\x00\x00",  # Ambisonic B-format
)

_SEVERAL = "several 'data' chunks; expected one. Save it as 16-bit WAV with the program that wrote it"

_TAIL_BYTES, _MOST_BEHIND = 1 << 20, 100
_BEHIND = re.compile(rb"LIST|INFO|id3 |ID3 |bext|iXML|axml|cue |smpl|inst|afsp|PAD |PEAK|fact|JUNK|_PMX|cart|chna|umid")
"""Chunks that may lie behind samples whose length the header does not state."""


def _packed(channels: int, bits: int) -> int:
    """The bytes of a frame whose samples have the fewest whole bytes."""
    return channels * ((bits + 7) // 8)


class WavFormat(NamedTuple):
    """The format chunk: its code (1: PCM, 3: float; that within EXTENSIBLE), channels, hertz, bytes a block, bits."""

    code: int
    channels: int
    rate: int
    block: int
    bits: int

    def check(self) -> None:
        """Raise AudioError where the format is missing or ambiguous."""
        if not self.rate:
            raise AudioError("invalid sample rate; expected 1 Hz or more, got 0 Hz")
        if self.code == _FLOAT and self.bits not in _FLOAT_BITS:
            raise AudioError(
                f"unsupported float samples of {self.bits} bits; expected 32 or 64 bits. "
                "Save it as 16-bit WAV with the program that wrote it"
            )
        if self.code in _PACKED and not self.bits:
            raise AudioError("invalid bit depth; expected 8 bits or more, got 0")
        if self.code in _PACKED and self.block != (expected := _packed(self.channels, self.bits)):
            raise AudioError(
                f"ambiguous format: {self.block} bytes per block; expected {expected} for "
                f"{counted(self.channels, 'channels')} of {self.bits} bits. "
                "Save it as 16-bit WAV with the program that wrote it"
            )


class WavLayout(NamedTuple):
    """The position of the samples in a WAV file.

    `description`: the content of its format chunk. `start`, `length`: of the samples, in bytes. `declared`: the length
    that the header states; None where it has a placeholder. `frames`: of the fact chunk. `is_plain`: whether every
    reader finds the samples in the same place: one format chunk, then the samples, padded chunks around them.
    `is_64`: whether sizes have 64 bits.
    """

    order: str
    description: bytes
    start: int
    length: int
    declared: int | None
    frames: int | None
    is_plain: bool
    is_64: bool = False

    @property
    def format(self) -> WavFormat:
        """The content of the format chunk; raises AudioError where it is too short."""
        if len(self.description) < 16:
            raise AudioError(f"format chunk too short; expected 16 bytes or more, got {len(self.description)}")
        code, channels, rate, _speed, block, bits = struct.unpack_from(f"{self.order}HHLLHH", self.description)
        if code == _EXTENSIBLE and len(self.description) >= 40 and self.description[26:40] in _GUID_TAILS:
            (code,) = struct.unpack_from(f"{self.order}H", self.description, 24)
        if code in _PACKED and block == 0:  # left out, which the bits make up for
            block = _packed(channels, bits)
        return WavFormat(code, channels, rate, block, bits)

    @property
    def frames_in_blocks(self) -> int | None:
        """The frames of the fact chunk, where they end within the last block of an encoding in blocks."""
        form, per_block = self.format, int.from_bytes(self.description[18:20], "little" if self.order == "<" else "big")
        if self.frames is None or form.code not in _IN_BLOCKS or not form.block or self.length % form.block:
            return None
        most = self.length // form.block * per_block
        return self.frames if most - per_block < self.frames <= most else None

    def exact(self) -> EncodedStream:
        """The samples alone, with a header that every reader reads in the same way."""
        return EncodedStream(self.start, self.start + self.length, self.header())

    def header(self) -> bytes:
        """A header of the format and the samples alone, which every reader reads in the same way."""
        chunks = struct.pack(f"{self.order}4sL", b"fmt ", len(self.description)) + self.description
        chunks += b"\0" * (len(chunks) % 2)
        if self.frames is not None:
            chunks += struct.pack(f"{self.order}4sLL", b"fact", 4, self.frames)
        name, large = b"RIFX" if self.order == ">" else b"RIFF", self.length + len(chunks) + 28 >= _SIZE_IN_DS64
        if large and self.order == "<":
            sizes = struct.pack("<4sLQQQL", b"ds64", 28, self.length + len(chunks) + 48, self.length, 0, 0)
            name, chunks = b"RF64", sizes + chunks
        outer = _SIZE_IN_DS64 if large else 12 + len(chunks) + self.length
        return (
            struct.pack(f"{self.order}4sL4s", name, outer, b"WAVE")
            + chunks
            + struct.pack(f"{self.order}4sL", b"data", _SIZE_IN_DS64 if large else self.length)
        )


def wav_layout(content: Content, begin: int = 0, end: int | None = None) -> WavLayout | None:
    """Walk a WAV file's chunks; None where it is none, or lacks a format or samples.

    `begin`, `end`: where it lies in `content`. Raises AudioError where it holds less than its header declares.
    """
    end = content.size if end is None else end
    head = content.read(begin, _FORM_HEADER_BYTES)
    order = ORDERS.get(head[:4], "")
    if not order or head[8:12] != b"WAVE":
        return None
    size = int.from_bytes(head[4:8], "little" if order == "<" else "big")
    form_end = 0 if is_placeholder(size) else begin + HEADER_BYTES + size
    return walk_wav(Chunks(content, order, end), begin + _FORM_HEADER_BYTES, form_end)


_FLOAT, _FLOAT_BITS = 3, (32, 64)

_PACKED = (1, 3)  # PCM, float: the bits of a sample say how many bytes it has

_LINEAR = (*_PACKED, 6, 7)  # and A-law, mu-law: every frame has the same number of bytes

_GSM = 0x31

_IN_BLOCKS = (0x02, 0x11, _GSM)  # MS ADPCM, IMA ADPCM, GSM 6.10

_ENCODINGS = {
    (1, 8): "PCM_U8",
    (1, 16): "PCM_16",
    (1, 24): "PCM_24",
    (1, 32): "PCM_32",
    (3, 32): "FLOAT",
    (3, 64): "DOUBLE",
}
"""Those of which the samples can be taken as they are, by code and bits."""


def wav_container(content: Content, begin: int, end: int) -> Container | None:
    """A WAV file's samples; with a header of their own where readers may look for them elsewhere."""
    layout = wav_layout(content, begin, end)
    if layout is not None:
        return _container(layout, EncodedStream(begin, end) if layout.is_plain else None)
    head = content.read(begin, _FORM_HEADER_BYTES)
    if head[:4] not in ORDERS or head[8:] != b"WAVE":
        return None
    if (repaired := repaired_wav(content, begin, end)) is None:
        raise AudioError("damaged: WAV file without a format chunk or samples")
    return repaired


def repaired_wav(content: Content, begin: int, end: int) -> Container | None:
    """The samples of a WAV file whose outer header is damaged, by its format and data chunks; None without them.

    Some copies of GTZAN's jazz.00054 need this: their format and data chunks are intact.
    """
    head = content.read(begin, _MOST_HEADER_BYTES)
    description = head.find(b"fmt ")
    if description < 0:
        return None
    sizes = head.find(b"ds64", 0, description)
    layout = walk_wav(Chunks(content, "<", end), begin + (sizes if sizes >= 0 else description))
    if layout is None:
        data = head.find(b"data", description)
        chunks = Chunks(content, "<", end)
        size = int.from_bytes(head[description + 4 : description + 8], "little")
        # Where the chunks can be walked, these letters are in one of them.
        if data < 0 or description + HEADER_BYTES + 16 > data or 14 <= size <= _MOST_DESCRIPTION_BYTES:
            return None
        length, declared = _size_of_samples(
            chunks, begin + data + 8, int.from_bytes(head[data + 4 : data + 8], "little"), None, 0
        )
        layout = WavLayout(
            "<", head[description + 8 : description + 24], begin + data + 8, length, declared, None, False
        )
    form = layout.format
    is_plausible = (
        form.code in _LINEAR
        and 0 < form.channels <= MOST_CHANNELS
        and 0 < form.rate <= HIGHEST_RATE
        and form.bits in (8, 16, 24, 32, 64)
    )
    return _container(layout, is_damaged=True) if is_plausible else None


def _container(layout: WavLayout, plain: EncodedStream | None = None, *, is_damaged: bool = False) -> Container:
    """`plain`: the file as it is, if every reader finds the samples in it."""
    form = layout.format
    form.check()
    is_linear = form.code in _LINEAR and form.block > 0 and form.block == _packed(form.channels, form.bits)
    if layout.declared is None and form.code in _IN_BLOCKS and form.block and (rest := layout.length % form.block):
        raise AudioError(f"truncated: the last block declares {form.block} bytes, found {rest}")
    if form.code == _GSM and form.block and layout.length % form.block:  # sox counts the padding among the samples
        layout, plain = layout._replace(length=layout.length // form.block * form.block), None
    frames = layout.length // form.block if is_linear else layout.frames_in_blocks
    is_big_endian = layout.order == ">"  # ffmpeg would read it as if it were little-endian
    encoding = _ENCODINGS.get((form.code, form.bits)) if layout.order == "<" and not is_damaged else None
    is_pcm = is_linear and 0 < form.channels <= MOST_CHANNELS and 0 < form.rate <= HIGHEST_RATE and not layout.is_64
    name = "WAVEX" if layout.description[:2] == _EXTENSIBLE_CODE else "WAV"  # as libsndfile has it
    pcm = Pcm(layout.start, form.rate, form.channels, name, encoding, form.bits // 8) if encoding and is_pcm else None
    return Container(
        "WAV",
        (plain or layout.exact(),),
        frames=frames,
        exact=layout.exact,
        pcm=pcm,
        by_ffmpeg=not is_big_endian,
        is_damaged=is_damaged,
    )


def linear_header(form: tuple[int, int, int, int], length: int) -> bytes:
    """The header of a WAV file: its format's code, channels, rate and bits, and the bytes of its samples."""
    code, channels, rate, bits = form
    block = channels * (bits // 8)
    description = struct.pack("<HHLLHH", code, channels, rate, rate * block & 0xFFFFFFFF, block, bits)
    return WavLayout("<", description, 0, length, length, None, is_plain=True).header()


def walk_wav(chunks: Chunks, position: int, form_end: int = 0) -> WavLayout | None:
    """The layout of the chunks from a position on; `form_end`: where the outer size has the file end; 0: unknown."""
    size_64: int | None = None
    description, frames, samples, is_plain = b"", None, None, True
    for _number in range(MOST_CHUNKS):
        if (header := chunks.header(position)) is None:
            break
        name, size = header
        if name.startswith(b"\0") and (zeros := chunks.zeros(position)):
            position, is_plain = position + zeros, False
            continue
        start = position + HEADER_BYTES
        if name == b"ds64" and len(sizes := chunks.content.read(start, _DS64.size)) == _DS64.size:
            size_64 = _DS64.unpack(sizes)[1]
        elif name == b"fmt " and not description:
            description = chunks.content.read(start, min(size, _MOST_DESCRIPTION_BYTES))
        elif name == b"fact" and size >= 4 and frames is None:
            frames = int.from_bytes(chunks.content.read(start, 4), "little" if chunks.order == "<" else "big")
        elif name == b"data" and samples is None:
            size, declared = _size_of_samples(chunks, start, size, size_64, form_end)
            samples = (start, size, declared)
            is_plain = is_plain and bool(description) and declared is not None
            if description:
                if declared is not None:
                    _check_single(chunks, chunks.following(start, size)[0], form_end)
                break
        elif name == b"data" and size:
            raise AudioError(_SEVERAL)
        position, lacks_padding = chunks.following(start, size)
        is_plain = is_plain and not lacks_padding
    if samples is None or not description:
        return None
    return WavLayout(chunks.order, description, *samples, frames, is_plain, size_64 is not None)


def _check_single(chunks: Chunks, position: int, form_end: int) -> None:
    """Raise AudioError where other samples follow the first ones within the form, as readers differ on these."""
    end = min(form_end, chunks.end) if form_end + 1 >= position else chunks.end  # else it is a placeholder, or wrong
    for _number in range(_MOST_BEHIND):
        if position + HEADER_BYTES >= end or not chunks.is_chunk(position):
            break
        name, size = chunks.header(position) or (b"", 0)
        if name == b"data" and size:
            raise AudioError(_SEVERAL)
        position, _lacks_padding = chunks.following(position + HEADER_BYTES, size)


def _size_of_samples(
    chunks: Chunks, start: int, size: int, size_64: int | None, form_end: int
) -> tuple[int, int | None]:
    """The size of the samples in bytes, and the declared one; None where it is a placeholder."""
    available = chunks.end - start
    if size == _SIZE_IN_DS64 and size_64 is not None:
        size, is_unknown = size_64, is_placeholder_64(size_64)
    else:
        is_unknown = is_placeholder(size)
    if is_unknown and not (available and chunks.is_size(start, size)):
        if size and form_end == start + size + size % 2:
            form_end = 0  # the outer size was made of the placeholder
        return (_end_of_samples(chunks, start, form_end) - start, None) if available else (0, 0)
    check_size(size, available)
    return size, size


def _end_of_samples(chunks: Chunks, start: int, form_end: int) -> int:
    """Where samples of unknown length end: where the form does, or before the chunks behind them, or with the file."""
    end = end_of_audio(chunks.content, start, chunks.end)
    if start < form_end < end:
        if not chunks.lead_to_end(form_end) and not Chunks(chunks.content, chunks.order, end).lead_to_end(form_end):
            raise AudioError(
                f"ambiguous length: the header declares no size of the samples and {form_end:,} bytes in all, "
                f"found {end:,}"
            )
        end = form_end
    chunks = Chunks(chunks.content, chunks.order, end)
    first = max(start, end - _TAIL_BYTES)
    matches = itertools.islice(_BEHIND.finditer(chunks.content.read(first, end - first)), MOST_CHUNKS)
    for match in matches:
        if chunks.lead_to_end(first + match.start()):
            return first + match.start()
    return end
