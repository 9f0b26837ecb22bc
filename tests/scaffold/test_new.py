"""`hearpreprocess new` on folders as people have them, and what becomes of the modules that it writes."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hearpreprocess.synthetic import archives
from tests import toys
from tests.conftest import User
from tests.scaffold.own_datasets import NAMES, alternating, begun, table, wavs


def test_suffixes_of_any_case_are_found(user: User) -> None:
    names = [f"{label}/{number}.{'wav' if number % 2 else 'WAV'}" for label in "ab" for number in range(8)]
    wavs(user.folder / "mine", *names)
    said, clips = begun(user)
    assert "16 (**/*.WAV, **/*.wav)" in said
    assert len(clips) == 16


def test_a_development_set_without_a_train_set_is_trained_on(user: User) -> None:
    splits = ("dev", "eval")
    wavs(user.folder / "mine", *(f"{split}/{label}/{n}.wav" for split in splits for label in "ab" for n in range(20)))
    _said, clips = begun(user)
    assert {facts["split"] for facts in clips.values()} == {"train", "valid", "test"}
    assert all((facts["split"] == "test") == file.startswith("eval") for file, facts in clips.items())


def test_equal_names_below_two_parents_are_two_clips(user: User) -> None:
    wavs(user.folder / "mine", *(f"s{parent}/{label}/{n}.wav" for parent in (1, 2) for label in "ab" for n in range(4)))
    said, clips = begun(user)
    assert len(clips) == 16
    assert "groups       the folders' names (level 1)" in said, "s1 and s2 are named like speakers or sessions"
    assert {facts["group"] for facts in clips.values()} == {"s1", "s2"}


def test_events_that_run_backward_are_refused_before_a_module_is_written(user: User) -> None:
    wavs(user.folder / "mine", *(f"{number}.wav" for number in range(6)))
    rows = [(f"{number}.wav", "ab"[number % 2], 0.2, 0.1) for number in range(6)]
    table(user.folder / "mine", "meta.csv", ("file", "label", "onset", "offset"), *rows)
    said, _clips = begun(user, expected=2)
    assert "need 0 s <= start <= end (meta.csv, line 2; meta.csv, line 3" in said
    assert not (user.folder / "my_task.py").exists()


def test_labels_of_one_recording_each_are_no_task(user: User) -> None:
    wavs(user.folder / "mine", *(f"label{number}/{number}.wav" for number in range(5)))
    said, _clips = begun(user, expected=2)
    assert "fewer than 2 of 5 labels are in enough recordings" in said
    assert "(not label0, label1" in said
    assert "note: labels: the folders' names" in said


def test_a_name_that_is_taken_is_refused(user: User) -> None:
    wavs(user.folder / "mine", "a/1.wav", "b/1.wav")
    for name in ("json", "esc50", "numpy"):
        refused = user.run("new", name, "mine")
        assert refused.returncode == 2
        assert "is taken" in refused.stderr
    for name in ("class", "größe", "2nd", "my-task"):
        refused = user.run("new", name, "mine")
        assert refused.returncode == 2
        assert "invalid task name" in refused.stderr
    assert not list(user.folder.glob("*.py"))


def folder_per_label(folder: Path) -> None:
    for label in ("bark", "meow"):
        for number in range(6):
            archives.write_files(folder, "", [(f"{label}/{number}.wav", toys.wav(f"{label}{number}", 0.5))])


def given_splits(folder: Path) -> None:
    for split, count in (("Train", 6), ("val", 2), ("test", 2)):
        for label in ("bark", "meow"):
            names = [f"{split}/{label}/{split}{number}.wav" for number in range(count)]
            archives.write_files(folder, "", [(name, toys.wav(name, 0.5)) for name in names])


def table_with_splits(folder: Path) -> None:
    rows = [(f"sounds/{number}.wav", ("bark", "meow")[number % 2], 1 + number // 2 % 3) for number in range(18)]
    archives.write_files(folder, "", [(name, toys.wav(name, 0.5)) for name, _label, _fold in rows])
    with (folder / "meta.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("filename", "label", "fold"), *rows])


def table_of_tags(folder: Path) -> None:
    tags = ("loud, inside", "quiet, inside", "loud", "quiet, outside", "outside, loud", "inside")
    rows = [(str(number), tags[number % len(tags)], f"speaker{number // 2}") for number in range(30)]
    archives.write_files(folder, "", [(f"{name}.flac.wav", toys.wav(name, 0.5)) for name, _tags, _speaker in rows])
    with (folder / "tags.tsv").open("w", newline="") as file:
        writer = csv.writer(file, delimiter="\t")
        writer.writerows([("file", "tags", "speaker"), *((f"{name}.flac.wav", *others) for name, *others in rows)])


@pytest.mark.parametrize(
    ("make", "told", "splits"),
    [
        (folder_per_label, ["2 from the folders' names: bark, meow", "5 folds, drawn"], 5),
        pytest.param(
            given_splits, ["2 from the folders' names", "given by the folders' names"], 3, marks=pytest.mark.slow
        ),
        pytest.param(
            table_with_splits,
            ["2 from column 'label' of meta.csv", "3 folds, given by column 'fold'"],
            3,
            marks=pytest.mark.slow,
        ),
        pytest.param(
            table_of_tags,
            ["4 from column 'tags' of tags.tsv", "separated by ','", "groups       column 'speaker'"],
            5,
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_dataset_of_ones_own(user: User, make: Callable[[Path], None], told: list[str], splits: int) -> None:
    make(user.folder / "mine")
    begun = user.run("new", "my_task", "mine")
    assert begun.returncode == 0, begun.stderr
    for text in told:
        assert text in begun.stdout
    checked = user.run("check", "./my_task.py")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "No problems found." in checked.stdout
    finished = user.run("./my_task.py", "--sample-rates", 8000)
    assert finished.returncode == 0, finished.stderr
    task = user.folder / "out" / "tasks" / "my_task-v1-full"
    assert len(list((task / "8000").iterdir())) == splits
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "test_my_task.py"], cwd=user.folder, capture_output=True, text=True
    )
    assert tested.returncode == 0, tested.stdout
    verified = user.run("verify", task, "--task", "my_task.py")
    assert verified.returncode == 0, verified.stdout
    again = user.run("new", "my_task", "mine")
    assert again.returncode == 2
    assert "already exists" in again.stderr


def test_folders_of_which_nothing_can_be_guessed(user: User) -> None:
    (user.folder / "empty").mkdir()
    assert "contains no files" in user.run("new", "mine", "empty").stderr
    (user.folder / "empty" / "notes.txt").write_text("x")
    assert "no recordings found" in user.run("new", "mine", "empty").stderr
    archives.write_files(user.folder / "flat", "", [("a.wav", toys.wav("a"))])
    assert "cannot tell the labels" in user.run("new", "mine", "flat").stderr
    assert "invalid task name" in user.run("new", "my-task", "flat").stderr
    assert "no such directory" in user.run("new", "mine", "nowhere").stderr
    assert not list(user.folder.glob("*.py"))


def test_rare_labels_are_left_out_and_told(user: User) -> None:
    wavs(user.folder / "mine", *NAMES, "rare.wav")
    table(user.folder / "mine", "meta.csv", ("file", "label"), *alternating(12), ("rare.wav", "yeti"))
    said, clips = begun(user)
    assert "1 label would not be in every split (yeti)" in said
    assert "rare.wav" not in clips
    assert len(clips) == 12


def test_three_recordings_a_label_are_enough(user: User) -> None:
    wavs(user.folder / "mine", *(f"label{number}/{take}.wav" for number in range(10) for take in range(3)))
    said, clips = begun(user)
    assert len(clips) == 30
    assert "folds, drawn so that each holds every label" in said


@pytest.mark.parametrize(
    "label",
    ['quo"te', "back\\slash", *(pytest.param(label, marks=pytest.mark.slow) for label in ("ünï", "a'b", "{x}", "%s"))],
)
def test_what_is_written_is_python_as_ruff_formats_it(user: User, label: str) -> None:
    wavs(user.folder / "mine", *NAMES)
    rows = [(name, label if number % 2 else "other", number // 2) for number, name in enumerate(NAMES)]
    table(user.folder / "mine", f"m{label[0]}.csv", ("file", label, "speaker"), *rows)
    _said, clips = begun(user)
    assert {facts["labels"][0] for facts in clips.values()} == {label, "other"}
    for command in (["format", "--check"], ["check", "--select", "E,F,I", "--line-length", "120"]):
        looked = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", "my_task.py", "test_my_task.py"]
            + (["--line-length", "100"] if command[0] == "format" else []),
            cwd=user.folder,
            capture_output=True,
            text=True,
        )
        assert looked.returncode == 0, looked.stdout + (user.folder / "my_task.py").read_text()


def test_the_test_that_is_written_fails_where_clips_does(user: User) -> None:
    folder_per_label(user.folder / "mine")
    assert user.run("new", "my_task", "mine").returncode == 0
    module = user.folder / "my_task.py"
    assert len(module.read_text().splitlines()) <= 33
    module.write_text(module.read_text().replace("def clips(sources):", "def clips(sources):\n    raise RuntimeError"))
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "test_my_task.py"], cwd=user.folder, capture_output=True, text=True
    )
    assert "1 failed, 1 passed" in tested.stdout
    assert "RuntimeError" in tested.stdout


def test_a_table_of_something_else_does_not_beat_the_folders(user: User) -> None:
    folder_per_label(user.folder / "mine")
    rows = [(f"{label}/{number}.wav", 0.1 * (number % 3)) for label in ("bark", "meow") for number in range(6)]
    table(user.folder / "mine", "durations.csv", ("file", "seconds"), *rows)
    said, clips = begun(user)
    assert "2 from the folders' names: bark, meow" in said
    assert "durations.csv: not used; no column is named like labels" in said
    assert len(clips) == 12


def test_what_is_said_in_a_recording_is_no_table(user: User) -> None:
    folder_per_label(user.folder / "mine")
    for path in list((user.folder / "mine").glob("*/*.wav")):
        path.with_suffix(".txt").write_text(f"hello\tfrom\t{path.stem}.wav\n")
    said, _clips = begun(user)
    assert "2 from the folders' names" in said
    assert [line for line in said.splitlines() if "note" in line] == ["note         files not used: 12 (.txt 12)"]


def test_splits_inside_of_labels(user: User) -> None:
    splits = {"train": 20, "test": 5}
    wavs(
        user.folder / "mine",
        *(f"{label}/{split}/{n}.wav" for label in "ab" for split, count in splits.items() for n in range(count)),
    )
    _said, clips = begun(user)
    assert clips["a_test_3_wav.wav"] == {"split": "test", "labels": ["a"]}
    assert len(clips) == 50


@pytest.mark.parametrize("folder", [".", ".."])
def test_a_folder_that_results_would_be_written_into_is_refused(user: User, folder: str) -> None:
    wavs(user.folder, *(f"{label}/{number}.wav" for label in "ab" for number in range(4)))
    refused = user.run("new", "my_task", folder)
    assert refused.returncode == 2
    assert f"{folder} contains the current directory" in refused.stderr


def test_a_task_is_not_made_of_its_own_results(user: User) -> None:
    wavs(user.folder, *(f"{label}/{number}.wav" for label in "ab" for number in range(4)))
    clips = """
    def clips(sources):
        for member in sources["recordings"].glob("**/*.wav"):
            yield Clip(member, labels=member.folder, name=f"{member.folder}_{member.stem}")
    """
    facts = {"sources": '{"recordings": Local(Path(__file__).parent)}', "splits": "NewFolds(2)"}
    module = toys.folds_task("", clips, **facts)
    user.write("mine.py", module.replace("import *", "import *\nfrom pathlib import Path"))
    for command in (("./mine.py",), ("check", "./mine.py")):
        refused = user.run(*command)
        assert refused.returncode == 1
        assert "among the source's recordings" in refused.stderr
    places = ("--tmp-dir", "../work", "--tasks-dir", "../tasks", "--tar-dir", "../tarballs")
    elsewhere = user.run("./mine.py", "--sample-rates", 8000, *places)
    assert elsewhere.returncode == 0, elsewhere.stderr
