"""Recordings whose folders or names hold what is known of them, as people have them."""

from __future__ import annotations

from pathlib import Path

from tests.scaffold.people.truth import (
    NUMBERS,
    PeoplesFolders,
    Truth,
    label_of,
    scene,
    speaker_of,
    split_of,
    write_sounds,
)

FOLDERS = PeoplesFolders()
SPEAKERS = ("anna", "ben", "carla", "dora", "emil", "finn", "gwen", "hugo", "ida", "jan")


def written(folder: Path, truth: Truth) -> Truth:
    """A folder with these recordings."""
    write_sounds(folder, truth)
    return truth


def speaker(number: int) -> str:
    """One of ten people, each with one recording of each of two labels."""
    return SPEAKERS[number // 2 % 10]


@FOLDERS.add()
def a_folder_per_class(folder: Path) -> Truth:
    return written(folder, {f"{label_of(n)}/{n}.wav": scene(label_of(n)) for n in NUMBERS})


@FOLDERS.add()
def class_folders_inside_of_splits(folder: Path) -> Truth:
    called = {"train": "Train", "valid": "val", "test": "test"}
    return written(
        folder,
        {f"{called[split_of(n)]}/{label_of(n)}/{n}.wav": scene(label_of(n), split_of(n)) for n in NUMBERS},
    )


@FOLDERS.add()
def splits_inside_of_class_folders(folder: Path) -> Truth:
    called = {"train": "training", "valid": "validation", "test": "testing"}
    return written(
        folder,
        {f"{label_of(n)}/{called[split_of(n)]}/{n}.wav": scene(label_of(n), split_of(n)) for n in NUMBERS},
    )


@FOLDERS.add(("--labels-from", "1"), is_open=True)
def speakers_inside_of_class_folders(folder: Path) -> Truth:
    return written(
        folder, {f"{label_of(n)}/{speaker(n)}/{n}.wav": scene(label_of(n), group=speaker(n)) for n in NUMBERS}
    )


@FOLDERS.add(("--labels-from", "-1"), is_open=True)
def class_folders_inside_of_speakers(folder: Path) -> Truth:
    return written(
        folder, {f"{speaker(n)}/{label_of(n)}/{n}.wav": scene(label_of(n), group=speaker(n)) for n in NUMBERS}
    )


@FOLDERS.add(("--labels-from", "1"))
def numbered_speakers_inside_of_class_folders(folder: Path) -> Truth:
    return written(
        folder,
        {f"{label_of(n)}/speaker_{speaker_of(n)}/{n}.wav": scene(label_of(n), group=speaker_of(n)) for n in NUMBERS},
    )


@FOLDERS.add(("--labels-from", "-1"))
def class_folders_inside_of_sessions_of_speakers(folder: Path) -> Truth:
    numbers = range(2 * len(NUMBERS))
    return written(
        folder,
        {
            f"{speaker(n)}/session{n // 20 + 1}/{label_of(n)}/{n}.wav": scene(label_of(n), group=speaker(n))
            for n in numbers
        },
    )


@FOLDERS.add(("--labels-from", "-1"))
def class_folders_inside_of_speakers_of_splits(folder: Path) -> Truth:
    return written(
        folder,
        {
            f"{split_of(n)}/{speaker(n)}/{label_of(n)}/{n}.wav": scene(label_of(n), split_of(n), speaker(n))
            for n in NUMBERS
        },
    )


@FOLDERS.add()
def class_folders_inside_of_five_folds(folder: Path) -> Truth:
    return written(
        folder,
        {f"fold{n // 2 % 5 + 1}/{label_of(n)}/{n}.wav": scene(label_of(n), f"fold{n // 2 % 5:02d}") for n in NUMBERS},
    )


@FOLDERS.add(("--label-field", "1"), is_open=True)
def the_label_in_the_name_of_the_file(folder: Path) -> Truth:
    return written(folder, {f"{label_of(n)}_{n:02d}.wav": scene(label_of(n)) for n in NUMBERS})


@FOLDERS.add(("--label-field", "2", "--group-field", "1"), is_open=True)
def the_speaker_and_the_label_in_the_name_of_the_file(folder: Path) -> Truth:
    return written(
        folder,
        {f"{speaker(n)}-{label_of(n)}-{n:02d}.wav": scene(label_of(n), group=speaker(n)) for n in NUMBERS},
    )


@FOLDERS.add(("--labels-from", "-1"))
def class_folders_inside_of_dates(folder: Path) -> Truth:
    days = [f"2024-05-{n // 2 % 10 + 1:02d}" for n in NUMBERS]
    return written(folder, {f"{days[n]}/{label_of(n)}/{n}.wav": scene(label_of(n), group=days[n]) for n in NUMBERS})


@FOLDERS.add(("--label-field", "1"), is_open=True)
def folders_of_dates_and_the_label_in_the_name(folder: Path) -> Truth:
    days = [f"2024-05-{n // 2 % 10 + 1:02d}" for n in NUMBERS]
    return written(folder, {f"{days[n]}/{label_of(n)}_{n}.wav": scene(label_of(n), group=days[n]) for n in NUMBERS})


@FOLDERS.add()
def class_folders_below_folders_that_hold_everything(folder: Path) -> Truth:
    return written(folder, {f"My Dataset v2/audio/{label_of(n)}/{n}.wav": scene(label_of(n)) for n in NUMBERS})


@FOLDERS.add()
def class_folders_in_several_formats(folder: Path) -> Truth:
    from tests.scaffold.people.truth import sound, write

    containers = ("WAV", "FLAC", "AIFF", "AU")
    truth = {f"{label_of(n)}/{n}.{containers[n // 2 % 4].lower()}": scene(label_of(n)) for n in NUMBERS}
    for number, name in enumerate(truth):
        write(folder / name, sound(name, container=containers[number // 2 % 4]))
    return truth


@FOLDERS.add(("--labels-from", "1"), is_open=True)
def class_folders_of_different_depth(folder: Path) -> Truth:
    return written(
        folder,
        {f"{label_of(n)}/{'2024/' if n % 4 < 2 else ''}{n}.wav": scene(label_of(n)) for n in NUMBERS},
    )


@FOLDERS.add(("--labels-from", "-1"), ("--group-column", "none"), is_open=True)
def class_folders_inside_of_classes_of_these(folder: Path) -> Truth:
    classes = ("animals/dog", "vehicles/car", "animals/cat", "vehicles/tram")
    numbers = range(2 * len(NUMBERS))
    return written(
        folder,
        {f"{label_of(n, classes)}/{n}.wav": scene(label_of(n, classes).rpartition("/")[2]) for n in numbers},
    )
