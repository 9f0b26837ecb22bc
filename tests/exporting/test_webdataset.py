"""WebDataset shards: what the library reads from them equals the finished task."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import re
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile
from webdataset.tariterators import group_by_keys, tar_file_expander

from hearpreprocess import FinishedTask, load
from hearpreprocess.errors import AudioError, ConfigError
from hearpreprocess.exporting import export, webdataset
from hearpreprocess.exporting.shards import by_bytes
from hearpreprocess.task import registry
from tests import finished_tasks
from tests.exporting.small_tasks import published_task
from tests.shared import Shared, synthetic_task


def samples_of(folder: Path, pattern: str) -> Iterator[dict[str, Any]]:
    """The samples in the shards of a pattern, as the library reads them; its own opener leaves files open."""
    for path in sorted(folder.glob(pattern)):
        with path.open("rb") as stream:
            yield from group_by_keys(tar_file_expander([{"url": str(path), "stream": stream}]))


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_equal(task: FinishedTask, folder: Path) -> None:
    """The shards of a task hold its clips, with the samples, labels, splits and events that its own files have."""
    read = 0
    for split in task.splits:
        of_split = json.loads((task.path / f"{split}.json").read_text())
        for sample in samples_of(folder, f"{split}-*.tar"):
            facts = json.loads(sample["json"])
            samples, rate = soundfile.read(io.BytesIO(sample["wav"]), dtype="int16")
            (clip,) = (clip for clip in task.clips(split) if clip.name == facts["name"])
            assert hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest() == clip.sha256
            assert (rate, len(samples)) == (facts["sample_rate"], facts["length"]) == (task.sample_rate, clip.length)
            assert (facts["split"], facts["group"]) == (split, clip.group)
            assert {key: facts[key] for key in clip.extra} == clip.extra
            assert facts["unpadded_length"] == clip.unpadded_length
            labels = of_split[clip.file]
            if "events" in facts:
                assert [event["label"] for event in facts["events"]] == [event["label"] for event in labels]
                for event, in_milliseconds in zip(facts["events"], labels, strict=True):
                    expected = [in_milliseconds[time] / 1000 for time in ("start", "end")]
                    assert [event["start"], event["end"]] == pytest.approx(expected, rel=1e-15)
                named = [(event["label_index"], event["label"]) for event in facts["events"]]
            elif "label" in facts:
                assert [facts["label"]] == labels
                named = [(facts["label_index"], facts["label"])]
            else:
                assert facts["labels"] == labels
                named = list(zip(facts["label_indices"], facts["labels"], strict=True))
            assert all(task.vocabulary[index] == label for index, label in named)
            read += 1
    assert read == len(task.clips())


@pytest.mark.parametrize("name", [*finished_tasks.TASKS, "numbers"])
def test_the_library_reads_what_the_task_has(folders: dict[str, Path], name: str, tmp_path: Path) -> None:
    folder = export(folders[name], "webdataset", out=tmp_path / "a")
    assert_equal(load(folders[name]), folder)
    packed = finished_tasks.tarball_of(folders[name], tmp_path)
    assert bytes_of(export(packed, "webdataset", out=tmp_path / "b")) == bytes_of(folder)
    assert (folder / "labelvocabulary.csv").read_bytes() == (folders[name] / "labelvocabulary.csv").read_bytes()


def test_tar_members_have_no_time_and_no_owner_of_their_own(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = export(folders["esc50"], "webdataset", out=tmp_path / "a")
    with tarfile.open(folder / "fold00-000000.tar") as opened:
        assert opened.getnames() == ["1-1-A-1.wav", "1-1-A-1.json", "1-2-A-2.wav", "1-2-A-2.json"]
        about = {(entry.mtime, entry.uid, entry.uname, entry.mode, entry.type) for entry in opened}
    assert about == {(1609459200, 0, "root", 0o644, tarfile.REGTYPE)}


def test_any_name_of_a_clip_is_read_back(tmp_path: Path) -> None:
    names = [
        "plain",
        "a.b",
        "a_b",
        ".hidden",
        "__meta__",
        "..",
        "x.wav",
        "ü.wäv",
        "日本",
        "long" * 62,
        " blank ",
        "a\nb",
    ]
    task = published_task(tmp_path / "task", {"train": {name: ["x"] for name in names}, "test": {"a.b.": ["x", "y"]}})
    folder = export(task, "webdataset", out=tmp_path / "out")
    samples = [*samples_of(folder, "t*.tar")]
    assert sorted(json.loads(sample["json"])["name"] for sample in samples) == sorted([*names, "a.b."])
    keys = {json.loads(sample["json"])["name"]: sample["__key__"] for sample in samples}
    assert len(set(keys.values())) == len(keys)
    assert {name: keys[name] for name in ("a_b", "a.b", ".hidden", "a.b.", "a\nb")} == {
        "a_b": "a_b", "a.b": "a_b-2", ".hidden": "_hidden", "a.b.": "a_b_", "a\nb": "a_b-3",
    }  # fmt: skip
    assert all(set(sample) == {"__key__", "__url__", "wav", "json"} for sample in samples)


def test_an_interrupted_export_goes_on_with_the_same_bytes(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webdataset, "MOST_CLIPS", 1)
    whole = export(folders["esc50"], "webdataset", out=tmp_path / "whole")
    assert len([*whole.glob("*.tar")]) == 10
    finished: list[int] = []

    def interrupt(count: int) -> None:
        finished.append(count)
        if len(finished) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(folders["esc50"], "webdataset", out=tmp_path / "other", on_clip=interrupt)
    assert not (tmp_path / "other").exists()
    counts: list[int] = []
    other = export(folders["esc50"], "webdataset", out=tmp_path / "other", on_clip=counts.append)
    assert sum(counts) == 10
    assert bytes_of(other) == bytes_of(whole)


def test_shards_are_bounded_by_bytes_and_by_clips(tmp_path: Path) -> None:
    lengths = {"a": 10, "b": 10, "c": 5000, "d": 10, "e": 10, "f": 10, "g": 10}
    task = published_task(tmp_path / "task", {"test": {name: ["x"] for name in lengths}}, lengths=lengths)
    clips = load(task).clips()
    size = 44 + 20
    assert clips[0].size == size
    divided = [[clip.name for clip in shard] for shard in by_bytes(clips, 2 * size, 10)]
    assert divided == [["a", "b"], ["c"], ["d", "e"], ["f", "g"]]
    assert [len(shard) for shard in by_bytes(clips, 10**6, 3)] == [3, 3, 1]
    assert [*by_bytes([], 1, 1)] == []


def test_a_clip_with_other_samples_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    own = Path(shutil.copytree(folders["esc50"], tmp_path / "task"))
    path = own / "1000/fold03/4-31-A-31.wav"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(AudioError, match=r"clip 4-31-A-31 at 1000 Hz: has samples that differ"):
        export(own, "webdataset", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_names_and_labels_are_those_of_xares(folders: dict[str, Path], tmp_path: Path) -> None:
    task = load(folders["esc50"])
    folder = export(task, "webdataset", naming="xares", out=tmp_path / "out")
    shards = [f"wds-audio-fold-{fold}-000000.tar" for fold in range(1, 6)]
    assert sorted(bytes_of(folder)) == sorted(
        [".audio_tar_ready", "README.md", "export.json", "labelvocabulary.csv", *shards]
    )
    for number, split in enumerate(task.splits, 1):
        read = {
            sample["__key__"]: json.loads(sample["json"]) for sample in samples_of(folder, f"wds-audio-fold-{number}-*")
        }
        assert read == {
            clip.name: {"label": task.vocabulary.index(clip.labels[0]), "name": clip.name} for clip in task.clips(split)
        }


def test_xares_with_events_and_with_several_labels(folders: dict[str, Path], tmp_path: Path) -> None:
    task = load(folders["dcase2016_task2"])
    folder = export(task, "webdataset", naming="xares", out=tmp_path / "events")
    assert len([*folder.glob("wds-audio-train-*.tar")]) == 1
    (clip, *_others), (sample, *_) = task.clips("train"), samples_of(folder, "wds-audio-train-*.tar")
    assert json.loads(sample["json"]) == [
        {"start": event.start, "end": event.end, "label": task.vocabulary.index(event.label)} for event in clip.events
    ]
    several = published_task(tmp_path / "task", {"fold00": {"a": ["x", "y"]}, "fold01": {"b": ["y"]}})
    folder = export(several, "webdataset", naming="xares", out=tmp_path / "labels")
    (sample,) = samples_of(folder, "wds-audio-fold-1-*.tar")
    assert json.loads(sample["json"]) == {"labels": [0, 1], "name": "a"}


@pytest.mark.parametrize("name", [*finished_tasks.TASKS, "numbers"])
def test_the_task_file_for_xares_is_python(folders: dict[str, Path], name: str, tmp_path: Path) -> None:
    text = (export(folders[name], "webdataset", naming="xares", out=tmp_path / "out") / "README.md").read_text()
    (code,) = re.findall("```python\n(.*?)```", text, re.DOTALL)
    task = load(folders[name])
    (call,) = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call) and len(node.keywords) > 4)
    facts = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    assert (facts["name"], facts["output_dim"]) == (repr(task.name), str(len(task.vocabulary)))
    assert ("k_fold_splits" in facts) == ("train_split" not in facts) == (task.splits[0] == "fold00")


def test_xares_needs_all_three_splits(tmp_path: Path) -> None:
    task = published_task(tmp_path / "task", {"train": {"a": ["x"]}, "test": {"b": ["x"]}})
    with pytest.raises(
        ConfigError, match=r"small-v1-full: naming xares: .*in each of train, valid, test; the task has none in valid"
    ):
        export(task, "webdataset", naming="xares", out=tmp_path / "out")
    folds = published_task(tmp_path / "folds", {"fold00": {"a": ["x"]}, "fold01": {}})
    with pytest.raises(ConfigError, match="the task has none in fold01"):
        export(folds, "webdataset", naming="xares", out=tmp_path / "out")
    assert sorted(path.name for path in export(folds, "webdataset", out=tmp_path / "out").glob("*.tar")) == [
        "fold00-000000.tar"
    ]
    with pytest.raises(ConfigError, match="has no naming 'xarse'"):
        export(task, "webdataset", naming="xarse", out=tmp_path / "out")


@pytest.mark.slow
@pytest.mark.parametrize("name", registry.built_in_names())
def test_every_task_is_read_back(shared: Shared, name: str, tmp_path: Path) -> None:
    user, facts = synthetic_task(shared, name)
    task = load(user.folder / "out" / "tasks" / facts.title, 16000)
    folder = export(task, "webdataset", out=tmp_path / "a")
    assert_equal(task, folder)
    assert bytes_of(export(task, "webdataset", out=tmp_path / "b")) == bytes_of(folder)
    named = export(task, "webdataset", naming="xares", out=tmp_path / "xares")
    assert sum(1 for _sample in samples_of(named, "wds-audio-*.tar")) == len(task.clips())
