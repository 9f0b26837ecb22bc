"""Cuts of Lhotse: their lines by the fields that Lhotse has, and all tasks by Lhotse itself, where it is installed."""

from __future__ import annotations

import gzip
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hearpreprocess import FinishedTask, load
from hearpreprocess.errors import OutputError
from hearpreprocess.exporting import export
from hearpreprocess.task import registry
from tests import finished_tasks
from tests.exporting.small_tasks import published_task
from tests.exporting.test_readers import READERS
from tests.shared import Shared, synthetic_task


def cuts_of(folder: Path, split: str) -> list[dict[str, Any]]:
    with gzip.open(folder / f"cuts_{split}.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def assert_equal(task: FinishedTask, folder: Path) -> None:
    """The cuts of a task are its clips, with a supervision for each label or event."""
    for split in task.splits:
        cuts, clips = cuts_of(folder, split), task.clips(split)
        assert [task.path / cut["recording"]["sources"][0]["source"] for cut in cuts] == [clip.path for clip in clips]
        for cut, clip in zip(cuts, clips, strict=True):
            assert (cut["id"], cut["custom"]["split"]) == (clip.name, split)
            recording = cut["recording"]
            assert (recording["num_samples"], recording["sampling_rate"]) == (clip.length, task.sample_rate)
            indices = [supervision["custom"]["label_index"] for supervision in cut["supervisions"]]
            labels = [task.vocabulary[index] for index in indices]
            assert labels == [*clip.labels, *(event.label for event in clip.events)]
            assert [supervision["text"] for supervision in cut["supervisions"]] == list(map(str, labels))
            for supervision, event in zip(cut["supervisions"], clip.events or [None] * len(labels), strict=True):
                start, end = (event.start, event.end) if event else (0.0, cut["duration"])
                assert supervision["start"] == start
                assert start + supervision["duration"] == pytest.approx(end, rel=1e-12)


@pytest.mark.parametrize("name", [*finished_tasks.TASKS, "numbers"])
def test_cuts_are_the_clips(folders: dict[str, Path], name: str, tmp_path: Path) -> None:
    task = folders[name]
    folder = export(task, "lhotse", out=tmp_path / "a")
    assert_equal(load(task), folder)
    packed = export(finished_tasks.tarball_of(task, tmp_path), "lhotse", out=tmp_path / "b")
    names = [f"cuts_{split}.jsonl.gz" for split in load(task).splits]
    assert [(folder / name).read_bytes() for name in names] == [(packed / name).read_bytes() for name in names]
    assert all((folder / name).read_bytes()[3:8] == bytes(5) for name in names)  # no file name, no time


def test_a_split_without_clips_has_no_file(tmp_path: Path) -> None:
    task = published_task(tmp_path / "task", {"train": {"a": ["x"]}, "test": {}})
    folder = export(task, "lhotse", out=tmp_path / "out")
    assert [path.name for path in folder.glob("*.gz")] == ["cuts_train.jsonl.gz"]


def test_a_clip_without_samples_is_refused_as_lhotse_has_no_cut_for_it(tmp_path: Path) -> None:
    task = published_task(tmp_path / "task", {"train": {"a": ["x"]}, "test": {"b": ["x"]}}, lengths={"b": 0})
    with pytest.raises(OutputError, match="clip b at 1000 Hz: has no samples"):
        export(task, "lhotse", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_event_that_ends_where_it_starts_lasts_one_sample(tmp_path: Path) -> None:
    event = {"label": "x", "start": 10.0, "end": 10.0}
    folder = export(published_task(tmp_path / "task", {"test": {"a": [event]}}), "lhotse", out=tmp_path / "out")
    ((supervision,),) = (cut["supervisions"] for cut in cuts_of(folder, "test"))
    assert (supervision["start"], supervision["duration"]) == (0.01, 0.001)


@pytest.mark.slow
@pytest.mark.parametrize("name", registry.built_in_names())
def test_cuts_of_every_task_are_its_clips(shared: Shared, name: str, tmp_path: Path) -> None:
    user, facts = synthetic_task(shared, name)
    task = load(user.folder / "out" / "tasks" / facts.title, 16000)
    assert_equal(task, export(task, "lhotse", out=tmp_path / "a"))


LHOTSE = READERS / "lhotse-1.33.0" / "bin" / "python"
VALIDATE = """
import sys
from lhotse import load_manifest, validate

for path in sys.argv[1:]:
    validate(load_manifest(path), read_data=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(
    not LHOTSE.exists(), reason="lhotse is not installed: make readers READERS=lhotse-1.33.0, with torch"
)
@pytest.mark.parametrize("name", registry.built_in_names())
def test_lhotse_validates_every_task(shared: Shared, name: str, tmp_path: Path) -> None:
    user, facts = synthetic_task(shared, name)
    task = load(user.folder / "out" / "tasks" / facts.title, 16000)
    folder = export(task, "lhotse", out=tmp_path / "a")
    files = [str(folder / f"cuts_{split}.jsonl.gz") for split in task.splits]
    subprocess.run([LHOTSE, "-c", VALIDATE, *files], cwd=task.path, check=True)
