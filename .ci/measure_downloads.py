"""Decide whether to save the downloads in the repository's caches.

    measure_downloads.py downloads

Writes `fits=true` or `fits=false` to the outputs of the step.
"""

from __future__ import annotations

import sys
from pathlib import Path

from actions import write_output

from hearpreprocess.storage import bytes_text, size_of

MOST_BYTES = 4_000_000_000
"""A repository's caches have 10 GB in total: a larger cache would evict all others and then itself."""


def fits(size: int) -> bool:
    """Whether to save a cache of this size in bytes; not if it is empty."""
    return 0 < size < MOST_BYTES


def main() -> None:
    """Measure the directory, which may be missing."""
    size = size_of(Path(sys.argv[1]))
    print(f"{sys.argv[1]}: {bytes_text(size)}; kept if less than {bytes_text(MOST_BYTES)}")
    write_output("fits", "true" if fits(size) else "false")


if __name__ == "__main__":
    main()
