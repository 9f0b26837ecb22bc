"""Find the samples in AIFF, AIFC and 8SVX files."""

from __future__ import annotations

import functools
import struct
from dataclasses import dataclass

from hearpreprocess.audio.containers.chunks import HEADER_BYTES, MOST_CHUNKS, Chunks
from hearpreprocess.audio.containers.container import Container, EncodedStream
from hearpreprocess.audio.containers.content import Content
from hearpreprocess.audio.containers.sizes import check_size, is_placeholder
from hearpreprocess.audio.containers.tags import end_of_audio
from hearpreprocess.errors import AudioError

_FORMS = {b"AIFF": b"SSND", b"AIFC": b"SSND", b"8SVX": b"BODY", b"16SV": b"BODY"}
"""The chunk of the samples by the kind of a FORM."""

_FORM_HEADER_BYTES, _OFFSET_BYTES, _MOST_DESCRIPTION_BYTES = 12, 8, 4096

_BYTES = {b"alaw": 1, b"ALAW": 1, b"ulaw": 1, b"ULAW": 1, b"fl32": 4, b"FL32": 4, b"fl64": 8, b"FL64": 8}
_INTEGERS = (b"", b"NONE", b"twos", b"sowt", b"raw ", b"in24", b"in32", b"42ni", b"23ni")
_MOST_BITS = 32

_EXPONENT_OF_1, _EXPONENT_OF_INFINITY = 0x3FFF, 0x7FFF
"""Of an 80-bit float, whose mantissa begins with a 1."""

_IMA, _IMA_BYTES = b"ima4", 34

_STEREO = 6
"""The channels of an 8SVX file: 2 for the left, 4 for the right one, 6 for both, one behind the other."""


@dataclass(slots=True)
class _Form:
    """The chunks of an AIFF form: those of the format and of the samples, and whether both are in the usual form."""

    kind: bytes
    description: bytes = b""
    samples: tuple[int, int] | None = None
    declared: int | None = None
    is_plain: bool = True
    is_stereo_svx: bool = False

    @property
    def block(self) -> int:
        """The bytes of a frame; 0 if unknown."""
        if self.kind not in (b"AIFF", b"AIFC") or len(self.description) < HEADER_BYTES + 18:
            return 0
        channels, _frames, bits = struct.unpack_from(">HLH", self.description, HEADER_BYTES)
        width = (bits + 7) // 8 if self.code in _INTEGERS else _BYTES.get(self.code, 0)
        return int(channels * width)

    @property
    def code(self) -> bytes:
        """The encoding of an AIFC file."""
        return self.description[HEADER_BYTES + 18 :][:4] if self.kind == b"AIFC" else b""

    @property
    def packet(self) -> int:
        """The bytes of a packet of IMA ADPCM in all channels; 1 for other encodings."""
        channels = int.from_bytes(self.description[HEADER_BYTES : HEADER_BYTES + 2], "big")
        return max(1, channels) * _IMA_BYTES if self.code == _IMA else 1

    def check(self) -> None:
        """Raise AudioError where the format has no sample rate or bit depth; libsndfile would assume one."""
        if not self.kind.startswith(b"AIF") or len(self.description) < HEADER_BYTES + 18:
            return
        bits = int.from_bytes(self.description[HEADER_BYTES + 6 : HEADER_BYTES + 8], "big")
        if self.code in _INTEGERS and not 0 < bits <= _MOST_BITS:
            raise AudioError(f"invalid bit depth; expected 1 to {_MOST_BITS} bits, got {bits}")
        exponent, mantissa = struct.unpack_from(">HQ", self.description, HEADER_BYTES + 8)
        if not (_EXPONENT_OF_1 <= exponent < _EXPONENT_OF_INFINITY and mantissa >> 63):
            raise AudioError("invalid sample rate; expected 1 Hz or more")

    @property
    def frames(self) -> int:
        """The declared number of frames; 0 if not declared."""
        return int.from_bytes(self.description[HEADER_BYTES + 2 : HEADER_BYTES + 6], "big") if self.block else 0


