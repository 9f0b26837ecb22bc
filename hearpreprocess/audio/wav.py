"""Write and read 16-bit mono WAV files."""

from __future__ import annotations

import hashlib
import io
import wave
from collections.abc import Iterable
from pathlib import Path

from hearpreprocess.audio.samples import Samples


def write_wav(path: Path, blocks: Iterable[Samples], rate: int) -> tuple[int, str]:
    """Write blocks of samples as a 16-bit mono WAV file.

    Returns the number of samples, and the sha256 of them as 16-bit little-endian numbers, in hexadecimal.
    """
    length, sha256 = 0, hashlib.sha256()
    with path.open("wb") as file, wave.open(file, "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(rate)
        for block in blocks:
            content = block.astype("<i2", copy=False).data
            recording.writeframesraw(content)
            sha256.update(content)
            length += len(block)
    return length, sha256.hexdigest()


def read_wav(recording: Path | bytes) -> tuple[Samples, int]:
    """The samples and the rate of a file, or of its content, as `write_wav` writes it."""
    import numpy as np

    content = io.BytesIO(recording) if isinstance(recording, bytes) else recording.open("rb")
    with content as file, wave.open(file, "rb") as opened:
        return np.frombuffer(opened.readframes(opened.getnframes()), "<i2"), opened.getframerate()
