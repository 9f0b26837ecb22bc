"""A finished tarball that contradicts itself is no source: its clips and labels must agree with its manifest."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hearpreprocess.cli import main
from hearpreprocess.errors import OutputError
from hearpreprocess.verify import verify
from tests import finished_tasks

RATE = finished_tasks.RATE


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished_tasks.finished_task(tmp_path_factory.mktemp("original"), "esc50")


@pytest.fixture
def task(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / original.name))


def change(path: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def clips_of(task: Path) -> list[Path]:
    return sorted((task / str(RATE) / "fold00").iterdir())


def other_label(task: Path) -> None:
    change(task / "fold00.json", lambda clips: clips.update({min(clips): ["label 0"]}))


def swapped_labels(task: Path) -> None:
    change(task / "fold00.json", lambda clips: clips.update(zip(clips, reversed(list(clips.values())), strict=True)))


def moved(task: Path) -> None:
    (name, *_others), split = [path.name for path in clips_of(task)], json.loads((task / "fold00.json").read_text())
    change(task / "fold01.json", lambda clips: clips.update({name: split[name]}))
    change(task / "fold00.json", lambda clips: clips.pop(name))
    (task / str(RATE) / "fold00" / name).rename(task / str(RATE) / "fold01" / name)


def another_vocabulary(task: Path) -> None:
    path = task / "labelvocabulary.csv"
    path.write_text(path.read_text().replace("label 1", "label 3"))


LABELS: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "another label": (other_label, ['1-1-A-1.wav has the labels ["label 0"] but ["label 1"] by manifest.json']),
    "labels swapped": (swapped_labels, ["1-1-A-1.wav has the labels", "1-2-A-2.wav has the labels"]),
    "another split": (moved, ['1-1-A-1.wav is in fold01.json but in "fold00" by manifest.json']),
    "another vocabulary": (
        another_vocabulary,
        [
            'labelvocabulary.csv lacks the label "label 1"; 1-1-A-1.wav in fold00.json has it',
            'labelvocabulary.csv has the label "label 3", which no clip has',
        ],
    ),
    "no vocabulary": (lambda task: (task / "labelvocabulary.csv").unlink(), ["labelvocabulary.csv is missing"]),
    "a clip that the manifest lacks": (
        lambda task: change(task / "manifest.json", lambda stated: stated["clips"].pop("1-1-A-1.wav")),
        ["1-1-A-1.wav is in fold00.json but not in manifest.json"],
    ),
    "a clip that no split has": (
        lambda task: change(task / "fold00.json", lambda clips: clips.pop("1-1-A-1.wav")),
        ["1-1-A-1.wav is in manifest.json but in no split"],
    ),
    "a manifest of another rate": (
        lambda task: change(
            task / "manifest.json", lambda stated: [facts.update(audio={}) for facts in stated["clips"].values()]
        ),
        [f"has no clips at {RATE} Hz"],
    ),
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels_that_contradict_their_tarball_are_refused(task: Path, tmp_path: Path, kind: str) -> None:
    plant, problems = LABELS[kind]
    assert finished_tasks.clips_from_published(finished_tasks.tarball_of(task, tmp_path), tmp_path) == 10
    plant(task)
    with pytest.raises(OutputError) as refused:
        finished_tasks.clips_from_published(finished_tasks.tarball_of(task, tmp_path), tmp_path)
    for problem in problems:
        assert problem in str(refused.value)


def resample(tarball: Path, folder: Path, *options: str) -> int:
    places = ["--tmp-dir", folder / "work", "--tasks-dir", folder / "tasks", "--tar-dir", folder / "out"]
    more = ["--sample-rates", "2000", "--num-workers", "1", "--quiet", "--no-report", *options]
    return main(["--from-published", *map(str, [tarball, *places, *more])])


def flipped(task: Path) -> list[str]:
    path = clips_of(task)[0]
    content = bytearray(path.read_bytes())
    content[-1001] ^= 1
    path.write_bytes(content)
    return [path.stem]


def swapped(task: Path) -> list[str]:
    one, other = clips_of(task)
    one_content, other_content = one.read_bytes(), other.read_bytes()
    one.write_bytes(other_content)
    other.write_bytes(one_content)
    return [one.stem, other.stem]


def test_samples_that_the_manifest_of_their_tarball_does_not_tell_are_refused(
    original: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for plant in (flipped, swapped):
        folder = tmp_path / plant.__name__
        task = Path(shutil.copytree(original, folder / original.name))
        names = plant(task)
        tarball = finished_tasks.tarball_of(task, folder)
        assert resample(tarball, folder) == 1
        said = capsys.readouterr().err
        assert "cannot be used" in said
        for name in names:
            assert (
                f"clip {name}, file tasks/{task.name}/{RATE}/fold00/{name}.wav: samples differ from the manifest"
                in said
            )
    tarball = finished_tasks.tarball_of(original, tmp_path)
    assert resample(tarball, tmp_path) == 0
    (made,) = (tmp_path / "tasks").iterdir()
    assert verify(made).faults == []
