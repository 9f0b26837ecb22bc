"""What options state about a folder, what is certain without them, and what is asked or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from hearpreprocess.errors import ConfigError, CorpusError
from hearpreprocess.scaffold import Choices, DatasetDescription, Question, any_guess, describe, module_text
from hearpreprocess.scaffold.parts import PathPart
from tests.scaffold.own_datasets import NAMES, table, wavs


def labels_of(dataset: DatasetDescription) -> dict[str, tuple[str, ...]]:
    return {clip.name: clip.labels for clip in dataset.clips}


def folder_with(folder: Path, header: tuple[str, ...], *columns: tuple[object, ...]) -> Path:
    """A table of twelve recordings, in which the values of each column recur."""
    wavs(folder, *NAMES)
    rows = [(name, *(values[number % len(values)] for values in columns)) for number, name in enumerate(NAMES)]
    table(folder, "meta.csv", ("file", *header), *rows)
    return folder


@pytest.mark.parametrize(
    ("header", "columns", "label"),
    [
        (("label", "place"), (("a", "b"), ("x", "x", "y", "y")), "label"),
        (("comment", "sound"), (("loud", *[""] * 11), ("a", "b")), "sound"),
        (("corpus", "sound"), (("mine",), ("a", "b")), "sound"),
        (("sound", "gain"), (("a", "b"), (0.5, 1.5, 2.5)), "sound"),
        (("sound", "age"), (("a", "b"), (30, 30, 40, 40)), "sound"),
        (("sound", "sound_code"), (("a", "b"), (0, 1)), "sound"),
        (("label", "class"), (("a", "b"), (0, 1)), "label"),
        (("label", "emotion"), (("a", "b"), ("sad", "sad", "glad")), "label"),
    ],
)
def test_a_label_column_that_is_certain(
    tmp_path: Path, header: tuple[str, ...], columns: tuple[tuple[object, ...], ...], label: str
) -> None:
    dataset = describe(folder_with(tmp_path, header, *columns))
    assert dataset.labels.column == label
    unused = [column for column in header if column != label]
    assert f"columns not used: {', '.join(unused)}" in dataset.notes


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        (("comment", "title"), (("loud", *[""] * 11), tuple(NAMES))),
        (("label", "sound"), (("a", *["" for _ in range(11)]), tuple(NAMES))),
        (("label",), (("dog",),)),
        (("sound", "place"), (("a", "b"), ("x", "x", "y", "y"))),
        (("label", "category"), (("a", "b"), ("x", "x", "y", "y"))),
        (("emotion", "genre"), (("a", "b"), ("x", "x", "y", "y"))),
        (("age",), ((30, 40),)),
    ],
)
def test_labels_that_are_uncertain_are_refused_with_option_and_candidates(
    tmp_path: Path, header: tuple[str, ...], columns: tuple[tuple[object, ...], ...]
) -> None:
    with pytest.raises(CorpusError) as refused:
        describe(folder_with(tmp_path, header, *columns))
    for column in header:
        assert f"  --label-column {column}" in str(refused.value)


def test_the_option_of_a_refusal_is_taken(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, ("sound", "place"), ("a", "b"), ("x", "x", "y", "y"))
    assert describe(folder, Choices(label_columns=("place",))).label_names == ("x", "y")
    assert describe(folder, Choices(label_columns=("sound",))).label_names == ("a", "b")
    with pytest.raises(CorpusError, match="--label-column place"):
        describe(folder, ask=any_guess)


def test_columns_of_yes_and_no_can_be_stated(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, ("dog", "cat", "loud", "place"), (1, 0), (0, 1, 1), (0, 1), ("x", "x", "z"))
    assert describe(folder).labels.yes_columns == ("dog", "cat", "loud")
    assert describe(folder, Choices(label_columns=("dog", "cat"))).labels.yes_columns == ("dog", "cat")
    with pytest.raises(CorpusError, match="column 'place' holds 'z' beside yes and no"):
        describe(folder, Choices(label_columns=("dog", "place")))
    with pytest.raises(ConfigError, match="--label-column file: this column names the recordings"):
        describe(folder, Choices(label_columns=("dog", "file")))


def test_a_table_without_a_header_has_numbered_columns(tmp_path: Path) -> None:
    wavs(tmp_path, *NAMES)
    table(tmp_path, "meta.csv", *((name, "xy"[n // 2 % 2], "ab"[n % 2]) for n, name in enumerate(NAMES)))
    with pytest.raises(CorpusError, match=r"--label-column 2  2 values: x, y\n  --label-column 3  2 values: a, b"):
        describe(tmp_path)
    dataset = describe(tmp_path, Choices(label_columns=("3",), group_column="2"))
    assert (dataset.label_names, dataset.group) == (("a", "b"), 1)
    assert "row[2]" in module_text("mine", Path("/data/mine"), Path("/data"), dataset)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (
            Choices(label_columns=("colour",)),
            "--label-column colour: no such column in meta.csv; its columns: label, fold",
        ),
        (Choices(split_columns=("x",)), "--split-column x: no such column in meta.csv; its columns: label, fold"),
        (Choices(group_column="x"), "--group-column x: no such column"),
        (Choices(file_column="x"), "--file-column x: no such column; columns of meta.csv: file, label, fold"),
        (
            Choices(file_column="label"),
            "--file-column label: no recordings have the names in meta.csv; the first is 'a'",
        ),
        (Choices(tables=("other.csv",)), "--table other.csv: no such table in .*; its tables: meta.csv"),
        (
            Choices(labels_from=3),
            r"--labels-from 3: a/x/0.wav is in 2 folders; expected one of these levels:\n  --labels-from 1 \(or -2\)",
        ),
        (Choices(labels_from=0), r"--labels-from 0"),
        (Choices(groups_from=-3), r"--groups-from -3"),
        (Choices(label_field=2), "--label-field 2: 0.wav has 1 field; expected one of these:"),
        (Choices(group_field=0), "--group-field 0: 0.wav has 1 field; expected one of these:"),
        (
            Choices(task_type="event"),
            "--task-type event: meta.csv has no columns of times in seconds, .*; its columns: label, fold",
        ),
    ],
)
def test_options_that_do_not_fit_the_folder(tmp_path: Path, choices: Choices, message: str) -> None:
    names = [f"{'ab'[n % 2]}/{'xy'[n // 2 % 2]}/{name}" for n, name in enumerate(NAMES)]
    wavs(tmp_path, *names)
    table(
        tmp_path, "meta.csv", ("file", "label", "fold"), *((name, name[0], n // 2 % 3) for n, name in enumerate(names))
    )
    with pytest.raises(ConfigError, match=message):
        describe(tmp_path, choices)


@pytest.mark.parametrize(
    "choices",
    [
        {"label_columns": ("a",), "labels_from": 1},
        {"labels_from": 1, "label_field": 1},
        {"group_column": "a", "group_field": 1},
        {"groups_from": 1, "group_field": 1},
        {"split_columns": ("a", "none")},
    ],
)
def test_options_that_contradict_each_other(choices: dict) -> None:
    with pytest.raises(ConfigError, match="contradict"):
        Choices(**choices)


def two_levels(folder: Path, outer: tuple[str, ...], inner: tuple[str, ...], takes: int = 2) -> Path:
    wavs(folder, *(f"{first}/{second}/{n}.wav" for first in outer for second in inner for n in range(takes)))
    return folder


@pytest.mark.parametrize(
    ("outer", "inner", "label", "group"),
    [
        (("bark", "meow"), ("s01", "s02", "s03"), -2, -1),
        (("speaker1", "speaker2", "speaker3"), ("yes", "no"), -1, -2),
        (("0001", "0002", "0003"), ("happy", "sad"), -1, -2),
        (("audio",), ("happy", "sad"), -1, None),
    ],
)
def test_the_other_folder_level_is_the_group(
    tmp_path: Path, outer: tuple[str, ...], inner: tuple[str, ...], label: int, group: int | None
) -> None:
    dataset = describe(two_levels(tmp_path, outer, inner))
    assert dataset.layout.label == PathPart(level=label)  # type: ignore[union-attr]
    assert dataset.group == ("" if group is None else PathPart(level=group))


def test_folder_levels_that_could_both_be_labels_are_asked_for(tmp_path: Path) -> None:
    folder = two_levels(tmp_path, ("bark", "meow"), ("anna", "ben", "carl"))
    with pytest.raises(CorpusError) as refused:
        describe(folder)
    assert "  --labels-from 1  2 folders: bark, meow\n  --labels-from 2  3 folders: anna, ben, carl" in str(
        refused.value
    )
    stated = describe(folder, Choices(labels_from=1))
    assert (stated.label_names, stated.group) == (("bark", "meow"), PathPart(level=-1))
    assert describe(folder, Choices(labels_from=1, group_column="none")).group == ""


@pytest.mark.parametrize("names", [("Actor_01", "Actor_02"), ("speaker3", "speaker4"), ("s01", "s02"), ("1", "2")])
def test_folders_that_are_named_like_people_are_no_certain_labels(tmp_path: Path, names: tuple[str, ...]) -> None:
    wavs(tmp_path, *(f"{name}/x{n}.wav" for name in names for n in range(4)))
    with pytest.raises(CorpusError, match=f"--labels-from 1  2 folders: {names[0]}, {names[1]}"):
        describe(tmp_path)
    assert describe(tmp_path, Choices(labels_from=-1)).label_names == names


def test_labels_in_file_names_need_their_field(tmp_path: Path) -> None:
    names = [
        f"Actor_0{actor}/03-01-0{emotion}-0{take}-0{actor}.wav"
        for actor in (1, 2, 3)
        for emotion in (1, 2)
        for take in (1, 2)
    ]
    wavs(tmp_path, *names)
    with pytest.raises(CorpusError) as refused:
        describe(tmp_path)
    assert "  --label-field 3  2 values: 01, 02" in str(refused.value)
    dataset = describe(tmp_path, Choices(label_field=3))
    assert dataset.label_names == ("01", "02")
    assert dataset.group == PathPart(level=-1), "the folders of actors stay the groups"
    assert describe(tmp_path, Choices(label_field=3, group_field=5)).group == PathPart(field=5)


def test_a_table_gives_splits_and_groups_to_labels_of_folders(tmp_path: Path) -> None:
    names = [f"{'ab'[n % 2]}/{n}.wav" for n in range(12)]
    wavs(tmp_path, *names)
    table(
        tmp_path,
        "meta.csv",
        ("file", "fold", "speaker"),
        *((name, n // 2 % 3, f"p{n // 2}") for n, name in enumerate(names)),
    )
    dataset = describe(tmp_path)
    assert dataset.label_names == ("a", "b")
    assert dataset.label_source == "the folders' names"
    assert {clip.split for clip in dataset.clips} == {"fold00", "fold01", "fold02"}
    assert dataset.group == "speaker"


def test_times_can_be_ignored(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, ("label", "onset", "offset"), ("a", "b"), (0.0,), (0.1,))
    assert describe(folder).times is not None
    dataset = describe(folder, Choices(task_type="scene"))
    assert dataset.times is None
    assert "columns not used: onset, offset" in dataset.notes


def test_splits_and_groups_can_be_ignored(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, ("label", "fold", "speaker"), ("a", "b"), (1, 1, 1, 2, 2, 2), tuple("pppqqq"))
    assert (describe(folder).splits.column, describe(folder).group) == ("fold", "speaker")
    dataset = describe(folder, Choices(split_columns=("none",), group_column="none"))
    assert {clip.split for clip in dataset.clips} == {""}
    assert dataset.group == ""
    assert "columns not used: fold, speaker" in dataset.notes


def test_each_open_decision_is_one_question(tmp_path: Path) -> None:
    folder = folder_with(
        tmp_path,
        ("label", "fold", "speaker", "onset", "offset", "place"),
        ("a", "b"),
        (1, 1, 2, 2),
        tuple("ppqq"),
        (0,),
        (0.1,),
        ("x", "x", "y"),
    )
    asked: list[Question] = []

    def ask(question: Question) -> str:
        asked.append(question)
        return question.guess

    describe(folder, ask=ask)
    assert [question.option for question in asked] == [
        "--task-type",
        "--split-column",
        "--group-column",
        "--label-column",
    ]
    assert all(question.guess in question.answers for question in asked)
    asked.clear()
    stated = Choices(label_columns=("label",), split_columns=("fold",), group_column="speaker", task_type="event")
    describe(folder, stated, ask)
    assert asked == []


@pytest.mark.parametrize(
    ("header", "columns", "said"),
    [
        (("animal", "weather"), (("cat", "dog"), ("dry", "dry", "wet", "wet")), "--label-column animal"),
        (("animal",), (("cat", "dog"),), "'animal' could hold the labels, and as well the groups"),
        (("scene", "emotion"), (("bus", "park"), ("sad", "sad", "glad")), "--label-column emotion"),
        (("species", "sound"), (("x", "", "y", ""), ("a", "a", "b")), "'species' is named like labels, but has values"),
        (("rock", "jazz", "pop"), ((1, 0), (0, 1), (0, 1, 0.5)), "column 'pop' holds '0.5' beside yes and no"),
    ],
)
def test_columns_that_are_not_certain(
    tmp_path: Path, header: tuple[str, ...], columns: tuple[tuple[object, ...], ...], said: str
) -> None:
    with pytest.raises(CorpusError) as error:
        describe(folder_with(tmp_path, header, *columns))
    assert said in str(error.value)


def test_levels_of_words_have_no_default(tmp_path: Path) -> None:
    wavs(tmp_path, *(f"{feeling}/{name}/{n}.wav" for feeling in ("sad", "glad") for name in ("an", "bo") for n in "01"))
    with pytest.raises(CorpusError, match="--labels-from 2  2 folders: an, bo"):
        describe(tmp_path, ask=any_guess)
    dataset = describe(tmp_path, Choices(labels_from=1))
    assert dataset.label_source == "the folders' names (level 1)"
    assert str(dataset.group) == "the folders' names (level 2)"


def test_commas_in_names_and_between_tags(tmp_path: Path) -> None:
    dataset = describe(folder_with(tmp_path, ("label",), ("Rain, light", "Rain, heavy", "Wind, light")))
    assert dataset.label_names == ("Rain, heavy", "Rain, light", "Wind, light")
    dataset = describe(folder_with(tmp_path, ("label",), ("rain,wind", "wind", "rain")))
    assert dataset.label_names == ("rain", "wind")


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        (Choices(label_columns=("x",)), "--label-column x: no such column; no table"),
        (Choices(group_column="nope"), "--group-column nope: no such column; no table"),
        (Choices(file_column="x"), "--file-column x"),
        (Choices(task_type="event"), "--task-type event: "),
        (Choices(time_unit="ms"), "--time-unit ms: "),
    ],
)
def test_options_without_effect_are_refused(tmp_path: Path, choices: Choices, said: str) -> None:
    wavs(tmp_path, *(f"{label}/{n}.wav" for label in "ab" for n in range(3)))
    with pytest.raises(ConfigError) as error:
        describe(tmp_path, choices)
    assert str(error.value).startswith(said)


def test_one_column_level_or_field_is_stated_once() -> None:
    with pytest.raises(ConfigError, match="--label-column x and --group-column x"):
        Choices(label_columns=("x",), group_column="x")
    with pytest.raises(ConfigError, match="--label-field 2 and --group-field 2"):
        Choices(label_field=2, group_field=2)
    assert Choices(split_columns=("none",), group_column="none").group_column == "none"


def test_stated_groups_that_splits_divide_are_refused(tmp_path: Path) -> None:
    splits = ("train", "train", "valid", "valid", "test", "test")
    folder = folder_with(tmp_path, ("label", "split", "who"), ("a", "b"), splits, ("p", "p", "q", "p"))
    assert describe(folder, Choices(group_column="none")).group == ""
    with pytest.raises(CorpusError, match="the stated groups cannot be used"):
        describe(folder, Choices(group_column="who"))


def test_tables_that_contradict_each_other(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, ("label", "place"), ("a", "b"), ("x", "y", "y"))
    table(folder, "other.csv", ("file", "label"), *((name, "ba"[n % 2]) for n, name in enumerate(NAMES)))
    with pytest.raises(CorpusError, match="differ in column label of 12 recordings, such as 0.wav"):
        describe(folder)
    assert describe(folder, Choices(tables=("other.csv",))).tables == ("other.csv",)


def test_folders_that_contradict_the_table_are_named(tmp_path: Path) -> None:
    paths = [f"{'ab'[n % 2]}/{n}.wav" for n in range(12)]
    wavs(tmp_path, *paths)
    table(tmp_path, "meta.csv", ("file", "label"), *((path, "aabb"[n % 4]) for n, path in enumerate(paths)))
    assert any("those of 6 recordings differ, such as a/10.wav: b" in note for note in describe(tmp_path).notes)


def test_names_of_recordings_in_several_folders_are_refused(tmp_path: Path) -> None:
    wavs(tmp_path, *(f"{folder}/{name}" for folder in ("one", "two") for name in NAMES))
    table(tmp_path, "meta.csv", ("file", "label"), *((name, "ab"[n % 2]) for n, name in enumerate(NAMES)))
    with pytest.raises(CorpusError, match="recordings in one and in two"):
        describe(tmp_path)


def test_a_label_column_that_one_table_lacks(tmp_path: Path) -> None:
    wavs(tmp_path, *NAMES)
    rows = [(name, "ab"[n % 2], "xy"[n // 2 % 2]) for n, name in enumerate(NAMES)]
    table(tmp_path, "train.csv", ("file", "label", "place"), *rows[:8])
    table(tmp_path, "test.csv", ("file", "place"), *((name, place) for name, _label, place in rows[8:]))
    for choices in (Choices(), Choices(label_columns=("label",))):
        with pytest.raises((CorpusError, ConfigError), match="Use only --table train.csv"):
            describe(tmp_path, choices)
    assert describe(tmp_path, Choices(tables=("train.csv",), split_columns=("none",))).label_names == ("a", "b")


def test_tags_beyond_the_header_are_no_row_names(tmp_path: Path) -> None:
    wavs(tmp_path, *NAMES)
    rows = [f"t{n}\ts{n % 3}\t{name}\tpop\tsad" for n, name in enumerate(NAMES)]
    (tmp_path / "tags.tsv").write_text("\n".join(["TRACK\tARTIST\tPATH\tTAGS", *rows]) + "\n")
    with pytest.raises(CorpusError, match="line 2 has 5 cells, expected 4"):
        describe(tmp_path)


def test_columns_without_names_are_numbered_from_one(tmp_path: Path) -> None:
    wavs(tmp_path, *NAMES)
    table(tmp_path, "meta.csv", *((name, "ab"[n % 2]) for n, name in enumerate(NAMES)))
    assert describe(tmp_path).label_source == "column 2"
