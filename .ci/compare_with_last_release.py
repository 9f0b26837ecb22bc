"""Compare each tarball in a directory with the one of the same name in the last release that has one.

    compare_with_last_release.py out

A tarball's name has its task's version in it, so one that was published before must hold the same. What `compare` says
goes to the terminal and to compare.txt in the directory. The exit status is 1 if a tarball differs.

Environment: GITHUB_REPOSITORY; THIS_RELEASE, the tag of the release that is being made, which is not the last one;
GH_TOKEN, for `gh`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from actions import gh

TARBALLS = "hear2021-*.tar.gz"


def last_release(releases: Iterable[Mapping[str, Any]], asset: str, this_release: str) -> str | None:
    """The tag of the newest release that has an asset of this name; neither a draft nor this release.

    `releases`: as GitHub lists them, newest first.
    """
    for release in releases:
        is_earlier = not release["draft"] and release["tag_name"] != this_release
        if is_earlier and any(published["name"] == asset for published in release["assets"]):
            return str(release["tag_name"])
    return None


def compare_with(repository: str, release: str, tarball: Path) -> tuple[bool, str]:
    """Whether a release's tarball of the same name holds the same, and what `compare` says."""
    # On the disk of the tarball, as the released one is as large, and removed before the next one comes.
    with tempfile.TemporaryDirectory(dir=tarball.parent) as last:
        gh("release", "download", release, "--repo", repository, "--pattern", tarball.name, "--dir", last)
        finished = subprocess.run(
            [sys.executable, "-m", "hearpreprocess.compare", Path(last) / tarball.name, tarball],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
    return finished.returncode == 0, finished.stdout


def main() -> int:
    """Compare every tarball, also after one that differs."""
    out, repository = Path(sys.argv[1]), os.environ["GITHUB_REPOSITORY"]
    releases = json.loads(gh("api", f"repos/{repository}/releases?per_page=100"))
    all_same = True
    with (out / "compare.txt").open("a", encoding="utf-8") as record:
        for tarball in sorted(out.glob(TARBALLS)):
            release = last_release(releases, tarball.name, os.environ.get("THIS_RELEASE", ""))
            if release is None:
                text = f"{tarball.name}: not in an earlier release\n"
            else:
                is_same, comparison = compare_with(repository, release, tarball)
                text = f"{tarball.name} of release {release} and of this run:\n{comparison}"
                all_same &= is_same
            print(text, end="", flush=True)
            record.write(text)
    return 0 if all_same else 1


if __name__ == "__main__":
    sys.exit(main())
