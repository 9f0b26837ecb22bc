"""UrbanSound8K, ESC-50, TAU Urban Acoustic Scenes, VocalSketch-like: environmental sounds with folds."""

from __future__ import annotations

from pathlib import Path

from tests.scaffold.known.published import check, sounds, text

CLASSES = ("air_conditioner", "car_horn", "children_playing")


def test_urbansound8k(tmp_path: Path) -> None:
    """`start` and `end` are positions in the recording on Freesound, whose id, fsID, is the group."""
    header = "slice_file_name,fsID,start,end,salience,fold,classID,class"
    lines, truth = [], {}
    for fold in range(1, 11):
        for number, label in enumerate(CLASSES):
            for part in range(2):
                fsid = 100000 + 10 * fold + number
                name = f"{fsid}-{number}-0-{part}.wav"
                start = 3.5 + part
                lines.append(f"{name},{fsid},{start:.6f},{start + 0.2:.6f},{1 + part},{fold},{number},{label}")
                truth[f"audio/fold{fold}/{name}"] = ((label,), f"fold{fold - 1:02d}", str(fsid))
    sounds(tmp_path, truth)
    text(tmp_path, "metadata/UrbanSound8K.csv", header, *lines)
    text(tmp_path, "UrbanSound8K_README.txt", "UrbanSound8K", "============", "CREATED BY ...")
    dataset = check(tmp_path, truth)
    assert dataset.times is None


def test_esc_50(tmp_path: Path) -> None:
    truth, lines = {}, []
    for fold in range(1, 6):
        for target, category in ((0, "dog"), (14, "chirping_birds"), (36, "vacuum_cleaner")):
            for take in "AB":
                clip = 100000 + 100 * fold + target
                name = f"{fold}-{clip}-{take}-{target}.wav"
                lines.append(f"{name},{fold},{target},{category},{target < 20},{clip},{take}")
                truth[f"audio/{name}"] = ((category,), f"fold{fold - 1:02d}", str(clip))
    sounds(tmp_path, truth)
    text(tmp_path, "meta/esc50.csv", "filename,fold,target,category,esc10,src_file,take", *lines)
    check(tmp_path, truth)
