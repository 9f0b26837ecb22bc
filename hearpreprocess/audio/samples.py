"""Samples as 1-d numpy int16 arrays: downmix, convert to 16 bits, fit to a duration, measure loudness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from hearpreprocess.errors import AudioError

if TYPE_CHECKING:
    import numpy.typing as npt

Samples: TypeAlias = "npt.NDArray[Any]"


FULL_SCALE = 32768
"""The 16-bit value of the float 1.0."""

_LOUDEST_16_BITS_OF_32 = 1 << 16


def to_mono_16_bit(samples: Samples) -> Samples:
    """Downmix to one channel and convert to 16 bits.

    `samples`: shape (length, channels), int16, int32 (24-bit audio in the upper bits) or float (1.0 is full scale). One
    and two channels come out as from the reference's decoder: two 16-bit channels round half up, `(L + R + 1) >> 1`;
    one 24-bit channel is truncated, `x >> 8`; all else rounds half to even. More channels, which no source of HEAR has,
    are averaged. Raises AudioError on samples that are not finite.
    """
    import numpy as np

    channels = samples.shape[1]
    if samples.dtype == np.int16:
        if channels == 1:
            return samples.reshape(-1)
        if channels == 2:
            left, right = samples[:, 0], samples[:, 1]
            halves: Samples = left ^ right
            halves >>= 1
            # (L + R + 1) >> 1 without a sum, which would need 32 bits: L + R = 2 * (L | R) - (L ^ R)
            return np.subtract(left | right, halves, out=halves)
        return to_16_bit(samples.mean(axis=1, dtype=np.float64))
    if samples.dtype == np.int32:
        if channels == 1:
            upper: Samples = samples.reshape(-1) >> 16
            return upper.astype(np.int16)
        return to_16_bit(_mean(samples, np.float64) / _LOUDEST_16_BITS_OF_32)
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = (samples[:, 0] if channels == 1 else _mean(samples, samples.dtype)) * FULL_SCALE
    if not np.isfinite(scaled).all():
        raise AudioError("contains NaN, Inf or samples beyond the range of its number format")
    return to_16_bit(scaled)


def _mean(samples: Samples, kind: npt.DTypeLike) -> Samples:
    """The mean of the channels; of two as of more, in a fraction of the time."""
    import numpy as np

    if samples.shape[1] != 2:
        several: Samples = samples.mean(axis=1, dtype=kind)
        return several
    mean: Samples = np.add(samples[:, 0], samples[:, 1], dtype=kind)
    mean /= 2
    return mean


def to_16_bit(samples: Samples) -> Samples:
    """Round to 16 bits, in place: a second array of that size costs as much as the rounding."""
    import numpy as np

    np.rint(samples, out=samples)
    np.clip(samples, -FULL_SCALE, FULL_SCALE - 1, out=samples)
    return samples.astype(np.int16)


def fit(samples: Samples, rate: int, duration: float | None) -> Samples:
    """Cut the samples, or pad them with zeros at the end, to `round(duration * rate)`; None leaves them as they are."""
    import numpy as np

    if duration is None:
        return samples
    length = round(duration * rate)
    return samples[:length] if len(samples) >= length else np.pad(samples, (0, length - len(samples)))


def loudness(samples: Samples) -> dict[str, Any]:
    """`peak`: the largest absolute sample, up to 32,768; `clipped`: whether three in a row are at full scale."""
    if not len(samples):
        return {"peak": 0, "clipped": False}
    highest, lowest = int(samples.max()), int(samples.min())
    full = (
        (samples >= FULL_SCALE - 1) | (samples <= 1 - FULL_SCALE) if max(highest, -lowest) >= FULL_SCALE - 1 else None
    )
    clipped = full is not None and bool((full[:-2] & full[1:-1] & full[2:]).any())
    return {"peak": max(highest, -lowest), "clipped": clipped}
