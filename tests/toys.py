"""Toy tasks of each kind, as a user would write them, with their corpora."""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Callable
from pathlib import Path

from hearpreprocess.synthetic.archives import write_zip
from hearpreprocess.synthetic.sounds import recording, wav_bytes

RATE = 8000


def wav(name: str, seconds: float = 0.5, rate: int = RATE, channels: int = 1) -> bytes:
    return wav_bytes(recording(name, seconds, rate, channels), rate)


def corpus(
    folder: Path, members: dict[str, bytes], name: str = "toy", write: Callable[..., Path] = write_zip
) -> tuple[Path, str]:
    """An archive of the members, and the text of an Archive that points at it; the clips of a zip are read in it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = write(folder, name, members.items())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return path, f'Archive("{path.as_uri()}", sha256="{digest}")'


def folds_members(clips: int = 12, labels: tuple[str, ...] = ("bark", "meow"), folds: int = 3) -> dict[str, bytes]:
    """A table and recordings: `clips` of them, labels and folds in turn."""
    rows = [(f"clip{number:02d}", number % folds, labels[number // folds % len(labels)]) for number in range(clips)]
    table = "file,fold,label\n" + "".join(f"{name},{fold},{label}\n" for name, fold, label in rows)
    return {"table.csv": table.encode(), **{f"audio/{name}.wav": wav(name) for name, _fold, _label in rows}}


FOLDS_CLIPS = """
def clips(sources):
    corpus = sources["corpus"]
    for row in corpus.table(corpus.find("table.csv")).itertuples():
        yield Clip(corpus.member(f"audio/{row.file}.wav"), labels=row.label, split=fold(int(row.fold)))
"""


def folds_task(archive: str, clips: str = FOLDS_CLIPS, **facts: str) -> str:
    """A scene multiclass task with given folds; `facts` replace the config's arguments."""
    defaults = {
        "name": '"toy_folds"',
        "version": '"v1"',
        "embedding_type": '"scene"',
        "prediction_type": '"multiclass"',
        "splits": "PresetFolds(3)",
        "sample_duration": "0.4",
        "evaluation": '("top1_acc",)',
        "sources": f'{{"corpus": {archive}}}',
        "clips": "clips",
    }
    arguments = "".join(f"    {name}={text},\n" for name, text in (defaults | facts).items())
    return (
        '"""A toy. Link: https://example.org"""\n\n'
        "from hearpreprocess import *\n\n" + textwrap.dedent(clips) + f"\n\nconfig = TaskConfig(\n{arguments})\n"
    )


def drawn_members() -> dict[str, bytes]:
    """Forty stereo recordings of eight speakers, each with one or two of three labels."""
    tags = ("speech", "music", "noise")
    return {
        f"speaker{number % 8}_{tags[number % 3]}{'+' + tags[(number + 1) % 3] if number % 2 else ''}_{number}.wav": wav(
            f"drawn{number}", 0.3 + number / 100, RATE, channels=2
        )
        for number in range(40)
    }


def drawn_task(archive: str) -> str:
    """A scene multilabel task whose train, valid and test are drawn by speaker."""
    clips = """
    def clips(sources):
        for member in sources["corpus"].glob("*.wav"):
            speaker, tags, _number = member.stem.split("_")
            yield Clip(member, labels=tags.split("+"), group=speaker)
    """
    return folds_task(
        archive,
        clips,
        name='"toy_drawn"',
        prediction_type='"multilabel"',
        splits="TrainValidTest(60, 20, 20)",
        sample_duration="None",
        evaluation='("mAP",)',
    )


def events_members() -> dict[str, bytes]:
    """Thirty recordings of 2 s with notes; one note of each starts after the clip's end, one runs past it."""
    members: dict[str, bytes] = {}
    for number in range(30):
        members[f"piece{number:02d}.wav"] = wav(f"piece{number}", 2.0)
        members[f"piece{number:02d}.txt"] = f"0.25\t0.5\t{60 + number % 5}\n0.9\t1.5\t72\n1.2\t1.4\t80\n".encode()
    return members


def events_task(archive: str) -> str:
    """An event multilabel task with new folds and a cap of four clips a fold."""
    clips = """
    def clips(sources):
        corpus = sources["corpus"]
        for member in corpus.glob("*.wav"):
            notes = corpus.table(member.sibling(f"{member.stem}.txt"), names=["start", "end", "pitch"])
            events = [Event(int(note.pitch), float(note.start), float(note.end)) for note in notes.itertuples()]
            yield Clip(member, events=events)
    """
    return folds_task(
        archive,
        clips,
        name='"toy_events"',
        embedding_type='"event"',
        prediction_type='"multilabel"',
        splits="NewFolds(3, max_seconds=4.9)",
        sample_duration="1.0",
        evaluation='("event_onset_200ms_fms",)',
    )
