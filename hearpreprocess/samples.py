"""Samples of many recordings in one file: what a batch of clips is kept as between two steps.

A file for each clip would cost more than its samples: making 100,000 files is what a run waits for most, on a local
disk and all the more on one that a cluster shares.

On disk it is a folder with `samples` (16-bit little-endian samples, one recording after the other) and
`recordings.json` (the name, the rate in hertz and the number of samples of each, in the same order).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt

    Recording = tuple[str, npt.NDArray[Any], int]

_SAMPLES, _RECORDINGS = "samples", "recordings.json"


def write_samples(folder: Path, recordings: Iterable[Recording]) -> None:
    """Write recordings, each a name, a 1-d int16 array and a rate in hertz, to an empty folder."""
    listing = []
    with (folder / _SAMPLES).open("wb") as file:
        for name, samples, rate in recordings:
            file.write(samples.astype("<i2", copy=False).data)
            listing.append([name, rate, len(samples)])
    (folder / _RECORDINGS).write_text(json.dumps(listing), encoding="utf-8")


def read_samples(folder: Path) -> Iterator[Recording]:
    """The recordings that `write_samples` wrote, in their order, one at a time."""
    import numpy as np

    with (folder / _SAMPLES).open("rb") as file:
        for name, rate, length in json.loads((folder / _RECORDINGS).read_text(encoding="utf-8")):
            yield name, np.fromfile(file, "<i2", length), rate
