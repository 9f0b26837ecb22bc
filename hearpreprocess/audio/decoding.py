"""Decode recordings to 16-bit mono samples at their own rate.

The arithmetic equals that of the reference implementation's decoder, sample for sample, so that a regenerated clip
equals the published one.
"""

from __future__ import annotations

import io
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hearpreprocess.audio.formats import HIGHEST_RATE, MOST_CHANNELS, check_declared_length, repair_header
from hearpreprocess.audio.samples import Samples, to_mono_16_bit
from hearpreprocess.errors import AudioError, DecoderError, DiskFullError
from hearpreprocess.storage import disk_full_message

if TYPE_CHECKING:
    import soundfile


_READ_AS = {
    "PCM_U8": "int16",
    "PCM_S8": "int16",
    "PCM_16": "int16",
    "ULAW": "int16",
    "ALAW": "int16",
    "ALAC_16": "int16",
    "IMA_ADPCM": "int16",
    "MS_ADPCM": "int16",
    "PCM_24": "int32",
    "PCM_32": "int32",
    "ALAC_24": "int32",
    "ALAC_32": "int32",
    "ALAC_20": "int32",
    "DOUBLE": "float64",
}


_ADDRESS = re.compile(r" @ 0x[0-9a-f]+")  # an address in ffmpeg's memory, different on every run

FFMPEG_SECONDS, _ENDED_BY_SIGNAL = 900, 255

# The formats that ffmpeg may detect: single recordings only, no playlist that leads to other files or the network.
_FFMPEG_FORMATS = "aac,ac3,aiff,amr,ape,asf,au,avi,caf,flac,matroska,mov,mp3,mpegts,ogg,tta,w64,wav,webm,wv"


@dataclass(frozen=True, slots=True)
class Decoded:
    """`samples` at `rate` in hertz of a recording, or of a slice of it; the whole recording lasts `seconds`.

    `channels`, `format`: of the recording.
    """

    samples: Samples
    rate: int
    seconds: float
    channels: int
    format: str


def decode(
    recording: Path | bytes, *, start: int = 0, stop: int | None = None, duration: float | None = None
) -> Decoded:
    """The samples of a recording as 16-bit mono at its own rate, with its duration and format.

    `recording`: a file, or its content. `start`, `stop`: a slice of it, in samples. `duration`: seconds after which
    nothing more is read. Formats that libsndfile does not know are read with ffmpeg. Raises AudioError where it is not
    audio, has no samples, or ends before `stop`.
    """
    import soundfile

    try:
        with io.BytesIO(recording) if isinstance(recording, bytes) else recording.open("rb") as file:
            check_declared_length(file)
        with soundfile.SoundFile(_Content(recording) if isinstance(recording, bytes) else recording) as opened:
            if opened.format == "MP3":
                raise soundfile.LibsndfileError(0, "the length of an mp3 file is only estimated: ")
            return _decoded(opened, start, stop, duration, f"{opened.format} {opened.subtype}")
    except MemoryError:
        raise AudioError("its header promises more samples than there is memory for") from None
    except (soundfile.LibsndfileError, TypeError) as error:  # TypeError: the name ends in .raw
        with tempfile.TemporaryDirectory(prefix="hearpreprocess-") as folder:
            readable = Path(folder) / "readable.wav"
            path = _on_disk(recording, Path(folder))
            is_repaired = repair_header(path, readable)
            if not is_repaired:
                _convert(path, readable, str(error))
            form = "WAV with a damaged header" if is_repaired else "read by ffmpeg"
            try:
                with soundfile.SoundFile(readable) as opened:
                    return _decoded(opened, start, stop, duration, form)
            except soundfile.LibsndfileError as second:
                raise AudioError(f"it is not audio that can be read: {second}") from error


class _Content(io.BytesIO):
    """A file's content. On a wrong header libsndfile seeks before the start, which must not raise."""

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        try:
            return super().seek(offset, whence)
        except ValueError:
            return super().seek(0)


def _on_disk(recording: Path | bytes, folder: Path) -> Path:
    if isinstance(recording, Path):
        return recording
    path = folder / "recording"
    path.write_bytes(recording)
    return path


def _decoded(
    recording: soundfile.SoundFile, start: int, stop: int | None, duration: float | None, form: str
) -> Decoded:
    if recording.frames == 0:
        raise AudioError("it holds no samples")
    if not 0 < recording.samplerate <= HIGHEST_RATE:
        raise AudioError(f"its sample rate is {recording.samplerate:,} Hz; up to {HIGHEST_RATE:,} Hz are read")
    if recording.channels > MOST_CHANNELS:
        raise AudioError(f"it has {recording.channels} channels; up to {MOST_CHANNELS} are mixed to one")
    end = recording.frames if stop is None else stop
    if start >= end or end > recording.frames:
        raise AudioError(f"it has {recording.frames} samples; a slice from {start} to {end} is not in it")
    seconds = (end - start) / recording.samplerate
    if duration is not None:
        end = min(end, start + round(duration * recording.samplerate))
    recording.seek(start)
    samples = recording.read(end - start, dtype=_READ_AS.get(recording.subtype, "float32"), always_2d=True)
    if len(samples) < end - start:
        raise AudioError(f"it ends after {start + len(samples)} samples; its header promises {recording.frames}")
    return Decoded(to_mono_16_bit(samples), recording.samplerate, seconds, recording.channels, form)


def _convert(path: Path, target: Path, libsndfile_says: str) -> None:
    """Decode with ffmpeg to a float WAV file of the recording's own rate and channels.

    Raises AudioError with the messages of both libraries where ffmpeg finds no audio either.
    """
    import ffmpeg
    import imageio_ffmpeg

    command = (
        ffmpeg.input(str(path), format_whitelist=_FFMPEG_FORMATS, protocol_whitelist="file")
        .output(str(target), acodec="pcm_f32le", map="0:a:0", map_metadata=-1)
        .global_args("-nostdin", "-v", "error", "-xerror")
        .compile(cmd=imageio_ffmpeg.get_ffmpeg_exe())
    )
    try:
        finished = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=FFMPEG_SECONDS,
            start_new_session=True,  # only the runner handles Ctrl-C
        )
    except subprocess.TimeoutExpired:
        raise DecoderError(f"{path.name}: ffmpeg did not finish reading it within {FFMPEG_SECONDS} s") from None
    if finished.returncode < 0 or finished.returncode == _ENDED_BY_SIGNAL:
        raise DecoderError(f"{path.name}: ffmpeg was ended from outside (exit status {finished.returncode})")
    if finished.returncode:
        lines = finished.stderr.decode(errors="replace").strip().splitlines()
        if any("No space left on device" in line for line in lines):
            raise DiskFullError(disk_full_message(target))
        raise AudioError(
            f"it is not audio that can be read; libsndfile: {libsndfile_says.rpartition(': ')[2].strip()} "
            f"ffmpeg: {_ADDRESS.sub('', lines[-1]) if lines else f'exit status {finished.returncode}'}"
        )
