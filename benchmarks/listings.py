"""Time and memory to turn complete listings into splits, without any audio.

    python benchmarks/listings.py [--shared ../shared]

The listings of NSynth and Speech Commands are synthetic, in the real layout and size. Those of FSD50K, vocal
imitations, LibriCount and CREMA-D are the real ones, from the tables in the excerpts below SHARED, and are left out
without it. Each runs in a process of its own; time covers all from the listing on disk to the splits, cap and label
checks.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from hearpreprocess.corpus.choose import choose_clips
from hearpreprocess.synthetic.sounds import wav_bytes
from hearpreprocess.task import registry
from hearpreprocess.task.config import TaskMode
from hearpreprocess.task.tree import Tree

PIECE_OF_A_NOTE = {
    "note": 201034, "sample_rate": 16000, "instrument_family": 3, "instrument_source": 0, "velocity": 127,
    "qualities": [0, 1, 0, 0, 0, 0, 0, 0, 0, 0], "qualities_str": ["dark"], "instrument_family_str": "guitar",
}  # fmt: skip
NSYNTH = {"train": 289_205, "valid": 12_678, "test": 4_096}
SPEECH_WORDS = 35
BACKGROUND_SAMPLES = {
    "doing_the_dishes": 1522930, "dude_miaowing": 988891, "exercise_bike": 980062,
    "pink_noise": 960000, "running_tap": 978488, "white_noise": 960000,
}  # fmt: skip
VALID_WORDS, TEST_WORDS = 9_981, 11_005


def tree(folder: Path, name: str, members: dict[str, int], read: dict[str, bytes]) -> Tree:
    """A source's tree with these members; `read`: the contents of the readable ones."""
    source_folder = folder / name
    source_folder.mkdir()
    files = Tree.readable(source_folder)
    for path, content in read.items():
        (files / path).parent.mkdir(parents=True, exist_ok=True)
        (files / path).write_bytes(content)
    Tree.write(source_folder, members | {path: len(content) for path, content in read.items()}, "made up")
    return Tree(name, source_folder)


