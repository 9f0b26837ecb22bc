"""Check the declared length of formats that few programs write, and libsndfile reads."""

from __future__ import annotations

import struct

from hearpreprocess.audio.containers.container import Container, EncodedStream
from hearpreprocess.audio.containers.content import Content
from hearpreprocess.audio.containers.sizes import check_size
from hearpreprocess.audio.containers.tags import end_of_audio
from hearpreprocess.errors import AudioError
from hearpreprocess.storage import counted

_FIXED = {
    # By their marks: name, offset of the number of frames, bytes of the header.
    b"2BIT": ("AVR", 26, 128),
    b"ALawSoundFile**\0": ("WVE", 18, 32),
}


def fixed_container(content: Content, begin: int, end: int) -> Container | None:
    """Formats that declare their frames in a header of fixed length: AVR, WVE."""
    head = content.read(begin, 128)
    for mark, (name, offset, header_bytes) in _FIXED.items():
        if head.startswith(mark):
            check_size(header_bytes, end - begin, "bytes of header")
            return Container(
                name, (EncodedStream(begin, end),), frames=int.from_bytes(head[offset : offset + 4], "big")
            )
    return None


_XI_MARK, _XI_HEADER_BYTES = b"Extended Instrument: ", 338


def instrument_container(content: Content, begin: int, end: int) -> Container | None:
    """Fasttracker 2 instrument: one sample, whose length in bytes is in its header."""
    head = content.read(begin, _XI_HEADER_BYTES)
    if not head.startswith(_XI_MARK):
        return None
    check_size(_XI_HEADER_BYTES, end - begin, "bytes of header")
    check_size(int.from_bytes(head[298:302], "little"), end - begin - _XI_HEADER_BYTES)
    return Container("XI", (EncodedStream(begin, end),))


def sampler_container(content: Content, begin: int, end: int) -> Container | None:
    """Akai MPC 2000: a name, then numbers."""
    head = content.read(begin, 42)
    if head[:2] != b"\x01\x04" or len(head) < 42 or head[21] > 1:
        return None
    frames, rate = struct.unpack_from("<L", head, 30)[0], struct.unpack_from("<H", head, 40)[0]
    if any(byte and not 32 <= byte < 127 for byte in head[2:19]) or not rate >= 4000:
        return None
    check_size(frames * 2 * (head[21] + 1), end - begin - len(head))
    return Container("MPC2K", (EncodedStream(begin, end),), frames=frames)


def octave_container(content: Content, begin: int, end: int) -> Container | None:
    """MATLAB 4 as GNU Octave writes it: the matrix of the sample rate, then that of the samples."""
    head = content.read(begin, 128)
    if head[20:31] != b"samplerate\0" or len(head) < 59:
        return None
    order = ">" if head[:4] == b"\0\0\x03\xe8" else "<"
    frames: int = struct.unpack_from(f"{order}L", head, 39 + 8)[0]
    return Container("MAT4", (EncodedStream(begin, end),), frames=frames)


def matlab_container(content: Content, begin: int, end: int) -> Container | None:
    """MATLAB 5: the matrix of the sample rate, then that of the samples, a column for each frame."""
    head = content.read(begin, 512)
    if head[:19] != b"MATLAB 5.0 MAT-file" or b"wavedata" not in head:
        return None
    order = ">" if head[126:128] == b"MI" else "<"
    dimensions = head.rfind(struct.pack(f"{order}LL", 5, 8), 0, head.find(b"wavedata"))
    if dimensions < 0:
        return None
    frames: int = struct.unpack_from(f"{order}L", head, dimensions + 12)[0]
    return Container("MAT5", (EncodedStream(begin, end),), frames=frames)


def dump_container(content: Content, begin: int, _end: int) -> Container | None:
    """MIDI sample dump, whose last samples libsndfile loses: it is refused."""
    head = content.read(begin, 4)
    if len(head) == 4 and head[:2] == b"\xf0\x7e" and head[3] == 1:
        raise AudioError("unsupported format: MIDI sample dump. Convert it to WAV")
    return None


_PARIS_HEADER_BYTES, _PARIS_24_BITS, _PARIS_BLOCK_BYTES = 2048, 1, 32


def paris_container(content: Content, begin: int, end: int) -> Container | None:
    """Ensoniq PARIS, which states no length; samples of 24 bits lie in blocks, the last of which must be whole."""
    head = content.read(begin, 24)
    order = {b" paf": ">", b"fap ": "<"}.get(head[:4])
    if order is None or len(head) < 24:
        return None
    end = end_of_audio(content, begin + _PARIS_HEADER_BYTES, end)
    kind, channels = struct.unpack_from(f"{order}LL", head, 16)
    rest = (end - begin - _PARIS_HEADER_BYTES) % (_PARIS_BLOCK_BYTES * max(1, channels))
    if kind == _PARIS_24_BITS and rest:
        raise AudioError(f"truncated: incomplete last block of {counted(rest, 'bytes')}")
    return Container("PAF", (EncodedStream(begin, end),))
