"""What `hearpreprocess new` refuses before it writes a module: labels, names and times that no task can be made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold import describe
from tests.scaffold.own_datasets import wavs

FILES = [f"{number}.wav" for number in range(8)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    wavs(tmp_path, *FILES)
    return tmp_path


def rows(*cells: str, last: str, header: str, sep: str = ",") -> str:
    """A row of each recording, with these cells in turn, and the last one with its own."""
    lines = [f"{file}{sep}{cells[number % len(cells)]}" for number, file in enumerate(FILES)]
    return "\n".join([header, *lines[:-1], f"{FILES[-1]}{sep}{last}"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (rows("a", "b", last='"c\nd"', header="file,label"), r"label 'c\\nd' has the character U\+000A"),
        (
            rows("a", "caf\u00e9", last="cafe\u0301", header="file,label"),
            r"two Unicode forms, U\+00E9 and U\+0065 U\+0301",
        ),
        (rows("a", "b", last="nan", header="file,label"), r"column 'label' has the label 'nan' \(t\.csv, line 9\)"),
        (rows("a", "b", last="NULL", header="file,label"), r"'NULL' \(t\.csv, line 9\), which programs write"),
        (rows("1,0", "0,1", last="-1,0", header="file,dog,cat"), r"t\.csv: column 'dog' holds '-1' beside yes and no"),
        (rows("1,0", "0,1", last="0,0.5", header="file,dog,cat"), r"column 'cat' holds '0\.5' beside yes and no"),
        (
            rows("\"['a']\"", last="\"['it\\'s']\"", header="file,tags"),
            r"the labels in \['it\\'s'\] cannot be separated",
        ),
        (rows("\"['a']\"", last='"[""caf\\u00e9""]"', header="file,tags"), "cannot be separated"),
        (rows("\"['a']\"", last='"[dog bark, loud]"', header="file,tags"), "cannot be separated"),
        (rows("\"['a']\"", last="\"['it''s']\"", header="file,tags"), "cannot be separated"),
        (
            rows("a,0,0.1", "b,0,0.1", last="a,-0.1,0.1", header="file,label,onset,offset"),
            r"need 0 s <= start <= end \(t\.csv, line 9\)",
        ),
        (rows("a,0,0.1", "b,0,0.1", last="a,0.2,0.1", header="file,label,onset,offset"), "need 0 s <= start <= end"),
        (
            rows("a;0.1;0.2", last="a;0,1;0,2", header="file;label;onset;offset", sep=";"),
            "are written as '0,1' and as '0.1': the comma may be a decimal mark, or divide thousands",
        ),
    ],
)
def test_what_a_table_holds(folder: Path, content: str, message: str) -> None:
    (folder / "t.csv").write_text(content, encoding="utf-8")
    with pytest.raises(CorpusError, match=message):
        describe(folder)


def test_a_number_with_an_underscore_is_no_time(folder: Path) -> None:
    content = rows("a,0,0.1", "b,0,0.1", last="a,0,1_0e-2", header="file,label,onset,offset")
    (folder / "t.csv").write_text(content)
    dataset = describe(folder)
    assert dataset.times is None
    assert any("'1_0e-2' is not a number of seconds" in note for note in dataset.notes)


def test_a_name_without_a_suffix_of_two_recordings(folder: Path) -> None:
    wavs(folder, *(f"{number}.flac" for number in range(3, 8)))
    (folder / "t.csv").write_text(rows("a", "b", last="a", header="file,label").replace(".wav", ""))
    with pytest.raises(CorpusError, match=r"t\.csv, line 5: '3' names both 3\.\w+ and 3\.\w+; write the suffix"):
        describe(folder)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((" x /1.wav", "y/2.wav"), "label ' x ' has leading or trailing blanks"),
        (("x/1\n.wav", "y/2.wav"), r"clip 'x_1\\n': name must be a file name"),
        (("x/1\t.wav", "y/2.wav"), r"clip 'x_1\\t': name must be a file name"),
    ],
)
def test_names_of_folders_and_recordings(tmp_path: Path, names: tuple[str, ...], message: str) -> None:
    wavs(tmp_path, *names)
    with pytest.raises(CorpusError, match=message) as refused:
        describe(tmp_path)
    assert "labels are from the folders' names" in str(refused.value)


def test_texts_in_utf_16_are_no_recordings(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "t.csv").write_text(rows("a", "b", last="a", header="file,label"))
    (folder / "notes.txt").write_bytes("What was said.".encode("utf-16"))
    (folder / "more.txt").write_bytes(("Long. " * 2000).encode("utf-16-le"))
    (folder / "russian.txt").write_bytes(("Длинный. " * 2000).encode("utf-16"))
    assert describe(folder).recordings == len(FILES)
    assert capfd.readouterr().err == ""


def test_a_table_that_blanks_divide_is_said(tmp_path: Path) -> None:
    names = [f"{'ab'[number % 2]}/{number}.wav" for number in range(8)]
    wavs(tmp_path, *names)
    (tmp_path / "labels.txt").write_text("".join(f"{name} dog\n" for name in names))
    (tmp_path / "readme.txt").write_text(f"Recorded in 2019.\n{names[0]} is the best one.\nAll by hand.\n")
    notes = describe(tmp_path).notes
    said = "labels.txt is not used: its columns are separated by spaces. Separate them by tabs or commas"
    assert [note for note in notes if "separated by spaces" in note] == [said]
