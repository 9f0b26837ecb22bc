"""Recognise sizes in a header that are placeholders of a writer that could not seek back."""

from __future__ import annotations

from hearpreprocess.errors import AudioError

_PLACEHOLDERS_64 = (0, (1 << 63) - 1, (1 << 64) - 1)


def is_placeholder(size: int) -> bool:
    """Whether a declared size of 32 bits, in bytes, is a placeholder for an unknown size."""
    # 0: ffmpeg, and recorders that lost power. 0x7FFFF000, 0x80000000: sox, mpg123. 0xFFFFFFFF: ffmpeg, the standards.
    return size == 0 or 0x7FFFF000 <= size <= 0x80000024 or 0xFFFFF000 <= size <= 0xFFFFFFFF


def is_placeholder_64(size: int) -> bool:
    """Whether a declared size of 64 bits is a placeholder for an unknown size."""
    return size in _PLACEHOLDERS_64


def check_size(declared: int, available: int, of: str = "bytes of samples") -> None:
    """Raise AudioError where a header declares more bytes than the file contains."""
    if available < declared:
        raise AudioError(f"truncated: the header declares {declared:,} {of}, found {available:,}")
