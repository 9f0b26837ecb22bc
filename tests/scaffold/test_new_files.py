"""Which files `hearpreprocess new` takes for recordings, and what it says of the others."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold import describe
from hearpreprocess.scaffold.content import patterns_of
from hearpreprocess.task import matcher
from tests import toys
from tests.conftest import User
from tests.scaffold.own_datasets import begun, wavs


def labelled(folder: Path, suffix: str = ".wav", count: int = 4) -> None:
    for label in "ab":
        (folder / label).mkdir(parents=True)
        for number in range(count):
            (folder / label / f"{label}{number}{suffix}").write_bytes(toys.wav(f"{label}{number}", 0.3))


@pytest.mark.slow
def test_hidden_folders_and_other_files_are_passed_over_and_said(user: User) -> None:
    folder = user.folder / "mine"
    labelled(folder)
    for path in (".cache/a/0.wav", "a/.ipynb_checkpoints/0-checkpoint.wav", "a/.hidden.wav", "a/notes.md", "b/x.npy"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(toys.wav("x", 0.3) if path.endswith("wav") else b"\x93NUMPY" + bytes(range(256)))
    said, clips = begun(user)
    assert "folders ignored: .cache, .ipynb_checkpoints (2 files)" in said
    assert "hidden files ignored: 1" in said
    assert "files not used: 2 (.md 1, .npy 1)" in said
    assert len(clips) == 8
    run = user.run("./my_task.py", "--until", "corpus", "--tmp-dir", "other")
    assert "source 'recordings': skipped 3 hidden files, e.g. '.cache/a/0.wav'" in run.stdout + run.stderr


@pytest.mark.parametrize("suffix", [".dat", "", ".1", ".WAV", ".wav~", ".[x]", ".sph.bak"])
def test_a_recording_is_one_whatever_its_name_ends_with(tmp_path: Path, suffix: str) -> None:
    labelled(tmp_path, suffix)
    (tmp_path / "README").write_text("Not a recording.\n")
    (tmp_path / "b" / f"text{suffix}~").write_text("nor this")
    dataset = describe(tmp_path)
    assert dataset.recordings == 8
    assert dataset.seconds == 0.3
    is_taken = matcher(dataset.patterns)
    files = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()]
    assert sum(map(is_taken, files)) == 8
    assert not is_taken("README")


@pytest.mark.slow
def test_a_module_takes_the_recordings_that_new_took(user: User) -> None:
    folder = user.folder / "mine"
    labelled(folder, "")
    (folder / "a" / "README").write_text("Not a recording.\n")
    (folder / "b" / "b9.dat").write_bytes(toys.wav("b9", 0.3))
    (folder / "a" / "a9.dat").write_bytes(b"no audio")
    said, clips = begun(user)
    assert set(clips) == {f"{label}_{label}{number}.wav" for label in "ab" for number in range(4)} | {"b_b9.wav"}
    assert "files not used: 2 (.dat 1, no suffix 1)" in said


NAMES = st.lists(st.text(st.sampled_from("ab.[*!~ é"), min_size=1, max_size=4), min_size=1, max_size=3).map("/".join)
PATHS = NAMES.filter(lambda path: not path.startswith(".") and "/." not in path)


@given(st.sets(PATHS, min_size=1, max_size=12), st.data())
def test_patterns_match_these_files_once_and_no_others(files: set[str], data: st.DataObject) -> None:
    paths = data.draw(st.sets(st.sampled_from(sorted(files))))
    patterns = patterns_of(sorted(paths), sorted(files - paths))
    for path in files:
        assert sum(matcher([pattern])(path) for pattern in patterns) == (path in paths), (path, patterns)


def flac_without_length(samples: int) -> bytes:
    """A FLAC file as a pipe leaves it: 0 samples in its header."""
    file = io.BytesIO()
    soundfile.write(file, 0.1 * np.sin(np.arange(samples) / 5), 16000, format="FLAC", subtype="PCM_16")
    content = bytearray(file.getvalue())
    assert content[21] & 0x0F == 0
    content[22:26] = bytes(4)
    return bytes(content)


def test_a_length_is_that_of_the_samples(tmp_path: Path) -> None:
    for number, label in enumerate("ababab"):
        (tmp_path / label).mkdir(exist_ok=True)
        (tmp_path / label / f"{number}.flac").write_bytes(flac_without_length(16000))
    assert describe(tmp_path).seconds == 1.0


def test_recordings_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    labelled(tmp_path)
    cut = tmp_path / "a" / "a0.wav"
    cut.write_bytes(cut.read_bytes()[:1000])
    (tmp_path / "b" / "b1.wav").write_bytes(b"")
    dataset = describe(tmp_path)
    (note,) = [note for note in dataset.notes if "unreadable" in note]
    assert note.startswith("unreadable recordings, left out: 2 (a/a0.wav: ")
    assert note.endswith("b/b1.wav: it is empty)")
    assert {clip.name for clip in dataset.clips} == {"a_a1", "a_a2", "a_a3", "b_b0", "b_b2", "b_b3"}


def test_names_that_are_too_long_together_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    for label in ("é" * 60, "e" * 120):
        (tmp_path / label).mkdir()
        for number in range(3):
            (tmp_path / label / f"{'x' * 130}{number}.wav").write_bytes(toys.wav("x", 0.3))
    with pytest.raises(
        CorpusError, match=r"6 clips would have a name .* with \.wav it has 256 bytes; expected at most"
    ):
        describe(tmp_path)
    for path in list(tmp_path.glob("*/*.wav")):
        path.rename(path.with_name(path.name[1:]))
    dataset = describe(tmp_path)
    assert (len(dataset.clips), dataset.clip_naming) == (6, "folder")
    for path in list(tmp_path.glob("*/*.wav")):
        path.rename(path.with_name(path.parent.name[0] + "-" * 99 + path.name))
    assert describe(tmp_path).clip_naming == "stem", "which is short enough, and unique"


def test_hidden_copies_are_no_recordings(tmp_path: Path) -> None:
    labelled(tmp_path)
    wavs(tmp_path, *(f"a/.ipynb_checkpoints/a{number}-checkpoint.wav" for number in range(3)))
    (tmp_path / "notes.md").write_text("x")
    dataset = describe(tmp_path)
    assert dataset.recordings == 8
    assert {"folders ignored: .ipynb_checkpoints (3 files)", "files not used: 1 (.md 1)"} < set(dataset.notes)


def test_a_folder_without_recordings_says_what_is_in_it(tmp_path: Path) -> None:
    wavs(tmp_path, ".old/a/1.wav")
    with pytest.raises(CorpusError, match=r"no recordings found(.|\n)*note: folders ignored: \.old \(1 file\)"):
        describe(tmp_path)
