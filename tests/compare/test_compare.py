"""Two copies of a task, alike and not, in folders and tarballs of any order."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tarfile
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hearpreprocess.compare import compare, samples
from hearpreprocess.errors import OutputError
from hearpreprocess.finished import ClipKey
from tests import toys
from tests.conftest import User, copy_of

TITLE = "toy_folds-v1-full"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    user = User(tmp_path_factory.mktemp("made"))
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members(24))
    user.write("mine.py", toys.folds_task(archive))
    assert user.run("./mine.py", "--sample-rates", "8000,16000").returncode == 0
    return user.folder / "out"


def edited(made: Path, tmp_path: Path, edit: Callable[[np.ndarray], np.ndarray], clips: int = 24) -> Path:
    """A copy of the folder with the samples of some clips changed."""
    copy = tmp_path / TITLE
    copy_of(made / "tasks" / TITLE, copy)
    for path in sorted(copy.rglob("*.wav"))[:clips]:
        with wave.open(str(path)) as file:
            rate, content = file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), "<i2")
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(edit(content).astype("<i2").tobytes())
    return copy


def shuffled(folder: Path, tarball: Path, root: str, seed: int) -> Path:
    """A tarball of a folder with its files in any order."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    random.Random(seed).shuffle(files)
    with tarfile.open(tarball, "w:gz", compresslevel=1) as archive:
        for path in files:
            archive.add(path, f"{root}/{path.relative_to(folder)}")
    return tarball


def test_the_same_is_identical_in_any_form_and_order(made: Path, tmp_path: Path) -> None:
    folder = made / "tasks" / TITLE
    tarball = made / f"hear2021-{TITLE}-8000.tar.gz"
    other = shuffled(folder, tmp_path / "other.tar.gz", f"hear-2021.0.6/tasks/{TITLE}", 1)
    for first, second in ((folder, folder), (folder, tarball), (tarball, other), (other, folder)):
        found = compare(first, second)
        assert found.is_same
        assert found.outcome(8000) == "identical"
        assert {aspect for aspect, problems in found.problems.items() if problems} <= {"rates"}
    assert compare(folder, tarball).problems["rates"] == [f"16000 Hz only in {folder}"]


@pytest.mark.parametrize("window", [1, 20_000, 1 << 30])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_clip_is_compared_whatever_the_order(
    made: Path, tmp_path: Path, window: int, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "WINDOW_BYTES", window)
    copy = edited(made, tmp_path, lambda content: content + np.int16(1), clips=48)
    first = shuffled(made / "tasks" / TITLE, tmp_path / "first.tar.gz", f"tasks/{TITLE}", seed)
    second = shuffled(copy, tmp_path / "second.tar.gz", f"tasks/{TITLE}", seed + 10)
    found = compare(first, second)
    for rate in (8000, 16000):
        compared, identical, others = found.samples[rate]
        assert (compared, identical, len({each.file for each in others})) == (24, 0, 24)
        assert {each.largest for each in others} == {1}
        assert found.outcome(rate) == "within dither"
    assert found.is_same


def test_a_clip_that_goes_while_copies_are_compared_is_named(made: Path, tmp_path: Path) -> None:
    copy = edited(made, tmp_path, lambda content: content + np.int16(1), clips=48)
    (copy / "8000/fold00/clip00.wav").unlink()
    keys = [ClipKey(8000, "fold00", f"clip{number:02d}.wav") for number in range(2)]
    with pytest.raises(OutputError, match=r"8000/fold00/clip00\.wav was deleted"):
        list(samples.differences(made / "tasks" / TITLE, copy, keys))


