"""Synthetic recordings that compress, clip and decay like real ones: struck, decaying tones over coloured noise."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

STRIKES, PARTIALS = 4, 3


def recording(name: str, seconds: float, rate: int, channels: int = 1) -> np.ndarray:
    """A recording seeded by its name, as float32 of shape (samples, channels) between -1 and 1."""
    import numpy as np

    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    random = np.random.Generator(np.random.PCG64(seed))
    length = round(seconds * rate)
    time = np.arange(length, dtype=np.float32) / rate
    mixed = _brown_noise(random, length) * random.uniform(0.01, 0.05)
    for _ in range(STRIKES):
        onset = int(random.integers(0, max(1, length - rate // 10)))
        ringing = time[: min(length - onset, rate)]
        envelope = np.exp(-ringing * np.float32(random.uniform(3, 12)))
        pitch = random.uniform(80, 1500)
        for partial in range(1, PARTIALS + 1):
            if partial * pitch < rate / 2:
                tone = np.sin(ringing * np.float32(2 * np.pi * partial * pitch))
                mixed[onset : onset + len(ringing)] += tone * envelope * np.float32(0.3 / partial)
    gains = random.uniform(0.6, 1.0, size=channels).astype(np.float32)
    return np.clip(mixed[:, None] * gains, -1, 1)


def _brown_noise(random: np.random.Generator, length: int) -> np.ndarray:
    import numpy as np

    steps = random.standard_normal(length, dtype=np.float32)
    # A leaky integrator, as a plain sum would drift; computed in blocks for one vectorised pass.
    walked = np.cumsum(steps) if length else steps
    leak = max(1, length // 64)
    trend = np.interp(np.arange(length), np.arange(0, length, leak), walked[::leak]) if length else walked
    return ((walked - trend) / 16).astype(np.float32)


def wav_bytes(samples: np.ndarray, rate: int, subtype: str = "PCM_16", container: str = "WAV") -> bytes:
    """The bytes of an audio file; `subtype` and `container` are libsndfile's names."""
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, samples, rate, subtype=subtype, format=container)
    return file.getvalue()


def sound(name: str, seconds: float, rate: int, channels: int = 1) -> bytes:
    """The bytes of a 16-bit WAV file with the recording of this name."""
    return wav_bytes(recording(name, seconds, rate, channels), rate)
