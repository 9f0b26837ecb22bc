"""What a WAV file states of its own length, read apart from the package."""

from __future__ import annotations

import struct

_PLACEHOLDERS = (range(1), range(0x7FFFF000, 0x80000025), range(0xFFFFF000, 0x100000000))


def declared_frames(content: bytes) -> int | None:
    """How many samples a channel the data chunk of a plain WAV file states; None where that is not clear.

    It is clear where the file begins with RIFF and WAVE, and of `fmt ` and `data`, which are of linear samples, there
    is one each, in this order.
    """
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        return None
    chunks, at = [], 12
    while at + 8 <= len(content):
        name, size = struct.unpack_from("<4sL", content, at)
        chunks.append((name, at + 8, size))
        at += 8 + size + size % 2
    formats = [(start, size) for name, start, size in chunks if name == b"fmt "]
    if len(formats) != 1 or formats[0][1] < 16 or [name for name, *_ in chunks].count(b"data") != 1:
        return None
    if not {name for name, *_ in chunks} <= {b"fmt ", b"data", b"LIST", b"fact", b"JUNK", b"PEAK", b"bext", b"cue "}:
        return None
    form, channels, _rate, _speed, block, bits = struct.unpack_from("<HHLLHH", content, formats[0][0])
    start, size = next((start, size) for name, start, size in chunks if name == b"data")
    is_plain = form == 1 and bits in (8, 16, 24, 32) and channels and block == channels * bits // 8
    if not is_plain or start < formats[0][0] or any(size in sizes for sizes in _PLACEHOLDERS):
        return None
    return int(size // block)
