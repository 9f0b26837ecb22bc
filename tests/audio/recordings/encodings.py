"""Samples as the bytes of a container, and what they come to in 16-bit mono: written by hand, without any library."""

from __future__ import annotations

import numpy as np

from tests.audio.recordings.case import LENGTH, mono_8, mono_16, signal, signal_16

Encoded = tuple[bytes, np.ndarray, int]
"""The bytes, the 16-bit mono samples that they stand for, and the bits of one sample."""


def pcm(bits: int, channels: int = 1, order: str = "<", length: int = LENGTH) -> Encoded:
    """Linear samples of 8 (unsigned), 16, 24 or 32 bits."""
    whole = signal(channels, length)
    if bits == 8:
        return ((whole >> 24) + 128).astype(np.uint8).tobytes(), mono_8(whole), 8
    if bits == 16:
        return signal_16(channels, length).astype(f"{order}i2").tobytes(), mono_16(signal_16(channels, length)), 16
    if bits == 24:
        kept = slice(1, 4) if order == "<" else slice(0, 3)
        upper = np.ascontiguousarray(whole).astype(f"{order}i4").view(np.uint8).reshape(-1, 4)[:, kept]
        return upper.tobytes(), mono_16((whole >> 8) << 8), 24
    return whole.astype(f"{order}i4").tobytes(), mono_16(whole), 32


def signed_8(channels: int = 1, length: int = LENGTH) -> Encoded:
    """Linear samples of 8 bits with a sign."""
    whole = signal(channels, length)
    return (whole >> 24).astype(np.int8).tobytes(), mono_8(whole), 8


def floats(bits: int, channels: int = 1, order: str = "<") -> Encoded:
    """Samples as floating-point numbers of 32 or 64 bits."""
    whole = (signal(channels) / 2**31).astype(f"f{bits // 8}")
    return whole.astype(f"{order}f{bits // 8}").tobytes(), mono_16(whole), bits


def ulaw() -> Encoded:
    """Every code of ITU-T G.711's mu-law but those of silence."""
    codes = _codes(0x7F, 0xFF)
    inverted = ~codes & 0xFF
    size = ((((inverted & 15) << 3) + 0x84) << (inverted >> 4 & 7)) - 0x84
    return codes.astype(np.uint8).tobytes(), np.where(inverted & 0x80, -size, size).astype(np.int16), 8


def alaw() -> Encoded:
    """Every code of ITU-T G.711's A-law but the smallest ones."""
    codes = _codes(0x55, 0xD5)
    flipped = codes ^ 0x55
    exponent, mantissa = flipped >> 4 & 7, (flipped & 15) << 4
    size = np.where(exponent == 0, mantissa + 8, (mantissa + 0x108) << np.maximum(exponent - 1, 0))
    return codes.astype(np.uint8).tobytes(), np.where(flipped & 0x80, size, -size).astype(np.int16), 8


def _codes(*silent: int) -> np.ndarray:
    codes = np.random.default_rng(711).permutation(np.arange(LENGTH) % 256)
    return np.where(np.isin(codes, silent), 0x20, codes)
