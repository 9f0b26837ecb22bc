"""Guesses are functions of which each can be replaced by a decision, and values of which a module is written."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold import Choices, DatasetDescription, certain_guess, describe, module_text
from hearpreprocess.scaffold.dataset import FoldersLayout
from hearpreprocess.scaffold.decisions import decided_columns
from hearpreprocess.scaffold.from_folders import Parts, described_by_folders
from hearpreprocess.scaffold.from_tables import described_by_tables
from hearpreprocess.scaffold.labels import Labels, with_several
from hearpreprocess.scaffold.naming import NamingTables
from hearpreprocess.scaffold.notes import Notes
from hearpreprocess.scaffold.parts import PathPart
from hearpreprocess.scaffold.recordings import Recordings
from hearpreprocess.scaffold.split_names import Folds
from hearpreprocess.scaffold.splits import Splits, splits_of_column
from hearpreprocess.scaffold.table_choice import tables_naming
from hearpreprocess.scaffold.times import Times, checked_times
from tests.conftest import User
from tests.scaffold.own_datasets import NAMES, table, wavs


def text_of(dataset: DatasetDescription) -> str:
    return module_text("mine", Path("/data/mine"), Path("/data"), dataset)


def test_a_description_is_frozen(tmp_path: Path) -> None:
    wavs(tmp_path, *(f"{label}/{number}.wav" for label in "ab" for number in range(4)))
    dataset = describe(tmp_path)
    with pytest.raises(FrozenInstanceError):
        dataset.seconds = 1.0  # type: ignore[misc]
    assert isinstance(dataset.layout, FoldersLayout)
    assert dataset.label_names == ("a", "b")


def two_kinds_of_labels(folder: Path) -> NamingTables:
    several = ("x", "x;y", "y;x")
    rows = [(name, "ab"[n % 2], several[n % 3], f"p{n // 2}", f"q{n // 3}") for n, name in enumerate(NAMES)]
    wavs(folder, *NAMES)
    table(folder, "meta.csv", ("file", "label", "other", "speaker", "place"), *rows)
    tables, notes = tables_naming(folder, ["meta.csv"], Recordings(tuple(NAMES)))
    assert tables is not None
    assert notes == []
    return tables


def test_the_columns_that_are_guessed_can_be_replaced(tmp_path: Path) -> None:
    tables = two_kinds_of_labels(tmp_path)
    guessed = decided_columns(tables, Choices(), certain_guess, Notes())
    assert (guessed.labels, guessed.group) == (Labels("label"), "speaker")
    rows = [row for _table, row in tables.rows]
    decided = replace(guessed, labels=with_several(Labels("other"), rows), group="place")
    dataset = described_by_tables(tables, decided, Notes())
    assert dataset.labels == Labels("other", separator=";")
    assert {clip.group for clip in dataset.clips} == {"q0", "q1", "q2", "q3"}
    assert dataset.label_names == ("x", "y")
    text = text_of(dataset)
    assert 'parts = [part.strip() for part in row["other"].split(";")]' in text
    assert 'group=row["place"].strip() or None' in text
    assert 'row["label"]' not in text


def test_the_folders_that_are_labels_can_be_replaced() -> None:
    paths = tuple(f"{label}/day{day}/{number}.wav" for label in "ab" for day in (1, 2) for number in range(2))
    dataset = described_by_folders(Path("mine"), Recordings(paths), Parts(PathPart(level=-2)), Notes())
    assert dataset.label_names == ("a", "b")
    assert 'labels=member.path.split("/")[-3]' in text_of(dataset)


def test_a_column_that_is_called_split_and_holds_none_is_refused() -> None:
    assert splits_of_column("set", ["train", "Test", "train"]) == (
        Splits("set", names={"Test": "test", "train": "train"}),
        [],
    )
    assert splits_of_column("set", ["fold 2", "fold 1"]) == (Splits("set", folds=Folds(2, 1, "fold ")), [])
    with pytest.raises(CorpusError, match=r"looks like splits, but holds 'x', 'y'.*--split-column none"):
        splits_of_column("split", ["x", "y"])


def test_times_that_leave_the_recordings_are_none_with_a_note() -> None:
    times = Times("start", "length", are_durations=True)
    rows = {"1.wav": [("events.csv", {"start": "0,5", "length": "1"})]}
    assert checked_times(times, rows, {"1.wav": 2.0}) == (replace(times, have_decimal_commas=True), [])
    checked, notes = checked_times(times, rows, {"1.wav": 0.3})
    assert checked is None
    assert "1 of 1 that were looked at are after the end of their recording" in notes[0]


def test_an_error_shows_the_notes_made_before_it(tmp_path: Path) -> None:
    wavs(tmp_path, *NAMES)
    rows = [(name, int(number == 0), int(number == 1)) for number, name in enumerate(NAMES)]
    table(tmp_path, "meta.csv", ("file", "low", "high"), *rows)
    (tmp_path / "notes.json").write_text("{}")
    with pytest.raises(CorpusError) as refused:
        describe(tmp_path)
    _error, *notes = str(refused.value).splitlines()
    assert notes[:2] == [
        "  note: labels: yes/no columns",
        "  note: notes.json is not read; save it as csv if it has labels",
    ]


def test_labels_stay_around_folders_that_are_test_sets_alone(user: User) -> None:
    splits = ("test", "eval")
    wavs(user.folder / "mine", *(f"{label}/{split}/{n}.wav" for label in "ab" for split in splits for n in range(5)))
    begun = user.run("new", "my_task", "mine")
    assert begun.returncode == 0, "the module yields the labels and splits that were guessed"
    assert "2 from the folders' names (level 1): a, b" in begun.stdout
    assert "5 folds, drawn" in begun.stdout
