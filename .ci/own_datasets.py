"""Make tasks from three folders of real recordings as a newcomer does, and print the times.

python .ci/own_datasets.py ../shared
"""

from __future__ import annotations

import csv
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path

MOST_SECONDS = 300
DIGITS, FSD50K = "full/v1.0.9.tar.gz", ("train", "test", "ground_truth")
RUNNER = (sys.executable, "-m", "hearpreprocess.runner")


def digits(shared: Path) -> dict[str, bytes]:
    """Every fifth of the spoken digits: their names are <digit>_<speaker>_<number>.wav."""
    with tarfile.open(shared / DIGITS) as archive:
        recordings = sorted((member for member in archive if member.name.endswith(".wav")), key=lambda one: one.name)
        files = {member.name.rpartition("/")[2]: archive.extractfile(member) for member in recordings[::5]}
        return {name: file.read() for name, file in files.items() if file}


def folder_per_label(folder: Path, shared: Path) -> None:
    """Spoken digits in a folder for each digit."""
    for name, content in digits(shared).items():
        (folder / name[0]).mkdir(parents=True, exist_ok=True)
        (folder / name[0] / name).write_bytes(content)


def table_with_splits(folder: Path, shared: Path) -> None:
    """Spoken digits and a table with their digit and split."""
    (folder / "audio").mkdir(parents=True)
    rows = [("file", "digit", "split")]
    for number, (name, content) in enumerate(digits(shared).items()):
        (folder / "audio" / name).write_bytes(content)
        rows.append((f"audio/{name}", f"digit {name[0]}", ("train", "train", "val", "test")[number % 4]))
    with (folder / "meta.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def table_of_tags(folder: Path, shared: Path) -> None:
    """The excerpt of FSD50K as it is: two tables, several labels a recording."""
    for part in FSD50K:
        with zipfile.ZipFile(shared / "small" / f"fsd50k-{part}-small.zip") as archive:
            archive.extractall(folder)


STATED = {folder_per_label: ("--labels-from", "1")}
"""Options of `new` for what it asks: folders called 0 to 9 could be speakers."""


def main() -> int:
    """Create, check, run and verify each task; the exit status is 1 if one of them fails or takes too long."""
    shared = Path(sys.argv[1]).resolve()
    failed = 0
    for make in (folder_per_label, table_with_splits, table_of_tags):
        with tempfile.TemporaryDirectory() as name:
            make(Path(name) / "recordings", shared)
            start = time.monotonic()
            for command in (
                ("new", "mine", "recordings", *STATED.get(make, ())),
                ("check", "./mine.py"),
                ("./mine.py", "--sample-rates", "16000", "--quiet"),
                ("verify", "out", "--task", "./mine.py"),
            ):
                finished = subprocess.run([*RUNNER, *command], cwd=name, capture_output=True, text=True)
                if finished.returncode:
                    print(f"{make.__name__}: {' '.join(command)} failed\n{finished.stdout}{finished.stderr}")
                    failed += 1
                    break
            else:
                seconds = time.monotonic() - start
                failed += seconds > MOST_SECONDS
                print(f"{make.__name__:<18} new, check, run, verify: {seconds:.1f} s (at most {MOST_SECONDS})")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
