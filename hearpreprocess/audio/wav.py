"""Write 16-bit mono WAV files, and read PCM WAV files of any writer."""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hearpreprocess.audio.containers import Content, wav_layout
from hearpreprocess.audio.samples import Samples
from hearpreprocess.errors import AudioError

_PCM = 1
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_LARGEST = (1 << 32) - 1 - _HEADER.size
"""In bytes of samples: the header has 32 bits for the size of all that follows its first 8 bytes."""


@dataclass(frozen=True, slots=True)
class Wav:
    """A PCM WAV file: `rate` in hertz, `channels`, `bits` of a sample.

    `data`: the samples as little-endian numbers, the channels of each frame side by side. `declared`: the frames that
    the header states; None where it has a placeholder, as a pipe leaves it.
    """

    data: bytes | memoryview
    rate: int
    channels: int
    bits: int
    declared: int | None

    @property
    def length(self) -> int:
        """The frames that are there: samples of each channel."""
        return len(self.data) // (self.channels * ((self.bits + 7) // 8))

    @property
    def samples(self) -> Samples:
        """16-bit samples, of shape (length,) for one channel, else (length, channels); AudioError if of other bits."""
        import numpy as np

        if self.bits != 16:
            raise AudioError(f"expected 16-bit samples, got {self.bits}-bit ones")
        samples = np.frombuffer(self.data, "<i2")
        return samples if self.channels == 1 else samples.reshape(-1, self.channels)


def write_wav(path: Path, blocks: Iterable[Samples], rate: int) -> tuple[int, str]:
    """Write blocks of samples as a 16-bit mono WAV file.

    Returns the number of samples, and the sha256 of them as 16-bit little-endian numbers, in hexadecimal. Raises
    AudioError where they are more than a WAV file can hold.
    """
    length, sha256 = 0, hashlib.sha256()
    # Without a file object and the module `wave`, which take a seventh of the time of a clip of 1 s.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_CLOEXEC", 0), 0o666)
    try:
        _write(descriptor, bytes(_HEADER.size))  # overwritten when the length is known
        for block in blocks:
            content = block.astype("<i2", copy=False).data.cast("B")
            sha256.update(content)
            _write(descriptor, content)
            length += len(block)
        os.lseek(descriptor, 0, os.SEEK_SET)
        _write(descriptor, _header(path, length, rate))
    finally:
        os.close(descriptor)
    return length, sha256.hexdigest()


def fingerprint(samples: Samples) -> tuple[int, str]:
    """The result of `write_wav` for samples that are not written."""
    return len(samples), hashlib.sha256(samples.astype("<i2", copy=False).data).hexdigest()


def _write(descriptor: int, content: bytes | memoryview) -> None:
    """Write all bytes: a call may write fewer, such as those that still fit on the disk."""
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]


def _header(path: Path, length: int, rate: int) -> bytes:
    """The header of a 16-bit mono WAV file with `length` samples (Multimedia Programming Interface 1.0, 1991)."""
    size = length * 2
    if size > _LARGEST:
        raise AudioError(
            f"{path.name}: too long for a WAV file; expected at most {_LARGEST // 2:,} samples, got {length:,}"
        )
    return _HEADER.pack(
        b"RIFF", size + _HEADER.size - 8, b"WAVE", b"fmt ", 16, _PCM, 1, rate, rate * 2, 2, 16, b"data", size
    )


def read_wav(recording: Path | bytes) -> Wav:
    """A PCM WAV file, or its content, as any tool writes it, the same on every version of Python.

    Raises AudioError where it is not a WAV file, is truncated, or its header contradicts itself.
    """
    with Content(recording) as content:
        layout = wav_layout(content)
        if layout is None:
            raise AudioError("not a WAV file with a format chunk and samples")
        form = layout.format
        if form.code != _PCM:
            raise AudioError(f"expected PCM samples, got WAV format {form.code:#06x}")
        form.check()
        width = (form.bits + 7) // 8
        if not form.channels or not form.rate or not 1 <= width <= 8:
            raise AudioError(f"its header declares {form.channels} channels of {form.bits} bits at {form.rate:,} Hz")
        frame = form.channels * width
        length = layout.length // frame * frame
        data: bytes | memoryview
        if isinstance(recording, bytes):
            data = memoryview(recording)[layout.start : layout.start + length]
        else:
            data = content.read(layout.start, length)
    if len(data) < length:
        raise AudioError(
            f"truncated by another program while it was read: expected {length:,} bytes of samples, got {len(data):,}"
        )
    if layout.order == ">" and width > 1:
        data = _reversed(data, width)
    return Wav(data, form.rate, form.channels, form.bits, None if layout.declared is None else layout.declared // frame)


def read_wav_start(recording: Path | bytes, seconds: float) -> tuple[Wav, int]:
    """The first seconds of a PCM WAV file, and the frames of the whole file, of which no more is read.

    Raises what `read_wav` does.
    """
    with Content(recording) as content:
        layout = wav_layout(content)
        if layout is not None and (frame := layout.format.block):
            wanted, whole = seconds * layout.format.rate, layout.length // frame
            if wanted < whole:
                start = layout._replace(length=round(wanted) * frame)
                return read_wav(start.header() + content.read(start.start, start.length)), whole
    wav = read_wav(recording)
    return wav, wav.length


def _reversed(data: bytes | memoryview, width: int) -> bytes:
    """Big-endian numbers of some bytes each as little-endian ones."""
    import numpy as np

    return np.frombuffer(data, np.uint8).reshape(-1, width)[:, ::-1].tobytes()
