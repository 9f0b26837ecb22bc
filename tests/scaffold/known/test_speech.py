"""Speech Commands, RAVDESS, VCTK, LibriSpeech, Free Spoken Digit, CREMA-D, TESS, SAVEE, EMO-DB, VoxCeleb."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scaffold.known.published import check, described, refusal, sounds, text


def test_speech_commands(tmp_path: Path) -> None:
    """The rest of what both lists name is to train on; background noise is in neither of them."""
    truth, lists = {}, {"valid": [], "test": []}
    for word in ("bed", "bird", "cat"):
        for number in range(12):
            path = f"{word}/{0x0C40E715 + number // 2:08x}_nohash_{number % 2}.wav"
            split = "valid" if number < 2 else "test" if number < 4 else "train"
            truth[path] = ((word,), split, "")
            if split != "train":
                lists[split].append(path)
    sounds(tmp_path, truth)
    text(tmp_path, "validation_list.txt", *lists["valid"])
    text(tmp_path, "testing_list.txt", *lists["test"])
    text(tmp_path, "README.md", "## Speech Commands Data Set v0.02")
    check(tmp_path, truth)
    sounds(tmp_path, ["_background_noise_/doing_the_dishes.wav", "_background_noise_/pink_noise.wav"])
    dataset = described(tmp_path)
    assert dataset.division.rare == ("_background_noise_",), "no split but train has it, so that it is left out"


def test_ravdess(tmp_path: Path) -> None:
    """The emotion is the third field of a name, and the actor the seventh; folders are actors."""
    truth = {}
    for actor in range(1, 7):
        for emotion in ("01", "03", "05"):
            for repetition in ("01", "02"):
                path = f"Actor_{actor:02d}/03-01-{emotion}-01-01-{repetition}-{actor:02d}.wav"
                truth[path] = ((emotion,), "", f"{actor:02d}")
    sounds(tmp_path, truth)
    refused = refusal(tmp_path)
    assert "--label-field" in refused
    check(tmp_path, truth, label_field=3, group_field=7)


@pytest.mark.slow
def test_crema_d(tmp_path: Path) -> None:
    """The emotion is the third field of a name, and the actor the first; there are no folders of labels."""
    truth = {
        f"AudioWAV/{1000 + actor}_{sentence}_{emotion}_XX.wav": ((emotion,), "", str(1000 + actor))
        for actor in range(1, 7)
        for sentence in ("IEO", "TIE")
        for emotion in ("ANG", "HAP", "SAD")
    }
    sounds(tmp_path, truth)
    assert "--label-field" in refusal(tmp_path)
    check(tmp_path, truth, label_field=3, group_field=1)


@pytest.mark.slow
def test_free_spoken_digits(tmp_path: Path) -> None:
    truth = {
        f"recordings/{digit}_{speaker}_{take}.wav": ((str(digit),), "", speaker)
        for digit in range(4)
        for speaker in ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
        for take in range(2)
    }
    sounds(tmp_path, truth)
    assert "--label-field" in refusal(tmp_path)
    check(tmp_path, truth, label_field=1, group_field=2)


@pytest.mark.slow
def test_tess(tmp_path: Path) -> None:
    """Folders are speaker and emotion together; the emotion is the third field of a name."""
    truth = {}
    for speaker in ("OAF", "YAF"):
        for emotion in ("angry", "happy", "sad"):
            for word in ("back", "bar", "base", "bath"):
                truth[f"{speaker}_{emotion}/{speaker}_{word}_{emotion}.wav"] = ((emotion,), "", speaker)
    sounds(tmp_path, truth)
    check(tmp_path, truth, label_field=3, group_field=1)


@pytest.mark.slow
def test_vctk(tmp_path: Path) -> None:
    """Folders are speakers, which are the labels of a task of speakers; the other microphone is the second field."""
    truth = {
        f"wav48_silence_trimmed/p{speaker}/p{speaker}_{number:03d}_mic{mic}.flac": ((f"p{speaker}",), "", "")
        for speaker in (225, 226, 227)
        for number in range(1, 7)
        for mic in (1, 2)
    }
    sounds(tmp_path, truth)
    text(tmp_path, "speaker-info.txt", "ID  AGE  GENDER  ACCENTS  REGION COMMENTS", "p225  23  F    English    Surrey")
    assert "  --labels-from 2  3 folders: p225, p226, p227" in refusal(tmp_path)
    check(tmp_path, truth, labels_from=2)


@pytest.mark.slow
def test_voxceleb(tmp_path: Path) -> None:
    """Speakers, and videos of each: both levels are called by identifiers."""
    truth = {
        f"wav/id1000{speaker}/{video}/{number:05d}.wav": ((f"id1000{speaker}",), "", video)
        for speaker in range(1, 4)
        for video in (f"{speaker}zcIwhmdeo4", f"{speaker}9aWDcG2sFs", f"{speaker}LKJqjDaDoM", f"{speaker}xxTvWp7b8o")
        for number in range(1, 3)
    }
    sounds(tmp_path, truth)
    assert "--labels-from" in refusal(tmp_path)
    check(tmp_path, truth, labels_from=2)


@pytest.mark.slow
def test_librispeech(tmp_path: Path) -> None:
    """Speakers and chapters are both numbers, and no speaker of the test set is in the train set."""
    for split, speakers in (("train-clean-100", (103, 104)), ("test-clean", (1089, 1188))):
        for speaker in speakers:
            for chapter in (1240, 1241):
                stem = f"{split}/{speaker}/{speaker}{chapter}/{speaker}-{speaker}{chapter}"
                sounds(tmp_path, [f"LibriSpeech/{stem}-{number:04d}.flac" for number in range(3)])
                text(tmp_path, f"LibriSpeech/{stem}.trans.txt", f"{speaker}-{speaker}{chapter}-0000 CHAPTER ONE")
    assert "--labels-from" in refusal(tmp_path)
    assert "--split-column none" in refusal(tmp_path, labels_from=3)
    dataset = described(tmp_path, labels_from=3, split_columns=("none",))
    assert dataset.label_names == ("103", "104", "1089", "1188")
    assert {clip.group for clip in dataset.clips} >= {"1031240", "1041241"}
