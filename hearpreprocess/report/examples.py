"""The example clips that a report shows and plays: their choice, pictures and sounds."""

from __future__ import annotations

import base64
import io
import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from hearpreprocess import audio
from hearpreprocess.audio import Samples
from hearpreprocess.errors import AudioError, OutputError
from hearpreprocess.finished import MANIFEST, ClipKey, ManifestReader, clip_path, is_event, name_of
from hearpreprocess.report import pictures
from hearpreprocess.report.statistics import Tally, label_order, names_of
from hearpreprocess.storage import check_regular

Item = TypeVar("Item")

EXAMPLES, MOST_EXAMPLES = 8, 16
"""Per split, and in total: with many splits fewer per split."""

LEAST_RATE = 16000
"""In hertz: examples are taken from the clips at this rate, or at the next higher one of the task."""

BUDGET = 2_300_000
"""Bytes for all examples of a page, pictures and sounds together."""

MOST_HEARD = 5.0
"""Seconds from the start of a clip that can be played; they take most of a page's bytes."""

SECONDS_A_PAGE, SECONDS_AN_EXAMPLE = 0.2, 0.01
"""Processor seconds, roughly: of a page without examples, and per example."""

SOUND_RATE = 16000
"""In hertz, of the sounds: FLAC, which takes 0.2 ms of processor time a second of sound; MP3 takes 8.3 ms."""

_FLAC_BYTES, _FLAC_BYTES_OF_NOISE = 1000, 2.02  # at most: without a sample, and per sample
# Measured: bytes of a page without examples, of an example without its sound, and of a second of sound.
_PAGE_BYTES, _PICTURES_BYTES, _SECOND_BYTES = 50_000, 12_000, 13_000


@dataclass(frozen=True)
class Roll:
    """The event roll of a clip: the rows' labels from top to bottom, the SVG path, and the events in order."""

    rows: tuple[str, ...]
    path: str
    events: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True)
class Example:
    """An example clip.

    `seconds`, `rate`: of its file. `peak`: before resampling, as in the manifest. `waveform`: an SVG path. `sound`,
    `spectrogram`: data URLs. `seen`, `heard`: the seconds from the start in these two pictures, and in `sound`.
    """

    file: str
    labels: tuple[str, ...]
    seconds: float
    rate: int
    peak: int
    roll: Roll | None
    waveform: str
    spectrogram: str
    sound: str
    seen: float
    heard: float

    @property
    def is_heard_in_part(self) -> bool:
        """Whether only the start of the clip can be played."""
        return self.heard < self.seconds

    @property
    def is_seen_in_part(self) -> bool:
        """Whether waveform and spectrogram show only the start of the clip."""
        return self.seen < self.seconds


def examples_of(
    folder: Path, manifest: ManifestReader, tally: Tally, metadata: Mapping[str, Any]
) -> dict[str, list[Example]]:
    """The examples of each split that has any, together within BUDGET; no other clip is opened.

    A clip with events is shown as a whole, over the time axis of its events, and every other one only as far as it can
    be heard: nothing behind that is read. Raises OutputError where a clip's file is missing or cannot be read.
    """
    chosen = chosen_files(tally.labels_of, metadata["splits"])
    facts = manifest.facts_of([file for files in chosen.values() for file in files])
    share = BUDGET // max(1, len(facts))
    rates = manifest.head["sample_rates"]
    rate = _rate([rate for rate in rates if (folder / str(rate)).is_dir()] or rates)
    seconds = math.inf if metadata["embedding_type"] == "event" else MOST_HEARD
    return {
        split: [_example(folder, rate, file, facts[file], seconds, share) for file in files]
        for split, files in chosen.items()
    }


