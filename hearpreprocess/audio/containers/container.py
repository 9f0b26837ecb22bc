"""The declarations of a container: which bytes of a recording are its streams, and how long they last."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from hearpreprocess.errors import AudioError


class NotAudioError(AudioError):
    """A known container without audio."""


class EncodedStream(NamedTuple):
    """One stream: the bytes from `begin` to `end`, after a `header` that replaces the recording's own.

    `gaps`: ranges of bytes in between that are not audio.
    """

    begin: int
    end: int
    header: bytes = b""
    gaps: tuple[tuple[int, int], ...] = ()

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """The ranges of bytes that are its own."""
        starts = [self.begin, *(stop for _start, stop in self.gaps)]
        return list(zip(starts, [*(start for start, _stop in self.gaps), self.end], strict=True))


class Pcm(NamedTuple):
    """Little-endian samples from `start` on, the channels of each frame side by side.

    `name`: of the container. `encoding`: of the samples, of `width` bytes each, as libsndfile names it.
    """

    start: int
    rate: int
    channels: int
    name: str
    encoding: str
    width: int


class Container(NamedTuple):
    """A recording's container.

    `parts`: its streams, one after the other. `frames`: the samples of each channel that it declares or that its
    frames have, so that fewer are a cut; `seconds` for those that declare a time. None: it declares nothing.
    `exact`: makes the samples behind a header of their own, for where libsndfile finds none, or another number of them.
    `pcm`: where the samples can be taken as they are, without a decoder.
    `counted`: hertz, channels and samples of each that a decoder gives, by the headers of all frames.
    `has_junk`: whether bytes that the decoder may refuse lie between its frames.
    `skipped`: samples of an encoder's delay that ffmpeg is not to skip by itself, as it does so wrongly.
    `edits`: from when to when each of the pieces lasts that are to be played, in seconds of all that is decoded; ffmpeg
    is not to cut them itself, as it leaves padding.
    `by_libsndfile`, `by_ffmpeg`: whether they may read it. `is_damaged`: whether its header was repaired.
    """

    name: str
    parts: tuple[EncodedStream, ...]
    frames: int | None = None
    seconds: float | None = None
    exact: Callable[[], EncodedStream] | None = None
    pcm: Pcm | None = None
    counted: tuple[int, int, int] | None = None
    has_junk: bool = False
    skipped: int | None = None
    edits: tuple[tuple[Fraction, Fraction], ...] = ()
    by_libsndfile: bool = True
    by_ffmpeg: bool = True
    is_damaged: bool = False
