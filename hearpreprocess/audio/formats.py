"""Check that a container holds the samples that its header declares, and repair a damaged header."""

from __future__ import annotations

import io
import struct
import wave
from pathlib import Path
from typing import BinaryIO

from hearpreprocess.errors import AudioError

HIGHEST_RATE, MOST_CHANNELS = 768_000, 32
"""Limits for a plausible recording; the sources of HEAR have 96,000 Hz and two channels at most."""

_HEADER_BYTES = 4096

_FORM, _UNKNOWN = struct.Struct("<4sL4s"), 0xFFFFFFFF

_PCM_DESCRIPTION, _PCM = struct.Struct("<4sLHHLLHH"), 1


def check_declared_length(file: BinaryIO) -> None:
    """Raise AudioError where a WAV or AIFF header declares more samples than the file holds, which libsndfile ignores.

    A declared size of zero, or the largest value of the field, comes from programs that could not seek back to fill it
    in, as ffmpeg when it writes to a pipe.
    """
    form = file.read(_FORM.size)
    order, data = {b"RIFF": ("<", b"data"), b"FORM": (">", b"SSND")}.get(form[:4], ("", b""))
    chunk = struct.Struct(f"{order or '<'}4sL")
    while order and len(header := file.read(chunk.size)) == chunk.size:
        name, declared = chunk.unpack(header)
        start = file.tell()
        if name == data:
            _check_length(file.seek(0, io.SEEK_END) - start, declared)
            return
        file.seek(start + declared + declared % 2)


def _check_length(available: int, declared: int) -> None:
    if available < declared not in (0, _UNKNOWN):
        raise AudioError(f"it is cut short: its header promises {declared:,} bytes of samples, it holds {available:,}")


def repair_header(path: Path, target: Path) -> bool:
    """Write a WAV file with a damaged RIFF header again with a correct one; return whether the rest allows that.

    Some copies of GTZAN's jazz.00054 need this: their format and data chunks are intact. Raises AudioError where these
    are not.
    """
    content = path.read_bytes()
    description = content.find(b"fmt ", 0, _HEADER_BYTES)
    data = content.find(b"data", description, _HEADER_BYTES) if description >= 0 else -1
    if data < 0 or data - description < _PCM_DESCRIPTION.size:
        return False
    _name, _size, form, channels, rate, _speed, _block, bits = _PCM_DESCRIPTION.unpack_from(content, description)
    if form != _PCM or bits != 16 or not 0 < channels <= MOST_CHANNELS or not 0 < rate <= HIGHEST_RATE:
        return False
    declared = int.from_bytes(content[data + 4 : data + 8], "little")
    samples = content[data + 8 :]
    _check_length(len(samples), declared)
    samples = samples[:declared] if 0 < declared <= len(samples) else samples
    with wave.open(str(target), "wb") as repaired:
        repaired.setnchannels(channels)
        repaired.setsampwidth(2)
        repaired.setframerate(rate)
        repaired.writeframes(samples[: len(samples) // (2 * channels) * 2 * channels])
    return True
