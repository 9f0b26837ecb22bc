"""Tables: what pandas reads from them equals the finished task."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hearpreprocess import FinishedTask, load
from hearpreprocess.exporting import export
from hearpreprocess.exporting.evar import evar_labels
from hearpreprocess.storage import csv_line
from hearpreprocess.task import registry
from tests import finished_tasks
from tests.exporting.small_tasks import published_task
from tests.shared import Shared, synthetic_task

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=6)


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, keep_default_na=False)


def assert_equal(task: FinishedTask, folder: Path) -> None:
    """The tables of a task hold its clips, with the paths, labels, splits and events that its own files have."""
    clips, of_task = read(folder / "clips.csv"), task.clips()
    assert [task.path / path for path in clips["path"]] == [clip.path for clip in of_task]
    assert all((task.path / path).is_file() for path in clips["path"])
    assert list(clips["split"]) == [clip.split for clip in of_task]
    assert list(clips["group"].map(str)) == [clip.group for clip in of_task]
    assert list(clips["length"]) == [clip.length for clip in of_task]
    assert list(clips["unpadded_length"]) == [clip.unpadded_length for clip in of_task]
    if task.metadata["embedding_type"] == "event":
        events = read(folder / "events.csv")
        rows = [(clip.file, event.start, event.end, event.label) for clip in of_task for event in clip.events]
        assert list(events.itertuples(index=False, name=None)) == rows
        assert list(events.columns) == ["filename", "onset", "offset", "event_label"]
        assert not (folder / "evar").exists()
    elif "label" in clips:
        assert [(label,) for label in clips["label"]] == [clip.labels for clip in of_task]
        assert [task.vocabulary[index] for index in clips["label_index"]] == list(clips["label"])
    else:
        assert [tuple(json.loads(labels)) for labels in clips["labels"]] == [clip.labels for clip in of_task]
        named = [[task.vocabulary[index] for index in json.loads(indices)] for indices in clips["label_indices"]]
        assert [tuple(labels) for labels in named] == [clip.labels for clip in of_task]


@pytest.mark.parametrize("name", [*finished_tasks.TASKS, "numbers"])
def test_pandas_reads_what_the_task_has(folders: dict[str, Path], name: str, tmp_path: Path) -> None:
    task = folders[name]
    folder = export(task, "tables", out=tmp_path / "a")
    assert_equal(load(task), folder)
    packed = export(finished_tasks.tarball_of(task, tmp_path), "tables", out=tmp_path / "b")
    files = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.csv")}
    assert files == {path.relative_to(packed): path.read_bytes() for path in packed.rglob("*.csv")}
    assert Path("labelvocabulary.csv") in files


def test_labels_with_separators_and_lengths_without_a_manifest(tmp_path: Path) -> None:
    labels = ['a,b', 'say "x"', "two\nlines", "a\r", "NA", ";", "ü", "1"]  # fmt: skip
    task = published_task(
        tmp_path / "task",
        {"train": {"a": labels[:4], "b": labels[4:]}, "test": {'c "d", e': labels[:1]}},
        lengths={"b": 70},
    )
    clips = read(export(task, "tables", out=tmp_path / "out") / "clips.csv")
    assert [json.loads(cell) for cell in clips["labels"]] == [labels[:4], labels[4:], labels[:1]]
    assert list(clips["filename"]) == ["a.wav", "b.wav", 'c "d", e.wav']
    assert list(clips["length"]) == [50, 70, 50]
    assert list(clips["unpadded_length"]) == ["", "", ""]


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=2), min_size=1, max_size=5))
def test_any_text_in_a_table_is_read_back(rows: list[list[str]]) -> None:
    content = "".join(map(csv_line, [("one", "other"), *rows])).encode()
    table = pd.read_csv(io.BytesIO(content), keep_default_na=False, dtype=str)
    assert table.to_numpy().tolist() == rows


def test_times_are_exact(tmp_path: Path) -> None:
    times = [0.1, 1 / 3 * 1000, 1e-05, 123456.789, 2.0**-40]
    events = [{"label": 60, "start": time, "end": time * 3} for time in times]
    task = published_task(tmp_path / "task", {"train": {"a": events, "b": []}, "test": {"c": events[:1]}})
    (clip, silent, _other) = load(task).clips()
    with (export(task, "tables", out=tmp_path / "out") / "events.csv").open(newline="") as file:
        rows = [tuple(row.values()) for row in csv.DictReader(file)]
    read_back = [(float(onset), float(offset)) for name, onset, offset, _label in rows if name == "a.wav"]
    assert read_back == [(event.start, event.end) for event in clip.events]
    assert {row[3] for row in rows} == {"60"}
    assert silent.file not in {row[0] for row in rows}


def evar_reads(path: Path, split: str, holdout: int = 1) -> tuple[list[str], list[Any], list[list[str]] | None]:
    """The files, the classes and the labels if there are several: EVAR's evar/data.py, WavDataset, as of 2024."""
    table = pd.read_csv(path)
    if "split" not in table.columns:
        table["split"] = table.fold.apply(lambda fold: "test" if fold == holdout else "train")
    table = table[table.split == split].reset_index()
    if table.label.map(str).str.contains(",").sum() > 0:
        several = [str(labels).split(",") for labels in table.label]
        return list(table.file_name), sorted({label for labels in several for label in labels}), several
    return list(table.file_name), sorted(table.label.unique()), None


