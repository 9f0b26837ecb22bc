"""Finished tasks read file by file or at once: folders, our tarballs, and tarballs as others pack them."""

from __future__ import annotations

import json
import pickle
import shutil
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from hearpreprocess import audio
from hearpreprocess.errors import FinishedTaskError, OutputError
from hearpreprocess.finished import TaskReader, clips_of, write_tarball
from hearpreprocess.finished.layout import with_release

TITLE = "toy-v1-full"
METADATA = {"task_name": "toy", "version": "v1", "mode": "full", "splits": ["train", "test"]}
LABELS = {"train": {"a.wav": ["bark"], "b.wav": ["meow"]}, "test": {"c.wav": ["bark"]}}
VOCABULARY = (("0", "bark"), ("1", "meow"))
RATE = 8000


def manifest_of(rates: Sequence[int] = (RATE,)) -> dict:
    audio_of_clip = {str(rate): {"length": 800, "sha256": "0" * 64} for rate in rates}
    clips = {
        file: {"split": split, "labels": labels} | ({"audio": audio_of_clip} if rates else {})
        for split, of_split in LABELS.items()
        for file, labels in of_split.items()
    }
    return {"version": 2, "task": TITLE, "sample_rates": list(rates), "clips": clips}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / TITLE
    for split, clips in LABELS.items():
        (folder / str(RATE) / split).mkdir(parents=True)
        for file in clips:
            audio.write_wav(folder / str(RATE) / split / file, [np.arange(800, dtype=np.int16)], RATE)
        (folder / f"{split}.json").write_text(json.dumps(clips))
    (folder / "task_metadata.json").write_text(json.dumps(with_release(METADATA, "r")))
    (folder / "labelvocabulary.csv").write_text("idx,label\n0,bark\n1,meow\n")
    (folder / "manifest.json").write_text(json.dumps(manifest_of()))
    (folder / "README.md").write_text("# toy")
    return folder


def ours(folder: Path) -> Path:
    tarball = folder.parent / f"hear2021-{TITLE}-{RATE}.tar.gz"
    files = {path.relative_to(folder).as_posix(): str(path) for path in folder.rglob("*") if path.is_file()}
    write_tarball(tarball, f"tasks/{TITLE}", files, {}, "fast")
    return tarball


def others(folder: Path) -> Path:
    """A tarball in the published root, clips first, the small files in no order of ours."""
    tarball = folder.parent / "others.tar.gz"
    files = sorted(
        (path for path in folder.rglob("*") if path.is_file()), key=lambda path: (path.suffix != ".wav", path)
    )
    with tarfile.open(tarball, "w:gz") as archive:
        for path in files:
            archive.add(path, f"hear-2021.0.6/tasks/{TITLE}/{path.relative_to(folder).as_posix()}")
    return tarball


def as_it_is(folder: Path) -> Path:
    return folder


FORMS = [as_it_is, ours, others]


