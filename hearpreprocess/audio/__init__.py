"""Recordings to samples: decode and downmix to 16-bit mono, fit to a duration, resample, write and read WAV."""

from typing import TYPE_CHECKING

from hearpreprocess.lazy import lazy_names

if TYPE_CHECKING:
    from hearpreprocess.audio.decoding import Decoded, decode
    from hearpreprocess.audio.probing import RecordingFacts, is_recording, probe
    from hearpreprocess.audio.resampling import resample
    from hearpreprocess.audio.samples import FULL_SCALE, Samples, fit, loudness, to_mono_16_bit
    from hearpreprocess.audio.versions import ffmpeg_version, library_versions
    from hearpreprocess.audio.wav import Wav, fingerprint, read_wav, read_wav_start, write_wav

__all__ = [
    "FULL_SCALE",
    "Decoded",
    "RecordingFacts",
    "Samples",
    "Wav",
    "decode",
    "ffmpeg_version",
    "fingerprint",
    "fit",
    "is_recording",
    "library_versions",
    "loudness",
    "probe",
    "read_wav",
    "read_wav_start",
    "resample",
    "to_mono_16_bit",
    "write_wav",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "decoding": "Decoded decode",
            "probing": "RecordingFacts is_recording probe",
            "resampling": "resample",
            "samples": "FULL_SCALE Samples fit loudness to_mono_16_bit",
            "versions": "ffmpeg_version library_versions",
            "wav": "Wav fingerprint read_wav read_wav_start write_wav",
        },
    )
