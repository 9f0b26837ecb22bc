"""The streams of a recording, opened with libsndfile and read as one stream."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from hearpreprocess.audio.containers import HIGHEST_RATE, MOST_CHANNELS, Container, Content, EncodedStream, Pcm
from hearpreprocess.audio.samples import FULL_SCALE, Samples
from hearpreprocess.audio.views import Memory, View
from hearpreprocess.errors import AudioError
from hearpreprocess.storage import counted

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

_LITTLE_ENDIAN = {"PCM_16": "<i2", "PCM_32": "<i4", "FLOAT": "<f4", "DOUBLE": "<f8"}

_WITHOUT_SEEKING = (
    "G721_32",
    "G723_24",
    "G723_40",
    "GSM610",
    "NMS_ADPCM_16",
    "NMS_ADPCM_24",
    "NMS_ADPCM_32",
    "DPCM_8",
    "DPCM_16",
)
"""Encodings that libsndfile must read from the start, as samples depend on the previous ones."""

_UNKNOWN_FRAMES = 1 << 62
"""libsndfile returns the largest 64-bit number for a FLAC file without a stated length."""

_SLACK_SECONDS, _SLACK_SAMPLES = 0.1, 4096


class UnreadableError(Exception):
    """libsndfile opens a recording, but cannot read it reliably; ffmpeg may."""

    @property
    def error_string(self) -> str:
        """The reason, under the name that soundfile.LibsndfileError uses."""
        return str(self)


@dataclass(slots=True)
class Stream:
    """One stream of a recording, open.

    `first`: the index of its first sample. `is_integer`: whether its floats represent 16-bit integers.
    `is_end_read`: whether its last sample was read. `read_to`: the sample up to which it was read from the start
    without seeking; else 0. `is_new`: whether nothing was read yet.
    """

    opened: soundfile.SoundFile
    format: str
    subtype: str
    file: int | io.IOBase | Path
    frames: int
    first: int = 0
    is_integer: bool = False
    is_end_read: bool = False
    read_to: int = 0
    is_new: bool = True

    @property
    def name(self) -> str:
        """The container and the encoding, by libsndfile's names."""
        return f"{self.format} {self.subtype}"

    @property
    def position(self) -> int:
        """How far libsndfile has read the file; it reads a little ahead of the samples."""
        if isinstance(self.file, int):
            return os.lseek(self.file, 0, os.SEEK_CUR)
        return 0 if isinstance(self.file, Path) else self.file.tell()

    def check_end(self) -> None:
        """Raise AudioError where the last sample is missing."""
        if not self.is_end_read:
            self.read(self.frames - 1, self.frames)

    def read(self, start: int, stop: int) -> Samples:
        """The samples of a range; AudioError where there are fewer."""
        begin, length, read_as = self.first + start, stop - start, _READ_AS.get(self.subtype, "float32")
        is_new, self.is_new, self.read_to = self.is_new, False, 0
        if self.subtype in _WITHOUT_SEEKING:
            samples: Samples = self.opened.read(stop, dtype=read_as, always_2d=True)[start:]
        else:
            if begin or not is_new:
                self.opened.seek(begin)
            samples = self.opened.read(length, dtype=read_as, always_2d=True)
        if len(samples) < length:
            raise AudioError(f"truncated: the header declares {self.frames:,} samples, found {start + len(samples):,}")
        self.is_end_read = self.is_end_read or stop == self.frames
        self.read_to = stop if is_new and start == 0 else 0
        if self.is_integer:
            samples = (samples * FULL_SCALE).astype("int16")
        return samples


@dataclass(slots=True)
class PcmStream:
    """The samples of a WAV file, which need no decoder."""

    content: Content
    pcm: Pcm
    frames: int

    def check_end(self) -> None:
        """Do nothing: the container check has already found the samples."""

    def read(self, start: int, stop: int) -> Samples:
        """The samples of a range; AudioError where there are fewer."""
        block = self.pcm.width * self.pcm.channels
        data = self.content.view(self.pcm.start + start * block, (stop - start) * block)
        if len(data) < (stop - start) * block:
            raise AudioError(
                f"truncated by another program while it was read: it ends after {start + len(data) // block:,} samples"
            )
        return _numbers(data, self.pcm.encoding).reshape(-1, self.pcm.channels)