def aiff_container(content: Content, begin: int, end: int) -> Container | None:
    """Walk the chunks; None where it is not such a file, or lacks a format or samples.

    Raises AudioError where it contains less than its header declares.
    """
    head = content.read(begin, _FORM_HEADER_BYTES)
    kind = head[8:12]
    if head[:4] != b"FORM" or kind not in _FORMS:
        return None
    form = _walk(_Form(kind), Chunks(content, ">", end), begin + _FORM_HEADER_BYTES)
    if form.samples is None or not form.description:
        raise AudioError("damaged: AIFF file without a format chunk or samples")
    if form.code.startswith(b"DWV"):  # libsndfile fails on its own files
        raise AudioError("unsupported encoding: DWVW in AIFF. Convert it to WAV")
    form.check()
    start, stop = form.samples
    stop += _lacking(form, Chunks(content, ">", end), stop)
    needed = form.frames * form.block
    if needed and not (form.declared is None and is_placeholder(needed + _OFFSET_BYTES)):
        check_size(needed, stop - start)
        stop = start + needed
    elif form.declared is None:
        stop = end_of_audio(content, start, stop)
        if rest := (stop - start) % form.packet:
            raise AudioError(f"truncated: the last packet declares {form.packet} bytes, found {rest}")
    name, is_plain = kind.decode(), form.is_plain and form.declared == stop - start and form.declared % 2 == 0
    if kind in (b"8SVX", b"16SV"):  # libsndfile takes what follows for samples
        is_plain = is_plain and stop == end
    if is_plain or form.is_stereo_svx:
        exact = functools.partial(EncodedStream, start, stop, _header(form, stop - start))
        return Container(name, (EncodedStream(begin, end),), exact=exact, by_libsndfile=not form.is_stereo_svx)
    return Container(name, (EncodedStream(start, stop, _header(form, stop - start)),))


def _lacking(form: _Form, chunks: Chunks, stop: int) -> int:
    """The bytes that the size of the samples' chunk lacks, where a writer left out those of the chunk's own fields."""
    is_short = form.declared is not None and form.frames * form.block == form.declared + _OFFSET_BYTES
    return _OFFSET_BYTES if is_short and stop + _OFFSET_BYTES <= chunks.end and not chunks.is_chunk(stop) else 0


def _walk(form: _Form, chunks: Chunks, position: int) -> _Form:
    for _number in range(MOST_CHUNKS):
        if (header := chunks.header(position)) is None or (form.samples and form.description):
            break
        name, size = header
        start = position + HEADER_BYTES
        if name in (b"COMM", b"VHDR") and not form.description:
            content = chunks.content.read(start, min(size, _MOST_DESCRIPTION_BYTES))
            form.description = struct.pack(">4sL", name, len(content)) + content + b"\0" * (len(content) % 2)
        elif name == b"CHAN":
            form.is_stereo_svx = int.from_bytes(chunks.content.read(start, 4), "big") == _STEREO
        elif name == _FORMS[form.kind] and form.samples is None:
            form.is_plain = form.is_plain and bool(form.description)
            size = _find_samples(form, chunks, start, size)
        position, lacks_padding = chunks.following(start, size)
        form.is_plain = form.is_plain and not lacks_padding
    return form


def _find_samples(form: _Form, chunks: Chunks, start: int, size: int) -> int:
    """Note where the samples lie; return the size of their chunk."""
    offset = _OFFSET_BYTES if form.kind in (b"AIFF", b"AIFC") else 0
    available = chunks.end - start
    is_empty = size == 0 and (available <= offset or chunks.lead_to_end(start))
    is_unknown = is_placeholder(size) and not is_empty and (size == 0 or not chunks.is_size(start, size))
    skipped = int.from_bytes(chunks.content.read(start, 4), "big") if offset else 0
    if is_unknown:
        size = available
    else:
        check_size(max(0, size - offset), max(0, available - offset))
        form.declared = max(0, size - offset - skipped)
    form.samples = (start + offset + skipped, max(start + offset + skipped, start + size))
    form.is_plain = form.is_plain and not skipped
    return size


def _header(form: _Form, length: int) -> bytes:
    """A header of the format and the samples alone, which every reader reads in the same way."""
    is_aiff = form.kind in (b"AIFF", b"AIFC")
    body = struct.pack(">4sLL", b"FVER", 4, 0xA2805140) if form.kind == b"AIFC" else b""
    body += form.description
    body += struct.pack(">4sL", _FORMS[form.kind], min(0xFFFFFFFF, length + is_aiff * _OFFSET_BYTES))
    body += bytes(is_aiff * _OFFSET_BYTES)
    return struct.pack(">4sL4s", b"FORM", min(0xFFFFFFFF, 4 + len(body) + length), form.kind) + body
