"""Decode to 16-bit mono, fit to a duration, resample. Samples are 1-d numpy int16 arrays.

The arithmetic of decoding is that of the reference implementation's decoder, sample for sample, so that a regenerated
clip is the published one. Resampling is libsoxr at quality HQ in float, without the random dither of the reference.
"""

from __future__ import annotations

import hashlib
import io
import re
import struct
import subprocess
import tempfile
import wave
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from hearpreprocess.errors import AudioError, DecoderError, DiskFullError
from hearpreprocess.storage.disk import disk_full_message

if TYPE_CHECKING:
    import numpy.typing as npt
    import soundfile

    Samples = npt.NDArray[Any]

FULL_SCALE = 32768
"""Of 16-bit samples: the float value 1.0."""

HIGHEST_RATE, MOST_CHANNELS = 768_000, 32
"""Of a recording that is taken for one; the sources of HEAR have 96,000 Hz and two channels at most."""

BLOCK = 1 << 20
"""Samples that are resampled at once."""

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
_LOUDEST_16_BITS_OF_32 = 1 << 16

_HEADER_BYTES = 4096
_FORM, _UNKNOWN = struct.Struct("<4sL4s"), 0xFFFFFFFF
_PCM_DESCRIPTION, _PCM = struct.Struct("<4sLHHLLHH"), 1

_ADDRESS = re.compile(r" @ 0x[0-9a-f]+")  # of ffmpeg's memory, which is another one each time

FFMPEG_SECONDS, _ENDED_BY_SIGNAL = 900, 255

# What ffmpeg may take a file for: single recordings only, no playlist that leads to other files or to the network.
_FFMPEG_FORMATS = "aac,ac3,aiff,amr,ape,asf,au,avi,caf,flac,matroska,mov,mp3,mpegts,ogg,tta,w64,wav,webm,wv"


@dataclass(frozen=True, slots=True)
class Decoded:
    """`samples` at `rate` in hertz, of a recording that is `seconds` long as a whole, or of its slice.

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
    """The samples of a recording as 16-bit mono at its own rate, and what it was.

    `recording`: a file, or its content. `start`, `stop`: a slice of it, in samples. `duration`: seconds after which
    nothing more is read. Formats that libsndfile does not know are read with ffmpeg.
    Raises AudioError where it is no audio, holds no samples, or ends before `stop`.
    """
    import soundfile

    try:
        with io.BytesIO(recording) if isinstance(recording, bytes) else recording.open("rb") as file:
            _check_promise(file)
        with soundfile.SoundFile(_Content(recording) if isinstance(recording, bytes) else recording) as opened:
            if opened.format == "MP3":
                raise soundfile.LibsndfileError(0, "the length of an mp3 file is only estimated: ")
            return _decoded(opened, start, stop, duration, f"{opened.format} {opened.subtype}")
    except MemoryError:
        raise AudioError("its header promises more samples than there is memory for") from None
    except (soundfile.LibsndfileError, TypeError) as error:  # a TypeError where a name ends in .raw
        with tempfile.TemporaryDirectory(prefix="hearpreprocess-") as folder:
            readable = Path(folder) / "readable.wav"
            path = _on_disk(recording, Path(folder))
            is_mended = _mend_header(path, readable)
            if not is_mended:
                _convert(path, readable, str(error))
            form = "WAV with a damaged header" if is_mended else "read by ffmpeg"
            try:
                with soundfile.SoundFile(readable) as opened:
                    return _decoded(opened, start, stop, duration, form)
            except soundfile.LibsndfileError as second:
                raise AudioError(f"it is not audio that can be read: {second}") from error


class _Content(io.BytesIO):
    """A file's content. Where a header lies, libsndfile seeks to places before its start and wants no exception."""

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        try:
            return super().seek(offset, whence)
        except ValueError:
            return super().seek(0)


def _check_promise(file: BinaryIO) -> None:
    """Raise AudioError where a WAV or AIFF file promises more samples than it holds, which libsndfile passes over.

    A promise of nothing, or of all that the field can say, is what a program leaves that could not go back to fill it
    in, as ffmpeg does when it writes to a pipe.
    """
    form = file.read(_FORM.size)
    order, data = {b"RIFF": ("<", b"data"), b"FORM": (">", b"SSND")}.get(form[:4], ("", b""))
    chunk = struct.Struct(f"{order or '<'}4sL")
    while order and len(header := file.read(chunk.size)) == chunk.size:
        name, promised = chunk.unpack(header)
        start = file.tell()
        if name == data:
            _check_held(file.seek(0, io.SEEK_END) - start, promised)
            return
        file.seek(start + promised + promised % 2)


def _check_held(held: int, promised: int) -> None:
    if held < promised not in (0, _UNKNOWN):
        raise AudioError(f"it is cut short: its header promises {promised:,} bytes of samples, it holds {held:,}")


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