def _numbers(data: bytes | memoryview, encoding: str) -> Samples:
    """The samples in little-endian bytes, as libsndfile returns them for the same encoding."""
    import numpy as np

    if encoding == "PCM_U8":
        return (np.frombuffer(data, np.uint8) ^ 0x80).view(np.int8).astype(np.int16) << 8
    if encoding == "PCM_24":  # a byte before each sample makes it one of 32 bits, and is then set to 0
        padded: Samples = np.ndarray(len(data) // 3, "<i4", b"\0" + data, strides=(3,))
        return padded & ~0xFF
    # In memory, the samples may begin at any byte.
    samples = np.require(np.frombuffer(data, _LITTLE_ENDIAN[encoding]), requirements=["ALIGNED"])
    return samples.astype(_READ_AS.get(encoding, "float32"), copy=False)


@dataclass(slots=True)
class Streams:
    """The streams of a recording one after the other: samples of each channel (`frames`) at `rate` in hertz."""

    streams: Sequence[Stream | PcmStream]
    frames: int
    rate: int
    channels: int
    format: str

    @property
    def is_end_read(self) -> bool:
        """Whether the last sample of each stream has been read."""
        return all(isinstance(stream, Stream) and stream.is_end_read for stream in self.streams)

    def check_end(self) -> None:
        """Raise AudioError where the last sample of a stream is missing."""
        for stream in self.streams:
            stream.check_end()

    def read(self, start: int, stop: int) -> Samples:
        """The samples of a range, of shape (stop - start, channels)."""
        import numpy as np

        if len(self.streams) == 1:
            return self.streams[0].read(start, stop)
        pieces, first = [], 0
        for stream in self.streams:
            begin, end = max(start - first, 0), min(stop - first, stream.frames)
            if begin < end:
                pieces.append(stream.read(begin, end))
            first += stream.frames
        return np.concatenate(pieces)


def open_streams(content: Content, container: Container, stack: contextlib.ExitStack) -> Streams:
    """Open a recording with libsndfile, until the stack is closed.

    Raises soundfile.LibsndfileError or UnreadableError where libsndfile cannot read it, and AudioError where it
    contradicts its container.
    """
    import soundfile

    if container.pcm is not None and container.frames:
        pcm = container.pcm
        streams = (PcmStream(content, pcm, container.frames),)
        return Streams(streams, container.frames, pcm.rate, pcm.channels, f"{pcm.name} {pcm.encoding}")
    try:
        opened = [_open(_file_of(content, part, stack), stack) for part in container.parts]
        is_sound = container.frames is None or container.frames == sum(stream.frames for stream in opened)
    except soundfile.LibsndfileError:
        if container.exact is None or container.parts == (container.exact(),):
            raise
        is_sound = False
    if container.exact is not None and not is_sound:
        opened = [_open(stack.enter_context(View(content, container.exact())), stack)]
    return _joined(opened, container)


def open_files(files: Mapping[Path, bool], container: Container, stack: contextlib.ExitStack) -> Streams:
    """Open the WAV files that the parts of a recording were converted to, by whether their samples are 16-bit."""
    streams = []
    for path, is_integer in files.items():
        streams.append(_open(path, stack))
        streams[-1].is_integer = is_integer
        if container.skipped is not None:
            streams[-1].first = container.skipped
            streams[-1].frames = min(streams[-1].frames - container.skipped, container.frames or 0)
    if container.edits:
        streams = _edited(streams[0], container.edits)
    return _joined(streams, container)


def _edited(whole: Stream, edits: Iterable[tuple[Fraction, Fraction]]) -> list[Stream]:
    """The pieces of a stream, each from one time in seconds to another."""
    pieces, rate = [], whole.opened.samplerate
    for start, stop in edits:
        first = min(round(start * rate), whole.frames)
        frames = min(round(stop * rate), whole.frames) - first
        pieces.append(replace(whole, first=first, frames=frames, is_new=False))
    return pieces


def _joined(streams: Sequence[Stream], container: Container) -> Streams:
    """Several streams as one; raises AudioError where they differ, or contain less than their container declares."""
    first = streams[0].opened
    check_limits(first.samplerate, first.channels)
    for stream in streams[1:]:
        if (stream.opened.samplerate, stream.opened.channels) != (first.samplerate, first.channels):
            raise AudioError(
                f"streams with different formats: {first.samplerate:,} Hz with {counted(first.channels, 'channels')}, "
                f"then {stream.opened.samplerate:,} Hz with {counted(stream.opened.channels, 'channels')}"
            )
    if container.frames is not None and len(streams) == 1:  # the bytes after these frames are not audio
        streams[0].frames = min(streams[0].frames, container.frames)
    if container.counted is not None and len(streams) == 1:  # with a wrong frame count, ffmpeg keeps the padding
        streams[0].frames = min(streams[0].frames, container.counted[2])
    frames = sum(stream.frames for stream in streams)
    if frames == 0:
        raise AudioError("contains no samples")
    if container.frames is not None and frames < container.frames:
        raise AudioError(f"truncated: the header declares {container.frames:,} samples, found {frames:,}")
    if container.seconds is not None and frames < (container.seconds - _slack(first.samplerate)) * first.samplerate:
        raise AudioError(
            f"truncated: the header declares {container.seconds:.3f} s, found {frames / first.samplerate:.3f} s"
        )
    if container.counted is not None and frames < container.counted[2]:
        raise AudioError(
            f"damaged: the frames contain {container.counted[2]:,} samples, only {frames:,} can be decoded"
        )
    return Streams(streams, frames, first.samplerate, first.channels, streams[0].name)


def check_limits(rate: int, channels: int) -> None:
    """Raise AudioError where the sample rate or the number of channels is implausible."""
    if not 0 < rate <= HIGHEST_RATE:
        raise AudioError(f"unsupported sample rate; expected 1 to {HIGHEST_RATE:,} Hz, got {rate:,} Hz")
    if channels > MOST_CHANNELS:
        raise AudioError(f"too many channels; expected at most {MOST_CHANNELS}, got {channels}")


def _slack(rate: int) -> float:
    """The seconds that a decoder may drop: the delay of the encoder, two or four frames."""
    return max(_SLACK_SECONDS, _SLACK_SAMPLES / rate)


def _file_of(content: Content, part: EncodedStream, stack: contextlib.ExitStack) -> int | io.IOBase:
    """The file object or descriptor for libsndfile: never a path, as it would guess the format by the name."""
    if part == EncodedStream(0, content.size):
        if isinstance(content.recording, bytes):
            return Memory(content.recording)
        if content.descriptor is not None:
            os.lseek(content.descriptor, 0, os.SEEK_SET)
            return content.descriptor
    return stack.enter_context(View(content, part))


def _open(file: int | io.IOBase | Path, stack: contextlib.ExitStack) -> Stream:
    import soundfile

    opened = stack.enter_context(soundfile.SoundFile(file, closefd=False))
    form, subtype, frames = opened.format, opened.subtype, opened.frames  # each look-up takes a while
    is_estimated = form == "MP3" or subtype.startswith("MPEG") or (subtype == "GSM610" and form in ("WAV", "W64"))
    if is_estimated or frames >= _UNKNOWN_FRAMES:
        raise UnreadableError("the length is only estimated")
    if not opened.seekable() and subtype not in _WITHOUT_SEEKING:
        raise UnreadableError(f"unsupported encoding {subtype} in {form}")
    return Stream(opened, form, subtype, file, frames)
