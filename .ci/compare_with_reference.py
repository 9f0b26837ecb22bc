"""Run tasks on the real excerpts and listings beside the checkout, and compare with the reference's results.

    compare_with_reference.py SHARED

SHARED is the folder with `small/`, `golden/` and `compare.py`. All outputs go to a temporary folder. Each comparison
prints a line; the exit status is 0 only if all of them are equal.
"""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from hearpreprocess import compare as proof
from hearpreprocess import tfds_names, verify
from hearpreprocess.corpus import labels, splits
from hearpreprocess.corpus.choose import choose_clips
from hearpreprocess.task import registry
from hearpreprocess.task.schemes import NewFolds
from hearpreprocess.task.tree import Tree
from hearpreprocess.testing import contract

RATES = ("16000", "22050", "32000", "44100", "48000")
PROJECT = Path(__file__).parent.parent

# Runs the command line with worker processes started by the method in the first argument.
START = "import multiprocessing, sys; multiprocessing.set_start_method(sys.argv[1]); "
START += "from hearpreprocess.runner import main; sys.exit(main(sys.argv[2:]))"


# The tasks with results of the reference, each with the rate of its audio if that is available.
REFERENCED = {
    "esc50": ("esc50-v2.0.0-small", 16000),
    "beijing_opera": ("beijing_opera-v1.0-hear2021-small", 22050),
    "fsd50k": ("fsd50k-v1.0-small", 16000),
    "speech_commands": ("speech_commands-v0.0.2-small", None),
    "tfds_gtzan": ("tfds_gtzan-1.0.0-small", None),
}
OTHERS = (
    "beehive_states_fold0", "beehive_states_fold1", "gunshot_triangulation", "libricount", "mridangam_stroke",
    "mridangam_tonic", "spoken_digit", "tfds_crema_d", "tfds_gtzan_music_speech", "vocal_imitation", "vox_lingua_top10",
)  # fmt: skip


def run(method: str, out: Path, *arguments: str | Path) -> str:
    """Run the command line with processes started by `method`; return its output if it fails, else an empty text."""
    directories = ("--tmp-dir", out / "work", "--tasks-dir", out / "tasks", "--tar-dir", out)
    command: list[str | Path] = [sys.executable, "-c", START, method, *arguments, "--offline", *directories]
    finished = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    return finished.stderr if finished.returncode else ""


def small_runs(shared: Path, folder: Path) -> Iterator[tuple[str, bool]]:
    """Make the excerpts with the command line at every rate; ESC-50 also with spawned processes."""
    options: list[str | Path] = ["--mode", "small", "--download-dir", shared / "small", "--sample-rates", *RATES]
    for task, (title, audio_rate) in REFERENCED.items():
        for method in ("fork", "spawn") if task == "esc50" else ("fork",):
            out = folder / f"{title}-{method}"
            if message := run(method, out, f"tasks/{task}.py", *options):
                yield f"{title}, {method}\n{message}", False
                continue
            reference = shared / "golden" / f"{title}.json.gz"
            tarball = shared / "golden" / "audio" / f"{title}-{audio_rate}.tar.gz"
            audio: list[str | Path] = ["--audio", tarball] if audio_rate else []
            yield f"{title}, {method}, folder", compare(shared, out / "tasks" / title, reference, *audio)
            for rate in RATES:
                made = out / f"hear2021-{title}-{rate}.tar.gz"
                yield f"{title}, {method}, {made.name}", compare(shared, made, reference)
            if audio_rate:
                comparison = proof.compare(tarball, out / f"hear2021-{title}-{audio_rate}.tar.gz")
                yield (
                    f"{title}, {method}, within dither of the reference",
                    (comparison.is_same and comparison.outcome(audio_rate) == "within dither"),
                )
                yield f"{title}, the reference's tarball is sound", not verify.verify(tarball).faults
    for task in OTHERS:
        message = run("fork", folder / task, f"tasks/{task}.py", *options)
        if message:
            problems = [message]
        else:
            (made,) = (folder / task / "tasks").glob("*")
            problems = contract.problems_of_result(made)
        yield f"{task}, excerpt runs\n".rstrip() + "".join(f"\n  {problem}" for problem in problems[:5]), not problems


def spoken_digit(shared: Path, folder: Path) -> bool:
    """The complete corpus of spoken digits."""
    message = run(
        "fork", folder / "full", "tasks/spoken_digit.py", "--download-dir", shared / "full", "--sample-rates", "16000"
    )
    print(message, end="")
    made, name = folder / "full" / "tasks" / "spoken_digit-1.0.9-full", "fullscale-spoken_digit-1.0.9-full.json.gz"
    return not message and compare(shared, made, shared / "golden" / name)