def examples_per_split(splits: int) -> int:
    """The number of examples per split for a number of splits."""
    return min(EXAMPLES, max(1, MOST_EXAMPLES // max(1, splits)))


def examples_in_all(splits: int) -> int:
    """The number of examples for a number of splits with enough clips."""
    return min(splits, MOST_EXAMPLES) * examples_per_split(splits)


def expected_bytes(examples: int, seconds: float) -> int:
    """The expected size of a report in bytes for a number of examples and a duration of clips in seconds."""
    sound = min(seconds, MOST_HEARD) * _SECOND_BYTES * 4 / 3  # base64: four bytes for three
    return round(_PAGE_BYTES + min(BUDGET, examples * (_PICTURES_BYTES + sound)))


def chosen_files(labels_of: Mapping[str, Mapping[str, Sequence[str]]], splits: Sequence[str]) -> dict[str, list[str]]:
    """The files of the examples of each split, for at most MOST_EXAMPLES splits, spread evenly over all.

    `labels_of`: by split and file name, the labels of each clip. The splits share the labels out among themselves, so
    that few examples of each show many labels together.
    """
    shown = list(spread(splits, MOST_EXAMPLES))
    count = examples_per_split(len(splits))
    return {split: choose(labels_of.get(split, {}), count, at, len(shown)) for at, split in enumerate(shown)}


def spread(items: Sequence[Item], most: int, offset: int = 0, offsets: int = 1) -> Sequence[Item]:
    """Up to `most` items, evenly spread, in their order; others of them for each of some offsets, from 0 on."""
    if len(items) <= most:
        return items
    return [
        items[((2 * (number * offsets + offset) + 1) * len(items)) // (2 * most * offsets)] for number in range(most)
    ]


def choose(labels_of: Mapping[str, Sequence[str]], count: int, offset: int = 0, offsets: int = 1) -> list[str]:
    """The examples of a split: the first clip by name of each of some labels that are spread evenly over all labels.

    If these are too few, more clips of these labels follow in turn, then any others, unlabelled ones last.
    """
    of_label: dict[str, list[str]] = {}
    files = sorted(labels_of)
    for file in files:
        for label in labels_of[file]:
            of_label.setdefault(label, []).append(file)
    labels = spread(sorted(of_label, key=label_order), count, offset, offsets)
    turns = deque(iter(of_label[label]) for label in labels)
    chosen: dict[str, None] = {}
    while turns and len(chosen) < count:
        turn = turns.popleft()
        file = next((file for file in turn if file not in chosen), "")
        if file:
            chosen[file] = None
            turns.append(turn)
    labelled_first = sorted(files, key=lambda file: not labels_of[file])
    further = (file for file in labelled_first if file not in chosen)
    return [*chosen, *islice(further, count - len(chosen))]


def _rate(rates: Sequence[int]) -> int:
    high_enough = [rate for rate in rates if rate >= LEAST_RATE]
    return min(high_enough) if high_enough else max(rates)


def _example(folder: Path, rate: int, file: str, facts: Mapping[str, Any], seen: float, share: int) -> Example:
    """`seen`: the seconds that waveform and spectrogram show at most. `share`: the maximum bytes of the example."""
    samples, length = _start_of(folder, rate, file, facts["split"], seen)
    seconds = length / rate
    roll = _roll(facts["labels"], seconds)
    waveform, spectrogram = pictures.waveform(samples), pictures.spectrogram(samples)
    left = share - len(waveform) - len(spectrogram) - (len(roll.path) if roll else 0)
    sound, heard = _sound(samples, rate, left)
    return Example(
        file=file,
        labels=tuple(names_of(facts["labels"])),
        seconds=seconds,
        rate=rate,
        peak=facts["recorded"]["peak"],
        roll=roll,
        waveform=waveform,
        spectrogram=spectrogram,
        sound=sound,
        seen=len(samples) / rate,
        heard=heard,
    )


def _start_of(folder: Path, rate: int, file: str, split: str, seconds: float) -> tuple[Samples, int]:
    """The samples of a clip's first seconds, and the number of all its samples."""
    path = clip_path(rate, split, file.removesuffix(".wav"))
    if ClipKey.of(path) is None:  # names in a foreign manifest must not lead out of its folder
        raise OutputError(f"{MANIFEST} of {folder} has a clip whose name is not a file name: {file!r}")
    try:
        check_regular(folder / path)
        wav, length = audio.read_wav_start(folder / path, seconds)
        return wav.samples, length
    except (OSError, AudioError) as error:
        raise OutputError(f"{folder / path} cannot be read: {error}; rebuild the task") from error


def _roll(labels: Sequence[Any], seconds: float) -> Roll | None:
    """The event roll of a clip's labels, whose times are milliseconds; None without events."""
    events = sorted((label["start"] / 1000, label["end"] / 1000, name_of(label)) for label in labels if is_event(label))
    if not events:
        return None
    rows = names_of(labels)
    if all(name.isdigit() for name in rows):
        rows = rows[::-1]  # high pitches at the top, as in a piano roll
    in_order = tuple((label, start, end) for start, end, label in events)
    return Roll(tuple(rows), pictures.event_roll(rows, in_order, seconds), in_order)


def _sound(samples: Samples, rate: int, budget: int) -> tuple[str, float]:
    """The data URL of a FLAC file and its seconds: at most MOST_HEARD and `budget` bytes.

    Empty if the clip is empty or the budget is too small.
    """
    import numpy as np

    excerpt = samples[: round(MOST_HEARD * rate)]
    at_rate = np.concatenate(list(audio.resample(excerpt, rate, SOUND_RATE)))
    address = _flac_address(at_rate)
    if len(address) <= budget:
        return address, len(excerpt) / rate
    fitting = max(0, int((budget * 3 // 4 - _FLAC_BYTES) / _FLAC_BYTES_OF_NOISE))  # base64: four bytes for three
    return _flac_address(at_rate[:fitting]), len(at_rate[:fitting]) / SOUND_RATE


def _flac_address(samples: Samples) -> str:
    """The data URL of a FLAC file of some samples at SOUND_RATE; empty without samples."""
    import soundfile

    if not len(samples):
        return ""
    content = io.BytesIO()
    soundfile.write(content, samples, SOUND_RATE, format="FLAC", subtype="PCM_16")
    return f"data:audio/flac;base64,{base64.b64encode(content.getvalue()).decode()}"
