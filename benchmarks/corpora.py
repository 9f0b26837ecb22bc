"""The corpora of the benchmarks: synthetic recordings in archives, each with its task module."""

from __future__ import annotations

import argparse
import hashlib
import io
import multiprocessing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hearpreprocess.synthetic import archives
from hearpreprocess.synthetic.environment import esc_50
from hearpreprocess.synthetic.sounds import recording, wav_bytes

LABELS, FOLDS = 50, 5
LEAST_CLIPS = 2 * FOLDS
PIECE_SECONDS = 5.0

_TASK = '''"""{name}: synthetic recordings."""

from pathlib import Path

from hearpreprocess import Archive, Clip, Event, PresetFolds, TaskConfig, fold


def clips(sources):
    for number, member in enumerate(sources["corpus"].glob("audio/*.wav")):
        label = member.stem.rpartition("-")[2]
        events = [Event(label, start, start + 0.5) for start in range(0, {whole_seconds}, 4)]
        yield Clip(member, {labelled}, split=fold(number % {folds}))


config = TaskConfig(
    name="{name}",
    version="v1",
    embedding_type="{embedding_type}",
    prediction_type="{prediction_type}",
    splits=PresetFolds({folds}),
    sample_duration={seconds},
    evaluation=("top1_acc",),
    sources={{"corpus": Archive("{url}", sha256="{sha256}")}},
    clips=clips,
)
'''


@dataclass(frozen=True)
class Corpus:
    """The parameters of a corpus, and the output rates in hertz."""

    name: str
    clips: int
    seconds: float
    rate: int
    asked_rates: tuple[int, ...]
    archive: str = "zip"
    is_event_task: bool = False

    @property
    def titles(self) -> list[str]:
        """The names of the recordings."""
        labels = min(LABELS, self.clips // FOLDS)
        return [f"clip-{number:06d}-{number // FOLDS % labels:02d}" for number in range(self.clips)]


DEFAULT_RATES = (16000, 22050, 32000, 44100)
ESC = Corpus("esc", 2_000, 5.0, 44100, DEFAULT_RATES)
SPEECH = Corpus("speech", 50_000, 1.0, 16000, (16000, 22050), archive="tar.gz")
LONG = Corpus("long", 24, 600.0, 22050, (16000, 44100))
EVENTS = Corpus("events", 72, 120.0, 44100, DEFAULT_RATES, is_event_task=True)


def at_least(least: int, *others: int) -> Callable[[str], int]:
    """The type of an option: a whole number of at least `least`, or one of some others."""

    def number(text: str) -> int:
        value = int(text)
        if value < least and value not in others:
            raise argparse.ArgumentTypeError(f"expected at least {least}, got {value}")
        return value

    return number


def sound(facts: tuple[str, float, int]) -> bytes:
    """A WAV file of a name, a number of seconds, and a rate."""
    import numpy as np

    name, seconds, rate = facts
    pieces = max(1, round(seconds / PIECE_SECONDS))
    parts = [recording(f"{name}-{piece}", seconds / pieces, rate) for piece in range(pieces)]
    return wav_bytes(np.concatenate(parts), rate)


def _members(corpus: Corpus) -> Iterator[tuple[str, bytes]]:
    with multiprocessing.get_context("spawn").Pool() as pool:
        facts = [(title, corpus.seconds, corpus.rate) for title in corpus.titles]
        for title, content in zip(corpus.titles, pool.imap(sound, facts, chunksize=4), strict=True):
            yield f"audio/{title}.wav", content


def write(corpus: Corpus, folder: Path) -> Path:
    """Write a corpus' archive and its task module to `folder`, and return the module's path."""
    folder.mkdir(parents=True)
    writer = {"zip": archives.write_zip, "tar.gz": archives.write_tar_gz}[corpus.archive]
    return write_task(corpus, folder, writer(folder, corpus.name, _members(corpus)))


def write_excerpt_of_esc50(folder: Path, clips: int) -> Path:
    """Write an archive in the layout of ESC-50 with some of its 250 synthetic recordings, of all folds."""
    folder.mkdir(parents=True)
    members = [(name, content) for name, content in esc_50() if not name.endswith("/")]
    recordings = [member for member in members if member[0].endswith(".wav")]
    others = [member for member in members if not member[0].endswith(".wav")]
    return archives.write_zip(folder, "ESC-50", [*others, *recordings[:: len(recordings) // clips][:clips]])


def archive_of(corpus: Corpus, folder: Path) -> Path:
    """The path of the archive from `write`."""
    return folder / f"{corpus.name}.{corpus.archive}"


def write_task(corpus: Corpus, folder: Path, archive: Path) -> Path:
    """Write the task module of a corpus for an existing archive, and return its path."""
    with archive.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else _sha256(file)
    module = folder / f"{corpus.name}.py"
    module.write_text(
        _TASK.format(
            name=corpus.name,
            whole_seconds=int(corpus.seconds),
            seconds=corpus.seconds,
            folds=FOLDS,
            labelled="events=events" if corpus.is_event_task else "labels=label",
            embedding_type="event" if corpus.is_event_task else "scene",
            prediction_type="multilabel" if corpus.is_event_task else "multiclass",
            url=archive.resolve().as_uri(),
            sha256=sha256,
        ),
        encoding="utf-8",
    )
    return module


def _sha256(file: io.BufferedReader) -> str:
    return hashlib.sha256(file.read()).hexdigest()
