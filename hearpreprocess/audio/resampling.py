"""Resample with libsoxr in float at quality HQ, without the random dither of the reference."""

from __future__ import annotations

from collections.abc import Iterator

from hearpreprocess.audio.samples import Samples, to_16_bit

BLOCK = 1 << 20
"""Samples per block."""


def resample(samples: Samples, rate: int, target_rate: int) -> Iterator[Samples]:
    """The samples at another rate, `len(samples) * target_rate / rate` of them, a half rounded up, block by block.

    libsoxr at quality HQ, in float32 and without dither: the same input gives the same samples on every run and with
    any block length, which only bounds the memory.
    """
    import numpy as np
    import soxr

    if rate == target_rate:
        yield samples
        return
    # libsoxr is linear and floats keep their precision at any scale: there is no need to divide by full scale.
    stream = soxr.ResampleStream(rate, target_rate, 1, dtype="float32", quality="HQ")
    for start in range(0, max(1, len(samples)), BLOCK):
        block = samples[start : start + BLOCK].astype(np.float32)
        yield to_16_bit(stream.resample_chunk(block, last=start + BLOCK >= len(samples)))
