"""A task of each kind, given by path from outside the project, from its archive to its tarballs."""

from __future__ import annotations

import io
import json
import re
import tarfile
import wave
from pathlib import Path

import pytest

from hearpreprocess.synthetic.archives import write_tar_gz
from tests import toys
from tests.conftest import User


def run_toy(user: User, name: str, text: str, *, with_report: bool = False) -> Path:
    user.write(f"{name}.py", text)
    options = ("--num-workers", 2, "--sample-rates", "8000,12000")
    finished = user.run(f"./{name}.py", *options, with_report=with_report)
    assert finished.returncode == 0, finished.stderr
    return user.folder / "out" / "tasks"


def lengths(folder: Path) -> dict[str, tuple[int, int]]:
    """Frames and rate of every clip below a folder, which must be 16-bit mono."""
    found = {}
    for path in sorted(folder.rglob("*.wav")):
        with wave.open(str(path)) as clip:
            assert (clip.getnchannels(), clip.getsampwidth()) == (1, 2)
            found[path.relative_to(folder).as_posix()] = (clip.getnframes(), clip.getframerate())
    return found


def test_scene_multiclass_with_given_folds(user: User) -> None:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    task = run_toy(user, "mine", toys.folds_task(archive)) / "toy_folds-v1-full"
    splits = {fold: json.loads((task / f"{fold}.json").read_text()) for fold in ("fold00", "fold01", "fold02")}
    assert splits["fold01"] == {
        "clip01.wav": ["bark"],
        "clip04.wav": ["meow"],
        "clip07.wav": ["bark"],
        "clip10.wav": ["meow"],
    }
    assert (task / "labelvocabulary.csv").read_bytes() == b"idx,label\n0,bark\n1,meow\n"
    for rate in (8000, 12000):
        expected = {f"{fold}/{clip}": (round(0.4 * rate), rate) for fold, clips in splits.items() for clip in clips}
        assert lengths(task / str(rate)) == expected


def test_scene_multilabel_with_drawn_splits(user: User) -> None:
    _path, archive = toys.corpus(user.folder / "source", toys.drawn_members())
    task = run_toy(user, "mine", toys.drawn_task(archive)) / "toy_drawn-v1-full"
    splits = {split: json.loads((task / f"{split}.json").read_text()) for split in ("train", "valid", "test")}
    speakers = {split: {name.split("_")[0] for name in clips} for split, clips in splits.items()}
    assert {split: len(found) for split, found in speakers.items()} == {"train": 4, "valid": 2, "test": 2}
    assert len(set.union(*speakers.values())) == 8
    assert splits["train"] | splits["valid"] | splits["test"] == {
        f"{path.removesuffix('.wav')}.wav": path.split("_")[1].split("+") for path in toys.drawn_members()
    }
    # Without a sample_duration every clip keeps its own length.
    own = lengths(task / "8000")
    assert len({frames for frames, _rate in own.values()}) > 10
    assert all(lengths(task / "12000")[clip] == (round(frames * 1.5), 12000) for clip, (frames, _rate) in own.items())


def test_event_multilabel_with_new_folds_and_cap(user: User) -> None:
    _path, archive = toys.corpus(user.folder / "source", toys.events_members(), write=write_tar_gz)
    task = run_toy(user, "mine", toys.events_task(archive)) / "toy_events-v1-full"
    splits = [json.loads((task / f"fold0{number}.json").read_text()) for number in range(3)]
    assert [len(clips) for clips in splits] == [4, 4, 4]
    for clip, events in (item for clips in splits for item in clips.items()):
        number = int(clip[5:7])
        # The note at 1.2 s lies behind the end of the clip; the one from 0.9 s is cut there. Times in milliseconds.
        assert events == [
            {"label": 60 + number % 5, "start": 250.0, "end": 500.0},
            {"label": 72, "start": 900.0, "end": 1000.0},
        ]
    vocabulary = (task / "labelvocabulary.csv").read_text().split()[1:]
    pitches = sorted({event["label"] for clips in splits for events in clips.values() for event in events})
    assert vocabulary == [f"{index},{pitch}" for index, pitch in enumerate(pitches)]
    (entries,) = (user.folder / "_workdir" / "extract").glob("*/gathered.index")
    assert entries.stat().st_size == 32 * sum(map(len, splits)), "only what is needed is unpacked"
    assert not list((entries.parent / "files").iterdir())
    metadata = json.loads((task / "task_metadata.json").read_text())
    assert metadata["max_task_duration_by_fold"] == 4.9
    assert metadata["nfolds"] == 3


