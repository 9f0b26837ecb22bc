"""Splits that people give, in whatever form: they hold, or the folder is refused with the option that ignores them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hearpreprocess.cli.trial import problems_of_module
from hearpreprocess.errors import ConfigError
from tests.scaffold.known.published import check, described, refusal, sounds, text

Truth = dict[str, tuple[tuple[str, ...], str, str]]


def rows(folder: Path, header: str, cells_of: dict[str, str], count: int = 30) -> Truth:
    """A table of recordings, of which every sixth is of the test set, and what `new` is to make of it."""
    truth: Truth = {}
    lines = []
    for number in range(count):
        split = "test" if number % 6 < 2 else "train"
        truth[f"{number}.wav"] = (("ab"[number % 2],), split, "")
        lines.append(f"{number}.wav,{'ab'[number % 2]},{cells_of[split]}")
    sounds(folder, truth)
    text(folder, "meta.csv", header, *lines)
    return truth


@pytest.mark.parametrize(
    ("header", "cells_of"),
    [
        ("train,test", {"train": "1,0", "test": "0,1"}),
        ("is_test", {"train": "False", "test": "True"}),
        ("is_train", {"train": "yes", "test": "no"}),
        ("in_val,in_test", {"train": "0,0", "test": "0,1"}),
        ("split", {"train": "training", "test": "evaluation"}),
        ("subset", {"train": "train_clean", "test": "test_clean"}),
        ("usage", {"train": "Train", "test": "Test"}),
    ],
)
def test_columns(tmp_path: Path, header: str, cells_of: dict[str, str]) -> None:
    truth = rows(tmp_path, f"file,label,{header}", cells_of)
    dataset = described(tmp_path)
    assert {clip.name: clip.split for clip in dataset.clips} == {
        path.removesuffix(".wav"): split for path, (_labels, split, _group) in truth.items()
    }


def test_the_written_module_reads_columns_of_0_and_1(tmp_path: Path) -> None:
    check(tmp_path, rows(tmp_path, "file,label,train,test", {"train": "1,0", "test": "0,1"}))


@pytest.mark.parametrize(
    ("header", "cells_of", "message"),
    [
        ("train,test", {"train": "1,0", "test": "1,1"}, "line 2: a recording is in two splits"),
        ("train,test", {"train": "1,0", "test": "0,maybe"}, "expected 0 or 1"),
        ("split", {"train": "", "test": "test"}, "is blank in 20 of 30 rows"),
        ("split", {"train": "train", "test": "unknown"}, "looks like splits, but holds 'train', 'unknown'"),
        ("fold", {"train": "1", "test": "7"}, "looks like splits, but holds '1', '7'"),
    ],
)
def test_columns_that_contradict_themselves(
    tmp_path: Path, header: str, cells_of: dict[str, str], message: str
) -> None:
    rows(tmp_path, f"file,label,{header}", cells_of)
    refused = refusal(tmp_path)
    assert message in refused
    assert "--split-column none" in refused
    assert {clip.split for clip in described(tmp_path, split_columns=("none",)).clips} == {""}


@pytest.mark.parametrize("written", ["fold{}", "f{}", "Fold-0{}", "cv_{}", "{}"])
def test_folds_are_spelled_in_many_ways(tmp_path: Path, written: str) -> None:
    truth: Truth = {f"{n}.wav": (("ab"[n % 2],), f"fold{n // 2 % 3:02d}", "") for n in range(18)}
    sounds(tmp_path, truth)
    lines = [f"{n}.wav,{'ab'[n % 2]},{written.format(n // 2 % 3 + 1)}" for n in range(18)]
    text(tmp_path, "meta.csv", "file,label,fold", *lines)
    assert {f"{clip.name}.wav": clip.split for clip in described(tmp_path).clips} == {
        path: split for path, (_labels, split, _group) in truth.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    "layout", ["{split}/{label}/{n}.wav", "data/{label}/{split}/{n}.wav", "v1/{split}_set/audio/{label}/{n}.wav"]
)
def test_folders_of_any_level(tmp_path: Path, layout: str) -> None:
    truth: Truth = {
        layout.format(split=split, label=label, n=f"{label}{split}{n}"): ((label,), split, "")
        for split, count in (("train", 6), ("test", 3))
        for label in ("bark", "meow")
        for n in range(count)
    }
    sounds(tmp_path, truth)
    check(tmp_path, truth)


def test_folders_of_folds(tmp_path: Path) -> None:
    truth: Truth = {
        f"fold{fold}/{label}/{fold}{label}{n}.wav": ((label,), f"fold{fold - 1:02d}", "")
        for fold in (1, 2, 3)
        for label in ("bark", "meow")
        for n in range(2)
    }
    sounds(tmp_path, truth)
    check(tmp_path, truth)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("filelists/test.lst", "{label}/{n}.wav"),
        ("test.txt", "{label}/{n}"),
        ("testing_list.txt", "{n}.wav"),
        ("splits/test_files.csv", "data/sounds/{label}/{n}.wav"),
        ("lists/testlist01.txt", "{label}\\{n}.wav"),
        ("test.scp", "{n} {label}/{n}.wav"),
    ],
)
def test_lists_of_the_test_set(tmp_path: Path, name: str, line: str) -> None:
    truth: Truth = {}
    lines = []
    for n in range(24):
        label = ("bark", "meow")[n % 2]
        truth[f"{label}/s{n}.wav"] = ((label,), "test" if n < 6 else "train", "")
        lines += [line.format(label=label, n=f"s{n}")] if n < 6 else []
    sounds(tmp_path, truth)
    text(tmp_path, name, *lines, end="\r\n")
    check(tmp_path, truth)


def test_a_list_of_what_to_train_on_alone_is_refused(tmp_path: Path) -> None:
    paths = [f"{'ab'[n % 2]}/{n}.wav" for n in range(24)]
    sounds(tmp_path, paths)
    text(tmp_path, "train.txt", *paths[:18])
    assert "--split-column none" in refusal(tmp_path)


def test_a_list_and_folders_that_contradict_each_other(tmp_path: Path) -> None:
    paths = [f"{split}/{'ab'[n % 2]}/{split}{n}.wav" for split in ("train", "test") for n in range(12)]
    sounds(tmp_path, paths)
    text(tmp_path, "test.txt", *[path for path in paths if path.startswith("train")][:6])
    assert "the lists test.txt says train, the folders' names says test" in refusal(tmp_path)


def test_a_column_and_tables_that_contradict_each_other(tmp_path: Path) -> None:
    """A column says of a recording in the folder of the test set that it is to be trained on."""
    paths = [f"{split}/{split}{n}.wav" for split in ("train", "test") for n in range(12)]
    sounds(tmp_path, paths)
    lines = [f"{path},{'ab'[n % 2]},{('train', 'test')[n % 4 // 2]}" for n, path in enumerate(paths)]
    text(tmp_path, "meta.csv", "path,label,split", *lines)
    assert "--split-column" in refusal(tmp_path)
    dataset = described(tmp_path, split_columns=("split",))
    assert sum(clip.split == "test" for clip in dataset.clips) == 12


@pytest.mark.parametrize(
    ("name", "header", "message"),
    [
        ("extra.csv", "file,label", "the name of extra.csv contains no split"),
        ("test_final.csv", "filename;label", "delimiter"),
        ("test_final.csv", "file,class", "columns file, label and file, class"),
    ],
)
def test_a_table_is_never_lost(tmp_path: Path, name: str, header: str, message: str) -> None:
    paths = [f"{n}.wav" for n in range(60)]
    sounds(tmp_path, paths)
    lines = [f"{path},{'ab'[n % 2]}" for n, path in enumerate(paths)]
    text(tmp_path, "train.csv", "file,label", *lines[:45])
    mark = ";" if ";" in header else ","
    text(tmp_path, name, header, *(line.replace(",", mark) for line in lines[45:]))
    refused = refusal(tmp_path)
    assert f"{name} names 15 recordings that train.csv does not" in refused
    assert message in refused
    assert "--table" in refused


def test_tables_that_are_parts_are_read_as_one(tmp_path: Path) -> None:
    truth: Truth = {f"{city}/{city}{n}.wav": (("ab"[n % 2],), "", "") for city in ("oslo", "rome") for n in range(12)}
    sounds(tmp_path, truth)
    for city in ("oslo", "rome"):
        lines = [f"{path.rpartition('/')[2]},{labels[0]}" for path, (labels, *_others) in truth.items() if city in path]
        text(tmp_path, f"{city}.csv", "file,label", *lines)
    check(tmp_path, truth)


@pytest.mark.parametrize(
    ("header", "cells_of", "found"),
    [
        ("test", {"train": "nein", "test": "ja"}, "column 'test' (ja, nein)"),
        ("hearing_test", {"train": "no", "test": "yes"}, "column 'hearing_test'"),
        ("usage", {"train": "Training", "test": "PrivateTest"}, "--split-column usage"),
        ("part", {"train": "tr", "test": "tt"}, "--split-column part"),
        ("set", {"train": "train", "test": "public"}, "--split-column set"),
        ("split,official", {"train": "train,test", "test": "test,train"}, "--split-column official"),
    ],
)
def test_columns_like_splits_are_never_ignored(
    tmp_path: Path, header: str, cells_of: dict[str, str], found: str
) -> None:
    rows(tmp_path, f"file,label,{header}", cells_of)
    assert found in refusal(tmp_path)
    assert {clip.split for clip in described(tmp_path, split_columns=("none",)).clips} == {""}


def test_recordings_of_other_values_are_left_out_where_the_column_is_stated(tmp_path: Path) -> None:
    truth: Truth = {}
    for n, usage in enumerate(["train", "test", "unused"] * 8):
        truth[f"{n}.wav"] = (("ab"[n % 2],), usage, "")
    sounds(tmp_path, truth)
    lines = [f"{path},{label},{usage}" for path, ((label,), usage, _group) in truth.items()]
    text(tmp_path, "meta.csv", "file,label,usage", *lines)
    assert "--split-column usage" in refusal(tmp_path)
    kept = {path: facts for path, facts in truth.items() if facts[1] != "unused"}
    check(tmp_path, kept, split_columns=("usage",))


@pytest.mark.parametrize(
    ("header", "cells_of", "old", "new"),
    [
        ("train,test", {"train": "1,0", "test": "0,1"}, "0.wav,a,0,1", "0.wav,a,1,1"),
        ("train,test", {"train": "1,0", "test": "0,1"}, "0.wav,a,0,1", "0.wav,a,0,0"),
        ("split", {"train": "train", "test": "test"}, "0.wav,a,test", "0.wav,a,later"),
    ],
)
def test_the_written_module_reports_a_table_that_became_wrong(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], header: str, cells_of: dict[str, str], old: str, new: str
) -> None:
    rows(tmp_path, f"file,label,{header}", cells_of)
    dataset = described(tmp_path)
    table = tmp_path / "meta.csv"
    table.write_text(table.read_text().replace(f"\n{old}", f"\n{new}"))
    assert problems_of_module("my_task", tmp_path.resolve(), dataset) != []
    assert "'0': unknown split" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("layout", "outer"),
    [
        ("{0}/{1}/{2}.wav", ("train", "test", "extra")),
        ("{0}/{1}/{2}.wav", ("tr", "cv", "tt")),
        ("{0}/{1}/{2}.wav", ("data", "test")),
        ("{1}/{0}_{2}.wav", ("train", "test")),
    ],
)
@pytest.mark.parametrize("stated", [{}, {"labels_from": -1}])
def test_folders_and_file_names_like_splits_are_never_ignored(
    tmp_path: Path, layout: str, outer: tuple[str, ...], stated: dict[str, int]
) -> None:
    sounds(
        tmp_path, [layout.format(name, label, f"{label}{name}{n}") for name in outer for label in "ab" for n in "12"]
    )
    refused = refusal(tmp_path, **stated)
    is_asked_first = outer == ("data", "test") and not stated
    assert ("--labels-from" if is_asked_first else "--split-column none") in refused


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("test.txt", ("/data/DOG-8", "/data/DOG-9")),
        ("splits.json", ('{"test": ["a/1.wav"]}',)),
        ("info.json", ('{"1": "train", "2": "test"}',)),
        ("iden_split.txt", ("1 id1/1", "3 id1/2")),
        ("names.csv", ("id,subset_name", "u1,A-train", "u2,B-test")),
    ],
)
def test_lists_that_cannot_be_read_are_never_ignored(tmp_path: Path, name: str, lines: tuple[str, ...]) -> None:
    sounds(tmp_path, [f"{label}/{n}.wav" for label in "ab" for n in range(6)])
    text(tmp_path, name, *lines)
    assert name in refusal(tmp_path)
    assert {clip.split for clip in described(tmp_path, split_columns=("none",)).clips} == {""}


def test_the_split_of_a_folder_of_the_development_set(tmp_path: Path) -> None:
    sounds(
        tmp_path, [f"dev-{s}-sony/{label}/{s}{n}.wav" for s in ("train", "test") for label in "ab" for n in range(6)]
    )
    clips = described(tmp_path).clips
    assert {clip.split for clip in clips} == {"train", "test"}
    assert all(clip.split in clip.name for clip in clips)


@pytest.mark.parametrize("place", ["table", "folders"])
def test_female_speakers_are_no_folds(tmp_path: Path, place: str) -> None:
    speakers = [(f"F{number:02d}", "ab"[n % 2], n) for number in range(1, 6) for n in range(4)]
    paths = [f"{speaker}/{label}/{speaker}{n}.wav" for speaker, label, n in speakers]
    sounds(tmp_path, paths)
    if place == "table":
        lines = [f"{path},{label},{speaker}" for path, (speaker, label, _n) in zip(paths, speakers, strict=True)]
        text(tmp_path, "meta.csv", "file,label,speaker", *lines)
    clips = described(tmp_path, labels_from=2 if place == "folders" else None).clips
    assert {clip.split for clip in clips} == {""}
    assert {clip.group for clip in clips} == {speaker for speaker, _label, _n in speakers}


def test_a_column_of_splits_that_no_table_has(tmp_path: Path) -> None:
    sounds(tmp_path, [f"{label}/{n}.wav" for label in "ab" for n in range(6)])
    with pytest.raises(ConfigError, match="--split-column nonexistent: no such column"):
        described(tmp_path, split_columns=("nonexistent",))