def test_evar_reads_folds(tmp_path: Path) -> None:
    folder = finished_tasks.finished_task(tmp_path, "esc50")
    task, table = load(folder), export(folder, "tables", out=tmp_path / "out") / "evar/esc50.csv"
    for fold, split in enumerate(task.splits, 1):
        files, classes, several = evar_reads(table, "test", fold)
        assert [folder / "1000" / file for file in files] == [clip.path for clip in task.clips(split)]
        assert (classes, several) == (list(task.vocabulary), None)
        assert len(evar_reads(table, "train", fold)[0]) == 8


def test_evar_reads_splits_and_several_labels(tmp_path: Path) -> None:
    clips = {
        "train": {"a": ["x, y", "NA"], "b": ["1", "z"], "c": []},
        "valid": {"d": ["z"]},
        "test": {"e": ["x; y"], "f": ["z", "1"]},
    }
    table = export(published_task(tmp_path / "task", clips), "tables", out=tmp_path / "out") / "evar/small.csv"
    files, _classes, several = evar_reads(table, "train")
    assert files == ["train/a.wav", "train/b.wav"]
    assert several == [["x; y-2", "label NA"], ["label 1", "z"]]
    assert evar_reads(table, "test")[2] == [["x; y"], ["z", "label 1"]]
    assert evar_reads(table, "valid") == (["valid/d.wav"], ["z"], None)


def test_evar_reads_numbers_as_numbers(tmp_path: Path) -> None:
    clips = {"train": {"a": [60], "b": [7]}, "valid": {"c": [60]}, "test": {"d": [7]}}
    task = published_task(tmp_path / "task", clips, prediction_type="multiclass")
    assert evar_reads(export(task, "tables", out=tmp_path / "out") / "evar/small.csv", "train")[1] == [7, 60]


@given(st.lists(TEXTS | st.sampled_from(["nan", "1e5", "True", "0x1", "inf", "-", "1_000", "label 1"]), unique=True))
@example(["0", "\t", " "])
def test_evar_reads_any_label_as_the_text_that_it_is_given(labels: list[str]) -> None:
    spelled = evar_labels(labels)
    assert len(set(spelled.values())) == len(labels)
    assert not any("," in spelling for spelling in spelled.values())
    for spelling in spelled.values():
        assert pd.read_csv(io.StringIO(f"label\n{csv_line([spelling])}"))["label"].tolist() == [spelling]


def test_many_labels_are_read_by_pandas_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call takes a millisecond, which many labels made half a minute of."""
    calls = []
    read_csv = pd.read_csv
    monkeypatch.setattr(pd, "read_csv", lambda *given: calls.append(given) or read_csv(*given))
    spelled = evar_labels([*map(str, range(500)), *(f"label, {number}" for number in range(500)), "NA"])
    assert list(spelled.values()) == [
        *(f"label {number}" for number in range(500)),
        *(f"label; {number}" for number in range(500)),
        "label NA",
    ]
    assert len(calls) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", registry.built_in_names())
def test_every_task_is_read_back(shared: Shared, name: str, tmp_path: Path) -> None:
    user, facts = synthetic_task(shared, name)
    task = load(user.folder / "out" / "tasks" / facts.title, 16000)
    folder = export(task, "tables", out=tmp_path / "a")
    assert_equal(task, folder)
    if task.metadata["embedding_type"] != "event":
        table = pd.read_csv(folder / f"evar/{name}.csv")
        assert [task.path / "16000" / file for file in table.file_name] == [clip.path for clip in task.clips()]
