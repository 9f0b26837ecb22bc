"""`hearpreprocess new` with options, in a terminal and without one."""

from __future__ import annotations

import os
import pty
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hearpreprocess.cli import main
from hearpreprocess.cli.trial import problems_of_module
from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold import Choices, describe
from hearpreprocess.scaffold.split_names import Folds
from hearpreprocess.scaffold.splits import Splits
from tests.scaffold.own_datasets import NAMES, table, wavs


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, with a folder `mine` whose table has two columns that could be labels."""
    monkeypatch.chdir(tmp_path)
    wavs(tmp_path / "mine", *NAMES)
    rows = [(name, "ab"[n % 2], "xy"[n // 2 % 2], n) for n, name in enumerate(NAMES)]
    table(tmp_path / "mine", "meta.csv", ("file", "sound", "place", "take"), *rows)
    return tmp_path


def in_terminal(typed: bytes, *options: str) -> tuple[int, str]:
    """The exit status of `new` in a terminal in which somebody types at the first question, and all that is shown."""
    child, terminal = pty.fork()
    if child == 0:
        status = 99
        signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
        try:
            sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
            status = main(["new", "my_task", "mine", *options])
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    shown = b""
    while block := _read(terminal):
        shown += block
        if typed and b"Answer" in shown:
            os.write(terminal, typed)
            typed = b""
    _child, status = os.waitpid(child, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # the other end is closed
        return b""


def labels_in(folder: Path) -> str:
    text = (folder / "my_task.py").read_text()
    return next(name for name in ("sound", "place", "take") if f'labels=row["{name}"]' in text)


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        (b"9\nplaces\n2\n", "place"),
        pytest.param(b"\nsound\n", "sound", marks=pytest.mark.slow),
        pytest.param(b"place\n", "place", marks=pytest.mark.slow),
    ],
)
def test_a_question_in_a_terminal(folder: Path, typed: bytes, label: str) -> None:
    status, shown = in_terminal(typed)
    assert status == 0, shown
    assert "Which column holds the labels?" in shown
    assert "1  sound  2 values: a, b" in shown
    assert shown.count("expected a number from 1 to 3 or an answer from the list") == max(0, typed.count(b"\n") - 1)
    assert labels_in(folder) == label


@pytest.mark.parametrize(("typed", "status"), [(b"\x04", 2), (b"\x03", 130)])
def test_a_question_that_is_not_answered_writes_nothing(folder: Path, typed: bytes, status: int) -> None:
    ended, shown = in_terminal(typed)
    assert ended == status, shown
    assert [path.name for path in folder.iterdir()] == ["mine"]


@pytest.mark.slow
def test_no_question_where_guesses_are_taken(folder: Path) -> None:
    rows = [(name, "ab"[n % 2], "xy"[n // 2 % 2], n) for n, name in enumerate(NAMES)]
    table(folder / "mine", "meta.csv", ("file", "scene", "emotion", "take"), *rows)
    status, shown = in_terminal(b"", "--yes")
    assert status == 0, shown
    assert "Which" not in shown
    assert (
        "guess        --label-column scene: meta.csv: column 'scene' is named like labels, and so could 'emotion'"
        in shown
    )


def test_yes_does_not_decide_between_equals(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "my_task", "mine", "--yes"]) == 2
    assert "--label-column place  2 values: x, y" in capsys.readouterr().err
    assert not (folder / "my_task.py").exists()


def test_new_replaces_its_files_by_force(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "here").mkdir()
    os.chdir(folder / "here")
    again = ["new", "my_task", "../mine", "--label-column"]
    assert main([*again, "sound"]) == 0
    assert main([*again, "place"]) == 2
    assert "replace it with --force" in capsys.readouterr().err
    assert main([*again, "place", "--force"]) == 0
    assert labels_in(folder / "here") == "place"
    assert 'Local(Path(__file__).parent / "../mine")' in (folder / "here" / "my_task.py").read_text()


def test_an_uncertain_guess_without_a_terminal_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "my_task", "mine"]) == 2
    said = capsys.readouterr().err
    assert "--label-column sound  2 values: a, b" in said
    assert not (folder / "my_task.py").exists()
    assert main(["new", "my_task", "mine", "--label-column", "place", "--group-column", "sound"]) == 0
    said = capsys.readouterr().out
    assert "2 from column 'place' of meta.csv: x, y" in said
    assert "groups       column 'sound'" in said
    assert "columns not used: take" in said
    assert labels_in(folder) == "place"


def test_options_that_contradict_write_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "my_task", "mine", "--label-column", "sound", "--labels-from", "1"]) == 2
    assert "--label-column and --labels-from contradict each other" in capsys.readouterr().err
    assert not (folder / "my_task.py").exists()


def test_recordings_and_rows_without_each_other_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(name, "ab"[n % 2]) for n, name in enumerate(NAMES)]
    table(folder / "mine", "meta.csv", ("file", "label"), *rows[:-1], ("gone.wav", "a"))
    assert main(["new", "my_task", "mine"]) == 0
    said = capsys.readouterr().out
    assert "recordings that are not in meta.csv, left out: 1 (11.wav)" in said
    assert "rows of meta.csv that name no recording, or several of the same name: 1 (gone.wav)" in said
    assert 'yield LeftOut(member, "no row names it")' in (folder / "my_task.py").read_text()
    assert main(["check", "./my_task.py", "--tmp-dir", "work"]) == 0
    assert "left out: 1, no row names it" in capsys.readouterr().out


def test_a_module_that_yields_other_clips_is_found_before_it_is_written(folder: Path) -> None:
    dataset = describe(folder / "mine", Choices(label_columns=("sound",)))
    assert problems_of_module("my_task", folder / "mine", dataset) == []
    clips = tuple(replace(clip, labels=("b",)) if clip.name == "0" else clip for clip in dataset.clips)
    problems = problems_of_module("my_task", folder / "mine", replace(dataset, clips=clips))
    assert problems == ["labels, splits or groups of 0.wav are not those that `new` found"]
    assert problems_of_module("my_task", folder / "mine", replace(dataset, splits=Splits("take", Folds(5, 0)))) is None
    assert [path.name for path in folder.iterdir()] == ["mine"]


def test_few_groups_get_larger_shares_or_are_refused(tmp_path: Path) -> None:
    names = [f"{split}{n}.wav" for split in ("train", "test") for n in range(12)]
    wavs(tmp_path, *names)
    rows = [(name, "ab"[n % 2], name[:-5].rstrip("0123456789"), f"s{n // 3}") for n, name in enumerate(names)]
    table(tmp_path, "meta.csv", ("file", "label", "split", "speaker"), *rows)
    dataset = describe(tmp_path)
    assert dataset.division.shares != (80, 10, 10)
    assert any(note.startswith(f"TrainValidTest{dataset.division.shares}: with the default") for note in dataset.notes)
    table(tmp_path, "meta.csv", ("file", "label", "split", "speaker"), *((*row[:3], row[2]) for row in rows))
    with pytest.raises(CorpusError, match=r"valid gets 0 of 1 group of train, even at 25 %.*--group-column none"):
        describe(tmp_path, Choices(group_column="speaker"))


def test_a_kaldi_directory_is_refused_by_name(tmp_path: Path) -> None:
    wavs(tmp_path, *(f"wav/{name}" for name in NAMES))
    (tmp_path / "wav.scp").write_text("".join(f"utt{n} wav/{name}\n" for n, name in enumerate(NAMES)))
    with pytest.raises(
        CorpusError, match=r"wav\.scp make it a Kaldi data directory, which is not supported\. Write a csv"
    ):
        describe(tmp_path)
