"""Recordings that sox writes, to a file or to a pipe."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.audio.recordings.case import LENGTH, RATE, Case, mono_8, mono_16, signal, signal_16

IS_INSTALLED = shutil.which("sox") is not None

_FORMATS: tuple[tuple[str, str, str, tuple[str, ...], bool], ...] = (
    ("RIFF", "8 bits", ".wav", ("-b", "8"), True),
    ("RIFF", "16 bits", ".wav", ("-b", "16"), True),
    ("RIFF", "24 bits", ".wav", ("-b", "24"), True),
    ("RIFF", "32 bits", ".wav", ("-b", "32"), True),
    ("RIFF", "float 32", ".wav", ("-e", "floating-point", "-b", "32"), True),
    ("RIFX", "16 bits", ".wav", ("-B", "-b", "16"), True),
    ("RIFF", "mu-law", ".wav", ("-e", "mu-law"), False),
    ("RIFF", "A-law", ".wav", ("-e", "a-law"), False),
    ("RIFF", "ADPCM IMA", ".wav", ("-e", "ima-adpcm"), False),
    ("RIFF", "ADPCM Microsoft", ".wav", ("-e", "ms-adpcm"), False),
    ("AIFF", "16 bits", ".aiff", ("-b", "16"), True),
    ("AIFF", "24 bits", ".aiff", ("-b", "24"), True),
    ("AIFF-C", "16 bits", ".aifc", ("-b", "16"), True),
    ("AU", "16 bits", ".au", ("-b", "16"), True),
    ("AU", "24 bits", ".au", ("-b", "24"), True),
    ("AU", "mu-law", ".au", ("-e", "mu-law"), False),
    ("FLAC", "16 bits", ".flac", ("-b", "16"), True),
    ("FLAC", "24 bits", ".flac", ("-b", "24"), True),
    ("Ogg", "Vorbis", ".ogg", (), False),
    ("NIST", "16 bits", ".sph", ("-b", "16"), True),
    ("VOC", "16 bits", ".voc", ("-b", "16"), True),
    ("WavPack", "16 bits", ".wv", ("-b", "16"), True),
    ("CAF", "16 bits", ".caf", ("-b", "16"), True),
    ("W64", "16 bits", ".w64", ("-b", "16"), True),
    ("SVX", "8 bits", ".8svx", ("-b", "8"), True),
    ("IRCAM", "16 bits", ".sf", ("-b", "16"), True),
)


def cases() -> Iterator[Case]:
    """All of them, in mono and stereo, to a file; in mono to a pipe, where sox cannot go back to the header."""
    for container, codec, suffix, options, is_lossless in _FORMATS:
        for channels in (1, 2):
            if (content := written(suffix, codec, options, channels)) is not None:
                name = f"{codec}, {'stereo' if channels == 2 else 'mono'}"
                expected = _expected(codec, channels) if is_lossless else None
                open_end = {"IRCAM": "headers", "Ogg": "pages"}.get(container, "")
                yield Case("sox", container, name, "", suffix, content, expected, open_end)
    for oddity, length in (("", LENGTH), ("odd number of blocks", 2800)):
        content = written(".wav", "GSM 6.10", ("-e", "gsm-full-rate"), 1, length=length)
        assert content is not None
        yield Case("sox", "RIFF", "GSM 6.10, mono", oddity, ".wav", content)
    for container, codec, suffix, open_end in (
        ("RIFF", "16 bits", ".wav", "placeholder"),
        ("RIFF", "8 bits", ".wav", "placeholder"),
        ("AU", "16 bits", ".au", "placeholder"),
        ("FLAC", "16 bits", ".flac", "frames"),
    ):
        bits = ("-b", codec.partition(" ")[0])
        piped = written(suffix, codec, bits, 1, piped=True)
        assert piped is not None
        expected = _expected(codec, 1)
        if codec == "8 bits":  # the pad byte, which no size tells from the data
            expected = np.append(expected, np.int16(-32768))
        yield Case("sox", container, f"{codec}, mono", "to a pipe", suffix, piped, expected, open_end)


def _values(codec: str, channels: int) -> np.ndarray:
    """Of as many bits as the codec keeps, so that sox rounds nothing."""
    bits = int(codec.split()[0]) if codec[0].isdigit() else 16
    return signal(channels) >> (32 - bits) << (32 - bits)


def written(
    suffix: str, codec: str, options: tuple[str, ...], channels: int, *, piped: bool = False, length: int = LENGTH
) -> bytes | None:
    """What sox makes of the signal; None where this sox does not write the format."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{suffix}"
        target = ["-t", suffix[1:], "-"] if piped else [path]
        source = ["-t", "s32", "-r", str(RATE), "-c", str(channels), "-"]
        samples = _values(codec, channels)[:length].astype("<i4").tobytes()
        finished = subprocess.run(["sox", "-D", "-V1", *source, *options, *target], input=samples, capture_output=True)
        if finished.returncode:
            return None
        return finished.stdout if piped else path.read_bytes()


def _expected(codec: str, channels: int) -> np.ndarray:
    if codec == "8 bits":
        return mono_8(signal(channels))
    if codec == "16 bits":
        return mono_16(signal_16(channels))
    if codec == "float 32":
        return mono_16((_values(codec, channels) / 2**31).astype(np.float32))
    return mono_16(_values(codec, channels))