def test_a_tarball_holds_the_folder_at_its_rate(user: User) -> None:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    task = run_toy(user, "mine", toys.folds_task(archive), with_report=True) / "toy_folds-v1-full"
    assert (task / "report.html").is_file()
    with tarfile.open(user.folder / "out" / "hear2021-toy_folds-v1-full-12000.tar.gz") as tarball:
        held = {entry.name: tarball.extractfile(entry) for entry in tarball if entry.isfile()}
        contents = {name: file.read() for name, file in held.items() if file}
    expected = {
        f"tasks/{task.name}/{path.relative_to(task).as_posix()}": path.read_bytes()
        for path in task.rglob("*")
        if path.is_file() and path.relative_to(task).parts[0] not in ("8000", "report.html")
    }
    manifest, card = (f"tasks/{task.name}/{name}" for name in ("manifest.json", "README.md"))
    assert contents.keys() == expected.keys()
    for files in (contents, expected):
        del files[manifest]  # which tells of the tarball's rate alone, and so do YAML and command of the card
        files[card] = re.sub(rb"--sample-rate [0-9]+", b"", files[card].partition(b"\n---\n")[2])
    assert contents == expected


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_other_formats_are_decoded(user: User, suffix: str) -> None:
    containers = {
        "wav": ("WAV", "FLOAT"),
        "flac": ("FLAC", "PCM_24"),
        "ogg": ("OGG", "VORBIS"),
        "mp3": ("MP3", "MPEG_LAYER_III"),
    }
    container, subtype = containers[suffix]
    members = {
        f"{label}{number}.{suffix}": toys.wav_bytes(
            toys.recording(f"{label}{number}", 0.5, 16000, 2), 16000, subtype, container
        )
        for label in ("a", "b")
        for number in range(3)
    }
    _path, archive = toys.corpus(user.folder / "source", members)
    clips = f"""
    def clips(sources):
        for member in sources["corpus"].glob("*.{suffix}"):
            yield Clip(member, labels=member.stem[0], split=fold(int(member.stem[1])))
    """
    task = run_toy(user, "mine", toys.folds_task(archive, clips)) / "toy_folds-v1-full"
    assert set(lengths(task / "8000").values()) == {(3200, 8000)}


def test_a_format_that_only_ffmpeg_reads(user: User) -> None:
    import subprocess

    import imageio_ffmpeg

    members = {}
    for label in ("a", "b"):
        for number in range(3):
            source, target = user.folder / "x.wav", user.folder / "x.webm"
            source.write_bytes(toys.wav(f"{label}{number}", 0.5, 48000))
            command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-v", "error", "-i", source, "-c:a", "libopus", target]
            subprocess.run(command, check=True)
            members[f"{label}{number}.webm"] = target.read_bytes()
    _path, archive = toys.corpus(user.folder / "source", members)
    clips = """
    def clips(sources):
        for member in sources["corpus"].glob("*.webm"):
            yield Clip(member, labels=member.stem[0], split=fold(int(member.stem[1])))
    """
    task = run_toy(user, "mine", toys.folds_task(archive, clips)) / "toy_folds-v1-full"
    assert set(lengths(task / "8000").values()) == {(3200, 8000)}
    loudest = max(max(memoryview(path.read_bytes()[44:]).cast("h")) for path in (task / "8000").rglob("*.wav"))
    assert loudest > 1000


def test_slices_of_a_long_recording(user: User) -> None:
    long = toys.recording("long", 3.0, 8000)
    _path, archive = toys.corpus(user.folder / "source", {"long.wav": toys.wav_bytes(long, 8000)})
    clips = """
    def clips(sources):
        (long,) = sources["corpus"].glob("long.wav")
        for number in range(6):
            start = number * 3200
            label, split = "ab"[number // 3], fold(number % 3)
            yield Clip(long, labels=label, split=split, name=f"long-{start}", start=start, stop=start + 3200)
    """
    task = run_toy(user, "mine", toys.folds_task(archive, clips)) / "toy_folds-v1-full"
    whole = io.BytesIO(toys.wav_bytes(long, 8000)).getvalue()[44:]
    for number in range(6):
        clip = (task / "8000" / f"fold0{number % 3}" / f"long-{number * 3200}.wav").read_bytes()[44:]
        assert clip == whole[number * 6400 : (number + 1) * 6400]
