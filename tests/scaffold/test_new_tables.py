"""What `hearpreprocess new` takes from tables that name the recordings."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import User
from tests.extent import first_fast
from tests.scaffold.own_datasets import NAMES, again, alternating, begun, labels_of, table, wavs, written


def test_a_path_in_a_table_is_that_path(user: User) -> None:
    names = [f"{number}.wav" for number in range(12)]
    wavs(user.folder / "mine", *(f"clips/{name}" for name in names), *(f"denoised/{name}" for name in names))
    rows = [(f"clips/{name}", "ab"[number % 2]) for number, name in enumerate(names)]
    table(user.folder / "mine", "meta.csv", ("path", "label"), *rows)
    _said, clips = begun(user)
    assert {file: facts["labels"] for file, facts in clips.items()} == {
        name: ["ab"[number % 2]] for number, name in enumerate(names)
    }
    assert 'recordings.member(row["path"].strip())' in (user.folder / "my_task.py").read_text()


def test_names_that_repeat_in_several_folders_are_told_apart(user: User) -> None:
    names = [f"r{folder}/{number}.wav" for folder in range(3) for number in range(8)]
    wavs(user.folder / "mine", *names)
    rows = [(name, f"c{number % 2}") for number, name in enumerate(names)]
    table(user.folder / "mine", "labels.csv", ("path", "label"), *rows)
    said, clips = begun(user)
    assert "column 'label' of labels.csv: c0, c1" in said
    assert len(clips) == 24
    assert clips["r1_0_wav.wav"]["labels"] == ["c0"]


def test_dots_in_names_are_no_suffixes(user: User) -> None:
    wavs(user.folder / "mine", *(f"rec{number}{dot}.wav" for number in range(6) for dot in ("", ".1")))
    rows = [(f"rec{number}{dot}", "ab"[number % 2]) for dot in (".1", "") for number in range(6)]
    table(user.folder / "mine", "meta.csv", ("name", "label"), *rows)
    _said, clips = begun(user)
    assert clips["rec0.1.wav"]["labels"] == ["a"]
    assert len(clips) == 12


def test_a_comma_inside_a_label_does_not_divide_it(user: User) -> None:
    wavs(user.folder / "mine", *(f"{number}.wav" for number in range(12)))
    labels = ("Dog, big", "Cat", "Bird; small")
    rows = [(f"{number}.wav", labels[number % 3]) for number in range(12)]
    table(user.folder / "mine", "meta.csv", ("file", "label"), *rows)
    said, clips = begun(user)
    assert "several in a cell" not in said
    assert {tuple(facts["labels"]) for facts in clips.values()} == {(label,) for label in labels}


def test_rows_without_a_label_or_a_file_are_told(user: User) -> None:
    wavs(user.folder / "mine", *(f"{number}.wav" for number in range(12)))
    rows = [(f"{number}.wav", "" if number == 3 else "ab"[number % 2]) for number in range(14)]
    table(user.folder / "mine", "meta.csv", ("file", "label"), *rows)
    said, clips = begun(user)
    assert "rows of meta.csv that name no recording, or several of the same name: 2" in said
    assert "rows of meta.csv without a label, left out: 1" in said
    assert len(clips) == 11


LINES = [f"{name};{'ü' if number % 2 else 'b'}" for number, name in enumerate(NAMES)]


AS_EXCEL_WRITES_THEM = {
    "latin": ("\r\n".join(["file;label", *LINES]), "cp1252"),
    "utf-16": ("\r\n".join(["file;label", *LINES]), "utf-16"),
    "sep": ("\r\n".join(["sep=;", "file;label", *LINES]), "utf-8-sig"),
    "no names": ("\n".join(LINES), "utf-8"),
    "bom": ("\n".join(["file;label", *LINES]), "utf-8-sig"),
}


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=() if kind in ("utf-16", "sep") else pytest.mark.slow) for kind in AS_EXCEL_WRITES_THEM],
)
def test_tables_are_read_as_excel_writes_them(user: User, kind: str) -> None:
    wavs(user.folder / "mine", *NAMES)
    written(user.folder / "mine", "meta.csv", *AS_EXCEL_WRITES_THEM[kind])
    _said, clips = begun(user)
    assert labels_of(clips) == {name: ["bü"[number % 2]] for number, name in enumerate(NAMES)}


def test_a_table_that_is_passed_over_is_named_with_the_reason(user: User) -> None:
    wavs(user.folder / "mine", *NAMES)
    written(user.folder / "mine", "meta.csv", "file,label\n0.wav,a\n1.wav,b,c\n")
    said, _clips = begun(user, expected=2)
    assert "meta.csv cannot be read as a table: line 3 has 3 cells, expected 2 as in line 1: '1.wav', 'b', 'c'" in said
    written(user.folder / "mine", "meta.csv", "x,y\np,a\nq,b,c\n")
    said, _clips = begun(user, expected=2)
    assert "note: meta.csv cannot be read as a table: line 3 has 3 cells" in said
    written(user.folder / "mine", "meta.csv", "file,label\nx.wav,a\ny.wav,b\n")
    said, _clips = begun(user, expected=2)
    assert "note: meta.csv: not used; it names no recording" in said


def test_paths_of_windows_are_paths(user: User) -> None:
    wavs(user.folder / "mine", *(f"audio/{name}" for name in NAMES))
    rows = [(f"audio\\{name}", "ab"[number % 2]) for number, name in enumerate(NAMES)]
    table(user.folder / "mine", "meta.csv", ("path", "label"), *rows)
    _said, clips = begun(user)
    assert len(clips) == 12


def test_folders_of_splits_hold_beside_a_table(user: User) -> None:
    names = [f"{split}/{split}{number}.wav" for split in ("train", "test") for number in range(30)]
    wavs(user.folder / "mine", *names)
    rows = [(name.rpartition("/")[2], "ab"[number % 2]) for number, name in enumerate(names)]
    table(user.folder / "mine", "meta.csv", ("name", "label"), *rows)
    said, clips = begun(user)
    assert "given by the folders' names; valid drawn from train" in said
    assert all((facts["split"] == "test") == file.startswith("test") for file, facts in clips.items())


def test_a_table_for_each_split_is_read_with_the_others(user: User) -> None:
    """As FSD50K has it: a table with a column of splits, and one that is a split."""
    folder = user.folder / "mine"
    wavs(folder, *(f"dev_audio/{number}.wav" for number in range(20)), *(f"eval_audio/9{n}.wav" for n in range(8)))
    dev = [(number, "x,y" if number % 2 else "x", "val" if number < 6 else "train") for number in range(20)]
    table(folder, "dev.csv", ("fname", "labels", "split"), *dev)
    table(folder, "eval.csv", ("fname", "labels"), *((f"9{number}", ("x", "y,x")[number % 2]) for number in range(8)))
    said, clips = begun(user)
    assert "given by the tables' names and column 'split'" in said
    assert {file for file, facts in clips.items() if facts["split"] == "test"} == {f"9{n}.wav" for n in range(8)}
    assert {file for file, facts in clips.items() if facts["split"] == "valid"} == {f"{n}.wav" for n in range(6)}
    assert sorted(clips["91.wav"]["labels"]) == ["x", "y"]


def test_tables_that_are_splits_are_read_together(user: User) -> None:
    folder = user.folder / "mine"
    wavs(folder, *(f"{number}.wav" for number in range(40)))
    rows = alternating(40)
    table(folder, "train.csv", ("file", "label"), *rows[:30])
    table(folder, "test.csv", ("file", "label"), *rows[30:])
    said, clips = begun(user)
    assert "given by the tables' names; valid drawn from train" in said
    assert sum(facts["split"] == "test" for facts in clips.values()) == 10
    assert len(clips) == 40


def test_times_make_an_event_task(user: User) -> None:
    wavs(user.folder / "mine", *NAMES)
    rows = [(name, label, start, start + 0.1) for name in NAMES for label, start in (("a", 0.05), ("b", 0.15))]
    table(user.folder / "mine", "events.csv", ("filename", "event_label", "onset", "offset"), *rows)
    said, clips = begun(user)
    assert "events       from column 'onset' to column 'offset', in seconds" in said
    events = clips["3.wav"]["labels"]
    assert [(event["label"], round(event["start"]), round(event["end"])) for event in events] == [
        ("a", 50, 150),
        ("b", 150, 250),
    ]


def test_columns_of_yes_and_no_are_labels(user: User) -> None:
    wavs(user.folder / "mine", *NAMES)
    rows = [(name, number % 2, int(number % 3 == 0)) for number, name in enumerate(NAMES)]
    table(user.folder / "mine", "meta.csv", ("file", "low", "high"), *rows)
    said, clips = begun(user)
    assert "2 from yes/no columns in meta.csv: high, low" in said
    assert sorted(clips["3.wav"]["labels"]) == ["high", "low"]
    assert "2.wav" not in clips, "it has no label"
    assert "without a label, left out: 4" in said


def test_rare_labels_among_several_leave_the_others(user: User) -> None:
    wavs(user.folder / "mine", *NAMES)
    rows = [(name, "a;yeti" if number == 3 else "a;b" if number % 2 else "b") for number, name in enumerate(NAMES)]
    table(user.folder / "mine", "meta.csv", ("file", "labels"), *rows)
    _said, clips = begun(user)
    assert clips["3.wav"]["labels"] == ["a"]


def test_labels_that_a_given_split_lacks_are_left_out(user: User) -> None:
    wavs(user.folder / "mine", *NAMES)
    labels = "abcabcabcaba"
    rows = [(name, labels[number], 1 + number // 3) for number, name in enumerate(NAMES)]
    table(user.folder / "mine", "meta.csv", ("file", "label", "fold"), *rows)
    said, clips = begun(user)
    assert "4 folds, given" in said
    assert {label for facts in clips.values() for label in facts["labels"]} == {"a", "b"}


def test_a_group_that_the_given_splits_divide_is_none(user: User) -> None:
    wavs(user.folder / "mine", *NAMES)
    rows = [(*row, 1 + number // 4, ("george", "lucas")[number // 2 % 2]) for number, row in enumerate(alternating(12))]
    table(user.folder / "mine", "meta.csv", ("file", "label", "fold", "speaker"), *rows)
    said, _clips = begun(user)
    assert "groups not used: 2 of 2 in column 'speaker' are in several given splits, such as george" in said
    assert "\ngroups  " not in said


def test_each_table_names_recordings_of_its_own_folder(user: User) -> None:
    names = [f"{number}.wav" for number in range(16)]
    wavs(user.folder / "mine", *(f"{split}/{name}" for split in ("train", "test") for name in names))
    table(user.folder / "mine", "train.csv", ("file", "label"), *[(name, "ab"[n % 2]) for n, name in enumerate(names)])
    table(user.folder / "mine", "test.csv", ("file", "label"), *[(name, "ba"[n % 2]) for n, name in enumerate(names)])
    _said, clips = begun(user)
    assert clips["train_0_wav.wav"]["labels"] == ["a"]
    assert clips["test_0_wav.wav"]["labels"] == ["b"]
    assert all((facts["split"] == "test") == file.startswith("test") for file, facts in clips.items())


def test_blank_cells_among_several_labels_are_no_labels(user: User) -> None:
    wavs(user.folder / "mine", *NAMES)
    cells = ["a;b", "b;", "", "a", "b;yeti", "a", "b", "a;b", "b", "a", "a;b", "b"]
    table(user.folder / "mine", "meta.csv", ("file", "labels"), *zip(NAMES, cells, strict=True))
    _said, clips = begun(user)
    assert labels_of(clips) == {
        name: [part for part in cell.split(";") if part not in ("", "yeti")]
        for name, cell in zip(NAMES, cells, strict=True)
        if cell
    }


def test_events_without_a_label_are_left_out(user: User) -> None:
    wavs(user.folder / "mine", *NAMES)
    rows = [(name, "ab"[n % 2] if n % 4 else "", 0.05, 0.1) for n, name in enumerate(NAMES)]
    table(user.folder / "mine", "events.csv", ("file", "label", "onset", "offset"), *rows)
    said, clips = begun(user)
    assert len(clips) == 9
    assert "without a label, left out: 3" in said


def test_a_blank_group_is_none(user: User) -> None:
    wavs(user.folder / "mine", *NAMES)
    rows = [(name, "ab"[n % 2], f"s{n // 2}" if n < 8 else "") for n, name in enumerate(NAMES)]
    table(user.folder / "mine", "meta.csv", ("file", "label", "speaker"), *rows)
    said, clips = begun(user)
    assert [facts.get("group") for facts in clips.values()].count(None) == 4
    assert "recordings without a speaker, each its own group: 4" in said
    table(user.folder / "mine", "meta.csv", ("file", "label", "speaker"), *[(*row[:2], "") for row in rows])
    said, _clips = again(user)
    assert "groups" not in said


def test_columns_that_pandas_names_differently(user: User) -> None:
    wavs(user.folder / "mine", *NAMES)
    table(user.folder / "mine", "meta.csv", ("", "label"), *alternating(12))
    _said, clips = begun(user)
    assert labels_of(clips) == {name: ["ab"[number % 2]] for number, name in enumerate(NAMES)}
    twice = [(*row, "cd"[number % 2]) for number, row in enumerate(alternating(12))]
    table(user.folder / "mine", "meta.csv", ("file", "label", "label"), *twice)
    said, _clips = again(user, expected=2)
    assert "meta.csv cannot be read as a table: two of its columns have the same name" in said


def test_splits_are_known_by_their_values(user: User) -> None:
    wavs(user.folder / "mine", *(f"{number}.wav" for number in range(40)))
    lines = [f"{number}.wav,{'ab'[number % 2]},{'train' if number < 30 else 'test'}" for number in range(40)]
    written(user.folder / "mine", "meta.csv", "\n".join(lines))
    _said, clips = begun(user)
    assert sum(facts["split"] == "test" for facts in clips.values()) == 10


def test_one_recording_is_no_corpus_of_events(user: User) -> None:
    wavs(user.folder / "mine", "a.wav")
    rows = [("a.wav", "x", 0, 0.1), ("a.wav", "y", 0, 0.1)]
    table(user.folder / "mine", "e.csv", ("file", "label", "onset", "offset"), *rows)
    said, _clips = begun(user, expected=2)
    assert "1 group of recordings cannot be divided into folds" in said


def test_a_table_in_each_folder_of_a_split_is_read(user: User) -> None:
    for split, count in (("train", 30), ("test", 12)):
        wavs(user.folder / "mine", *(f"{split}/{split}{number}.wav" for number in range(count)))
        rows = [(f"{split}{number}.wav", "ab"[number % 2]) for number in range(count)]
        table(user.folder / "mine" / split, "labels.csv", ("file", "label"), *rows)
    _said, clips = begun(user)
    assert len(clips) == 42
    assert all((facts["split"] == "test") == file.startswith("test") for file, facts in clips.items())


@pytest.mark.parametrize(
    "column", first_fast(["Speaker ID", "SpeakerID", "subject", "client_id", "Participant (id)"], 1)
)
def test_a_speaker_is_known_by_many_names(user: User, column: str) -> None:
    wavs(user.folder / "mine", *NAMES)
    rows = [(*row, f"s{number // 2}") for number, row in enumerate(alternating(12))]
    table(user.folder / "mine", "meta.csv", ("file", "label", column), *rows)
    said, clips = begun(user)
    assert f"groups       column '{column}'" in said
    assert {facts["group"] for facts in clips.values()} == {f"s{number}" for number in range(6)}


@pytest.mark.parametrize(("yes", "no"), first_fast([("yes", "no"), ("TRUE", "FALSE"), ("x", ""), ("1.0", "0.0")], 1))
def test_yes_and_no_are_written_in_many_ways(user: User, yes: str, no: str) -> None:
    wavs(user.folder / "mine", *NAMES)
    rows = [(name, yes if n % 2 else no, no if n % 2 else yes) for n, name in enumerate(NAMES)]
    table(user.folder / "mine", "meta.csv", ("file", "low", "high"), *rows)
    _said, clips = begun(user)
    assert labels_of(clips) == {name: ["low" if n % 2 else "high"] for n, name in enumerate(NAMES)}


def test_times_as_excel_writes_them_in_german(user: User) -> None:
    wavs(user.folder / "mine", *NAMES)
    lines = [f"{name};0,{1 + n % 2};0,{2 + n % 2};{'ab'[n % 2]}" for n, name in enumerate(NAMES)]
    written(user.folder / "mine", "meta.csv", "\r\n".join(["Datei;Onset (s);Offset (s);Label", *lines]))
    said, clips = begun(user)
    assert "events " in said
    assert round(clips["1.wav"]["labels"][0]["start"]) == 200
    assert max(map(len, (user.folder / "my_task.py").read_text().splitlines())) <= 110


def test_events_may_have_durations_in_place_of_ends(user: User) -> None:
    wavs(user.folder / "mine", *NAMES)
    rows = [(name, "ab"[number % 2], 0.1, 0.05) for number, name in enumerate(NAMES)]
    table(user.folder / "mine", "events.csv", ("filename", "label", "start", "duration"), *rows)
    said, clips = begun(user)
    assert "events       from column 'start', as long as column 'duration', in seconds" in said
    assert [(each["start"], each["end"]) for each in clips["0.wav"]["labels"]] == [(100.0, 150.0)]


def test_times_beyond_the_recordings_are_events_only_in_another_unit(user: User) -> None:
    wavs(user.folder / "mine", *NAMES)
    rows = [(name, 7.5 * number, 7.5 * number + 0.1, "ab"[number % 2]) for number, name in enumerate(NAMES)]
    table(user.folder / "mine", "slices.csv", ("file", "start", "end", "class"), *rows)
    said, _clips = begun(user, expected=2)
    assert "annotations end after the end of their recording: 11" in said
    assert "--time-unit" in said
    as_scene = user.run("new", "my_task", "mine", "--task-type", "scene")
    assert as_scene.returncode == 0, as_scene.stderr
    assert "labels       2 from column 'class' of slices.csv: a, b" in as_scene.stdout


def test_labels_as_pandas_writes_lists_of_them(user: User) -> None:
    wavs(user.folder / "mine", *NAMES)
    tags = (["a, b", "c"], ["c"], ["a, b"], [])
    table(user.folder / "mine", "tags.csv", ("file", "tags"), *((name, tags[n % 4]) for n, name in enumerate(NAMES)))
    said, clips = begun(user)
    assert "2 from column 'tags' of tags.csv, several in a cell, written as lists: a, b, c" in said
    assert "rows of tags.csv without a label, left out: 3" in said
    assert labels_of(clips) == {name: tags[n % 4] for n, name in enumerate(NAMES) if n % 4 < 3}


@pytest.mark.parametrize("splits", [("train", "test"), ("0", "1")])
def test_a_recording_without_a_split_among_others_is_left_out(user: User, splits: tuple[str, str]) -> None:
    names = [f"{number}.wav" for number in range(40)]
    wavs(user.folder / "mine", *names)
    rows = [(name, "ab"[n % 2], "" if n == 7 else splits[n // 2 % 2]) for n, name in enumerate(names)]
    table(user.folder / "mine", "meta.csv", ("file", "label", "split"), *rows)
    said, clips = begun(user)
    assert "recordings of meta.csv without a split, left out: 1" in said
    assert len(clips) == 39
    assert "7.wav" not in clips


def test_a_group_that_is_one_with_its_label_is_none(user: User) -> None:
    wavs(user.folder / "mine", *NAMES)
    rows = [(name, "ab"[number % 2], f"speaker{number % 2}") for number, name in enumerate(NAMES)]
    table(user.folder / "mine", "meta.csv", ("file", "label", "speaker"), *rows)
    said, _clips = begun(user, expected=2)
    assert "clips of one group are in several splits: --group-column none" in said
    assert user.run("new", "my_task", "mine", "--group-column", "none").returncode == 0


@pytest.mark.parametrize(
    ("cell", "labels"),
    first_fast(
        [
            ("['a' 'b']", ["a", "b"]),
            ("[\"a, c\", 'b']", ["a, c", "b"]),
            ("{'b', 'a'}", ["a", "b"]),
            ("('a', 'b')", ["a", "b"]),
            ("[1, 2]", ["1", "2"]),
        ],
        2,
    ),
)
def test_lists_are_written_in_many_ways(user: User, cell: str, labels: list[str]) -> None:
    wavs(user.folder / "mine", *NAMES)
    rows = [(name, "nan" if number == 5 else cell) for number, name in enumerate(NAMES)]
    table(user.folder / "mine", "tags.csv", ("file", "tags"), *rows)
    said, clips = begun(user)
    assert "rows of tags.csv without a label, left out: 1" in said
    assert {tuple(sorted(found)) for found in labels_of(clips).values()} == {tuple(sorted(labels))}


def test_an_event_after_the_end_of_its_recording_makes_no_clip_longer(user: User) -> None:
    wavs(user.folder / "mine", *NAMES)
    rows = [(name, "ab"[n % 2], *((100, 101) if n == 0 else (0.1, 0.2))) for n, name in enumerate(NAMES)]
    table(user.folder / "mine", "events.csv", ("file", "label", "onset", "offset"), *rows)
    said, clips = begun(user)
    assert "duration     0.3 s" in said
    assert "recordings without an event before the end of the clip, left out: 1" in said
    assert "0.wav" not in clips
    assert len(clips) == 11


@pytest.mark.parametrize("blank", [("", "", ""), ("", "0.1", "0.2"), ("a", "", "")])
def test_blanks_among_events_are_no_events(user: User, blank: tuple[str, str, str]) -> None:
    wavs(user.folder / "mine", *NAMES)
    rows = [(name, "ab"[n % 2], 0.05, 0.1) for n, name in enumerate(NAMES)] + [("0.wav", *blank), ("1.wav", *blank)]
    table(user.folder / "mine", "events.csv", ("file", "label", "onset", "offset"), *rows[1:])
    said, clips = begun(user)
    what = "without a label, left out" if blank[1] else "without times, not used"
    assert f"rows of events.csv {what}: 2" in said
    assert len(clips) == 11, "the first recording has nothing but a blank"
    is_formatted = ["ruff", "format", "--check", "--line-length", "100", "my_task.py"]
    subprocess.run([sys.executable, "-m", *is_formatted], cwd=user.folder, check=True)
    assert len(clips["1.wav"]["labels"]) == 1


def test_times_that_are_no_seconds_are_told(user: User) -> None:
    wavs(user.folder / "mine", *NAMES)
    rows = [(name, "ab"[n % 2], "first", "second") for n, name in enumerate(NAMES)]
    table(user.folder / "mine", "events.csv", ("file", "label", "onset", "offset"), *rows)
    said, _clips = begun(user)
    assert "'onset' and 'offset' are not used as times of events: 'first' is not a number of seconds" in said


def test_times_of_a_clock_after_the_end_of_the_recordings_are_refused(user: User) -> None:
    wavs(user.folder / "mine", *NAMES)
    rows = [(name, "ab"[n % 2], "00:01", "00:02") for n, name in enumerate(NAMES)]
    table(user.folder / "mine", "events.csv", ("file", "label", "onset", "offset"), *rows)
    said, _clips = begun(user, expected=2)
    assert "0.wav: lasts 0.3 s, an event ends at 2 s" in said


def test_a_duration_tells_of_events_whatever_their_label_is_called(user: User) -> None:
    names = [f"day{number % 2}/{number}.wav" for number in range(12)]
    wavs(user.folder / "mine", *names)
    rows = [(name, 0.1, 0.1, "ab"[n // 2 % 2]) for n, name in enumerate(names)]
    table(user.folder / "mine", "events.csv", ("file", "onset", "duration", "sound"), *rows)
    said, _clips = begun(user)
    assert "labels       2 from column 'sound' of events.csv: a, b" in said


@pytest.mark.parametrize("is_in_both", [True, False])
def test_tables_that_are_splits_have_no_folds(user: User, is_in_both: bool) -> None:
    wavs(user.folder / "mine", *(f"{number}.wav" for number in range(60)))
    rows = [(f"{number}.wav", "ab"[number % 2], number // 2 % 3) for number in range(60)]
    table(user.folder / "mine", "train.csv", ("file", "label", "fold"), *rows[:40])
    columns = slice(None) if is_in_both else slice(2)
    table(user.folder / "mine", "test.csv", ("file", "label", "fold")[columns], *(row[columns] for row in rows[40:]))
    said, clips = begun(user)
    assert "column 'fold' is not used: the tables' names are the splits" in said
    assert {facts["split"] == "test" for file, facts in clips.items() if int(file.partition(".")[0]) >= 40} == {True}


def test_names_that_two_files_share_are_nobodys(user: User) -> None:
    wavs(user.folder / "mine", "d0/x.wav", "d1/x.wav", *(f"d{n % 2}/{n}.wav" for n in range(12)))
    rows = [(f"{n}.wav", "ab"[n // 2 % 2]) for n in range(12)] + [("x.wav", "a")]
    table(user.folder / "mine", "meta.csv", ("file", "label"), *rows)
    said, clips = begun(user)
    assert "rows of meta.csv that name no recording, or several of the same name: 1" in said
    assert "x.wav" not in clips
    assert len(clips) == 12


@pytest.mark.parametrize("written_as", first_fast(["{}.0", "fold{}", "Fold {}", "{}"], 1))
def test_folds_are_written_in_many_ways(user: User, written_as: str) -> None:
    wavs(user.folder / "mine", *NAMES)
    rows = [(name, "ab"[n % 2], written_as.format(1 + n // 2 % 3)) for n, name in enumerate(NAMES)]
    table(user.folder / "mine", "meta.csv", ("file", "label", "fold"), *rows)
    said, clips = begun(user)
    assert "splits       3 folds, given by column 'fold'" in said
    assert clips["0.wav"]["split"] == "fold00"
    assert clips["2.wav"]["split"] == "fold01"


def test_a_speaker_may_be_called_as_the_recording(user: User) -> None:
    wavs(user.folder / "mine", *NAMES)
    rows = [(name, "ab"[n % 2], str(n)) for n, name in enumerate(NAMES)]
    table(user.folder / "mine", "meta.csv", ("file", "label", "speaker"), *rows)
    said, _clips = begun(user)
    assert "recordings without a speaker" not in said


def test_splits_within_one_recording_are_told(user: User) -> None:
    wavs(user.folder / "mine", *NAMES)
    parts = ((0.0, 0.1, "a", "train"), (0.1, 0.2, "b", "test"))
    rows = [(name, *part) for name in NAMES for part in parts]
    table(user.folder / "mine", "meta.csv", ("file", "start", "end", "label", "split"), *rows)
    said = user.run("new", "my_task", "mine")
    assert "0.wav is in several splits (test and train) according to column 'split'" in said.stdout + said.stderr


def test_names_of_several_folders_are_told(user: User) -> None:
    wavs(user.folder / "mine", *(f"{folder}/{name}" for folder in "AB" for name in NAMES))
    table(user.folder / "mine", "meta.csv", ("file", "label"), *((name, "ab"[n % 2]) for n, name in enumerate(NAMES)))
    said, _clips = begun(user, expected=2)
    assert "its names are those of recordings in A and in B, such as A/0.wav and B/0.wav" in said


def test_few_folds_and_what_is_not_read_are_told(user: User) -> None:
    wavs(user.folder / "mine", *NAMES)
    written(user.folder / "mine", "notes.json", "{}")
    rows = [(name, "rare" if n < 2 else "ab"[n % 2]) for n, name in enumerate(NAMES)]
    table(user.folder / "mine", "meta.csv", ("file", "label"), *rows)
    said, _clips = begun(user)
    assert "2 folds instead of 5: label rare is in only 2 recordings" in said
    assert "notes.json is not read; save it as csv if it has labels" in said
