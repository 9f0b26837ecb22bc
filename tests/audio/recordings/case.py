"""One recording of the corpus, and the samples that are written into all of them."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

import numpy as np

from hearpreprocess.audio import to_mono_16_bit

RATE, LENGTH = 16000, 3001
"""The length is odd, and no multiple of any codec's frame."""


@dataclass(frozen=True)
class Case:
    """A recording as `writer` wrote it.

    `expected`: its samples as 16-bit mono, known where the codec is lossless. `open_end`: a key of
    `explained.OPEN_ENDS` where nothing in the file tells where it ends, so that a cut cannot be known. `joint`: where
    a first recording ends and another one begins; a cut there alone cannot be known.
    """

    writer: str
    container: str
    codec: str
    oddity: str
    suffix: str
    content: bytes = field(repr=False)
    expected: np.ndarray | None = field(default=None, repr=False)
    open_end: str = ""
    joint: int = 0

    @property
    def name(self) -> str:
        """Unique in the corpus; patterns of `explained` match it."""
        return " / ".join(filter(None, (self.container, self.codec, self.oddity, self.writer)))


@functools.cache
def signal(channels: int = 1, length: int = LENGTH) -> np.ndarray:
    """int32 samples of shape (length, channels) that use all 32 bits; none is near zero, so that padding shows."""
    chance = np.random.default_rng([channels, length])
    time = np.arange(length)[:, None] / RATE
    tone = 0.35 * np.sin(2 * np.pi * (440 + 200 * np.arange(channels)) * time)
    samples = tone + chance.uniform(-0.1, 0.1, (length, channels))
    samples += np.where(samples >= 0, 0.02, -0.02)
    return (samples * 2**31).astype(np.int64).astype(np.int32)


def signal_16(channels: int = 1, length: int = LENGTH) -> np.ndarray:
    """The same in 16 bits."""
    return (signal(channels, length) >> 16).astype(np.int16)


def mono_16(samples: np.ndarray) -> np.ndarray:
    """What a decoder makes of them: 16-bit mono by the rule of docs/audio.md."""
    return np.array(to_mono_16_bit(samples))


def mono_8(samples: np.ndarray) -> np.ndarray:
    """The same of the upper 8 bits alone."""
    return mono_16(((samples >> 24).astype(np.int16) << 8).astype(np.int16))
