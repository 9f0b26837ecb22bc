"""Compare the samples of clips that two copies have in common, streaming both."""

from __future__ import annotations

import wave
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from hearpreprocess import audio
from hearpreprocess.errors import OutputError
from hearpreprocess.finished import ClipKey, clips_of

LARGEST_DITHER = 2
"""The reference lets libsoxr dither with a random seed: two of its own runs differ by as much."""

MOST_WAITING_BYTES = 256 << 20
"""Of the clips that are held until their counterparts come."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How the samples of a clip differ: the largest difference, and the signal-to-noise ratio in dB.

    A silent clip has no ratio.
    """

    rate: int
    split: str
    file: str
    largest: int
    snr: float | None

    @property
    def is_within_dither(self) -> bool:
        """Whether no sample differs by more than dither does."""
        return self.largest <= LARGEST_DITHER


def differences(first: Path, second: Path, wanted: Collection[ClipKey]) -> Iterator[Difference]:
    """How the samples of clips, which have the same length in both copies, differ.

    Raises OutputError where a clip cannot be read, or is gone from a copy.
    """
    import numpy as np

    for key, ours, theirs in _pairs(first, second, wanted):
        try:
            signal, other = (audio.read_wav(content)[0].astype(np.int64) for content in (ours, theirs))
        except (wave.Error, EOFError, ValueError) as error:
            raise OutputError(f"{key.file}: it is no WAV file that can be read: {error}") from error
        noise = signal - other
        power, noise_power = (float(np.square(samples).sum()) for samples in (signal, noise))
        snr = float(10 * np.log10(power / noise_power)) if power and noise_power else None
        yield Difference(*key, int(np.abs(noise).max(initial=0)), snr)


def _pairs(first: Path, second: Path, wanted: Collection[ClipKey]) -> Iterator[tuple[ClipKey, bytes, bytes]]:
    """The content of each clip in both copies, which are read side by side: a clip waits for its counterpart.

    Copies in the same order are read once. Where so many clips wait that they fill MOST_WAITING_BYTES, the others are
    passed over and both copies are read again for them.
    """
    missing = set(wanted)
    while missing:
        before = len(missing)
        for pair in _pairs_of_one_reading(first, second, missing):
            missing.remove(pair[0])
            yield pair
            if not missing:
                return
        if len(missing) == before:
            raise OutputError(f"{first} or {second}: {min(missing).path} is gone; did it change while it was compared?")


def _pairs_of_one_reading(
    first: Path, second: Path, wanted: Collection[ClipKey]
) -> Iterator[tuple[ClipKey, bytes, bytes]]:
    ours: dict[ClipKey, bytes] = {}
    theirs: dict[ClipKey, bytes] = {}
    waiting_bytes = 0
    copies = [(clip for clip in clips_of(path) if clip[0] in wanted) for path in (first, second)]
    for clips in zip_longest(*copies):
        for clip, waiting, counterparts in zip(clips, (ours, theirs), (theirs, ours), strict=True):
            if clip is None:
                continue
            key, content = clip
            if key in counterparts:
                waiting_bytes -= len(counterparts[key])
                waiting[key] = content
                yield key, ours.pop(key), theirs.pop(key)
            elif waiting_bytes < MOST_WAITING_BYTES and key not in waiting:
                waiting[key] = content
                waiting_bytes += len(content)
