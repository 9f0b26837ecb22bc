"""Planted faults, each named exactly and nothing else; and what is known of tasks without their manifest."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
import struct
import subprocess
import sys
import tarfile
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hearpreprocess import verify
from hearpreprocess.errors import OutputError
from hearpreprocess.finished import contents
from hearpreprocess.finished.tarball import CHECKSUM_SUFFIX
from tests import toys
from tests.conftest import User, copy_of
from tests.shared import Shared, give_generated

RATE = 16000
TITLES = ("esc50-v2.0.0-synthetic", "dcase2016_task2-hear2021-synthetic", "beijing_opera-v1.0-hear2021-synthetic")

Plant = Callable[[Path], object]


@pytest.fixture(scope="module")
def out(shared: Shared) -> Path:
    def make(user: User) -> None:
        tasks = [title.partition("-")[0] for title in TITLES]
        give_generated(shared, user, *tasks)
        finished = user.run(*tasks, "--mode", "synthetic", "--sample-rates", RATE)
        assert finished.returncode == 0, finished.stderr

    return shared.user("verified", make).folder / "out"


def read(task: Path, name: str) -> dict[str, list]:
    return json.loads((task / name).read_text())


def change(task: Path, name: str, edit: Callable[[dict], object]) -> None:
    content = read(task, name)
    edit(content)
    (task / name).write_text(json.dumps(content))


def first(task: Path, split: str = "fold00", number: int = 0) -> str:
    return sorted(read(task, f"{split}.json"))[number]


def clip(task: Path, split: str = "fold00", number: int = 0) -> Path:
    return task / str(RATE) / split / first(task, split, number)


def samples(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").copy()


def write(path: Path, content: np.ndarray, rate: int = RATE, channels: int = 1, width: int = 2) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(content.tobytes())


def flip(path: Path) -> None:
    content = samples(path)
    content[len(content) // 3] ^= 1
    write(path, content)


def move(task: Path, *, audio: bool = True) -> None:
    name = first(task)
    source, target = clip(task), task / str(RATE) / "fold01" / name
    found = read(task, "fold00.json")[name]
    change(task, "fold00.json", lambda clips: clips.pop(name))
    change(task, "fold01.json", lambda clips: clips.update({name: found}))
    if audio:
        source.rename(target)


def swap(task: Path) -> None:
    one, other = clip(task), clip(task, number=1)
    one.rename(task / "x")
    other.rename(one)
    (task / "x").rename(other)


def vocabulary(task: Path, edit: Callable[[list[list[str]]], object]) -> None:
    path = task / "labelvocabulary.csv"
    header, *rows = csv.reader(path.read_text().splitlines())
    edit(rows)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    path.write_text(text.getvalue())


def relabel(task: Path) -> None:
    name, other = first(task), read(task, "fold01.json")
    labels = next(found for found in other.values() if found != read(task, "fold00.json")[name])
    change(task, "fold00.json", lambda clips: clips.update({name: labels}))


def remove_everywhere(task: Path) -> None:
    name = first(task)
    clip(task).unlink()
    change(task, "fold00.json", lambda clips: clips.pop(name))


def swapped_labels(rows: list[list[str]]) -> None:
    rows[0][1], rows[1][1] = rows[1][1], rows[0][1]


AUDIO = f"{RATE}/fold00/<clip>"
# What is done to the folder of ESC-50, and where which aspects are then at fault, <clip> being fold00's first.
PLANTED: dict[str, tuple[Plant, list[tuple[str, str, str]]]] = {
    "clip moved": (move, [("membership", "<clip>", "is in fold01, expected fold00 by its manifest and its name")]),
    "clip moved in the list alone": (
        lambda task: move(task, audio=False),
        [
            ("structure", "<clip>", "is in fold01.json, but its 16000 Hz audio is in fold00"),
            ("membership", "<clip>", "is in fold01, expected fold00"),
        ],
    ),
    "label changed": (relabel, [("membership", "<clip>", "by its manifest")]),
    "sample flipped": (lambda task: flip(clip(task)), [("audio", AUDIO, "has samples that differ from the manifest")]),
    "sample missing": (
        lambda task: write(clip(task), samples(clip(task))[:-1]),
        [("audio", AUDIO, "has 79,999 samples, expected 80,000 by the manifest")],
    ),
    "sample too many": (
        lambda task: write(clip(task), np.append(samples(clip(task)), np.int16(1))),
        [("audio", AUDIO, "has 80,001 samples")],
    ),
    "wrong rate": (
        lambda task: write(clip(task), samples(clip(task)), 22050),
        [("audio", AUDIO, "declares 22,050 Hz in its header, expected 16,000 Hz")],
    ),
    "stereo": (
        lambda task: write(clip(task), samples(clip(task)).repeat(2), channels=2),
        [("audio", AUDIO, "has 2 channels")],
    ),
    "8 bits": (
        lambda task: write(clip(task), samples(clip(task)).astype(np.uint8), width=1),
        [("audio", AUDIO, "has 8-bit samples")],
    ),
    "not audio": (lambda task: clip(task).write_text("x"), [("audio", AUDIO, 'is text, "x"')]),
    "empty file": (lambda task: clip(task).write_bytes(b""), [("audio", AUDIO, "is an empty file")]),
    "cut recording": (
        lambda task: clip(task).write_bytes(clip(task).read_bytes()[:-1000]),
        [("audio", AUDIO, "truncated: the header declares 160,000 bytes of samples, ")],
    ),
    "audio swapped": (
        swap,
        [("audio", AUDIO, "samples that differ"), ("audio", f"{RATE}/fold00/<second>", "samples that differ")],
    ),
    "audio of another clip": (
        lambda task: shutil.copyfile(clip(task, number=1), clip(task)),
        [("audio", AUDIO, "samples that differ")],
    ),
    "silence": (
        lambda task: write(clip(task), np.zeros(80_000, np.int16)),
        [("audio", AUDIO, "samples that differ")],
    ),
    "recording missing": (lambda task: clip(task).unlink(), [("structure", AUDIO, "is missing")]),
    "clip gone altogether": (remove_everywhere, [("membership", "<clip>", "its manifest has it")]),
    "duplicate under another name": (
        lambda task: shutil.copyfile(clip(task), clip(task).with_name("1-9-A-9.wav")),
        [("structure", f"{RATE}/fold00/1-9-A-9.wav", "is not in fold00.json")],
    ),
    "clip in the list alone": (
        lambda task: change(task, "fold00.json", lambda clips: clips.update({"1-9-A-9.wav": clips[min(clips)]})),
        [
            ("structure", f"{RATE}/fold00/1-9-A-9.wav", "is missing"),
            ("membership", "1-9-A-9.wav", "its manifest does not have it"),
        ],
    ),
    "stray file": (lambda task: (task / "notes.txt").write_text("x"), [("structure", "notes.txt", "not a file of")]),
    "stray table": (
        lambda task: (task / "fold05.json").write_text("{}"),
        [("structure", "fold05.json", "not a file of")],
    ),
    "stray folder": (
        lambda task: clip(task).with_name("list.txt").write_text("x"),
        [("structure", f"{RATE}/fold00/list.txt", "not a file of")],
    ),
    "vocabulary out of order": (
        lambda task: vocabulary(task, swapped_labels),
        [("labels", "labelvocabulary.csv", "is not in order")],
    ),
    "vocabulary without a label": (
        lambda task: vocabulary(task, lambda rows: rows.pop()),
        [("labels", "labelvocabulary.csv", "lacks the label")],
    ),
    "vocabulary with another label": (
        lambda task: vocabulary(task, lambda rows: rows.append([str(len(rows)), "zzz"])),
        [("labels", "labelvocabulary.csv", "has the label 'zzz', which no clip has")],
    ),
    "vocabulary numbered from 1": (
        lambda task: vocabulary(task, lambda rows: [row.__setitem__(0, str(int(row[0]) + 1)) for row in rows]),
        [("labels", "labelvocabulary.csv", "is not numbered from 0")],
    ),
    "no vocabulary": (
        lambda task: (task / "labelvocabulary.csv").unlink(),
        [("structure", "labelvocabulary.csv", "is missing")],
    ),
    "two labels": (
        lambda task: change(task, "fold00.json", lambda clips: clips[min(clips)].append("cat")),
        [("labels", "fold00.json: <clip>", "has 2 labels"), ("membership", "<clip>", "by its manifest")],
    ),
    "clip in two splits": (
        lambda task: change(
            task, "fold01.json", lambda clips: clips.update({first(task): read(task, "fold00.json")[first(task)]})
        ),
        [
            ("structure", f"{RATE}/fold01/<clip>", "is missing"),
            ("membership", "<clip>", "is in fold00 and in fold01"),
        ],
    ),
    "another duration in the metadata": (
        lambda task: change(task, "task_metadata.json", lambda facts: facts.update(sample_duration=4)),
        [("metadata", "task_metadata.json", "sample_duration is 4, expected 5")],
    ),
    "metadata that are no JSON": (
        lambda task: (task / "manifest.json").write_text("{"),
        [("structure", "manifest.json", "is not valid JSON")],
    ),
}


def faults(path: Path, task: str | None = None) -> list[tuple[str, str, str]]:
    return [(fault.aspect, fault.where, fault.text) for fault in verify.verify(path, task).faults]


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_fault_is_named_and_nothing_else(out: Path, tmp_path: Path, kind: str) -> None:
    plant, expected = PLANTED[kind]
    task = tmp_path / TITLES[0]
    copy_of(out / "tasks" / TITLES[0], task)
    clips = {"<clip>": first(task), "<second>": first(task, number=1)}
    plant(task)
    found = faults(task)
    for (aspect, where, text), (due_aspect, due_where, due_text) in zip(found, expected, strict=True):
        for mark, name in clips.items():
            due_where = due_where.replace(mark, name)
        assert (aspect, where) == (due_aspect, due_where)
        assert due_text in text


def test_notes_are_no_faults(out: Path, tmp_path: Path) -> None:
    task = tmp_path / TITLES[0]
    copy_of(out / "tasks" / TITLES[0], task)
    (task / "manifest.json").unlink()
    other = clip(task, "fold01")
    shutil.copyfile(clip(task), other)
    write(clip(task, "fold02"), np.zeros(80_000, np.int16))
    loud = samples(clip(task, "fold03"))
    loud[100:110] = 32767
    write(clip(task, "fold03"), loud)
    report = verify.verify(task)
    assert [fault.where for fault in report.faults] == ["manifest.json"]
    notes = {finding.text: finding.where for finding in report.findings if not finding.is_fault}
    assert notes["have the same samples, and are in different splits"] == ", ".join(
        sorted([f"{RATE}/fold00/{first(task)}", f"{RATE}/fold01/{other.name}"])
    )
    assert notes["silent: 1 clip"] == first(task, "fold02")
    assert first(task, "fold03") in notes[next(text for text in notes if "full scale" in text)]


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (lambda events: events[0].update(end=6000.5), "an event that is invalid or outside the clip"),
        (lambda events: events[0].update(start=events[0]["end"] + 1), "an event that is invalid or outside the clip"),
        (lambda events: events[0].pop("label"), "an event that is invalid or outside the clip"),
        (lambda events: events.clear(), "has no event"),
    ],
)
def test_faults_of_events(out: Path, tmp_path: Path, edit: Callable[[list], object], text: str) -> None:
    task = tmp_path / TITLES[1]
    copy_of(out / "tasks" / TITLES[1], task)
    name = first(task, "train")
    change(task, "train.json", lambda clips: edit(clips[name]))
    found = [fault for fault in faults(task) if fault[1] != "labelvocabulary.csv"]  # a label may have gone with it
    assert [where for _aspect, where, _text in found] == [f"train.json: {name}", name]
    assert text in found[0][2]


@pytest.mark.parametrize("title", TITLES)
def test_what_is_sound_is_equal(out: Path, title: str) -> None:
    for path in (out / "tasks" / title, out / f"hear2021-{title}-{RATE}.tar.gz"):
        report = verify.verify(path)
        assert report.outcome == "ok"
        assert report.outcomes["splits reproduced"] == "ok"
        assert report.outcomes["samples as in the manifest"] == "ok"
        assert report.task == title


def test_a_draw_is_known_without_a_name_that_tells_it(out: Path, tmp_path: Path) -> None:
    task = tmp_path / TITLES[2]
    copy_of(out / "tasks" / TITLES[2], task)
    name = first(task)
    move(task)
    change(task, "manifest.json", lambda manifest: manifest["clips"][name].update(split="fold01"))
    assert faults(task) == [("membership", name, "is in fold01, expected fold00 by the draw")]


def packed(
    folder: Path, tarball: Path, root: str, change: Callable[[tarfile.TarInfo], object] = lambda info: None
) -> Path:
    with tarfile.open(tarball, "w:gz", compresslevel=1) as archive:
        archive.add(folder, root, filter=lambda info: (change(info), info)[1])
    return tarball


def test_both_published_roots_are_read(out: Path, tmp_path: Path) -> None:
    title = TITLES[1]
    for root in (f"tasks/{title}", f"hear-2021.0.6/tasks/{title}", f"./tasks/{title}"):
        assert faults(packed(out / "tasks" / title, tmp_path / "any.tar.gz", root)) == []
    found = faults(packed(out / "tasks" / title, tmp_path / "any.tar.gz", "tasks/another"))
    assert found == [("structure", "another", f"is the name of the directory, but its metadata are of {title}")]
    found = faults(packed(out / "tasks" / title, tmp_path / "any.tar.gz", title))
    assert {aspect for aspect, _where, _text in found} == {"structure"}


def tarball(out: Path, tmp_path: Path) -> Path:
    name = f"hear2021-{TITLES[0]}-{RATE}.tar.gz"
    return Path(shutil.copy(out / name, tmp_path / name))


@pytest.mark.parametrize("kept", [0.001, 0.3, 0.9, 0.999])
def test_a_cut_tarball(out: Path, tmp_path: Path, kept: float) -> None:
    path = tarball(out, tmp_path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    ((aspect, where, text),) = faults(path)
    assert (aspect, where) == ("structure", path.name)
    assert "damaged or truncated tar archive" in text


def test_a_tarball_that_was_cut_before_it_was_packed(out: Path, tmp_path: Path) -> None:
    path = tarball(out, tmp_path)
    content = gzip.decompress(path.read_bytes())
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        last = archive.getmembers()[-1]
    end = last.offset_data + -(-last.size // 512) * 512
    path.write_bytes(gzip.compress(content[:end], 1))
    ((_aspect, _where, text),) = faults(path)
    assert "no end mark" in text


def test_a_flipped_byte_and_a_checksum_of_another_file(out: Path, tmp_path: Path) -> None:
    path = tarball(out, tmp_path)
    shutil.copy(out / f"{path.name}{CHECKSUM_SUFFIX}", tmp_path)
    assert faults(path) == []
    content = bytearray(path.read_bytes())
    content[-6] ^= 1  # in gzip's own checksum
    path.write_bytes(content)
    damaged, other = faults(path)
    assert "damaged or truncated tar archive" in damaged[2]
    assert "does not match the checksum in" in other[2]


def test_names_that_deny_the_content(out: Path, tmp_path: Path) -> None:
    path = tarball(out, tmp_path)
    other = path.rename(tmp_path / "hear2021-esc50-v2.0.0-full-48000.tar.gz")
    assert [text for _aspect, _where, text in faults(other)] == [f"holds {TITLES[0]}", "holds clips at 16000 Hz"]


@pytest.mark.parametrize("text", ["", "\xff", f"{'0' * 64}  other.tar.gz\n", "nothing"])
def test_a_checksum_file_without_the_checksum(out: Path, tmp_path: Path, text: str) -> None:
    path = tarball(out, tmp_path)
    path.with_name(f"{path.name}{CHECKSUM_SUFFIX}").write_bytes(text.encode("latin-1"))
    assert faults(path) == [("structure", f"{path.name}{CHECKSUM_SUFFIX}", f"has no sha256 of {path.name}")]


def test_a_rate_that_is_gone_or_untold(out: Path, tmp_path: Path) -> None:
    task = copy_of(out / "tasks" / TITLES[0], tmp_path / TITLES[0])
    shutil.rmtree(task / str(RATE))
    assert faults(task) == [("structure", TITLES[0], f"lacks the clips at {RATE} Hz, which its manifest has")]
    assert verify.verify(task).outcomes["samples as in the manifest"] != "ok"
    task = copy_of(out / "tasks" / TITLES[0], tmp_path / "again" / TITLES[0])
    copy_of(task / str(RATE), task / "8000")
    found = faults(task)
    assert ("structure", TITLES[0], "has clips at 8000 Hz, which are not in its manifest") in found


@pytest.mark.parametrize(
    "edit",
    [
        lambda manifest: manifest["clips"].update({min(manifest["clips"]): None}),
        lambda manifest: manifest["clips"][min(manifest["clips"])].update(audio=None),
        lambda manifest: manifest["clips"][min(manifest["clips"])].update(audio={"16000": "x"}),
        lambda manifest: manifest.update(clips=[]),
        lambda manifest: manifest.pop("sample_rates"),
    ],
)
def test_a_manifest_that_is_none(out: Path, tmp_path: Path, edit: Callable[[dict], object]) -> None:
    task = copy_of(out / "tasks" / TITLES[0], tmp_path / TITLES[0])
    change(task, "manifest.json", edit)
    assert faults(task) == [("structure", "manifest.json", "has no valid list of clips")]


@pytest.mark.parametrize("name", ["fold00.json", "manifest.json", "task_metadata.json"])
def test_json_that_never_ends(out: Path, tmp_path: Path, name: str) -> None:
    task = copy_of(out / "tasks" / TITLES[0], tmp_path / TITLES[0])
    (task / name).write_text("[" * 200_000)
    assert any(where == name and text.startswith("is not valid JSON") for _aspect, where, text in faults(task))


def test_headers_upon_headers_and_members_too_large(tmp_path: Path) -> None:
    path = tmp_path / "x.tar.gz"
    header = tarfile.TarInfo("header")
    header.type, header.size = tarfile.XHDTYPE, 0
    with gzip.open(path, "wb") as file:
        for _each in range(3000):
            file.write(header.tobuf(tarfile.GNU_FORMAT))
    assert "damaged or truncated tar archive" in faults(path)[0][2]
    large = tarfile.TarInfo("tasks/x/16000/train/a.wav")
    large.size = 1 << 30
    with gzip.open(path, "wb", 1) as file:
        file.write(large.tobuf(tarfile.GNU_FORMAT))
    assert "got 1,073,741,824" in faults(path)[0][2]


def test_more_texts_and_strays_than_can_be_meant(out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = copy_of(out / "tasks" / TITLES[0], tmp_path / TITLES[0])
    monkeypatch.setattr(contents, "MOST_STRAYS", 3)
    for number in range(4):
        (task / f"{number}.txt").write_text("")
    assert "holds too much" in faults(task)[0][2]


def test_one_changed_label_is_one_fault_where_folds_are_drawn(out: Path, tmp_path: Path) -> None:
    every = [
        (split, name)
        for split in ("fold00", "fold02")
        for name in sorted(read(out / "tasks" / TITLES[2], f"{split}.json"))
    ]
    for number, (split, name) in enumerate(every):
        task = copy_of(out / "tasks" / TITLES[2], tmp_path / str(number))
        labels = read(task, f"{split}.json")[name]
        other = next(found for found in read(task, "fold01.json").values() if found != labels)
        change(task, f"{split}.json", lambda clips, name=name, other=other: clips.update({name: other}))
        assert [where for _aspect, where, _text in faults(task)] == [name]
        (task / "manifest.json").unlink()
        assert {where for _aspect, where, _text in faults(task)} == {name, "manifest.json"}


def test_a_tarball_that_was_compressed_anew(out: Path, tmp_path: Path) -> None:
    path = tarball(out, tmp_path)
    beside = Path(shutil.copy(out / f"{path.name}{CHECKSUM_SUFFIX}", tmp_path))
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), 1))
    report = verify.verify(path)
    assert report.faults == []
    assert "was recompressed" in " ".join(finding.text for finding in report.findings)
    lines = beside.read_text().splitlines()
    beside.write_text(f"{lines[0]}\n# {'0' * 64}  {path.name.removesuffix('.gz')}\n")
    assert "does not contain the tar archive" in faults(path)[0][2]


@pytest.mark.parametrize("labels", [[["x"]], [None], [{"label": ["x"]}], [1.5]])
def test_labels_that_are_none(out: Path, tmp_path: Path, labels: list) -> None:
    task = copy_of(out / "tasks" / TITLES[0], tmp_path / TITLES[0])
    name = first(task)
    change(task, "fold00.json", lambda clips: clips.update({name: labels}))
    assert {where for aspect, where, _text in faults(task) if aspect != "labels"} == {name}
    assert f"fold00.json: {name}" in {where for _aspect, where, _text in faults(task)}


def test_groups_are_known_from_the_manifest_and_from_names(user: User) -> None:
    assert user.run("gunshot_triangulation", "--mode", "synthetic", "--sample-rates", 48000, 16000).returncode == 0
    title = "gunshot_triangulation-v1.0-synthetic"
    task = copy_of(user.folder / "out" / "tasks" / title, user.folder / "copy" / title)
    assert verify.verify(task).outcomes["splits reproduced"] == "ok"
    places = ["--tasks-dir", "again/tasks", "--tar-dir", "again"]
    finished = user.run("--from-published", f"out/hear2021-{title}-48000.tar.gz", "--sample-rates", 8000, *places)
    assert finished.returncode == 0, finished.stderr
    assert verify.verify(user.folder / "again" / "tasks" / title).outcome == "ok"


def test_a_link_in_a_tarball(out: Path, tmp_path: Path) -> None:
    def link(info: tarfile.TarInfo) -> None:
        if info.name.endswith("fold03.json"):
            info.type, info.linkname, info.size = tarfile.SYMTYPE, "/etc/passwd", 0

    ((_aspect, _where, text),) = faults(
        packed(out / "tasks" / TITLES[0], tmp_path / "x.tar.gz", f"tasks/{TITLES[0]}", link)
    )
    assert "is a link" in text


def test_published_counts_and_membership(user: User) -> None:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive, modes='{"full": Mode(published_clips=(4, 4, 4))}'))
    assert user.run("./mine.py", "--sample-rates", 8000).returncode == 0
    task = user.folder / "out" / "tasks" / "toy_folds-v1-full"
    assert verify.verify(task, str(user.folder / "mine.py")).outcomes["clips in each published split"] == "ok"
    user.write(
        "other.py", toys.folds_task(archive, modes='{"full": Mode(published_clips=(4, 5, 4), membership="0" * 64)}')
    )
    report = verify.verify(task, str(user.folder / "other.py"))
    assert [(fault.where, fault.text) for fault in report.faults] == [
        ("toy_folds-v1-full", "differs from the published task in clips, splits or labels"),
        ("fold01.json", "has 4 clips, published were 5"),
    ]
    assert report.outcomes["clips in each published split"] == "MISMATCH"
    refused = user.run("./other.py", "--sample-rates", 8000)
    assert refused.returncode == 1
    assert "the number of clips differs from the published task: fold01: expected 5, got 4" in refused.stderr


def test_the_command(user: User, out: Path, tmp_path: Path) -> None:
    def command(*arguments: object) -> subprocess.CompletedProcess[str]:
        return user.run("verify", *arguments)

    whole = user.run_anew(out, interpreter=[sys.executable, "-m", "hearpreprocess.verify"])
    assert whole.returncode == 0, whole.stdout
    assert whole.stdout.splitlines()[-1] == f"{2 * len(TITLES)} copies: all ok"
    assert whole.stdout.count("\n") <= 3, "a line on all, and a note of each kind"
    verbose = command(out, "--verbose")
    assert verbose.stdout.count(": ok  (") == 2 * len(TITLES)
    assert f"\n{2 * len(TITLES)} copies: all ok\n" in verbose.stdout
    task = tmp_path / TITLES[0]
    copy_of(out / "tasks" / TITLES[0], task)
    flip(clip(task))
    found = command(task)
    assert found.returncode == 1
    assert f"fault       audio: {RATE}/fold00/{first(task)}: has samples that differ from the manifest" in found.stdout
    assert found.stdout.endswith("\n1 copy: MISMATCH\n") or "\n1 copy: MISMATCH\nnote: " in found.stdout
    assert "samples as in the manifest" in found.stdout
    assert "  ok " not in found.stdout, "only what is wrong"
    (report,) = json.loads(command(task, "--json").stdout)
    assert report["outcome"] == "MISMATCH"
    assert [finding["where"] for finding in report["findings"] if finding["is_fault"]] == [
        f"{RATE}/fold00/{first(task)}"
    ]
    for wrong in (tmp_path / "nothing", tmp_path):
        shutil.rmtree(task, ignore_errors=True)
        misused = command(wrong)
        assert misused.returncode == 2
        assert misused.stderr.startswith("hearpreprocess verify: ")


def test_what_is_no_task(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="there is no"):
        verify.verify(tmp_path / "x")
    (tmp_path / "x.tar.gz").write_bytes(struct.pack("<H", 3))
    ((_aspect, _where, text),) = faults(tmp_path / "x.tar.gz")
    assert "damaged or truncated tar archive" in text
    with pytest.raises(OutputError, match=r"is not a finished task: it has no task_metadata\.json"):
        verify.verify(tmp_path)
