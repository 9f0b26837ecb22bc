"""Recordings that libsndfile writes: every container and encoding that soundfile offers."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import soundfile

from tests.audio.recordings.case import RATE, Case, mono_8, mono_16, signal, signal_16

LOSSLESS = {"PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ALAC_16", "ALAC_24", "ALAC_32"}
WITHOUT_HEADER = {"RAW"}
TWO_FILES = {"SD2"}  # its header is a resource fork
WITHOUT_LENGTH = {"IRCAM", "PAF", "PVF", "XI"}
DECODER_ONLY = {"MPEG_LAYER_I", "MPEG_LAYER_II"}  # offered for reading alone
MONO_ONLY = {"GSM610", "IMA_ADPCM", "MS_ADPCM", "G721_32", "G723_24", "G723_40", "DWVW_12", "DWVW_16", "DWVW_24",
             "NMS_ADPCM_16", "NMS_ADPCM_24", "NMS_ADPCM_32", "DPCM_8", "DPCM_16"}  # fmt: skip
RATES = {"WVE": 8000, "XI": 44100, "OPUS": 48000, "GSM610": 8000, "NMS_ADPCM_16": 8000, "MPC2K": 44100}
"""Where a format or an encoding has one rate alone, or that of its decoder."""


def cases() -> Iterator[Case]:
    """All of them, in mono and stereo."""
    for container in soundfile.available_formats():
        if container in WITHOUT_HEADER | TWO_FILES:
            continue
        for encoding in soundfile.available_subtypes(container):
            for channels in (1, 2):
                if encoding in DECODER_ONLY or (channels == 2 and encoding in MONO_ONLY):
                    continue
                rate = RATES.get(container) or RATES.get(encoding, RATE)
                if not _is_writable(container, encoding, channels, rate):
                    continue
                content = written(container, encoding, channels, rate)
                name = f"{encoding}, {'stereo' if channels == 2 else 'mono'}"
                expected = _padded(container, encoding, channels, _expected(container, encoding, channels))
                open_end = "headers" if container in WITHOUT_LENGTH else "pages" if container == "OGG" else ""
                yield Case("libsndfile", container, name, "", f".{container.lower()}", content, expected, open_end)


def _is_writable(container: str, encoding: str, channels: int, rate: int) -> bool:
    try:
        written(container, encoding, channels, rate, length=1)
    except soundfile.LibsndfileError:  # not in stereo, most often
        return False
    return True


def written(container: str, encoding: str, channels: int, rate: int = RATE, length: int = 3001) -> bytes:
    """The bytes that libsndfile writes."""
    file = io.BytesIO()
    samples = signal(channels, length)
    floats = encoding in ("FLOAT", "DOUBLE", "VORBIS", "OPUS", "MPEG_LAYER_III")
    soundfile.write(file, samples / 2**31 if floats else samples, rate, encoding, format=container)
    return file.getvalue()


def _padded(container: str, encoding: str, channels: int, expected: np.ndarray | None) -> np.ndarray | None:
    """With the samples that libsndfile adds when it writes: it counts the pad byte of AIFF as a sample."""
    if expected is None or container != "AIFF" or channels != 1 or not encoding.endswith("8"):
        return expected
    return np.append(expected, np.int16(0 if encoding == "PCM_S8" else -32768))


def _expected(container: str, encoding: str, channels: int) -> np.ndarray | None:
    if encoding not in LOSSLESS or (container == "PAF" and encoding == "PCM_24"):
        return None  # libsndfile fills up PAF's last block of ten with old samples
    samples = signal(channels)
    if encoding.endswith("8"):
        return mono_8(samples)
    if encoding.endswith("16"):
        return mono_16(signal_16(channels))
    if encoding.endswith("24"):
        return mono_16((samples >> 8) << 8)
    if encoding == "FLOAT":
        return mono_16((samples / 2**31).astype(np.float32))
    return mono_16(samples / 2**31 if encoding == "DOUBLE" else samples)
