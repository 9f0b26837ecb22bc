"""Recordings to samples: decode to 16-bit mono, fit to a duration, resample, write and read WAV."""

from hearpreprocess.audio.decode import (
    FULL_SCALE,
    Decoded,
    decode,
    fit,
    library_versions,
    loudness,
    read_wav,
    resample,
    to_mono_16_bit,
    write_wav,
)

__all__ = [
    "FULL_SCALE",
    "Decoded",
    "decode",
    "fit",
    "library_versions",
    "loudness",
    "read_wav",
    "resample",
    "to_mono_16_bit",
    "write_wav",
]
