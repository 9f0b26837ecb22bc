"""Measure the time, memory and writes of a command, and the size of a folder on disk."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

BLOCK_BYTES = 512  # the unit of the system's counts of written and occupied blocks


@dataclass(frozen=True)
class Cost:
    """Wall and processor seconds of a command with all its processes, the largest one's peak in MiB, bytes written."""

    wall: float
    processor: float
    peak: float
    written: float


def run(command: Sequence[object], folder: Path, **variables: str) -> Cost:
    """Run a command in a folder, with some more variables in its environment.

    Raises RuntimeError with the end of its output if it fails.
    """
    # Started by a small process in between, as the system counts the memory of the starting process as the command's.
    # -I and -S keep it from importing what the variables have for the command.
    launcher = [sys.executable, "-I", "-S", __file__, *map(str, command)]
    # Users have bytecode on the disk; without it, each process compiles all modules again.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | variables
    finished = subprocess.run(launcher, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {finished.stderr[-2000:]}")
    return Cost(*json.loads(finished.stdout))


def _launch(command: Sequence[str]) -> int:
    """Run a command with its output on standard error, and print the figures of its Cost to standard output."""
    os.sync()  # so that the command does not wait for earlier writes
    started = time.monotonic()
    status = subprocess.run(command, stdout=sys.stderr, check=False).returncode
    wall = time.monotonic() - started
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    print(json.dumps([wall, usage.ru_utime + usage.ru_stime, peak, usage.ru_oublock * BLOCK_BYTES]))
    return status


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(*map(statistics.median, zip(*map(astuple, costs), strict=True)))


def occupied(*folders: Path) -> int:
    """Bytes on disk below some folders; a file with several hard links counts once."""
    blocks = {}
    for folder in folders:
        for path in folder.rglob("*"):
            status = path.lstat()
            blocks[status.st_dev, status.st_ino] = status.st_blocks
    return sum(blocks.values()) * BLOCK_BYTES


def checksums(folder: Path, pattern: str) -> dict[tuple[str, str], str]:
    """The sha256 of each clip by its name and its rate."""
    digests = {}
    for path in folder.glob(pattern):
        rate = next(part for part in path.relative_to(folder).parts if part.isdigit())
        sha256 = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(1 << 16):
                sha256.update(block)
        digests[rate, path.name] = sha256.hexdigest()
    return digests


def empty(folder: Path) -> None:
    """Free the space of a folder's files without removing them.

    For minutes after many files were removed, ext4 takes much longer to find a free inode, which would distort the next
    measurement.
    """
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(0o644)
            os.truncate(path, 0)


if __name__ == "__main__":
    sys.exit(_launch(sys.argv[1:]))
