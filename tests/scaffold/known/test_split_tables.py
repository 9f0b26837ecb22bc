"""FSDKaggle2018, FSDKaggle2019, FSD50K, AudioSet, Common Voice, TAU scenes: a table or a list for each split."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.extent import first_fast
from tests.scaffold.known.published import Truth, check, described, refusal, sounds, text

INSTRUMENTS = ("Acoustic_guitar", "Bass_drum", "Cello")


def test_fsdkaggle2018(tmp_path: Path) -> None:
    """The table of the test set has a column that the other lacks, and the other way round."""
    truth: dict[str, tuple[tuple[str, ...], str, str]] = {}
    train, test = [], []
    for number in range(60):
        label, name = INSTRUMENTS[number % 3], f"{number * 7919:08x}.wav"
        if number < 45:
            train.append(f"{name},{label},{number % 2},{1000 + number},Attribution")
            truth[f"FSDKaggle2018.audio_train/{name}"] = ((label,), "train", str(1000 + number))
        else:
            usage = ("Public", "Private")[number % 2]
            test.append(f"{name},{label},{usage},{1000 + number},Creative Commons 0")
            truth[f"FSDKaggle2018.audio_test/{name}"] = ((label,), "test", str(1000 + number))
    sounds(tmp_path, truth)
    meta = "FSDKaggle2018.meta"
    header = "fname,label,manually_verified,freesound_id,license"
    text(tmp_path, f"{meta}/train_post_competition.csv", header, *train)
    header = "fname,label,usage,freesound_id,license"
    text(tmp_path, f"{meta}/test_post_competition_scoring_clips.csv", header, *test)
    text(tmp_path, "FSDKaggle2018.doc/README.md", "# FSDKaggle2018")
    check(tmp_path, truth)


@pytest.mark.slow
def test_fsdkaggle2019(tmp_path: Path) -> None:
    truth: dict[str, tuple[tuple[str, ...], str, str]] = {}
    tables: dict[str, list[str]] = {"train_curated": [], "train_noisy": [], "test": []}
    for number in range(60):
        labels = ("Bark", "Meow") if number % 4 == 0 else (("Bark", "Meow", "Purr")[number % 3],)
        part = ("train_curated", "train_noisy", "test")[number // 20]
        name = f"{number * 7919:08x}.wav"
        cell = f'"{",".join(labels)}"' if len(labels) > 1 else labels[0]
        usage = ",Public" if part == "test" else ""
        tables[part].append(f"{name},{cell}{usage},{2000 + number},Attribution")
        truth[f"FSDKaggle2019.audio_{part}/{name}"] = (labels, part.partition("_")[0], str(2000 + number))
    sounds(tmp_path, truth)
    for part, lines in tables.items():
        usage = ",usage" if part == "test" else ""
        header = f"fname,labels{usage},freesound_id,license"
        text(tmp_path, f"FSDKaggle2019.meta/{part}_post_competition.csv", header, *lines)
    check(tmp_path, truth)


def test_fsd50k(tmp_path: Path) -> None:
    truth: dict[str, tuple[tuple[str, ...], str, str]] = {}
    dev, evaluation = [], []
    for number in range(40):
        labels = (("Bark", "Dog", "Animal"), ("Purr", "Cat", "Animal"), ("Dog", "Animal"), ("Cat", "Animal"))[
            number % 4
        ]
        row = f'{number},"{",".join(labels)}","/m/05tny_,/m/0bt9lr,/m/0jbk"'
        if number < 28:
            split = "val" if number < 8 else "train"
            dev.append(f"{row},{split}")
            truth[f"FSD50K.dev_audio/{number}.wav"] = (tuple(sorted(labels)), {"val": "valid"}.get(split, split), "")
        else:
            evaluation.append(row)
            truth[f"FSD50K.eval_audio/{number}.wav"] = (tuple(sorted(labels)), "test", "")
    sounds(tmp_path, truth)
    text(tmp_path, "FSD50K.ground_truth/dev.csv", "fname,labels,mids,split", *dev)
    text(tmp_path, "FSD50K.ground_truth/eval.csv", "fname,labels,mids", *evaluation)
    vocabulary = [f"{number},{label},/m/0{number}" for number, label in enumerate(("Animal", "Bark", "Cat", "Dog"))]
    text(tmp_path, "FSD50K.ground_truth/vocabulary.csv", *vocabulary)
    text(tmp_path, "FSD50K.metadata/dev_clips_info_FSD50K.json", '{"0": {"title": "dog"}}')
    check(tmp_path, truth)


def audioset(folder: Path) -> Truth:
    """Segments with the header in a comment, a blank before each quote, and several labels in a cell."""
    truth: dict[str, tuple[tuple[str, ...], str, str]] = {}
    labels = (("/m/09x0r", "/t/dd00088"), ("/m/04rlf",), ("/m/04rlf", "/m/09x0r"), ("/t/dd00088",))
    for part, split in (("balanced_train_segments", "train"), ("eval_segments", "test")):
        lines = []
        for number in range(16):
            of_clip = labels[number % 4]
            name = f"{'-' * (number % 3)}{part[:2]}PJHxphWE{number:x}"
            lines.append(f'{name}, {30 + number:.3f}, {30.2 + number:.3f}, "{",".join(of_clip)}"')
            truth[f"audio/{part}/{name}.wav"] = (tuple(sorted(of_clip)), split, "")
        text(
            folder,
            f"{part}.csv",
            "# Segments csv created Sun Mar  5 10:54:31 2017",
            "# num_ytids=16, num_segs=16, num_unique_labels=3, num_positive_labels=24",
            "# YTID, start_seconds, end_seconds, positive_labels",
            *lines,
        )
    sounds(folder, truth)
    return truth


def test_audioset_segments(tmp_path: Path) -> None:
    dataset = check(tmp_path, audioset(tmp_path))
    assert dataset.labels.column == "positive_labels"
    assert dataset.times is None


def common_voice(folder: Path) -> Truth:
    truth: dict[str, tuple[tuple[str, ...], str, str]] = {}
    columns = "client_id\tpath\tsentence\tup_votes\tdown_votes\tage\tgender\taccents\tvariant\tlocale\tsegment"
    rows: dict[str, list[str]] = {"train": [], "dev": [], "test": [], "other": [], "invalidated": []}
    number = 0
    for part, lines in rows.items():
        for speaker in range(6):
            for _take in range(2):
                name = f"common_voice_en_{17000000 + number}.mp3"
                gender = ("female_feminine", "male_masculine")[speaker % 2]
                age = ("twenties", "thirties", "forties")[speaker % 3]
                client = f"{part}{speaker}" * 4
                lines.append(f'{client}\t{name}\tSentence {number}, "so".\t2\t0\t{age}\t{gender}\t\t\ten\t')
                if part in ("train", "dev", "test"):
                    split = {"dev": "valid"}.get(part, part)
                    truth[f"clips/{name}"] = ((gender,), split, client)
                number += 1
    for part, lines in rows.items():
        text(folder, f"{part}.tsv", columns, *lines)
    text(folder, "validated.tsv", columns, *rows["train"], *rows["dev"], *rows["test"])
    sounds(folder, [f"clips/common_voice_en_{17000000 + each}.mp3" for each in range(number)])
    return truth


def test_common_voice(tmp_path: Path) -> None:
    """Nothing says what the labels are; what is neither in train, dev nor test is not used."""
    truth = common_voice(tmp_path)
    assert "--label-column" in refusal(tmp_path)
    check(tmp_path, truth, label_columns=("gender",))


def tau(folder: Path, parts: Sequence[str]) -> Truth:
    truth: dict[str, tuple[tuple[str, ...], str, str]] = {}
    meta: list[str] = []
    setup: dict[str, list[str]] = {"train": [], "test": [], "evaluate": []}
    for scene in ("airport", "bus", "metro"):
        for number, city in enumerate(("barcelona", "helsinki", "lisbon", "london", "paris", "milan")):
            for segment in range(2):
                path = f"audio/{scene}-{city}-{17 * len(scene) + number}-{segment}-a.wav"
                place = f"{city}-{17 * len(scene) + number}"
                meta.append(f"{path}\t{scene}\t{place}\ta")
                sounds(folder, [path])
                if city == "milan":
                    continue
                split = "test" if city == "lisbon" else "train"
                truth[path] = ((scene,), split, place)
                if split == "train":
                    setup["train"].append(f"{path}\t{scene}")
                else:
                    setup["test"].append(path)
                    setup["evaluate"].append(f"{path}\t{scene}")
    text(folder, "meta.csv", "filename\tscene_label\tidentifier\tsource_label", *meta)
    for part in parts:
        header = "filename" if part == "test" else "filename\tscene_label"
        text(folder, f"evaluation_setup/fold1_{part}.csv", header, *setup[part])
    return truth


@pytest.mark.parametrize("parts", first_fast(["train test evaluate", "train evaluate", "train test"], 1))
def test_tau_urban_acoustic_scenes(tmp_path: Path, parts: str) -> None:
    """The tables are divided by tabs though they are called .csv; a city is in no split."""
    check(tmp_path, tau(tmp_path, parts.split()))


def test_dcase_2016_folds(tmp_path: Path) -> None:
    """TUT Acoustic Scenes 2016: meta.txt without a header, and four folds with a list of each part."""
    truth: dict[str, tuple[tuple[str, ...], str, str]] = {}
    scenes = ("beach", "bus", "cafe/restaurant")
    paths = [(f"audio/b{number:03d}_90_120.wav", scenes[number % 3], number // 3 % 4) for number in range(36)]
    text(tmp_path, "meta.txt", *(f"{path}\t{scene}" for path, scene, _fold in paths))
    for fold in range(4):
        inside = [(path, scene) for path, scene, of_path in paths if of_path == fold]
        outside = [(path, scene) for path, scene, of_path in paths if of_path != fold]
        setup = f"evaluation_setup/fold{fold + 1}"
        text(tmp_path, f"{setup}_train.txt", *(f"{path}\t{scene}" for path, scene in outside))
        text(tmp_path, f"{setup}_test.txt", *(path for path, _scene in inside))
        text(tmp_path, f"{setup}_evaluate.txt", *(f"{path}\t{scene}" for path, scene in inside))
    for path, scene, fold in paths:
        truth[path] = ((scene,), f"fold{fold:02d}", "")
    sounds(tmp_path, truth)
    check(tmp_path, truth)


def test_a_recording_that_is_listed_twice_is_refused(tmp_path: Path) -> None:
    truth = tau(tmp_path, ["train", "evaluate"])
    test = next(path for path, (_labels, split, _group) in truth.items() if split == "test")
    with (tmp_path / "evaluation_setup" / "fold1_train.csv").open("a") as file:
        file.write(f"{test}\tbus\n")
    assert "--split-column none" in refusal(tmp_path)
    assert {clip.split for clip in described(tmp_path, split_columns=("none",)).clips} == {""}
