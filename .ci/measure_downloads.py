"""Say whether the downloads are worth a place among the repository's caches.

    measure_downloads.py downloads

Writes `fits=true` or `fits=false` to the outputs of the step.
"""

from __future__ import annotations

import sys
from pathlib import Path

from actions import write_output

from hearpreprocess.storage import bytes_text, size_of

MOST_BYTES = 4_000_000_000
"""A repository's caches have 10 GB together: what is larger would push out all others and then itself."""


def fits(size: int) -> bool:
    """Whether a cache of so many bytes may be kept; nothing is not worth one."""
    return 0 < size < MOST_BYTES


def main() -> None:
    """Measure the directory, which need not exist."""
    size = size_of(Path(sys.argv[1]))
    print(f"{sys.argv[1]}: {bytes_text(size)}; kept if less than {bytes_text(MOST_BYTES)}")
    write_output("fits", "true" if fits(size) else "false")


if __name__ == "__main__":
    main()
