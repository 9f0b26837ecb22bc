"""Synthetic corpora of environmental sounds: ESC-50, DCASE 2016 task 2, beehives, FSD50K, gunshots."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from hearpreprocess.synthetic.archives import SyntheticCorpus, write_files, write_rar, write_split_zip, write_zip
from hearpreprocess.synthetic.sounds import recording, sound, wav_bytes

if TYPE_CHECKING:
    import numpy.typing as npt

# fmt: off
ESC_50_CATEGORIES = (
    "dog", "rooster", "pig", "cow", "frog", "cat", "hen", "insects", "sheep", "crow", "rain", "sea_waves",
    "crackling_fire", "crickets", "chirping_birds", "water_drops", "wind", "pouring_water", "toilet_flush",
    "thunderstorm", "crying_baby", "sneezing", "clapping", "breathing", "coughing", "footsteps", "laughing",
    "brushing_teeth", "snoring", "drinking_sipping", "door_wood_knock", "mouse_click", "keyboard_typing",
    "door_wood_creaks", "can_opening", "washing_machine", "vacuum_cleaner", "clock_alarm", "clock_tick",
    "glass_breaking", "helicopter", "chainsaw", "siren", "car_horn", "engine", "train", "church_bells", "airplane",
    "fireworks", "hand_saw",
)
# fmt: on

# fmt: off
DCASE_LABELS = (
    "clearthroat", "cough", "doorslam", "drawer", "keyboard", "keys", "knock", "laughter", "pageturn", "phone",
    "speech",
)
# fmt: on
BEEHIVE_DAYS = ("hive1_12062018", "hive1_31052018", "hive3_14072017", "hive3_28072017")
FSD50K_LABELS = ("Bark", "Rain", "Music", "Speech", "Engine")
GUNSHOT_FILES = ("mic1raw.wav", "mic2raw16b.wav", "mic3raw.wav", "mic4raw.wav")
GUNSHOT_FIRST_SAMPLES = (15764451 - 48000, 13764742 - 48000, 9334032 - 48000, 6794611 - 48000)
GUNSHOT_SPACING = 80000


def esc_50() -> Iterator[tuple[str, bytes]]:
    """ESC-50 with one recording of each of the 50 classes in each of the 5 folds: 250 of 5 s at 44.1 kHz."""
    rows = [
        (f"{fold}-{100000 + 10 * target + fold}-A-{target}.wav", fold, target, category)
        for fold in range(1, 6)
        for target, category in enumerate(ESC_50_CATEGORIES)
    ]
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("filename", "fold", "target", "category", "esc10", "src_file", "take"))
    writer.writerows(
        (name, fold, target, category, False, name.split("-")[1], "A") for name, fold, target, category in rows
    )
    for folder in ("", "audio/", "meta/"):
        yield f"ESC-50-synthetic/{folder}", b""
    yield "ESC-50-synthetic/meta/esc50.csv", table.getvalue().encode()
    for name, _fold, _target, _category in rows:
        yield f"ESC-50-synthetic/audio/{name}", sound(name, 5, 44100)


def dcase_2016(part: str, count: int) -> Iterator[tuple[str, bytes]]:
    """DCASE 2016 task 2: recordings of 6 s with five timed sounds each, and their annotations."""
    root = {"dev": "dcase2016_task2_train_dev/dcase2016_task2_dev", "eval": "dcase2016_task2_test_public"}[part]
    for number in range(count):
        name = f"{part}_1_ebr_{number}_nec_{number % 4}_poly_0"
        rows = [(1 + 0.9 * place, DCASE_LABELS[(number + 3 * place) % len(DCASE_LABELS)]) for place in range(5)]
        text = "".join(f"{start:.4f}\t{start + 0.6:.4f}\t{label}\n" for start, label in rows)
        yield f"{root}/annotation/{name}.txt", text.encode()
        yield f"{root}/sound/{name}.wav", wav_bytes(_scene(name, rows), 44100)


def _scene(name: str, rows: Sequence[tuple[float, str]]) -> npt.NDArray[Any]:
    """A quiet recording of 6 s with sounds of 0.6 s at the rows' onsets."""
    samples = recording(name, 6, 44100) * 0.02
    for start, label in rows:
        first = round(start * 44100)
        event = recording(f"{name} {label}", 0.6, 44100) * 0.5
        samples[first : first + len(event)] += event
    return samples


