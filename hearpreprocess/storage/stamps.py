"""Stamps of files, their sizes and modification times, which show most changes without reading the files.

File systems keep times with different precision, and cut off the rest: most have nanoseconds, SMB has 100 ns, UDF 1 us,
HDFS 1 ms, exFAT 10 ms, sshfs and some NFS servers 1 s, FAT 2 s. The hosts that share a directory may see it through
different ones. So two stamps agree if the times are equal at the precision of the coarser one, and where both are
exact, they have to be the same. A change that keeps the size goes unnoticed if it falls into the same unit of the
coarser one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

EXACT = 1
PRECISIONS = (EXACT, 100, 1_000, 1_000_000, 10_000_000, 1_000_000_000, 2_000_000_000)
"""In nanoseconds, ascending; each divides the next."""

Stamp = Sequence[int]
"""The size of a file in bytes, and its modification time in nanoseconds."""


def stamp_of(path: Path) -> list[int]:
    """The stamp of an existing file."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def precision_of(times: Iterable[int]) -> int:
    """The coarsest precision that all these times may have, in nanoseconds; EXACT if there are none."""
    times = list(times)
    fitting = [precision for precision in PRECISIONS if not any(time % precision for time in times)]
    return fitting[-1] if times else EXACT


def agree(noted: object, now: Sequence[Stamp]) -> bool:
    """Whether noted stamps are those of unchanged files. `noted`: from a JSON file, whatever it contains."""
    if noted == now:
        return True
    if not isinstance(noted, list) or len(noted) != len(now) or not all(map(_is_stamp, noted)):
        return False
    precision = max(precision_of(time for _size, time in noted), precision_of(time for _size, time in now))
    return [_at(stamp, precision) for stamp in noted] == [_at(stamp, precision) for stamp in now]


def _at(stamp: Stamp, precision: int) -> tuple[int, int]:
    size, time = stamp
    return size, time // precision


def _is_stamp(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(type(number) is int for number in value)