def test_samples_that_differ_are_told_with_their_ratio(made: Path, tmp_path: Path) -> None:
    copy = edited(made, tmp_path, lambda content: content // 2, clips=3)
    found = compare(made / "tasks" / TITLE, copy)
    assert not found.is_same
    (rate,) = (rate for rate in found.samples if found.outcome(rate) == "different")
    compared, identical, others = found.samples[rate]
    assert (compared, identical) == (24, 21)
    assert all(abs(each.snr - 6.0) < 0.1 for each in others), "half is 6 dB"


def change(folder: Path, name: str, edit: Callable[[dict], object]) -> None:
    content = json.loads((folder / name).read_text())
    edit(content)
    (folder / name).write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("edit", "aspect", "text"),
    [
        (
            lambda copy: change(copy, "fold00.json", lambda clips: clips.update({"clip00.wav": ["meow"]})),
            "labels",
            "clip00.wav has ['bark'] and ['meow']",
        ),
        (
            lambda copy: change(copy, "fold00.json", lambda clips: clips.pop("clip00.wav")),
            "splits",
            "clip00.wav is only in ",
        ),
        (
            lambda copy: change(copy, "fold00.json", lambda clips: clips.update({"new.wav": ["meow"]})),
            "splits",
            "new.wav is only in ",
        ),
        (
            lambda copy: (
                (copy / "fold00.json").rename(copy / "x")
                and (copy / "fold01.json").rename(copy / "fold00.json")
                and (copy / "x").rename(copy / "fold01.json")
            ),
            "splits",
            "clip00.wav is in fold00 and in fold01",
        ),
        (
            lambda copy: (copy / "labelvocabulary.csv").write_text("idx,label\n"),
            "vocabulary",
            "the label vocabularies differ",
        ),
        (
            lambda copy: change(copy, "task_metadata.json", lambda facts: facts.update(version="v2")),
            "metadata",
            "version: 'v1' and 'v2'",
        ),
        (
            lambda copy: shutil.copy(copy / "16000/fold00/clip00.wav", copy / "8000/fold00/clip00.wav"),
            "lengths",
            "8000/fold00/clip00.wav: 3,200 samples at 8,000 Hz and 6,400 samples at 16,000 Hz",
        ),
        (
            lambda copy: (copy / "8000/fold00/clip00.wav").write_text("x"),
            "lengths",
            '8000/fold00/clip00.wav is text, "x"',
        ),
    ],
)
def test_what_differs_is_named(
    made: Path, tmp_path: Path, edit: Callable[[Path], object], aspect: str, text: str
) -> None:
    copy = tmp_path / "other" / TITLE
    copy_of(made / "tasks" / TITLE, copy)
    edit(copy)
    found = compare(made / "tasks" / TITLE, copy)
    assert not found.is_same
    assert found.problems[aspect][0].startswith(text)
    assert [name for name, problems in found.problems.items() if problems] == [aspect]


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (lambda copy: (copy / "8000/fold00/clip00.wav").unlink(), "8000/fold00/clip00.wav is only in "),
        (
            lambda copy: shutil.copy(copy / "8000/fold00/clip00.wav", copy / "8000/fold00/x.wav"),
            "8000/fold00/x.wav is only in ",
        ),
        (lambda copy: (copy / "notes.txt").write_text("x"), "notes.txt is only in "),
        (
            lambda copy: (copy / "8000/fold00/clip00.wav").rename(copy / "8000/fold01/clip00.wav"),
            "8000/fold00/clip00.wav is only in ",
        ),
    ],
)
def test_audio_that_has_no_counterpart(made: Path, tmp_path: Path, edit: Callable[[Path], object], text: str) -> None:
    copy = copy_of(made / "tasks" / TITLE, tmp_path / TITLE)
    edit(copy)
    for pair in ((made / "tasks" / TITLE, copy), (copy, made / "tasks" / TITLE)):
        found = compare(*pair)
        assert not found.is_same
        assert found.problems["audio"][0].startswith(text)


def test_a_clip_in_two_splits_is_told(made: Path, tmp_path: Path) -> None:
    copy = copy_of(made / "tasks" / TITLE, tmp_path / TITLE)
    change(copy, "fold01.json", lambda clips: clips.update({"clip00.wav": ["bark"]}))
    for pair in ((made / "tasks" / TITLE, copy), (copy, made / "tasks" / TITLE)):
        assert "clip00.wav is in fold00" in compare(*pair).problems["splits"][0]


@pytest.mark.parametrize("text", ["[" * 200_000, '{"clip00.wav": null}', "3", "\xff"])
def test_labels_that_cannot_be_read(made: Path, tmp_path: Path, text: str) -> None:
    copy = copy_of(made / "tasks" / TITLE, tmp_path / TITLE)
    (copy / "fold00.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(
        OutputError, match=r"fold00\.json (is not valid JSON|is not a JSON object|does not give each clip a list)"
    ):
        compare(made / "tasks" / TITLE, copy)


def test_silence_has_no_ratio(made: Path, tmp_path: Path) -> None:
    copy = edited(made, tmp_path, lambda content: content * 0, clips=1)
    found = json.loads(json.dumps(compare(copy, made / "tasks" / TITLE).to_json(), allow_nan=False))
    assert found["samples"]["16000"]["median_snr"] is None
    assert not found["same"]


def test_copies_without_a_clip_in_common_are_not_the_same(made: Path, tmp_path: Path) -> None:
    copy = tmp_path / TITLE
    copy_of(made / "tasks" / TITLE, copy)
    shutil.rmtree(copy / "8000")
    found = compare(made / f"hear2021-{TITLE}-8000.tar.gz", copy)
    assert found.samples == {}
    assert not found.is_same


def test_a_damaged_copy_is_refused(made: Path, tmp_path: Path) -> None:
    tarball = made / f"hear2021-{TITLE}-8000.tar.gz"
    (tmp_path / "cut.tar.gz").write_bytes(tarball.read_bytes()[:-3000])
    with pytest.raises(OutputError, match=r"cut\.tar\.gz: .*damaged or truncated tar archive"):
        compare(tarball, tmp_path / "cut.tar.gz")


def test_the_command(user: User, made: Path, tmp_path: Path) -> None:
    def command(*arguments: object) -> subprocess.CompletedProcess[str]:
        return user.run("compare", *arguments)

    folder = made / "tasks" / TITLE
    module = [sys.executable, "-m", "hearpreprocess.compare"]
    same = user.run_anew(folder, made / f"hear2021-{TITLE}-8000.tar.gz", interpreter=module)
    assert same.returncode == 0
    assert same.stdout.endswith("at 8000 Hz: identical; 24 of 24 clips are identical\nsame\n")
    copy = edited(made, tmp_path, lambda content: content // 2, clips=1)
    different = command(folder, copy)
    assert different.returncode == 1
    assert "at 16000 Hz: different; 23 of 24 clips are identical, the others differ by up to" in different.stdout
    assert "  clip00.wav: by up to " in different.stdout
    found = json.loads(command(folder, copy, "--json").stdout)
    assert (found["same"], found["samples"]["16000"]["different"]) == (False, ["clip00.wav"])
    misused = command(folder, tmp_path / "nothing")
    assert misused.returncode == 2
    assert misused.stderr.startswith("hearpreprocess compare: there is no")
