"""Synthetic corpora: made-up recordings in each source's real layout, naming and archive format."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

from hearpreprocess.config import nearest
from hearpreprocess.errors import ConfigError
from hearpreprocess.identity import digest, file_digest
from hearpreprocess.testing.archives import write_zip
from hearpreprocess.testing.sounds import recording, wav_bytes

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


Members = Iterator[tuple[str, bytes]]


def esc_50() -> Members:
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
        yield f"ESC-50-synthetic/audio/{name}", wav_bytes(recording(name, 5, 44100), 44100)


_CORPORA: dict[str, Callable[[], Members]] = {"ESC-50": esc_50}


def write(corpus: str, folder: Path, on_member: Callable[[int], object] = lambda count: None) -> None:
    """Write the synthetic corpus of this name to a folder; `on_member` is called with 1 after each of its files.

    Raises ConfigError where there is none.
    """
    write_zip(folder / f"{corpus}.zip", _find(corpus)(), on_member)


def fingerprint(corpus: str) -> str:
    """A digest of the code that makes the synthetic corpus of this name."""
    _find(corpus)
    folder = Path(__file__).parent
    return digest([corpus, *(file_digest(folder / f"{module}.py") for module in ("archives", "corpora", "sounds"))])


def _find(corpus: str) -> Callable[[], Members]:
    if corpus not in _CORPORA:
        raise ConfigError(f"no synthetic corpus is called {corpus!r}{nearest(corpus, _CORPORA)}")
    return _CORPORA[corpus]
