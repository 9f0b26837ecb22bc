"""Long recordings in windows, from every kind of source, and the facts of their recordings that `clips` sees."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hearpreprocess import audio, load
from hearpreprocess.archive.opened import CompressedMember
from hearpreprocess.errors import ArchiveError, AudioError, CorpusError
from hearpreprocess.exporting import FORMATS
from hearpreprocess.steps.fetch import Index
from hearpreprocess.steps.recordings import SourceProbe
from hearpreprocess.storage import Workspace
from hearpreprocess.synthetic import archives
from hearpreprocess.synthetic.sounds import wav_bytes
from hearpreprocess.task import Local, RecordingInfo, Tree
from tests import toys
from tests.conftest import User

CLIPS = """
def clips(sources):
    recordings = sources["corpus"]
    for member in recordings.glob("*.wav"):
        rows = recordings.table(member.sibling(f"{member.stem}.txt"), names=["start", "end", "label"])
        events = [Event(row.label, float(row.start), float(row.end)) for row in rows.itertuples()]
        for window in windows(recordings, member, seconds=0.5, events=events):
            yield Clip(member, start=window.start, stop=window.stop, events=window.events, name=window.name)
"""

FACTS = {
    "name": '"toy_long"',
    "embedding_type": '"event"',
    "prediction_type": '"multilabel"',
    "splits": "TrainValidTest(60, 20, 20)",
    "sample_duration": "0.5",
    "evaluation": '("segment_1s_er",)',
}


def long_members() -> dict[str, bytes]:
    """Five recordings of 2.2 s; their first 0.5 s have no event, and one event crosses the border at 1 s."""
    members = {}
    for number in range(5):
        members[f"day{number}.wav"] = toys.wav(f"day{number}", 2.2)
        members[f"day{number}.txt"] = f"0.509\t0.7\tcar\n0.9\t1.1\tbird\n1.6\t2.15\t{'car', 'bird'}\n".replace(
            "('car', 'bird')", ("car", "bird")[number % 2]
        ).encode()
    return members


def finished(user: User, write: Callable[..., Path], **facts: str) -> Path:
    source = user.folder / write.__name__
    source.mkdir()
    path = write(source, "toy", long_members().items())
    text = toys.folds_task(f"Local({str(path)!r})", CLIPS, **(FACTS | {"allow_empty": "True"} | facts))
    user.write(f"{write.__name__}.py", text)
    out = ("--tasks-dir", write.__name__ + "-tasks", "--tar-dir", write.__name__ + "-tars", "--sample-rates", "8000")
    said = user.run(f"./{write.__name__}.py", *out)
    assert said.returncode == 0, said.stderr
    assert "not declared" not in said.stderr, "recordings that are read for their length belong to the source"
    return user.folder / f"{write.__name__}-tasks" / "toy_long-v1-full"


def files_of(folder: Path) -> dict[str, bytes]:
    names = ("manifest.json", "task_metadata.json", "README.md")  # they name the source
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in names
    }


def test_windows_are_the_same_from_a_folder_a_zip_and_a_tar_gz(user: User) -> None:
    folder = finished(user, archives.write_files)
    files = files_of(folder)
    assert files == files_of(finished(user, archives.write_zip)) == files_of(finished(user, archives.write_tar_gz))
    splits = {split: json.loads((folder / f"{split}.json").read_text()) for split in ("train", "valid", "test")}
    clips = {file: events for of_split in splits.values() for file, events in of_split.items()}
    assert len(clips) == 25
    assert clips["day0_00000.wav"] == []
    assert "| all | 25 | 5 | " in (folder / "README.md").read_text(), "five clips have no event"
    assert clips["day0_04000.wav"] == [
        {"label": "car", "start": 9.0, "end": 200.0},
        {"label": "bird", "start": 400.0, "end": 500.0},
    ]
    assert clips["day0_08000.wav"] == [{"label": "bird", "start": 0.0, "end": 100.0}]
    assert clips["day1_16000.wav"] == [{"label": "bird", "start": 0.0, "end": 150.0}]
    days = [{file.partition("_")[0] for file in of_split} for of_split in splits.values()]
    assert sorted(map(len, days)) == [1, 1, 3], "windows of one recording are in one split"
    whole, _rate = soundfile.read(io.BytesIO(long_members()["day0.wav"]), dtype="int16")
    samples = [soundfile.read(path, dtype="int16")[0] for path in sorted((folder / "8000").rglob("day0_*.wav"))]
    assert np.array_equal(np.concatenate(samples)[: len(whole)], whole), "windows share no sample and leave none out"
    assert user.run("verify", folder).returncode == 0
    (empty,) = [clip for clip in load(folder).clips() if clip.name == "day0_00000"]
    assert empty.events == ()


@pytest.mark.slow
def test_clips_without_events_are_loaded_exported_and_resampled(user: User) -> None:
    folder = finished(user, archives.write_files)
    task = load(folder)
    (empty,) = [clip for clip in task.clips() if clip.name == "day0_00000"]
    assert empty.events == ()
    frames = task.dataset(empty.split, hop=0.1)[task.clips(empty.split).index(empty)][1]
    assert frames.shape == (5, 2)
    assert not frames.any(), "no label sounds in a clip without events"
    car = next(clip for clip in task.clips() if clip.name == "day0_04000").events[0]
    assert (car.start, car.end) == (0.009, 0.2)
    for form in FORMATS:
        said = user.run("export", folder, "--to", form)
        assert said.returncode == 0, said.stderr
    said = user.run("report", folder.parent)
    assert said.returncode == 0, said.stderr
    page = (folder / "report.html").read_text()
    assert "each clip has events or none" in page
    assert '<th scope="col">Without events</th>' in page
    # A further rate, of a finished task whose times no number of seconds gives, as another program may have written it.
    labels = folder / f"{empty.split}.json"
    content = labels.read_text().replace("900.0", "900.0000000000001").replace("400.0", "0.30000000000000016")
    of_clips = json.loads(content)
    renamed = user.folder / "other" / "hear2021-toy_long-v1-full-8000.tar.gz"
    renamed.parent.mkdir()
    labels.write_text(content)
    (folder / "manifest.json").unlink()
    with tarfile.open(renamed, "w:gz") as tarball:
        tarball.add(folder, "tasks/toy_long-v1-full")
    said = user.run("--from-published", renamed, "--sample-rates", "4000", "--tasks-dir", "again", "--tar-dir", "tars")
    assert said.returncode == 0, said.stderr
    again = user.folder / "again" / "toy_long-v1-full"
    assert json.loads((again / labels.name).read_text()) == of_clips
    assert json.loads((again / "task_metadata.json").read_text())["allow_empty"] is True


def tree_of(path: Path, folder: Path) -> Tree:
    """The tree of a folder or an archive, as the Corpus step has it."""
    workspace = Workspace(folder / "tmp", folder / "tasks", folder / "tars", folder / "downloads")
    index = Index(workspace=workspace, source=Local(str(path)))
    index.requires().run()
    index.run()
    return Tree("corpus", index.folder, SourceProbe(index.requires(), workspace, folder))


def encoded(kind: str) -> bytes:
    """A second of noise in two channels at 8,000 Hz."""
    content = io.BytesIO()
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, (8000, 2))
    soundfile.write(content, samples, 8000, format=kind)
    return content.getvalue()


WRITERS = [
    archives.write_files,
    archives.write_zip,
    archives.write_split_zip,
    archives.write_tar_gz,
    archives.write_rar,
]


@pytest.mark.parametrize("write", WRITERS)
def test_info_is_what_the_decoder_gives(tmp_path: Path, write: Callable[..., Path]) -> None:
    source = tmp_path / "source"
    source.mkdir()
    recordings = {f"a.{kind}": encoded(kind) for kind in ("wav", "flac", "ogg", "mp3")}
    others = {"b.WAV": toys.wav("b", 0.25), "broken.wav": b"RIFF no audio", "notes.txt": b"x"}
    tree = tree_of(write(source, "toy", (recordings | others).items()), tmp_path)
    for name, content in recordings.items():
        decoded = audio.decode(content)
        info = RecordingInfo(decoded.rate, len(decoded.samples), decoded.channels)
        assert tree.info(tree.member(name)) == info, name
        assert tree.info(tree.member(name)).seconds == decoded.seconds
    assert tree.info(tree.member("b.WAV")) == RecordingInfo(8000, 2000, 1)
    for name, reason in (
        ("broken.wav", "unsupported or damaged audio"),
        ("notes.txt", "not audio"),
        ("c.wav", "no member"),
    ):
        for _again in range(2):
            with pytest.raises(CorpusError, match=f"source 'corpus'.*'{name}'.*{reason}|no member '{name}'"):
                tree.info(tree.member(name))
    left = {path.name for path in tmp_path.iterdir()}
    assert left <= {"source", "tmp", "tasks", "tars", "downloads", "a.wav", *recordings, *others}


class Counting:
    """Reads a member, and counts what is asked for."""

    def __init__(self, content: bytes) -> None:
        self.size, self._content, self.end = len(content), content, 0

    def read(self, offset: int, length: int) -> bytes:
        self.end = max(self.end, min(offset + length, self.size))
        return self._content[offset : offset + length]


def test_of_a_wav_file_only_the_header_is_read() -> None:
    content = toys.wav("long", 60.0)
    counting = Counting(content)
    assert audio.probe(counting).frames == 480_000
    assert counting.end <= 4096 < len(content)


@pytest.mark.parametrize("write", [archives.write_zip, archives.write_tar_gz])
def test_of_a_compressed_wav_file_no_more_than_a_piece_is_decompressed(
    tmp_path: Path, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[CompressedMember] = []
    close = CompressedMember.close
    monkeypatch.setattr(CompressedMember, "close", lambda self: (opened.append(self), close(self))[1])
    tree = tree_of(write(tmp_path, "toy", [("long.wav", toys.wav("long", 60.0))]), tmp_path)
    assert tree.info(tree.member("long.wav")).length == 480_000
    assert [member.decompressed for member in opened] == [1 << 16]


def test_damage_of_an_archive_is_not_one_of_the_recording(tmp_path: Path) -> None:
    path = archives.write_zip(tmp_path, "toy", [("a.flac", encoded("flac"))])
    tree = tree_of(path, tmp_path)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = bytes(2000)
    path.write_bytes(content)
    with pytest.raises(CorpusError, match="source 'corpus': 'a.flac': ") as refused:
        tree.info(tree.member("a.flac"))
    assert isinstance(refused.value.__cause__, ArchiveError | AudioError)


def test_slices_in_seconds_begin_at_the_nearest_sample() -> None:
    content = wav_bytes(np.arange(1000, dtype=np.int16), 1000)
    for start, stop, samples in ((0.0, None, (0, 1000)), (0.1005, 0.2, (100, 200)), (0.1015, 0.2016, (102, 202))):
        decoded = audio.decode(content, start_seconds=start, stop_seconds=stop)
        assert (decoded.samples[0], decoded.samples[-1] + 1) == samples
    with pytest.raises(AudioError, match="no slice from 500 to 2000: the recording has 1000 samples"):
        audio.decode(content, start=500, stop_seconds=2.0)