def tfds_names_of(shared: Path) -> bool:
    """The names of all 11,066 clips from TensorFlow Datasets."""
    shards = {"crema_d": {"train": 16, "validation": 2, "test": 4}, "gtzan": {"train": 32}}
    shards |= {"gtzan_music_speech": {"train": 4}, "spoken_digit": {"train": 1}}
    with gzip.open(shared / "golden" / "tfds_map.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    keys: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        name = row["original"].rpartition("/")[2]
        key = name if row["dataset"].startswith("gtzan") else name.removesuffix(".wav")
        keys.setdefault((row["dataset"], row["split"]), {})[key] = row["clip"]
    names = {
        (dataset, split, key): f"{name}.wav"
        for (dataset, split), clips in keys.items()
        for key, name in tfds_names(dataset, split, clips, shards[dataset][split]).items()
    }
    expected = {(dataset, split, key): clip for (dataset, split), clips in keys.items() for key, clip in clips.items()}
    return len(rows) == 11_066 and names == expected


def compare(shared: Path, made: Path, reference: Path, *options: str | Path) -> bool:
    """Whether compare.py reports that the output equals the reference."""
    command = [sys.executable, shared / "compare.py", made, reference, *options]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    print(finished.stdout, end="")
    return finished.returncode == 0


def esc_50_listing(shared: Path, folder: Path) -> bool:
    """The complete table of ESC-50 as a listing without audio, through the task's own code."""
    with zipfile.ZipFile(shared / "small" / "esc50-all_folds-small.zip") as archive:
        table = archive.read("ESC-50-master/meta/esc50.csv")
    names = [line.split(",")[0] for line in table.decode().splitlines()[1:]]
    members = {"ESC-50-master/meta/esc50.csv": len(table), **{f"ESC-50-master/audio/{name}": 0 for name in names}}
    listing, made = folder / "listing", folder / "esc50-v2.0.0-full"
    listing.mkdir()
    made.mkdir()
    Tree.write(listing, members, "the real table")
    path = Tree.readable(listing) / "ESC-50-master" / "meta" / "esc50.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(table)
    config = registry.load("esc50").in_mode("full")
    clips, _omissions, _warnings = choose_clips(config, {"corpus": Tree("corpus", listing)})
    for split in config.splits.names:
        (made / f"{split}.json").write_text(labels.to_json(labels.split_labels(clips, split, config)))
    (made / "labelvocabulary.csv").write_text(labels.vocabulary_csv(labels.vocabulary(clips)))
    return compare(shared, made, shared / "golden" / "fullscale-esc50-v2.0.0-full.json.gz")


def folds(shared: Path, title: str) -> bool:
    """The folds of a complete corpus, drawn from its names and labels."""
    reference = json.loads(gzip.decompress((shared / "golden" / f"fullscale-{title}.json.gz").read_bytes()))["splits"]
    given = {name: split for split, clips in reference.items() for name in clips}
    clips = {
        name.removesuffix(".wav"): of_clip for of_split in reference.values() for name, of_clip in of_split.items()
    }
    drawn = splits.draw_folds(splits.labels_by_group(list(clips), clips.values()), NewFolds(len(reference)).folds)
    return {f"{name}.wav": split for name, split in drawn.items()} == given


def main(shared: Path) -> int:
    """Make every comparison and return the exit status."""
    with tempfile.TemporaryDirectory(prefix="hearpreprocess-") as name:
        folder = Path(name)
        results = list(small_runs(shared, folder))
        checks: dict[str, Callable[[], bool]] = {
            "esc50, complete listing": lambda: esc_50_listing(shared, folder),
            "spoken_digit, complete corpus": lambda: spoken_digit(shared, folder),
            "names of TensorFlow Datasets, all 11,066": lambda: tfds_names_of(shared),
            "tfds_gtzan, folds of the complete corpus": lambda: folds(shared, "tfds_gtzan-1.0.0-full"),
            "vocal_imitation, folds of the complete corpus": lambda: folds(shared, "vocal_imitation-v1.1.3-full"),
        }
        results += [(title, check()) for title, check in checks.items()]
    for title, equal in results:
        print(f"{'equal' if equal else 'DIFFERS'}: {title}")
    return 0 if all(equal for _title, equal in results) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
