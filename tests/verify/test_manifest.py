"""What manifest and metadata must hold, each fault named: whatever they stop telling, and where they contradict."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hearpreprocess.cli import main
from hearpreprocess.verify import verify
from tests import finished_tasks, toys

RATE = finished_tasks.RATE
CLIP = "1-1-A-1.wav"
MANIFEST, METADATA = "manifest.json", "task_metadata.json"

Edit = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished_tasks.finished_task(tmp_path_factory.mktemp("original"), "esc50")


@pytest.fixture
def task(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / original.name))


def change(path: Path, edit: Edit) -> None:
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def faults(path: Path) -> list[tuple[str, str]]:
    return [(fault.where, fault.text) for fault in verify(path).faults]


def of_clip(edit: Edit) -> Edit:
    return lambda stated: edit(stated["clips"][CLIP])


WRONG: dict[str, tuple[str, Edit, str]] = {
    "a rate gone from a clip": (
        MANIFEST,
        of_clip(lambda clip: clip.update(audio={})),
        f"{CLIP}: lacks the samples at {RATE} Hz, a rate in sample_rates",
    ),
    "a rate too many": (
        MANIFEST,
        of_clip(lambda clip: clip["audio"].update({"16000": clip["audio"][str(RATE)]})),
        f'{CLIP}: has samples at "16000" Hz, which is not in sample_rates',
    ),
    "no checksum": (
        MANIFEST,
        of_clip(lambda clip: clip["recorded"].update(sha256="x")),
        f'{CLIP}: recorded: sha256 is "x", expected a sha256',
    ),
    "another version": (MANIFEST, lambda stated: stated.update(version=3), "version is 3, expected 2"),
    "left_out is null": (MANIFEST, lambda stated: stated.update(left_out=None), "left_out is null, expected a list"),
    "left_out without a reason": (MANIFEST, lambda stated: stated.update(left_out=[{"clips": []}]), "left_out is [{"),
    "made_with is null": (
        MANIFEST,
        lambda stated: stated.update(made_with=None),
        "made_with is null, expected an object",
    ),
    "sources is a list": (MANIFEST, lambda stated: stated.update(sources=[]), "sources is [], expected an object"),
    "recorded is a text": (
        MANIFEST,
        of_clip(lambda clip: clip.update(recorded="x")),
        f'{CLIP}: recorded is "x", expected an object',
    ),
    "recorded is gone": (MANIFEST, of_clip(lambda clip: clip.pop("recorded")), f"{CLIP}: lacks 'recorded'"),
    "no release": (MANIFEST, lambda stated: stated.pop("release"), "lacks 'release'"),
    "no evaluation": (METADATA, lambda facts: facts.pop("evaluation"), "lacks 'evaluation'"),
    "evaluation is a text": (METADATA, lambda facts: facts.update(evaluation="mAP"), 'evaluation is "mAP", expected'),
    "licence is an object": (METADATA, lambda facts: facts.update(licence={}), "licence is {}, expected a text"),
    "citation is a list": (METADATA, lambda facts: facts.update(citation=[1, 2]), "citation is [1, 2], expected"),
    "partial is an object": (METADATA, lambda facts: facts.update(partial={}), "partial is {}, expected true or false"),
    "url is gone": (METADATA, lambda facts: facts.pop("url"), "lacks 'url'"),
    "duration as a text": (METADATA, lambda facts: facts.update(sample_duration="5"), 'sample_duration is "5"'),
    "duration is true": (METADATA, lambda facts: facts.update(sample_duration=True), "sample_duration is true"),
    "four folds of five": (METADATA, lambda facts: facts.update(nfolds=4), "nfolds is 4, and it lists 5 splits"),
    "another release": (METADATA, lambda facts: facts.update(release="s"), "has a value of release that differs from"),
    "another citation": (METADATA, lambda facts: facts.update(citation="Me, 2030"), "by the digest in its manifest"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_value_that_cannot_be_is_named_and_nothing_else(task: Path, kind: str) -> None:
    file, edit, text = WRONG[kind]
    change(task / file, edit)
    ((where, found),) = faults(task)
    assert where == file
    assert text in found


def test_audio_of_which_the_manifest_tells_nothing_is_not_equal(task: Path) -> None:
    change(task / MANIFEST, lambda stated: [clip.update(audio={}) for clip in stated["clips"].values()])
    for path in (task / str(RATE)).rglob("*.wav"):
        content = path.read_bytes()
        path.write_bytes(content[:44] + bytes(len(content) - 44))
    assert len(faults(task)) == 10
    change(task / MANIFEST, lambda stated: stated.update(clips={}))
    assert sorted(text for _where, text in faults(task)) == ["its manifest does not have it"] * 10


def test_a_task_that_is_not_known_contradicts_itself(task: Path, tmp_path: Path) -> None:
    unknown = task.rename(tmp_path / "mine-v1-full")
    mine = {"task_name": "mine", "version": "v1", "mode": "full"}
    change(unknown / METADATA, lambda facts: facts.update(mine))
    change(unknown / MANIFEST, lambda stated: stated.update(task="mine-v1-full"))
    ((where, text),) = faults(unknown)
    assert (where, text[:20]) == (METADATA, "is not the one that ")
    change(unknown / METADATA, lambda facts: facts.update(sample_duration=4))
    ((where, text),) = faults(unknown)
    assert text == (
        f"sample_duration is 4, and by its manifest 10 clips have another duration, such as {CLIP} with 5 s"
    )


def test_what_a_published_task_never_had_is_not_missed(task: Path) -> None:
    for file in (MANIFEST, "README.md"):
        (task / file).unlink()
    ours = ("release", "description", "sources", "licence", "url", "citation", "caveats", "partial")
    change(task / METADATA, lambda facts: [facts.pop(key) for key in ours])
    assert faults(task) == []
    change(task / METADATA, lambda facts: facts.pop("evaluation"))
    assert faults(task) == [(METADATA, "lacks 'evaluation'")]


@pytest.mark.parametrize("value", [None, "x", -1, [], {"a": 1}, 10**90])
def test_a_report_on_wrong_values_is_refused_in_words(
    original: Path, tmp_path: Path, value: object, capsys: pytest.CaptureFixture[str]
) -> None:
    places: list[tuple[str, Callable[[dict[str, Any]], tuple[dict[str, Any], str]]]] = [
        (METADATA, lambda facts: (facts, "evaluation")),
        (METADATA, lambda facts: (facts, "splits")),
        (METADATA, lambda facts: (facts, "caveats")),
        (MANIFEST, lambda stated: (stated, "left_out")),
        (MANIFEST, lambda stated: (stated, "made_with")),
        (MANIFEST, lambda stated: (stated["clips"][CLIP]["recorded"], "rate")),
        (MANIFEST, lambda stated: (stated["clips"][CLIP]["recorded"], "source")),
    ]
    for number, (file, place) in enumerate(places):
        copy = Path(shutil.copytree(original, tmp_path / str(number)))

        def edit(content: dict[str, Any], place: Any = place) -> None:
            inside, key = place(content)
            inside[key] = value

        change(copy / file, edit)
    assert main(["report", str(tmp_path)]) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) >= 5  # no clip needs to be left out, and a rate may have any size
    assert all(line.startswith("left out: ") and "Error" not in line for line in said)


def test_events_in_padding_are_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Recordings of 0.5 s, padded to 1 s: an event that starts at 0.5 s or later is of silence that was added."""
    members = {name: toys.wav(name, 0.5) if name.endswith(".wav") else b"" for name in toys.events_members()}
    for name in members:
        if name.endswith(".txt"):
            late = "0.5\t0.9\t72\n" if name == "piece07.txt" else ""
            members[name] = f"0.25\t0.9\t{60 + int(name[5:7]) % 5}\n{late}".encode()
    _path, archive = toys.corpus(tmp_path / "source", members)
    module = tmp_path / "toy_events.py"
    module.write_text(toys.events_task(archive).replace("max_seconds=4.9", "max_seconds=None"))
    places = ["--tmp-dir", tmp_path / "work", "--tasks-dir", tmp_path / "tasks", "--tar-dir", tmp_path / "out"]
    options = ["--sample-rates", "8000", "--num-workers", "1", "--no-report"]
    assert main([str(module), *options, *map(str, places)]) == 0
    said = capsys.readouterr().err
    text = "1 event in 1 clip: the start is after the recording's end, in padding, such as in piece07.wav"
    assert said.count(text) == 1
    (made,) = (tmp_path / "tasks").iterdir()
    found = verify(made)
    assert found.faults == []
    assert [note.where for note in found.findings if text in note.text] == [MANIFEST]
