"""Decode a recording with soundfile and ffmpeg, apart from the package, and mix it by the rule of docs/audio.md."""

from __future__ import annotations

import io
import re
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import soundfile

from hearpreprocess.audio import to_mono_16_bit
from hearpreprocess.errors import AudioError

_INTEGERS = {
    "PCM_U8": "int16", "PCM_S8": "int16", "PCM_16": "int16", "ULAW": "int16", "ALAW": "int16", "ALAC_16": "int16",
    "IMA_ADPCM": "int16", "MS_ADPCM": "int16", "PCM_24": "int32", "PCM_32": "int32", "ALAC_20": "int32",
    "ALAC_24": "int32", "ALAC_32": "int32", "DOUBLE": "float64",
}  # fmt: skip
_STREAM = re.compile(r"Stream #0:\d.*?: Audio: .*?, (\d+) Hz, ([^,]+), (u8|s16|s32|flt|dbl|s64)p?\b")
_CHANNELS = re.compile(r"(\d+) channels")
_NAMED = {"mono": 1, "stereo": 2, "2.1": 3, "3.0": 3}
_AS = {"u8": ("s16le", "<i2"), "s16": ("s16le", "<i2"), "s32": ("s32le", "<i4"), "flt": ("f32le", "<f4")}


@dataclass(frozen=True)
class Heard:
    """The samples that a decoder gives as 16-bit mono, and their rate; or why it refuses."""

    samples: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int16), repr=False)
    rate: int = 0
    refusal: str = ""


def by_soundfile(content: bytes) -> Heard:
    """What libsndfile makes of the bytes, which it is given without a name."""
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as opened:
            samples = opened.read(dtype=_INTEGERS.get(opened.subtype, "float32"), always_2d=True)
            rate = opened.samplerate
    except (soundfile.LibsndfileError, ValueError, MemoryError) as error:
        return Heard(refusal=str(error))
    return _mixed(samples, rate)


def by_ffmpeg(content: bytes, suffix: str) -> Heard:
    """What ffmpeg makes of a file of these bytes, in the codec's own sample format."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{suffix}"
        path.write_bytes(content)
        looked = subprocess.run([_ffmpeg(), "-hide_banner", "-nostdin", "-i", path], capture_output=True, check=False)
        stream = _STREAM.search(looked.stderr.decode(errors="replace"))
        if not stream:
            return Heard(refusal=looked.stderr.decode(errors="replace").strip().rpartition("\n")[2])
        form, kind = _AS.get(stream[3], ("f64le", "<f8"))
        command = [_ffmpeg(), "-v", "error", "-nostdin", "-i", path, "-map", "0:a:0", "-f", form, "pipe:1"]
        finished = subprocess.run(command, capture_output=True, check=False)
    if finished.returncode or not finished.stdout:
        return Heard(refusal=finished.stderr.decode(errors="replace").strip().rpartition("\n")[2] or "no samples")
    counted = _CHANNELS.search(stream[2])
    channels = int(counted[1]) if counted else _NAMED[stream[2].strip()]
    return _mixed(np.frombuffer(finished.stdout, kind).reshape(-1, channels).copy(), int(stream[1]))


def _ffmpeg() -> str:
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def _mixed(samples: np.ndarray, rate: int) -> Heard:
    if not len(samples):
        return Heard(refusal="no samples")
    try:
        return Heard(np.array(to_mono_16_bit(samples)), rate)
    except AudioError as error:
        return Heard(refusal=str(error))