def to_mono_16_bit(samples: Samples) -> Samples:
    """Mix channels to one and bring it to 16 bits.

    `samples`: shape (length, channels), int16, int32 (24-bit audio in the upper bits) or float (1.0 is full scale).
    One and two channels come out as from the reference's decoder: two 16-bit channels round half up,
    `(L + R + 1) >> 1`; one 24-bit channel is cut, `x >> 8`; all else rounds half to even. More channels, which no
    source of HEAR has, are averaged. Raises AudioError on samples that are not finite.
    """
    import numpy as np

    channels = samples.shape[1]
    if samples.dtype == np.int16:
        if channels == 1:
            return samples.reshape(-1)
        if channels == 2:
            halves: Samples = (samples[:, 0].astype(np.int32) + samples[:, 1] + 1) >> 1
            return halves.astype(np.int16)
        return _to_16_bit(samples.mean(axis=1, dtype=np.float64))
    if samples.dtype == np.int32:
        if channels == 1:
            upper: Samples = samples.reshape(-1) >> 16
            return upper.astype(np.int16)
        return _to_16_bit(samples.mean(axis=1, dtype=np.float64) / _LOUDEST_16_BITS_OF_32)
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = (samples[:, 0] if channels == 1 else samples.mean(axis=1)) * FULL_SCALE
    if not np.isfinite(scaled).all():
        raise AudioError("it holds samples that are no finite numbers, or too large for one")
    return _to_16_bit(scaled)


def _to_16_bit(samples: Samples) -> Samples:
    """Round to 16 bits, in place: a second array of that size costs as much as the rounding."""
    import numpy as np

    np.rint(samples, out=samples)
    np.clip(samples, -FULL_SCALE, FULL_SCALE - 1, out=samples)
    return samples.astype(np.int16)


def fit(samples: Samples, rate: int, duration: float | None) -> Samples:
    """Cut the samples, or pad them with zeros at the end, to `round(duration * rate)`; None leaves them as they are."""
    import numpy as np

    if duration is None:
        return samples
    length = round(duration * rate)
    return samples[:length] if len(samples) >= length else np.pad(samples, (0, length - len(samples)))


def loudness(samples: Samples) -> dict[str, Any]:
    """`peak`: the largest amount of a sample, up to 32,768; `clipped`: whether three in a row are at full scale."""
    if not len(samples):
        return {"peak": 0, "clipped": False}
    highest, lowest = int(samples.max()), int(samples.min())
    full = (
        (samples >= FULL_SCALE - 1) | (samples <= 1 - FULL_SCALE) if max(highest, -lowest) >= FULL_SCALE - 1 else None
    )
    clipped = full is not None and bool((full[:-2] & full[1:-1] & full[2:]).any())
    return {"peak": max(highest, -lowest), "clipped": clipped}


def resample(samples: Samples, rate: int, target_rate: int) -> Iterator[Samples]:
    """The samples at another rate, `len(samples) * target_rate / rate` of them, a half rounded up, block by block.

    libsoxr at quality HQ, in float32 and without dither: the same input gives the same samples on every run, however
    long the blocks are, which only bound the memory.
    """
    import numpy as np
    import soxr

    if rate == target_rate:
        yield samples
        return
    # libsoxr is linear, and a float of another scale has the same digits: there is no need to divide by full scale.
    stream = soxr.ResampleStream(rate, target_rate, 1, dtype="float32", quality="HQ")
    for start in range(0, max(1, len(samples)), BLOCK):
        block = samples[start : start + BLOCK].astype(np.float32)
        yield _to_16_bit(stream.resample_chunk(block, last=start + BLOCK >= len(samples)))


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


def library_versions() -> dict[str, str]:
    """The versions of the libraries that decide samples, as they are loaded or started."""
    import imageio_ffmpeg
    import numpy as np
    import soundfile
    import soxr

    try:
        said = subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-version"], capture_output=True, check=False).stdout
    except (OSError, RuntimeError):
        said = b""
    ffmpeg = re.match(r"ffmpeg version (\S+)", said.decode(errors="replace"))
    return {
        "ffmpeg": ffmpeg[1] if ffmpeg else "not found",
        "libsndfile": str(soundfile.__libsndfile_version__),
        "libsoxr": str(soxr.__libsoxr_version__),
        "numpy": np.__version__,
        "soundfile": soundfile.__version__,
        "soxr": soxr.__version__,
    }


def _mend_header(path: Path, target: Path) -> bool:
    """Write a WAV file whose outermost header is damaged with a sound one; tell whether the rest of it allows that.

    Some copies of GTZAN's jazz.00054 are such: the chunks that describe and hold the samples are whole. Raises
    AudioError where they are not.
    """
    content = path.read_bytes()
    description = content.find(b"fmt ", 0, _HEADER_BYTES)
    data = content.find(b"data", description, _HEADER_BYTES) if description >= 0 else -1
    if data < 0 or data - description < _PCM_DESCRIPTION.size:
        return False
    _name, _size, form, channels, rate, _speed, _block, bits = _PCM_DESCRIPTION.unpack_from(content, description)
    if form != _PCM or bits != 16 or not 0 < channels <= MOST_CHANNELS or not 0 < rate <= HIGHEST_RATE:
        return False
    promised = int.from_bytes(content[data + 4 : data + 8], "little")
    samples = content[data + 8 :]
    _check_held(len(samples), promised)
    samples = samples[:promised] if 0 < promised <= len(samples) else samples
    with wave.open(str(target), "wb") as mended:
        mended.setnchannels(channels)
        mended.setsampwidth(2)
        mended.setframerate(rate)
        mended.writeframes(samples[: len(samples) // (2 * channels) * 2 * channels])
    return True


def _convert(path: Path, target: Path, libsndfile_says: str) -> None:
    """Decode with ffmpeg to a float WAV file of the recording's own rate and channels.

    Raises AudioError with the complaints of both libraries where ffmpeg finds no audio either.
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
            start_new_session=True,  # Ctrl-C is for the runner
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