@pytest.mark.parametrize("is_read_at_once", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_the_same(folder: Path, form: Callable[[Path], Path], is_read_at_once: bool) -> None:
    task = TaskReader(form(folder))
    if is_read_at_once:
        assert list(task.sample_rates) == [RATE]
    assert (task.folder_name, task.title, task.splits) == (TITLE, TITLE, ("train", "test"))
    assert task.metadata == with_release(METADATA, "r")
    assert {split: task.labels(split) for split in task.splits} == LABELS
    assert task.counts == {"train": 2, "test": 1}
    assert task.vocabulary == VOCABULARY
    assert task.manifest == manifest_of()
    assert task.card == b"# toy"
    paths = {f"{RATE}/train/a.wav", f"{RATE}/train/b.wav", f"{RATE}/test/c.wav"}
    assert task.contents.clip_files.keys() == {key.path for key, _content in clips_of(task.path)} == paths
    assert task.contents.strays == []


@pytest.mark.parametrize("form", FORMS)
def test_a_task_without_manifest_card_and_title_is_read(folder: Path, form: Callable[[Path], Path]) -> None:
    (folder / "manifest.json").unlink()
    (folder / "README.md").unlink()
    (folder / "task_metadata.json").write_text(json.dumps({"splits": ["test"], "release": "r"}))
    task = TaskReader(form(folder))
    assert (task.manifest, task.card, task.title) == (None, None, TITLE)


def test_a_manifest_before_any_audio_is_one(folder: Path) -> None:
    (folder / "manifest.json").write_text(json.dumps(manifest_of(rates=())))
    assert TaskReader(folder).manifest == manifest_of(rates=())


DAMAGED: dict[str, tuple[str, str | None, Callable[[TaskReader], object], str]] = {
    "metadata gone": ("task_metadata.json", None, lambda task: task.metadata, "is missing"),
    "metadata cut": ("task_metadata.json", "{", lambda task: task.metadata, "is not valid JSON"),
    "metadata that never end": ("task_metadata.json", "[" * 200_000, lambda task: task.splits, "is not valid JSON"),
    "metadata of another kind": ("task_metadata.json", "[]", lambda task: task.title, "is not a JSON object"),
    "no splits": ("task_metadata.json", "{}", lambda task: task.splits, "does not list the splits"),
    "odd splits": ("task_metadata.json", '{"splits": [3]}', lambda task: task.counts, "does not list the splits"),
    "labels gone": ("test.json", None, lambda task: task.labels("test"), "is missing"),
    "labels cut": ("test.json", "{", lambda task: task.counts, "is not valid JSON"),
    "no lists": ("test.json", '{"c.wav": 3}', lambda task: task.labels("test"), "does not give each clip a list"),
    "vocabulary gone": ("labelvocabulary.csv", None, lambda task: task.vocabulary, "is missing"),
    "vocabulary": (
        "labelvocabulary.csv",
        "a,b\n",
        lambda task: task.vocabulary,
        "is not a valid table: expected the columns",
    ),
    "vocabulary empty": ("labelvocabulary.csv", "", lambda task: task.vocabulary, "is not a valid table"),
    "manifest": ("manifest.json", "{}", lambda task: task.manifest, "has no valid list of clips"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", DAMAGED)
def test_what_cannot_be_read_is_named(folder: Path, form: Callable[[Path], Path], kind: str) -> None:
    name, text, get, problem = DAMAGED[kind]
    (folder / name).unlink()
    if text is not None:
        (folder / name).write_text(text)
    path = form(folder)
    with pytest.raises(FinishedTaskError) as refused:
        get(TaskReader(path))
    assert (refused.value.path, refused.value.file) == (path, name)
    assert refused.value.problem.startswith(problem)
    assert str(refused.value).startswith(f"{path}: {name} {problem}")
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)


def test_a_tarball_is_read_no_further_than_what_is_asked_for(folder: Path) -> None:
    generator = np.random.default_rng(1)
    for split, clips in LABELS.items():
        for file in clips:  # what cannot be compressed, so that the small files are at the start of the tarball
            audio.write_wav(
                folder / str(RATE) / split / file, [generator.integers(-9999, 9999, 400_000, np.int16)], RATE
            )
    tarball = ours(folder)
    content = tarball.read_bytes()
    tarball.write_bytes(content[: len(content) // 2])
    task = TaskReader(tarball)
    assert (task.title, task.counts, task.vocabulary) == (TITLE, {"train": 2, "test": 1}, VOCABULARY)
    assert task.manifest == manifest_of()
    with pytest.raises(FinishedTaskError, match=r"fold00\.json is missing"):
        task.labels("fold00")  # all small files come before the clips
    assert "damaged or truncated" in str(task.contents.damage)
    with pytest.raises(OutputError, match="damaged or truncated"):
        TaskReader(others_cut(folder)).metadata  # noqa: B018


def others_cut(folder: Path) -> Path:
    tarball = others(folder)
    content = tarball.read_bytes()
    tarball.write_bytes(content[: len(content) // 2])
    return tarball


@pytest.mark.parametrize("split", ["../secret", "/etc/x", "a\0b", "\ud800", "train.json/.."])
@pytest.mark.parametrize("form", FORMS)
def test_a_split_does_not_lead_out_of_its_task(folder: Path, form: Callable[[Path], Path], split: str) -> None:
    (folder.parent / "secret.json").write_text('{"secret.wav": ["x"]}')
    with pytest.raises(FinishedTaskError, match=r"\.json is missing"):
        TaskReader(form(folder)).labels(split)


def test_where_there_is_no_task(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(OutputError, match="there is no"):
        TaskReader(tmp_path / "nothing")
    shutil.rmtree(folder)
    folder.mkdir()
    with pytest.raises(OutputError, match=r"task_metadata\.json is missing"):
        TaskReader(folder).metadata  # noqa: B018
    with pytest.raises(OutputError, match=r"is not a finished task: it has no task_metadata\.json"):
        TaskReader(folder).contents  # noqa: B018
