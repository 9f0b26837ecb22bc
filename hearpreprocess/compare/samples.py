"""Compare the samples of clips that two copies have in common, streaming both."""

from __future__ import annotations

import wave
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from hearpreprocess import audio
from hearpreprocess.errors import OutputError
from hearpreprocess.finished import CLIP, files

LARGEST_DITHER = 2
"""The reference lets libsoxr dither with a random seed: two of its own runs differ by as much."""

WINDOW_BYTES = 256 << 20

Key = tuple[int, str, str]
"""A clip in a copy: its rate in hertz, its split and its file name."""


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


def differences(first: Path, second: Path, wanted: Collection[Key]) -> Iterator[Difference]:
    """How the samples of clips, which have the same length in both copies, differ.

    Both are read once where they have their clips in the same order. Where they do not, no more than WINDOW_BYTES of
    the first are held, and the second is read again for the next ones.
    """
    import numpy as np

    for (rate, split, file), ours, theirs in _pairs(first, second, frozenset(wanted)):
        try:
            signal, other = (audio.read_wav(content)[0].astype(np.int64) for content in (ours, theirs))
        except (wave.Error, EOFError, ValueError) as error:
            raise OutputError(f"{file}: it is no WAV file that can be read: {error}") from error
        noise = signal - other
        power, noise_power = (float(np.square(each).sum()) for each in (signal, noise))
        snr = float(10 * np.log10(power / noise_power)) if power and noise_power else None
        yield Difference(rate, split, file, int(np.abs(noise).max(initial=0)), snr)


def _pairs(first: Path, second: Path, wanted: Collection[Key]) -> Iterator[tuple[Key, bytes, bytes]]:
    theirs: Iterator[tuple[Key, bytes]] = iter(())
    for window in _windows(first, wanted):
        for _round in range(3):  # where the second copy is read just now, from there to its end, and from its start
            for key, content in theirs:
                if key in window:
                    yield key, window.pop(key), content
                if not window:
                    break
            if not window:
                break
            theirs = _clips(second)


def _windows(path: Path, wanted: Collection[Key]) -> Iterator[dict[Key, bytes]]:
    window: dict[Key, bytes] = {}
    held = 0
    for key, content in _clips(path):
        if key in wanted:
            window[key] = content
            held += len(content)
        if held >= WINDOW_BYTES:
            yield window
            window, held = {}, 0
    yield window


def _clips(path: Path) -> Iterator[tuple[Key, bytes]]:
    for _task, place, content in files(path):
        if clip := CLIP.fullmatch(place):
            yield (int(clip["rate"]), clip["split"], clip["file"]), content
