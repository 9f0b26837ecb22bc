"""Small finished tasks, made of the pure parts of the package: built-in tasks whose clips are not those published."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hearpreprocess import archive, audio
from hearpreprocess.corpus import ClipTable, labels, splits
from hearpreprocess.corpus.choose import choose_clips
from hearpreprocess.finished import (
    CARD,
    MANIFEST,
    METADATA,
    RELEASE_KEY,
    VOCABULARY,
    assembled,
    card,
    manifest,
    resampled,
    tarball_name,
    with_release,
)
from hearpreprocess.finished.tarball import write_tarball
from hearpreprocess.storage import digest
from hearpreprocess.task import NewFolds, TaskMode, TrainValidTest, registry
from hearpreprocess.task.tree import Tree

MODE = "synthetic"
RATE = 1000  # so that a clip has a few kilobytes

Labels = Mapping[str, Mapping[str, list[Any]]]
"""By split and file name."""


def esc50() -> Labels:
    """Folds that names tell."""
    return {
        f"fold{fold:02d}": {
            f"{fold + 1}-{number}-A-{number}.wav": [f"label {number % 2}"] for number in (10 * fold + 1, 10 * fold + 2)
        }
        for fold in range(5)
    }


def beijing_opera() -> Labels:
    """Folds that are drawn."""
    names = {f"{number}__{label}-x.wav": label for number in range(10) for label in ("bangu", "luo")}
    config = registry.load("beijing_opera").in_mode(MODE)
    assert isinstance(config.splits, NewFolds)
    of_groups = {name.removesuffix(".wav"): {label} for name, label in names.items()}
    drawn = splits.draw_folds(of_groups, config.splits.folds)
    found: dict[str, dict[str, list[Any]]] = {split: {} for split in config.splits.names}
    for name, label in names.items():
        found[drawn[name.removesuffix(".wav")]][name] = [label]
    return found


def dcase2016_task2() -> Labels:
    """Events, in splits that are drawn."""
    names = [f"mixture{number}" for number in range(10)]
    scheme = registry.load("dcase2016_task2").in_mode(MODE).splits
    assert isinstance(scheme, TrainValidTest)
    found: dict[str, dict[str, list[Any]]] = {split: {} for split in scheme.names}
    for number, (name, split) in enumerate(zip(names, splits.draw_missing(names, [""] * 10, scheme), strict=True)):
        event = {"label": f"noise {number % 2}", "start": 100.5 * number, "end": 2000.0}
        found[split][f"{name}.wav"] = [event, {**event, "end": 3000}]
    return found


TASKS = {"esc50": esc50, "beijing_opera": beijing_opera, "dcase2016_task2": dcase2016_task2}


def finished_task(parent: Path, name: str, rate: int = RATE) -> Path:
    """The folder of a finished task of TASKS."""
    config = registry.load(name).in_mode(MODE)
    folder, of_splits = parent / config.title, TASKS[name]()
    metadata = with_release({**config.metadata(), "description": "made for tests"}, "r")
    fingerprints = {}
    for split, clips in of_splits.items():
        (folder / str(rate) / split).mkdir(parents=True)
        for file in clips:
            path = folder / str(rate) / split / file
            fingerprints[file.removesuffix(".wav")] = _clip(path, config, rate)
        (folder / f"{split}.json").write_text(labels.to_json(clips))
    manifested = _manifest(config, of_splits, metadata, fingerprints, rate)
    values = sorted({_label(label) for clips in of_splits.values() for of_clip in clips.values() for label in of_clip})
    texts = {
        METADATA: labels.to_json(metadata),
        VOCABULARY: labels.vocabulary_csv(values),
        MANIFEST: manifest.to_text(manifested),
        CARD: card.card(metadata, manifested),
    }
    for file, text in texts.items():
        (folder / file).write_text(text, encoding="utf-8")
    return folder


def _label(label: Any) -> Any:
    return label["label"] if isinstance(label, dict) else label


def _clip(path: Path, config: TaskMode, rate: int) -> manifest.Fingerprint:
    seed = sum(path.name.encode())
    seconds = min(config.sample_duration or 1.0, 120.0)
    samples = np.random.default_rng(seed).integers(-9999, 9999, round(seconds * rate), np.int16)
    return audio.write_wav(path, [samples], rate)


def _manifest(
    config: TaskMode,
    of_splits: Labels,
    metadata: Mapping[str, Any],
    fingerprints: Mapping[str, manifest.Fingerprint],
    rate: int,
) -> manifest.Manifest:
    clips = [
        (file.removesuffix(".wav"), split, file.removesuffix(".wav"), of_clip)
        for split, clips in of_splits.items()
        for file, of_clip in clips.items()
    ]
    without = manifest.of_corpus(
        clips,
        task=config.title,
        release="r",
        configuration=digest({key: value for key, value in metadata.items() if key != RELEASE_KEY}),
        made_with={"hearpreprocess": "1"},
        sources=metadata["sources"],
        left_out=[],
    )
    source = {"source": {"seconds": 5.0, "channels": 1, "format": "WAV PCM_16"}}
    recorded = {
        name: manifest.to_json(manifest.recorded(rate, fingerprint, peak=9998, clipped=False) | source)
        for name, fingerprint in fingerprints.items()
    }
    texts = {name: manifest.fingerprint_text(fingerprint) for name, fingerprint in fingerprints.items()}
    whole: manifest.Manifest = json.loads(assembled(manifest.to_text(without).encode(), recorded, {rate: texts}).text)
    return whole


def tarball_of(folder: Path, parent: Path, rate: int = RATE) -> Path:
    """The tarball of a finished task's folder, as a run makes it."""
    tarball = parent / tarball_name(folder.name, rate)
    files = {path.relative_to(folder).as_posix(): str(path) for path in folder.rglob("*") if path.is_file()}
    write_tarball(tarball, f"tasks/{folder.name}", files, {}, "fast")
    return tarball


def clips_from_published(tarball: Path, folder: Path) -> int:
    """The number of clips that --from-published lists, without any audio. `folder`: for its files."""
    return len(table_from_published(tarball, folder))


def table_from_published(tarball: Path, folder: Path) -> ClipTable:
    """The table of the clips that --from-published lists, without any audio. `folder`: for its files."""
    config = resampled.config_of(tarball)
    listed = folder / "listed"
    shutil.rmtree(listed, ignore_errors=True)
    listed.mkdir()
    files = Tree.readable(listed)
    Tree.write(listed, archive.unpack({tarball.name: tarball}, lambda name: not name.endswith(".wav"), files), "x")
    table, _omissions, _warnings = choose_clips(
        config.in_mode(config.default_mode), {"published": Tree("published", listed)}
    )
    return table
