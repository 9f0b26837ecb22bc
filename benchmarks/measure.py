"""Run a command and measure what it takes; find out what a folder takes on disk."""

from __future__ import annotations

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

BLOCK_BYTES = 512  # of what the system counts written and occupied blocks in


@dataclass(frozen=True)
class Cost:
    """Wall and processor seconds of a command with all its processes, the largest one's peak in MiB, bytes written."""

    wall: float
    processor: float
    peak: float
    written: float


def run(command: Sequence[object], folder: Path) -> Cost:
    """Run a command in a folder to its end.

    Raises RuntimeError with the end of what it said where it fails.
    """
    # In between stands a process that is small: the system counts the memory of who starts a command as the command's.
    launcher = [sys.executable, "-S", __file__, *map(str, command)]
    finished = subprocess.run(launcher, cwd=folder, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {finished.stderr[-2000:]}")
    return Cost(*json.loads(finished.stdout))


def _launch(command: Sequence[str]) -> int:
    """Run a command, its words to standard error and the figures of its Cost to standard output."""
    os.sync()  # what was written before must not be waited for now
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
    """Bytes on disk below some folders; a file with several names counts once."""
    blocks = {}
    for folder in folders:
        for path in folder.rglob("*"):
            status = path.lstat()
            blocks[status.st_dev, status.st_ino] = status.st_blocks
    return sum(blocks.values()) * BLOCK_BYTES


def empty(folder: Path) -> None:
    """Give back the space of a folder's files without removing one.

    After many files were removed, ext4 looks for a free inode much longer, minutes on end; the next measurement would
    show that instead of what it is for.
    """
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(0o644)
            os.truncate(path, 0)


if __name__ == "__main__":
    sys.exit(_launch(sys.argv[1:]))
