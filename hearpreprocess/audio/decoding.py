"""Decode recordings to 16-bit mono samples at their own rate.

The arithmetic equals that of the reference implementation's decoder, sample for sample, so that a regenerated clip
equals the published one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hearpreprocess.audio.reading import read_streams
from hearpreprocess.audio.samples import Samples, to_mono_16_bit
from hearpreprocess.audio.streams import Streams
from hearpreprocess.errors import AudioError
from hearpreprocess.task import sample_at


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
    recording: Path | bytes,
    *,
    start: int | None = None,
    stop: int | None = None,
    start_seconds: float | None = None,
    stop_seconds: float | None = None,
    duration: float | None = None,
) -> Decoded:
    """The samples of a recording as 16-bit mono at its own rate, with its duration and format.

    `recording`: a file or its content; the content alone decides the format. `start`, `stop`: a slice of it, in
    samples; `start_seconds`, `stop_seconds`: the same in seconds, rounded to the nearest samples. `duration`: the
    seconds to read at most. Formats that libsndfile does not know are read with ffmpeg. Raises AudioError where it is
    not audio, has no samples, contains less than its container declares, or ends before its `stop`.
    """
    wanted = _Slice(start, stop, start_seconds, stop_seconds, duration)
    return read_streams(recording, wanted.decoded)


@dataclass(frozen=True, slots=True)
class _Slice:
    """The wanted part of a recording, as in `decode`."""

    start: int | None
    stop: int | None
    start_seconds: float | None
    stop_seconds: float | None
    duration: float | None

    def decoded(self, streams: Streams) -> Decoded:
        start = _sample(self.start, self.start_seconds, streams.rate, 0)
        end = _sample(self.stop, self.stop_seconds, streams.rate, streams.frames)
        if start >= end or end > streams.frames:
            raise AudioError(f"no slice from {start} to {end}: the recording has {streams.frames} samples")
        seconds = (end - start) / streams.rate
        if self.duration is not None:
            end = min(end, start + round(self.duration * streams.rate))
        samples = to_mono_16_bit(streams.read(start, end))
        return Decoded(samples, streams.rate, seconds, streams.channels, streams.format)


def _sample(samples: int | None, seconds: float | None, rate: int, default: int) -> int:
    """An end of a slice that is given in samples, in seconds, or not at all."""
    if samples is not None:
        return samples
    return default if seconds is None else sample_at(seconds, rate)