def beehive(day: str) -> Iterator[tuple[str, bytes]]:
    """One day of a beehive: fifteen recordings of 2 s, with or without the queen bee."""
    hive, date = day.split("_")
    name = f"{hive.title()}_{date[:2]}_{date[2:4]}_{date[4:]}"
    queen = "NO_QueenBee" if day in ("hive1_31052018", "hive3_14072017") else "QueenBee"
    for number in range(15):
        title = f"{name}_{queen}____{number // 6:02d}_{number % 6}0_00"
        yield f"{name}/{title}.wav", sound(title, 2, 22050)


def fsd50k_audio(part: str) -> Iterator[tuple[str, bytes]]:
    """The recordings of FSD50K's development or evaluation set, of lengths between 0.3 and 2 s."""
    for name, _labels, _split in _fsd50k_rows(part):
        yield f"FSD50K.{part}_audio/{name}.wav", sound(name, 0.3 + int(name) % 18 / 10, 44100)


def fsd50k_ground_truth() -> Iterator[tuple[str, bytes]]:
    """The tables of FSD50K."""
    dev = "".join(f'{name},"{labels}","/m/0",{split}\n' for name, labels, split in _fsd50k_rows("dev"))
    test = "".join(f'{name},"{labels}","/m/0"\n' for name, labels, _split in _fsd50k_rows("eval"))
    yield "FSD50K.ground_truth/dev.csv", f"fname,labels,mids,split\n{dev}".encode()
    yield "FSD50K.ground_truth/eval.csv", f"fname,labels,mids\n{test}".encode()


def _fsd50k_rows(part: str) -> list[tuple[str, str, str]]:
    count, first = {"dev": (40, 1000), "eval": (12, 2000)}[part]
    rows = []
    for number in range(count):
        labels = FSD50K_LABELS[number % 5], FSD50K_LABELS[(number // 5 + number + 1) % 5]
        rows.append((str(first + number), ",".join(dict.fromkeys(labels)), "val" if number >= 30 else "train"))
    # The last one is a recording that HEAR leaves out.
    return [*rows, ("83299", "Bark", "train")] if part == "dev" else rows


def gunshots() -> Iterator[tuple[str, bytes]]:
    """Four long recordings at 48 kHz, silent except for 22 shots, whose onsets differ between the microphones."""
    import numpy as np

    decay = np.exp(-np.arange(24000) / 3000).astype(np.float32)
    for microphone, (name, first) in enumerate(zip(GUNSHOT_FILES, GUNSHOT_FIRST_SAMPLES, strict=True)):
        samples = np.zeros(first + 23 * GUNSHOT_SPACING, np.int16)
        for shot in range(22):
            start = first + 10000 + shot * GUNSHOT_SPACING
            blast = recording(f"blast{shot}-{microphone}", 0.5, 48000)[:, 0] * decay * 0.2
            blast[0] = 0.95 if microphone == 0 else 0.5
            samples[start : start + len(blast)] = np.rint(blast * 32767).astype(np.int16)
        yield name, wav_bytes(samples, 48000)


CORPORA: dict[str, SyntheticCorpus] = {
    "ESC-50": (esc_50, write_zip),
    "DCASE2016-dev": (partial(dcase_2016, "dev", 9), write_zip),
    "DCASE2016-eval": (partial(dcase_2016, "eval", 11), write_zip),
    **{f"Beehive-{day}": (partial(beehive, day), write_rar) for day in BEEHIVE_DAYS},
    "FSD50K-dev": (partial(fsd50k_audio, "dev"), partial(write_split_zip, part_size=1_000_000)),
    "FSD50K-eval": (partial(fsd50k_audio, "eval"), partial(write_split_zip, part_size=1_000_000)),
    "FSD50K-ground-truth": (fsd50k_ground_truth, write_zip),
    "Gunshot-Triangulation": (gunshots, write_files),
}
