"""The facts of clips in all formats that have them: extra fields, and what a task without a manifest lacks."""

from __future__ import annotations

import gzip
import json
import tarfile
from pathlib import Path

import pandas as pd
import pytest

from hearpreprocess import load
from hearpreprocess.errors import OutputError
from hearpreprocess.exporting import export
from hearpreprocess.exporting.facts import Facts, fold_numbers
from tests import finished_tasks
from tests.exporting.small_tasks import published_task


def test_extra_fields_are_in_every_format(tmp_path: Path) -> None:
    task = finished_tasks.finished_task(tmp_path, "esc50")
    manifest = json.loads((task / "manifest.json").read_text())
    manifest["clips"]["1-1-A-1.wav"]["extra"] = {"snr": 6.5, "split": "given", "is_noisy": True}
    manifest["clips"]["1-2-A-2.wav"]["extra"] = {"snr": None, "place": 'a "room", indoors'}
    (task / "manifest.json").write_text(json.dumps(manifest))
    first = {"snr": 6.5, "extra_split": "given", "is_noisy": True, "place": None}
    second = {"snr": None, "extra_split": None, "is_noisy": None, "place": 'a "room", indoors'}
    clips = pd.read_csv(export(task, "tables", out=tmp_path / "tables") / "clips.csv")
    rows = clips[list(first)].astype(object).where(clips[list(first)].notna(), None).to_dict("records")
    assert rows[:2] == [first, second]
    assert list(clips["split"][:2]) == ["fold00", "fold00"]
    with tarfile.open(export(task, "webdataset", out=tmp_path / "webdataset") / "fold00-000000.tar") as opened:
        read = [json.loads(opened.extractfile(name).read()) for name in opened.getnames() if name.endswith(".json")]  # type: ignore[union-attr]
    assert [{key: facts[key] for key in first} for facts in read] == [first, second]
    assert [facts["split"] for facts in read] == ["fold00", "fold00"]
    with gzip.open(export(task, "lhotse", out=tmp_path / "lhotse") / "cuts_fold00.jsonl.gz", "rt") as file:
        cuts = [json.loads(line) for line in file]
    assert [{key: cut["custom"][key] for key in first} for cut in cuts] == [first, second]


def test_without_a_manifest_lengths_are_those_of_the_files(tmp_path: Path) -> None:
    task = load(published_task(tmp_path / "task", {"test": {"a": ["x"]}}, lengths={"a": 33}))
    (clip,) = task.clips()
    facts = Facts(task).of(clip, clip.content())
    assert facts == {
        "name": "a",
        "split": "test",
        "labels": ["x"],
        "label_indices": [0],
        "group": "a",
        "sample_rate": 1000,
        "length": 33,
        "unpadded_length": None,
        "unpadded_seconds": None,
    }


@pytest.mark.parametrize("to", ["webdataset", "tables", "lhotse"])
def test_a_clip_of_a_multiclass_task_has_one_label(to: str, tmp_path: Path) -> None:
    clips = {"test": {"a": ["x"], "b": ["x", "y"], "c": []}}
    task = published_task(tmp_path / "task", clips, prediction_type="multiclass")
    with pytest.raises(
        OutputError, match=r"multiclass, but 2 of its clips do not have one label:\s*test.json: b.wav has 2"
    ):
        export(task, to, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_folds_are_numbered_from_1() -> None:
    assert fold_numbers(["fold01", "fold00"]) == {"fold00": 1, "fold01": 2}
    assert fold_numbers(["test", "train", "valid"]) == {}
