"""Folders with what else is in people's folders: litter, damage, names and splits that go wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.scaffold.people.truth import (
    NUMBERS,
    Correction,
    Facts,
    PeoplesFolders,
    Truth,
    label_of,
    labelled,
    scene,
    sound,
    speaker_of,
    split_of,
    write,
    write_lines,
    write_sounds,
    write_table,
)

NASTY = PeoplesFolders()
NAMES = [f"rec{number:02d}.wav" for number in NUMBERS]


def class_folders(folder: Path) -> dict[str, Facts]:
    """A folder per class."""
    truth = {f"{label_of(number)}/{number}.wav": scene(label_of(number)) for number in NUMBERS}
    write_sounds(folder, truth)
    return truth


def replaced_in(name: str, old: str, new: str) -> Callable[[Path], None]:
    """A correction that replaces a text in a file."""

    def correct(folder: Path) -> None:
        path = folder / name
        path.write_bytes(path.read_bytes().replace(old.encode(), new.encode()))

    return correct


def without(name: str) -> Callable[[Path], None]:
    """A correction that removes a file."""
    return lambda folder: (folder / name).unlink()


@NASTY.add(says=[".ipynb_checkpoints"])
def what_notebooks_and_zips_leave_behind(folder: Path) -> Truth:
    truth = class_folders(folder)
    first = next(iter(truth))
    copy = (folder / first).read_bytes()
    for name in (".ipynb_checkpoints/0-checkpoint.wav", "wren/.ipynb_checkpoints/0-checkpoint.wav"):
        write(folder / name, copy)
    write(folder / "__MACOSX" / "robin" / "._0.wav", b"\0\5\x16\7\0\2\0\0Mac OS X        " + bytes(60))
    write(folder / "robin" / "._0.wav", b"\0\5\x16\7\0\2\0\0Mac OS X        " + bytes(60))
    for name in ("Thumbs.db", "robin/Thumbs.db", "desktop.ini", ".DS_Store", "wren/.DS_Store"):
        write(folder / name, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100))
    return truth


@NASTY.add(corrections=[Correction("robin/lost.wav", without("robin/lost.wav"))])
def a_symlink_to_nothing(folder: Path) -> Truth:
    truth = class_folders(folder)
    (folder / "robin" / "lost.wav").symlink_to(folder.parent / "not mounted" / "lost.wav")
    return truth


@NASTY.add(says=["robin/cut.wav"])
def an_empty_recording(folder: Path) -> Truth:
    write(folder / "robin" / "cut.wav", b"")
    return class_folders(folder)


@NASTY.add(says=["robin/page.wav"])
def a_web_page_saved_as_a_recording(folder: Path) -> Truth:
    write(folder / "robin" / "page.wav", "<!DOCTYPE html>\n<html><title>404 Not Found</title></html>\n" * 20)
    return class_folders(folder)


@NASTY.add(says=["rec03.wav", "rec08.wav"])
def damaged_recordings_in_a_table(folder: Path) -> Truth:
    write_sounds(folder, NAMES)
    write(folder / "rec03.wav", b"")
    write(folder / "rec08.wav", (folder / "rec08.wav").read_bytes()[:300])
    write_table(folder / "labels.csv", "file,label", [(name, label_of(n)) for n, name in enumerate(NAMES)])
    return {name: scene(label_of(n)) for n, name in enumerate(NAMES) if n not in (3, 8)}


@NASTY.add()
def recordings_of_core_audio(folder: Path) -> Truth:
    truth = {f"{label_of(n)}/{n}.{'caf' if n % 4 < 2 else 'wav'}": scene(label_of(n)) for n in NUMBERS}
    for name in truth:
        write(folder / name, sound(name, container=name.rpartition(".")[2].upper()))
    return truth


@NASTY.add()
def a_picture_and_a_text_in_each_class(folder: Path) -> Truth:
    for label in ("robin", "wren"):
        write(folder / label / "spectrogram.png", b"\x89PNG\r\n\x1a\n" + bytes(200))
        write(folder / label / "readme.txt", f"Recordings of a {label}.\n")
    write(folder / "LICENSE.txt", "CC0\n")
    return class_folders(folder)


@NASTY.add(says=["test/robin/copy.wav (test) and train/robin/0.wav (train)"])
def one_recording_in_two_splits(folder: Path) -> Truth:
    truth = {f"{split_of(n)}/{label_of(n)}/{n}.wav": scene(label_of(n), split_of(n)) for n in NUMBERS}
    write_sounds(folder, truth)
    copy = "test/robin/copy.wav"
    write(folder / copy, (folder / "train" / "robin" / "0.wav").read_bytes())
    return truth | {copy: scene("robin", "test")}


def renamed_in_case(folder: Path) -> None:
    """Give two recordings names that differ in more than case."""
    (folder / "robin" / "a.wav").rename(folder / "robin" / "c.wav")


@NASTY.add(corrections=[Correction("case", renamed_in_case)], is_open=True)
def two_names_that_differ_in_case(folder: Path) -> Truth:
    truth = class_folders(folder)
    more = {"robin/A.wav": scene("robin"), "robin/c.wav": scene("robin")}
    write(folder / "robin" / "A.wav", sound("capital"))
    write(folder / "robin" / "a.wav", sound("small"))
    return truth | more


@NASTY.add(says=["speaker"])
def a_group_that_the_given_splits_divide(folder: Path) -> Truth:
    write_sounds(folder, NAMES)
    rows = [(name, label_of(n), split_of(n), f"p{n // 2 % 3}") for n, name in enumerate(NAMES)]
    write_table(folder / "labels.csv", "file,label,split,speaker", rows)
    return {name: scene(label_of(n), split_of(n)) for n, name in enumerate(NAMES)}


@NASTY.add(says=["heron", "owl"])
def classes_of_one_recording(folder: Path) -> Truth:
    write_sounds(folder, ["heron/x.wav", "owl/y.wav"])
    return class_folders(folder)


@NASTY.add(says=["speaker"])
def recordings_of_four_speakers(folder: Path) -> Truth:
    write_sounds(folder, NAMES)
    write_table(
        folder / "labels.csv",
        "file,label,speaker",
        [(name, label_of(number), f"p{number // 2 % 4}") for number, name in enumerate(NAMES)],
    )
    return {name: scene(label_of(number), group=f"p{number // 2 % 4}") for number, name in enumerate(NAMES)}


@NASTY.add(says=["speaker"])
def four_speakers_and_a_test_set(folder: Path) -> Truth:
    write_sounds(folder, NAMES)
    speakers = [f"p{number // 2 % 5}" for number in NUMBERS]
    splits = ["test" if speaker == "p4" else "train" for speaker in speakers]
    rows = [(name, label_of(n), speakers[n], splits[n]) for n, name in enumerate(NAMES)]
    write_table(folder / "labels.csv", "file,label,speaker,split", rows)
    return {name: scene(label_of(n), splits[n], speakers[n]) for n, name in enumerate(NAMES)}


@NASTY.add()
def spaces_quotes_and_emoji_in_names(folder: Path) -> Truth:
    labels = ("it's a “robin”", "wren & co {x} 🐦 100%")
    names = [f"{label_of(n, labels)}/take #{n} 'final' (1) 🎤.wav" for n in NUMBERS]
    write_sounds(folder, names)
    return labelled(names, labels)


@NASTY.add(says=["other.csv"])
def a_table_that_names_no_recording_beside_class_folders(folder: Path) -> Truth:
    write_table(folder / "other.csv", "file,label", [(f"zz{n}.wav", "xy"[n % 2]) for n in NUMBERS])
    return class_folders(folder)


def named_as_in_the_folder(folder: Path) -> None:
    """Write the names of the recordings into the table."""
    write_table(folder / "labels.csv", "file,label", [(name, label_of(n)) for n, name in enumerate(NAMES)])


@NASTY.add(corrections=[Correction("labels.csv", named_as_in_the_folder)], is_open=True)
def a_table_that_names_no_recording(folder: Path) -> Truth:
    write_sounds(folder, NAMES)
    write_table(folder / "labels.csv", "file,label", [(f"zz{n}.wav", label_of(n)) for n in NUMBERS])
    return labelled(NAMES)


@NASTY.add(corrections=[Correction("labels.xlsx", named_as_in_the_folder)], is_open=True)
def a_workbook_of_excel(folder: Path) -> Truth:
    write_sounds(folder, NAMES)
    write(folder / "labels.xlsx", b"PK\3\4" + bytes(300))
    return labelled(NAMES)


@NASTY.add(says=["rec0.wav", "rec00.wav"])
def numbers_that_lost_their_zeros(folder: Path) -> Truth:
    write_sounds(folder, NAMES)
    write_table(folder / "labels.csv", "file,label", [(f"rec{n}.wav", label_of(n)) for n in NUMBERS])
    return {name: scene(label_of(n)) for n, name in enumerate(NAMES) if n >= 10}


def sorted_into_its_class(folder: Path) -> None:
    """Move a recording into the folder of its class."""
    (folder / "beside.wav").rename(folder / "robin" / "beside.wav")


@NASTY.add(corrections=[Correction("beside.wav", sorted_into_its_class)], is_open=True)
def a_recording_beside_the_class_folders(folder: Path) -> Truth:
    write(folder / "beside.wav", sound("beside"))
    return class_folders(folder) | {"robin/beside.wav": scene("robin")}


@NASTY.add(says=["labels.csv"])
def an_empty_table_beside_class_folders(folder: Path) -> Truth:
    write(folder / "labels.csv", b"")
    return class_folders(folder)


def a_label_called(folder: Path, called: str) -> Truth:
    """Recordings of which a third are labelled so; after the correction, they are labelled `nothing`."""
    labels = ("robin", "wren", "nothing")
    write_sounds(folder, NAMES)
    rows = [(name, label_of(n, (*labels[:2], called))) for n, name in enumerate(NAMES)]
    write_table(folder / "labels.csv", "file,label", rows)
    return labelled(NAMES, labels)


@NASTY.add(corrections=[Correction("nan", replaced_in("labels.csv", ",nan", ",nothing"))], is_open=True)
def a_label_nan(folder: Path) -> Truth:
    return a_label_called(folder, "nan")


@NASTY.add(corrections=[Correction("None", replaced_in("labels.csv", ",None", ",nothing"))], is_open=True)
def a_label_none(folder: Path) -> Truth:
    return a_label_called(folder, "None")


@NASTY.add(corrections=[Correction("NA", replaced_in("labels.csv", ",NA", ",nothing"))], is_open=True)
def a_label_na(folder: Path) -> Truth:
    return a_label_called(folder, "NA")


@NASTY.add(says=["Robin"])
def labels_that_differ_in_case(folder: Path) -> Truth:
    labels = ("robin", "wren", "Robin")
    write_sounds(folder, NAMES)
    write_table(folder / "labels.csv", "file,label", [(name, label_of(n, labels)) for n, name in enumerate(NAMES)])
    return labelled(NAMES, labels)


@NASTY.add(
    corrections=[Correction("same name", replaced_in("labels.csv", "file,label,label", "file,label,doubtful"))],
    is_open=True,
)
def a_name_of_two_columns(folder: Path) -> Truth:
    write_sounds(folder, NAMES)
    rows = [(name, label_of(n), "ab"[n // 2 % 2]) for n, name in enumerate(NAMES)]
    write_table(folder / "labels.csv", "file,label,label", rows)
    return labelled(NAMES)


@NASTY.add(corrections=[Correction("line 4", replaced_in("labels.csv", "wren,x", "wren"))], is_open=True)
def a_row_with_a_cell_too_many(folder: Path) -> Truth:
    write_sounds(folder, NAMES)
    rows = [(name, label_of(n), *(["x"] if n == 3 else [])) for n, name in enumerate(NAMES)]
    write_table(folder / "labels.csv", "", rows)
    return labelled(NAMES)


@NASTY.add(corrections=[Correction(NAMES[2], replaced_in("labels.csv", f"{NAMES[2]},wren\n", ""))], is_open=True)
def two_rows_that_contradict_each_other(folder: Path) -> Truth:
    write_sounds(folder, NAMES)
    lines = ["file,label", *(f"{name},{label_of(n)}" for n, name in enumerate(NAMES)), f"{NAMES[2]},wren"]
    write_lines(folder / "labels.csv", lines)
    return labelled(NAMES)


@NASTY.add(says=["speaker"])
def a_speaker_that_is_missing_in_some_rows(folder: Path) -> Truth:
    speakers = ["" if n // 2 == 4 else speaker_of(n) for n in NUMBERS]
    write_sounds(folder, NAMES)
    write_table(
        folder / "labels.csv", "file,label,speaker", [(name, label_of(n), speakers[n]) for n, name in enumerate(NAMES)]
    )
    return {name: scene(label_of(n), group=speakers[n]) for n, name in enumerate(NAMES)}


@NASTY.add(says=["without a label"])
def recordings_without_a_label(folder: Path) -> Truth:
    write_sounds(folder, [*NAMES, "not labelled yet.wav"])
    rows = [*((name, label_of(n)) for n, name in enumerate(NAMES)), ("not labelled yet.wav", "")]
    write_table(folder / "labels.csv", "file,label", rows)
    return labelled(NAMES)