def nsynth(folder: Path) -> dict[str, Tree]:
    """NSynth's 305,979 notes."""
    trees = {}
    for split, count in NSYNTH.items():
        notes = {}
        for number in range(count):
            name = f"guitar_acoustic_{split}{number // 80:03d}-{9 + number % 111:03d}-{number % 80:03d}"
            notes[name] = {**PIECE_OF_A_NOTE, "note_str": name, "pitch": 9 + number % 111, "instrument": number // 80}
        members = {f"nsynth-{split}/audio/{name}.wav": 128044 for name in notes}
        table = {f"nsynth-{split}/examples.json": json.dumps(notes, indent=4).encode()}
        trees[split] = tree(folder, split, members, table)
    return trees


def speech_commands(folder: Path) -> dict[str, Tree]:
    """Speech Commands' 105,829 words, background recordings of the real lengths, and the test set's 4,890."""
    import numpy as np

    config = registry.load("speech_commands")
    words = [*config.clips.__globals__["WORDS"], *(f"word{number}" for number in range(SPEECH_WORDS - 10))]
    spoken = [f"{words[number % SPEECH_WORDS]}/{number // SPEECH_WORDS:08x}_nohash_0.wav" for number in range(105_829)]
    read = {
        f"_background_noise_/{name}.wav": wav_bytes(np.zeros(samples, np.int16), 16000)
        for name, samples in BACKGROUND_SAMPLES.items()
    }
    read["validation_list.txt"] = "\n".join(spoken[:VALID_WORDS]).encode()
    read["testing_list.txt"] = "\n".join(spoken[VALID_WORDS : VALID_WORDS + TEST_WORDS]).encode()
    labels = [*words[:10], "_unknown_", "_silence_"]
    test = {f"{labels[number % 12]}/f{number:07x}_nohash_0.wav": 32044 for number in range(4_890)}
    return {"train": tree(folder, "train", dict.fromkeys(spoken, 32044), read), "test": tree(folder, "test", test, {})}


def fsd50k(folder: Path, shared: Path) -> dict[str, Tree]:
    """FSD50K's 51,197 recordings by its real tables."""
    with zipfile.ZipFile(shared / "small" / "fsd50k-ground_truth-small.zip") as archive:
        tables = {name: archive.read(f"FSD50K.ground_truth/{name}.csv") for name in ("dev", "eval")}
    trees = {
        "ground_truth": tree(
            folder, "ground_truth", {}, {f"FSD50K.ground_truth/{name}.csv": table for name, table in tables.items()}
        )
    }
    for source, name in (("train", "dev"), ("test", "eval")):
        rows = tables[name].decode().splitlines()[1:]
        trees[source] = tree(folder, source, {f"FSD50K.{name}_audio/{row.split(',')[0]}.wav": 1 for row in rows}, {})
    return trees


def vocal_imitation(folder: Path, shared: Path) -> dict[str, Tree]:
    """The imitations of the real table."""
    path = "VocalImitationSet/vocal_imitations.txt"
    with zipfile.ZipFile(shared / "small" / "vocal_imitation-train-small.zip") as archive:
        table = archive.read(path)
    names = [row.split("\t")[2] for row in table.decode().splitlines()[1:]]
    members = {f"VocalImitationSet/vocal_imitations/included/{name}": 1 for name in names}
    return {"corpus": tree(folder, "corpus", members, {path: table})}


def libricount(folder: Path, shared: Path) -> dict[str, Tree]:
    """LibriCount's 5,720 mixtures by the real names of their annotations."""
    with zipfile.ZipFile(shared / "small" / "libricount-train-small.zip") as archive:
        names = [name for name in archive.namelist() if name.startswith("test/") and name.endswith(".json")]
    return {"corpus": tree(folder, "corpus", {f"{name.removesuffix('.json')}.wav": 1 for name in names}, {})}


def crema_d(folder: Path, shared: Path) -> dict[str, Tree]:
    """CREMA-D's 7,438 recordings by the list of their checksums."""
    files = registry.load("tfds_crema_d").in_mode("full").sources["corpus"].files
    return {"corpus": tree(folder, "corpus", {file.filename: file.size or 0 for file in files}, {})}


MADE_UP: dict[str, Callable[[Path], dict[str, Tree]]] = {
    "nsynth_pitch:5h": nsynth,
    "nsynth_pitch:50h": nsynth,
    "speech_commands:full": speech_commands,
}
REAL: dict[str, Callable[[Path, Path], dict[str, Tree]]] = {
    "fsd50k:full": fsd50k,
    "vocal_imitation:full": vocal_imitation,
    "libricount:full": libricount,
    "tfds_crema_d:full": crema_d,
}


def without_published_counts(task: TaskMode) -> TaskMode:
    """The task without its published counts, which a synthetic listing does not match."""
    from dataclasses import replace

    return replace(task, published_clips=None)


def measure(listing: str, shared: Path | None) -> dict[str, object]:
    """Seconds, peak memory in MiB, listed members, and clips of each split."""
    name, _, mode = listing.partition(":")
    task = registry.load(name).in_mode(mode)
    with tempfile.TemporaryDirectory() as folder:
        if listing in MADE_UP:
            # The pitches of the synthetic NSynth are distributed differently from the real ones.
            task = without_published_counts(task) if name == "nsynth_pitch" else task
            build = [sys.executable, __file__, "--build", listing, folder]
            subprocess.run(build, check=True)
            trees = {source: Tree(source, Path(folder) / source) for source in task.sources}
        elif shared is not None:
            trees = REAL[listing](Path(folder), shared)
        else:
            return {}
        started = time.monotonic()
        table, _omissions, _warnings = choose_clips(task, trees)
        seconds = time.monotonic() - started
        members = sum(len(tree.members) for tree in trees.values())
    counts = {split: table.split.count(split) for split in task.splits.names}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return {"seconds": seconds, "memory": memory, "members": members, "counts": counts}


def main() -> int:
    """Measure each listing in a process of its own and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path)
    parser.add_argument("--one")
    parser.add_argument("--build", nargs=2)
    options = parser.parse_args()
    if options.build:
        MADE_UP[options.build[0]](Path(options.build[1]))
        return 0
    if options.one:
        print(json.dumps(measure(options.one, options.shared)))
        return 0
    for listing in (*MADE_UP, *(REAL if options.shared else ())):
        command = [
            sys.executable,
            __file__,
            "--one",
            listing,
            *(["--shared", str(options.shared)] if options.shared else []),
        ]
        result = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        counts = " ".join(f"{split} {count:,}" for split, count in result["counts"].items())
        print(
            f"{listing:<22} {result['members']:>8,} members {result['seconds']:6.2f} s {result['memory']:7.0f} MiB"
            f"   {counts}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
