"""Run tasks on the real excerpts and listings beside the checkout, and compare with what the reference made of them.

    compare_with_reference.py SHARED

SHARED is the folder with `small/`, `golden/` and `compare.py`. Everything is made in a temporary folder. Each
comparison prints a line; the exit status is 0 only if all of them are equal.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from hearpreprocess import labels, registry, splits
from hearpreprocess.config import NewFolds
from hearpreprocess.steps.corpus import work_out
from hearpreprocess.tree import Tree

RATES = ("16000", "22050", "32000", "44100", "48000")
PROJECT = Path(__file__).parent.parent

# Runs the command line with worker processes that are started in the way given first.
START = "import multiprocessing, sys; multiprocessing.set_start_method(sys.argv[1]); "
START += "from hearpreprocess.runner import main; sys.exit(main(sys.argv[2:]))"


def small_runs(shared: Path, folder: Path) -> Iterator[tuple[str, bool]]:
    """The excerpts, made by the real command line at every rate, with forked and with spawned processes."""
    for task, title, audio_rate in (("tasks/esc50.py", "esc50-v2.0.0-small", "16000"),):
        for method in ("fork", "spawn"):
            out = folder / f"{title}-{method}"
            options = [
                "--mode",
                "small",
                "--offline",
                "--download-dir",
                f"{shared / 'small'}",
                "--sample-rates",
                *RATES,
            ]
            places = ["--tmp-dir", f"{out / 'work'}", "--tasks-dir", f"{out / 'tasks'}", "--tar-dir", f"{out}"]
            command = [sys.executable, "-c", START, method, task, *options, *places]
            finished = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
            if finished.returncode:
                yield f"{title}, {method}\n{finished.stderr}", False
                continue
            reference = shared / "golden" / f"{title}.json.gz"
            audio = ["--audio", shared / "golden" / "audio" / f"{title}-{audio_rate}.tar.gz"]
            yield f"{title}, {method}, folder", compare(shared, out / "tasks" / title, reference, *audio)
            for rate in RATES:
                tarball = out / f"hear2021-{title}-{rate}.tar.gz"
                yield f"{title}, {method}, {tarball.name}", compare(shared, tarball, reference)


def compare(shared: Path, made: Path, reference: Path, *options: str | Path) -> bool:
    """Whether compare.py finds what was made equal to the reference."""
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
    place = Tree.write(listing, members, "md5:none") / "ESC-50-master" / "meta" / "esc50.csv"
    place.parent.mkdir(parents=True)
    place.write_bytes(table)
    config = registry.load("esc50").in_mode("full")
    clips, _warnings = work_out(config, {"corpus": Tree("corpus", listing)})
    for split in config.splits.names:
        (made / f"{split}.json").write_text(labels.to_json(labels.split_labels(clips, split, config.embedding_type)))
    (made / "labelvocabulary.csv").write_text(labels.vocabulary_csv(labels.vocabulary(clips)))
    return compare(shared, made, shared / "golden" / "fullscale-esc50-v2.0.0-full.json.gz")


def folds(shared: Path, title: str) -> bool:
    """The folds of a complete corpus, drawn from its names and labels."""
    reference = json.loads(gzip.decompress((shared / "golden" / f"fullscale-{title}.json.gz").read_bytes()))["splits"]
    given = {name: split for split, clips in reference.items() for name in clips}
    clips = {name.removesuffix(".wav"): found for of_split in reference.values() for name, found in of_split.items()}
    drawn = splits.draw_folds(splits.labels_by_group(list(clips), clips.values()), NewFolds(len(reference)).folds)
    return {f"{name}.wav": split for name, split in drawn.items()} == given


def main(shared: Path) -> int:
    """Make every comparison and return the exit status."""
    with tempfile.TemporaryDirectory(prefix="hearpreprocess-") as name:
        folder = Path(name)
        results = list(small_runs(shared, folder))
        checks: dict[str, Callable[[], bool]] = {
            "esc50, complete listing": lambda: esc_50_listing(shared, folder),
            "tfds_gtzan, folds of the complete corpus": lambda: folds(shared, "tfds_gtzan-1.0.0-full"),
            "vocal_imitation, folds of the complete corpus": lambda: folds(shared, "vocal_imitation-v1.1.3-full"),
        }
        results += [(what, check()) for what, check in checks.items()]
    for what, equal in results:
        print(f"{'equal' if equal else 'DIFFERS'}: {what}")
    return 0 if all(equal for _what, equal in results) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
