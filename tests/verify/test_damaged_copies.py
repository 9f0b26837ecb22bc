"""Copies that cannot be judged beside some that can: each is named in its place, and none keeps others from it."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from hearpreprocess.cli import main
from hearpreprocess.compare import compare
from hearpreprocess.errors import FinishedTaskError, OutputError
from hearpreprocess.finished import resampled
from hearpreprocess.verify import verify
from tests import finished_tasks

RATE = finished_tasks.RATE
TITLE = "esc50-v2.0.0-synthetic"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished_tasks.finished_task(tmp_path_factory.mktemp("original"), "esc50")


@pytest.fixture
def task(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "out" / "tasks" / original.name))


def faults(path: Path) -> list[tuple[str, str, str]]:
    return [(fault.aspect, fault.where, fault.text) for fault in verify(path).faults]


def test_every_copy_is_judged_and_the_exit_status_tells(task: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = task.parent.parent
    tarball = finished_tasks.tarball_of(task, out)
    assert main(["verify", str(out)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "2 copies: all ok"
    assert main(["verify", str(task.parent), str(out), str(task / ".." / task.name)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "2 copies: all ok", "each is counted once"

    def copy(name: str) -> Path:
        return Path(shutil.copytree(task, task.parent / name))

    (copy("a-no-metadata") / "task_metadata.json").unlink()
    shutil.rmtree(copy("b-only-audio") / "x", ignore_errors=True)
    for file in (task.parent / "b-only-audio").glob("*.*"):
        file.unlink()
    pipe = copy("c-pipe") / "task_metadata.json"
    pipe.unlink()
    os.mkfifo(pipe)
    (copy("d-link") / "fold00.json").unlink()
    (task.parent / "d-link" / "fold00.json").symlink_to("nowhere")
    copy("e-preview.corpus")
    (task.parent / "f-nothing-of-a-task").mkdir()
    (out / "a.tar.gz").write_bytes(tarball.read_bytes()[:5000])
    (out / "b.tar.gz").write_bytes(b"<html>")
    assert main(["verify", str(out), "--verbose"]) == 1
    said = capsys.readouterr()
    outcomes = {
        line.split(": ")[0]: line.split(": ")[1].split("  (")[0]
        for line in said.out.splitlines()
        if line.startswith(str(out))
    }
    assert "\n8 copies: 2 ok, 6 MISMATCH\n" in said.out
    assert {str(Path(path).relative_to(out)): outcome for path, outcome in outcomes.items()} == {
        "a.tar.gz": "MISMATCH",
        "b.tar.gz": "MISMATCH",
        tarball.name: "ok",
        "tasks/a-no-metadata": "MISMATCH",
        "tasks/b-only-audio": "MISMATCH",
        "tasks/c-pipe": "MISMATCH",
        "tasks/d-link": "MISMATCH",
        f"tasks/{TITLE}": "ok",
    }
    assert said.err == ""
    for text in (
        "it has no task_metadata.json",
        "neither a file nor a directory",
        "broken link",
        "an HTML page",
    ):
        assert text in said.out


def test_a_path_without_a_task_does_not_keep_others_from_being_judged(
    task: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe.tar.gz")
    (tmp_path / "loop").symlink_to("loop")
    wrong = [str(tmp_path / name) for name in ("nothing", "empty", "pipe.tar.gz", "loop")]
    assert main(["verify", *wrong[:2], str(task), *wrong[2:]]) == 2
    said = capsys.readouterr()
    assert said.out.endswith("1 copy: ok\n")
    lines = said.err.splitlines()
    assert [line.startswith(f"hearpreprocess verify: {start}") for line, start in zip(lines, (
        f"there is no {wrong[0]}",
        f"{wrong[1]} is not a finished task and holds none",
        f"{wrong[2]}: expected a finished task, got neither a folder nor a file",
        f"{wrong[3]}: Too many levels of symbolic links",
    ), strict=True)] == [True] * 4  # fmt: skip
    assert main(["verify", wrong[0], str(task), "--json"]) == 2
    (judged,) = json.loads(capsys.readouterr().out)
    assert judged["path"] == str(task)


def test_a_report_of_a_damaged_task_does_not_keep_others_from_theirs(
    task: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (task / "report.html").write_text(
        '<meta name="generator" content="hearpreprocess">'
    )  # then only its row is written
    for name, file, key in (("a", "task_metadata.json", "prediction_type"), ("b", "manifest.json", "version")):
        content = json.loads((task / file).read_text())
        del content[key]
        copy = Path(shutil.copytree(task, task.parent / name))
        (copy / file).write_text(json.dumps(content))
    (task.parent / "a" / "report.html").write_text(
        '<meta name="generator" content="hearpreprocess">'
    )  # has its row alone
    assert main(["report", str(task.parent)]) == 1
    said = capsys.readouterr()
    assert said.out.splitlines() == [str(task.parent.parent / "index.html")]
    assert [line.partition(" ")[0] for line in said.err.splitlines()] == ["left", "left"]


# What is done to a label file, and how that is named; nothing else is.
TWICE: dict[str, tuple[Callable[[str], str], str]] = {
    "the same labels": (lambda text: text.replace("{", f'{{{first(text)}: ["label 1"],', 1), "(with one value)"),
    "other labels": (lambda text: text.replace("{", f'{{{first(text)}: ["zzz"],', 1), "(with different values)"),
}


def first(text: str) -> str:
    return json.dumps(min(json.loads(text)))


@pytest.mark.parametrize("kind", TWICE)
def test_a_clip_twice_in_a_split_file_is_named(original: Path, task: Path, tmp_path: Path, kind: str) -> None:
    edit, how = TWICE[kind]
    path = task / "fold00.json"
    name = json.loads(first(path.read_text()))
    path.write_text(edit(path.read_text()))
    expected = f"has a key more than once: {name!r} {how}"
    assert faults(task) == [("structure", "fold00.json", expected)]
    with pytest.raises(FinishedTaskError, match="fold00.json has a key more than once"):
        compare(original, task)
    tarball = finished_tasks.tarball_of(task, tmp_path)
    assert faults(tarball) == [("structure", "fold00.json", expected)]
    with pytest.raises(FinishedTaskError, match="fold00.json has a key more than once"):
        finished_tasks.clips_from_published(tarball, tmp_path)


@pytest.mark.parametrize("file", ["task_metadata.json", "manifest.json", "fold03.json"])
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is not valid JSON: it is empty"),
        (b"[" * 200_000, "is not valid JSON: it is nested"),
        (b"\xff\xfe{\0}\0", "is not valid JSON: it is not UTF-8"),
        (b'{"a": 1, "a": 2}', "has a key more than once: 'a'"),
    ],
)
def test_a_small_file_that_cannot_be_read_is_one_finding(task: Path, file: str, content: bytes, problem: str) -> None:
    (task / file).write_bytes(content)
    ((aspect, where, text),) = faults(task)
    assert (aspect, where) == ("structure", file)
    assert text.startswith(problem)


def test_a_clip_in_two_folders_or_twice_in_a_tarball_is_named(task: Path, tmp_path: Path) -> None:
    clip = min((task / str(RATE) / "fold00").iterdir())
    shutil.copy(clip, task / str(RATE) / "fold01")
    assert faults(task) == [("structure", f"{RATE}/fold01/{clip.name}", "is not in fold01.json")]
    (task / str(RATE) / "fold01" / clip.name).unlink()
    plain = gzip.decompress(finished_tasks.tarball_of(task, tmp_path).read_bytes())
    tarball = tmp_path / "twice.tar.gz"
    with tarfile.open(fileobj=io.BytesIO(plain)) as reading, tarfile.open(tarball, "w:gz") as writing:
        for member in reading:
            for _time in range(2 if member.name.endswith(("fold01.json", clip.name)) else 1):
                writing.addfile(member, reading.extractfile(member))
    assert [(where, text) for _aspect, where, text in faults(tarball)] == [
        (f"{RATE}/fold00/{clip.name}, a second time,", "is not a file of a task"),
        ("fold01.json, a second time,", "is not a file of a task"),
    ]


@pytest.mark.parametrize("label", [True, 1.0, None, [], {"label": 1}])
def test_a_label_of_another_type_is_not_the_same_label(task: Path, label: object) -> None:
    """In Python, `True == 1 == 1.0`."""
    for file in ("fold00.json", "manifest.json"):
        content = json.loads((task / file).read_text())
        clips = content["clips"] if file == "manifest.json" else content
        clips[min(clips)]["labels" if file == "manifest.json" else slice(None)] = [1]
        (task / file).write_text(json.dumps(content))
    name = min(json.loads((task / "fold00.json").read_text()))
    assert ("membership", name) not in {(aspect, where) for aspect, where, _text in faults(task)}
    content = json.loads((task / "fold00.json").read_text())
    content[name] = [label]
    (task / "fold00.json").write_text(json.dumps(content))
    found = {(aspect, where) for aspect, where, _text in faults(task)}
    assert {("membership", name), ("labels", f"fold00.json: {name}")} <= found


def test_names_that_no_file_has_are_refused(task: Path, tmp_path: Path) -> None:
    for name in ("", "a", "../a.wav", "16000/a.wav", "9" * 255 + ".wav"):
        (task / "fold02.json").write_text(json.dumps({name: ["x"]}))
        ((_aspect, where, text),) = faults(task)
        assert (where, text) == (
            "fold02.json",
            f"has {name[:100]!r} where the name of a clip's file is expected, like 'a.wav'",
        )
    metadata = json.loads((task / "task_metadata.json").read_text())
    metadata["splits"].append("fold00")
    (task / "task_metadata.json").write_text(json.dumps(metadata))
    assert ("structure", "task_metadata.json", "lists a split twice") in faults(task)
    with pytest.raises(OutputError, match="there is no"):
        verify(Path("a\0b"))
    with pytest.raises(OutputError, match="there is no"):
        resampled.TaskReader(tmp_path / "x.tar.gz" / "y")


def test_a_file_that_is_larger_than_any_of_a_task_is_named(task: Path) -> None:
    clip = min((task / str(RATE) / "fold00").iterdir())
    with clip.open("r+b") as file:
        file.truncate(1 << 40)  # which takes no room on the disk
    ((aspect, where, text),) = faults(task)
    assert (aspect, where) == ("structure", TITLE)
    assert f"1 of its files cannot be read:\n  {RATE}/fold00/{clip.name}: too large" in text
    os.truncate(task / "manifest.json", 1 << 40)
    with pytest.raises(FinishedTaskError, match=r"manifest\.json cannot be read: too large"):
        resampled.TaskReader(task).manifest  # noqa: B018
