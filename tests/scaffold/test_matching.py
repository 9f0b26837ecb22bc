"""Tables that spell names of recordings in another way than the files, and columns and folders that are no labels."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from tests.scaffold.known.published import check, described, refusal, sounds, text

NAMES = [f"Größe {number}.wav" for number in range(12)]


def in_table(folder: Path, names: list[str], files: list[str]) -> dict[str, tuple[tuple[str, ...], str, str]]:
    truth = {file: (("ab"[number % 2],), "", "") for number, file in enumerate(files)}
    sounds(folder, truth)
    text(folder, "meta.csv", "file,label", *(f"{name},{'ab'[number % 2]}" for number, name in enumerate(names)))
    return truth


@pytest.mark.parametrize(
    ("spell", "message"),
    [
        (lambda name: unicodedata.normalize("NFD", name), "12 names and their files differ in case or Unicode form"),
        (str.upper, "12 names and their files differ in case or Unicode form"),
        (lambda name: name.replace(".wav", ".mp3"), "names end with .mp3, the files with .wav"),
        (lambda name: name.replace(".wav", ".WAV"), "names end with .WAV, the files with .wav"),
        (lambda name: f"D:\\work\\rec\\{name}".lower(), "differ in case or Unicode form"),
    ],
)
def test_names_in_another_spelling_are_matched_and_said(tmp_path: Path, spell, message: str) -> None:
    dataset = check(tmp_path, in_table(tmp_path, list(map(spell, NAMES)), [f"rec/{name}" for name in NAMES]))
    assert any(message in note for note in dataset.notes)


def test_paths_in_another_case_are_matched(tmp_path: Path) -> None:
    """The same name is in both folders, so that only whole paths tell recordings apart."""
    files = [f"{day}/{number}.wav" for day in ("Monday", "Tuesday") for number in range(8)]
    check(tmp_path, in_table(tmp_path, [file.lower() for file in files], files))


def test_two_files_that_differ_in_case_are_refused(tmp_path: Path) -> None:
    files = ["a/xA.wav", "a/Xa.wav", *(f"a/{number}.wav" for number in range(10))]
    names = ["A/XA.WAV", *(f"A/{number}.WAV" for number in range(10))]
    in_table(tmp_path, names, files)
    assert "names both a/Xa.wav and a/xA.wav, if case" in refusal(tmp_path)


def test_columns_with_one_value_or_few_are_no_labels(tmp_path: Path) -> None:
    sounds(tmp_path, [f"{number}.wav" for number in range(24)])
    lines = [
        f"{number}.wav,v2,{'noisy' if number % 9 == 0 else ''},{('dog', 'cat', 'bird')[number % 3]},s{number // 3}"
        for number in range(24)
    ]
    text(tmp_path, "meta.csv", "file,release,comment,what,speaker_name", *lines)
    dataset = described(tmp_path)
    assert dataset.labels.column == "what"
    assert dataset.group == "speaker_name"


def test_a_column_called_label_with_one_value_is_no_label_by_itself(tmp_path: Path) -> None:
    sounds(tmp_path, [f"{number}.wav" for number in range(24)])
    lines = [f"{number}.wav,speech,{('dog', 'cat')[number % 2]}" for number in range(24)]
    text(tmp_path, "meta.csv", "file,label,what", *lines)
    assert "--label-column what" in refusal(tmp_path)


def test_a_tag_called_train_is_asked_about(tmp_path: Path) -> None:
    sounds(tmp_path, [f"{number}.wav" for number in range(24)])
    lines = [f"{n}.wav,{n % 2},{n // 2 % 2},{n // 4 % 2}" for n in range(24)]
    text(tmp_path, "meta.csv", "file,bus,train,tram", *lines)
    assert "--split-column" in refusal(tmp_path)
    dataset = described(tmp_path, split_columns=("none",))
    assert dataset.label_names == ("bus", "train", "tram")


@pytest.mark.parametrize("layout", ["{label}/{speaker}/{n}.wav", "{speaker}/{label}/{n}.wav"])
@pytest.mark.parametrize("speakers", [("speaker1", "speaker2", "speaker3"), ("F01", "M02", "M03")])
def test_the_other_level_is_the_group(tmp_path: Path, layout: str, speakers: tuple[str, ...]) -> None:
    truth = {
        layout.format(label=label, speaker=speaker, n=f"{label}{speaker}{n}"): ((label,), "", speaker)
        for label in ("happy", "sad")
        for speaker in speakers
        for n in range(3)
    }
    sounds(tmp_path, truth)
    check(tmp_path, truth)


def test_two_levels_of_words_are_asked_about(tmp_path: Path) -> None:
    truth = {
        f"{label}/{speaker}/{label}{speaker}{n}.wav": ((label,), "", speaker)
        for label in ("happy", "sad")
        for speaker in ("alice", "bob", "carol")
        for n in range(3)
    }
    sounds(tmp_path, truth)
    assert "--labels-from" in refusal(tmp_path)
    check(tmp_path, truth, labels_from=1)
