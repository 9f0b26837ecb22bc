"""The example clips that a report shows and plays: their choice, pictures and sounds."""

from __future__ import annotations

import base64
import io
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from hearpreprocess import audio
from hearpreprocess.audio import Samples
from hearpreprocess.errors import AudioError, OutputError
from hearpreprocess.finished import MANIFEST, ClipKey, Manifest, clip_path, is_event, name_of
from hearpreprocess.report import pictures
from hearpreprocess.report.statistics import label_order, names_of
from hearpreprocess.storage import read_regular

EXAMPLES, MOST_EXAMPLES = 8, 100
"""Per split, and in total: with many splits fewer per split, at least one."""

LEAST_RATE = 16000
"""In hertz: examples are taken from the clips at this rate, or at the next higher one of the task."""

BUDGET = 2_300_000
"""Bytes for all examples of a page, pictures and sounds together."""

MOST_HEARD = 5.0
"""Seconds from the start of a clip that can be played: encoding takes most of a report's time."""

SECONDS_AN_EXAMPLE = 0.05
"""Processor seconds per example, roughly."""

MP3_RATE, MP3_BITRATE = 16000, 32000
_MP3_LEVEL = 0.84  # libsndfile's number for this bitrate at this rate
_MP3_FRAME = 576  # samples, at this rate
_MP3_FRAMES_AROUND = 4  # the header with the length, and the coder's padding
# Measured: bytes of a page without examples, and of an example without its sound.
_PAGE_BYTES, _PICTURES_BYTES = 50_000, 12_000


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
    `spectrogram`: data URLs. `heard`: the seconds in `sound`.
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
    heard: float

    @property
    def is_cut(self) -> bool:
        """Whether only the start of the clip can be played."""
        return self.heard < self.seconds


def examples_of(folder: Path, manifest: Manifest, splits: Sequence[str]) -> dict[str, list[Example]]:
    """The examples of each split, together within BUDGET; no other clip is opened.

    Raises OutputError where a clip's file is missing or cannot be read.
    """
    most = examples_per_split(len(splits))
    chosen = {split: choose(manifest["clips"], split)[:most] for split in splits}
    share = BUDGET // max(1, sum(map(len, chosen.values())))
    return {split: [_example(folder, manifest, file, share) for file in files] for split, files in chosen.items()}


def examples_per_split(splits: int) -> int:
    """The number of examples per split for a number of splits."""
    return min(EXAMPLES, max(1, MOST_EXAMPLES // max(1, splits)))


def expected_bytes(examples: int, seconds: float) -> int:
    """The expected size of a report in bytes for a number of examples and a duration of clips in seconds."""
    sound = min(seconds, MOST_HEARD) * MP3_BITRATE / 8 * 4 / 3  # base64: four bytes for three
    return round(_PAGE_BYTES + min(BUDGET, examples * (_PICTURES_BYTES + sound)))


def choose(clips: Mapping[str, Mapping[str, Any]], split: str) -> list[str]:
    """The examples of a split: the first clip by name of each of some labels that are spread evenly over all labels.

    If these are too few, more clips of these labels follow in turn, then any others, unlabelled ones last.
    """
    of_label: dict[str, list[str]] = {}
    files = sorted(file for file, facts in clips.items() if facts["split"] == split)
    for file in files:
        for label in names_of(clips[file]["labels"]):
            of_label.setdefault(label, []).append(file)
    labels = sorted(of_label, key=label_order)
    if len(labels) > EXAMPLES:
        labels = [labels[number * (len(labels) - 1) // (EXAMPLES - 1)] for number in range(EXAMPLES)]
    turns = deque(iter(of_label[label]) for label in labels)
    chosen: dict[str, None] = {}
    while turns and len(chosen) < EXAMPLES:
        turn = turns.popleft()
        file = next((file for file in turn if file not in chosen), "")
        if file:
            chosen[file] = None
            turns.append(turn)
    labelled_first = sorted(files, key=lambda file: not clips[file]["labels"])
    further = (file for file in labelled_first if file not in chosen)
    return [*chosen, *islice(further, EXAMPLES - len(chosen))]


def _rate(rates: Sequence[int]) -> int:
    high_enough = [rate for rate in rates if rate >= LEAST_RATE]
    return min(high_enough) if high_enough else max(rates)


def _example(folder: Path, manifest: Manifest, file: str, share: int) -> Example:
    """`share`: the maximum bytes of the example."""
    existing = [rate for rate in manifest["sample_rates"] if (folder / str(rate)).is_dir()]
    rate, facts = _rate(existing or manifest["sample_rates"]), manifest["clips"][file]
    samples = _samples(folder, rate, file, facts["split"])
    seconds = len(samples) / rate
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
        heard=heard,
    )


def _samples(folder: Path, rate: int, file: str, split: str) -> Samples:
    path = clip_path(rate, split, file.removesuffix(".wav"))
    if ClipKey.of(path) is None:  # names in a foreign manifest must not lead out of its folder
        raise OutputError(f"{MANIFEST} of {folder} has a clip whose name is not a file name: {file!r}")
    try:
        return audio.read_wav(read_regular(folder / path)).samples
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
    """The data URL of an MP3 and its seconds: at most MOST_HEARD and `budget` bytes.

    Empty if the clip is silent or the budget is too small.
    """
    import numpy as np
    import soundfile

    frame_bytes = MP3_BITRATE // 8 * _MP3_FRAME // MP3_RATE
    room = max(0, budget * 3 // 4 // frame_bytes - _MP3_FRAMES_AROUND) * _MP3_FRAME  # base64: four bytes for three
    excerpt = samples[: min(room * rate // MP3_RATE, round(MOST_HEARD * rate))]
    if not len(excerpt):
        return "", 0.0
    content = io.BytesIO()
    soundfile.write(
        content,
        np.concatenate(list(audio.resample(excerpt, rate, MP3_RATE))),
        MP3_RATE,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode="CONSTANT",
        compression_level=_MP3_LEVEL,
    )
    return f"data:audio/mpeg;base64,{base64.b64encode(content.getvalue()).decode()}", len(excerpt) / rate
