"""Write a dataset as it is published, with generated sounds, and compare what `new` makes of it with the truth."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hearpreprocess.cli.trial import problems_of_module
from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold import Choices, DatasetDescription, describe
from hearpreprocess.scaffold.recordings import clip_name

Truth = Mapping[str, tuple[tuple[str, ...], str, str]]
"""Labels, split and group of a recording by its path; "" where the dataset gives none."""

FORMATS = {".wav": ("WAV", "PCM_16"), ".flac": ("FLAC", "PCM_16"), ".ogg": ("OGG", "VORBIS"), ".mp3": ("MP3", None)}


@lru_cache(maxsize=64)
def sound(suffix: str, seconds: float) -> bytes:
    samples = np.sin(np.arange(int(8000 * seconds)) / 7).astype(np.float32) / 4
    kind, subtype = FORMATS[suffix]
    file = io.BytesIO()
    soundfile.write(file, samples, 8000, subtype=subtype, format=kind)
    return file.getvalue()


def sounds(folder: Path, paths: Iterable[str], seconds: float = 0.2) -> None:
    for path in paths:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(sound(file.suffix.lower(), seconds))


def text(folder: Path, path: str, *lines: str, end: str = "\n") -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes((end.join(lines) + end).encode())


def described(folder: Path, **choices: object) -> DatasetDescription:
    return describe(folder, Choices(**choices))  # type: ignore[arg-type]


def refusal(folder: Path, **choices: object) -> str:
    with pytest.raises(CorpusError) as refused:
        described(folder, **choices)
    return str(refused.value)


def truth_in(dataset: DatasetDescription, paths: Iterable[str]) -> Truth:
    """What a description says about the recordings at paths, those left out not among them."""
    path_of = {clip_name(dataset.clip_naming, path): path for path in paths}
    return {
        path_of[clip.name]: (tuple(sorted(clip.labels)), clip.split, clip.group if clip.group != clip.name else "")
        for clip in dataset.clips
    }


def check(folder: Path, truth: Truth, **choices: object) -> DatasetDescription:
    """Describe a folder, compare that with the truth, and compare the clips of the written module with both."""
    dataset = described(folder, **choices)
    paths = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix.lower() in FORMATS]
    assert truth_in(dataset, paths) == truth
    assert problems_of_module("my_task", folder.resolve(), dataset) == []
    return dataset
