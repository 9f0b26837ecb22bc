"""Free disk space on a hosted runner: remove unneeded directories, and use the second disk if it has more space.

    free_disk.py --remove /usr/share/dotnet --second /mnt --move _workdir out

The directories to move become links in the working directory that lead to the second disk.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Room(NamedTuple):
    """The disk of a directory, and the free bytes on it."""

    device: int
    free: int

    @classmethod
    def at(cls, path: Path) -> Room:
        """The free space of a directory's disk."""
        return cls(path.stat().st_dev, shutil.disk_usage(path).free)


def is_better(second: Room, directory: Room) -> bool:
    """Whether `second` is another disk with more free space."""
    return second.device != directory.device and second.free > directory.free


def move(names: Sequence[str], second: Path, directory: Path) -> None:
    """Create directories on the second disk, which belongs to root, and a link to each in `here`."""
    for name in names:
        target = second / name
        subprocess.run(["sudo", "install", "-d", "-o", str(os.getuid()), target], check=True)
        (directory / name).symlink_to(target)


def main() -> None:
    """Free disk space and print the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--remove", nargs="*", default=[], metavar="DIR", help="directories that are not needed")
    parser.add_argument("--second", type=Path, required=True, metavar="DIR", help="where the second disk is, if any")
    parser.add_argument("--move", nargs="*", default=[], metavar="NAME", help="directories that may go there")
    options = parser.parse_args()
    directory = Path.cwd()
    subprocess.run(["sudo", "rm", "-rf", *options.remove], check=True)
    if options.second.is_dir() and is_better(Room.at(options.second), Room.at(directory)):
        move(options.move, options.second, directory)
        print(f"{options.second} has more room: {', '.join(options.move)} are there")
    print(f"{shutil.disk_usage(directory).free / 1e9:.1f} GB free in {directory}")


if __name__ == "__main__":
    main()
