"""Attach the tarballs in a directory, and their checksums, to a release: the next run compares with them.

    attach_to_release.py made

Environment: GITHUB_REPOSITORY; THIS_RELEASE, the tag of the release; GH_TOKEN, for `gh`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from actions import gh

MOST_BYTES = 2 * 2**30 - 1
"""GitHub takes no asset of 2 GiB or more; those stay artifacts of the run."""


def main() -> None:
    """Attach every file that is small enough, and name the others."""
    repository, release = os.environ["GITHUB_REPOSITORY"], os.environ["THIS_RELEASE"]
    for path in sorted(Path(sys.argv[1]).rglob("hear2021-*")):
        if path.stat().st_size > MOST_BYTES:
            print(f"{path.name}: too large for a release, see the artifacts of this run")
            continue
        gh("release", "upload", release, path, "--repo", repository, "--clobber")
        print(f"{path.name}: attached to {release}")


if __name__ == "__main__":
    main()
