"""Compare the samples of the clips that two copies share, streaming both."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from hearpreprocess import audio
from hearpreprocess.errors import AudioError, OutputError
from hearpreprocess.finished import ClipKey, clips_of

LARGEST_DITHER = 2
"""The reference's libsoxr dithers with a random seed: two of its own runs differ by this much."""

WINDOW_BYTES = 256 << 20
"""The maximum size of the clips that are buffered until their counterparts in the other copy are read."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference between two copies of a clip: the largest difference, and the signal-to-noise ratio in dB.

    A silent clip has no ratio.
    """

    rate: int
    split: str
    file: str
    largest: int
    snr: float | None

    @property
    def is_within_dither(self) -> bool:
        """Whether no sample differs by more than dither."""
        return self.largest <= LARGEST_DITHER


def differences(first: Path, second: Path, wanted: Collection[ClipKey]) -> Iterator[Difference]:
    """The differences of clips that have the same length in both copies.

    Raises OutputError where a clip cannot be read, or has disappeared from a copy.
    """
    import numpy as np

    for key, ours, clips in _pairs(first, second, frozenset(wanted)):
        try:
            signal, other = (audio.read_wav(content).samples.astype(np.int64) for content in (ours, clips))
        except AudioError as error:
            raise OutputError(f"{key.file}: damaged or unsupported WAV file: {error}") from error
        noise = signal - other
        power, noise_power = (float(np.square(samples).sum()) for samples in (signal, noise))
        snr = float(10 * np.log10(power / noise_power)) if power and noise_power else None
        yield Difference(*key, int(np.abs(noise).max(initial=0)), snr)


def _pairs(first: Path, second: Path, wanted: Collection[ClipKey]) -> Iterator[tuple[ClipKey, bytes, bytes]]:
    """The content of each clip in both copies: the first copy is read once, the second repeatedly.

    If both have the clips in the same order, the second is read once, too.
    """
    clips = _repeated_clips(second)
    for window in _windows(first, wanted):
        ends = 0
        while window:
            if (clip := next(clips)) is None:
                ends += 1
            elif clip[0] in window:
                yield clip[0], window.pop(clip[0]), clip[1]
            if ends == 2:  # all of it has been read
                raise OutputError(f"{second}: {min(window).path} was deleted during the comparison")


def _repeated_clips(path: Path) -> Iterator[tuple[ClipKey, bytes] | None]:
    """The clips of a copy, then None, repeated endlessly."""
    while True:
        yield from clips_of(path)
        yield None


def _windows(path: Path, wanted: Collection[ClipKey]) -> Iterator[dict[ClipKey, bytes]]:
    """The contents of a copy's clips in its order, in batches of about WINDOW_BYTES."""
    window: dict[ClipKey, bytes] = {}
    size = 0
    for key, content in clips_of(path):
        if key in wanted:
            window[key] = content
            size += len(content)
        if size >= WINDOW_BYTES:
            yield window
            window, size = {}, 0
    yield window
