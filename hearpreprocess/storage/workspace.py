"""The directories that a run works in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hearpreprocess.storage.digests import digest


@dataclass(frozen=True)
class Workspace:
    """The directories that a run works in; no result depends on them.

    `tar_url`: the URL below which the tarballs of `tar_dir` are uploaded, or "". `offline`: never use the network.
    `max_expansion`: the largest allowed ratio of a source's size to its archive's. `run`: the unique name of the run.
    `journal`: the file in which steps report their progress, or None.
    """

    tmp_dir: Path
    tasks_dir: Path
    tar_dir: Path
    download_dir: Path
    tar_url: str = ""
    offline: bool = False
    max_expansion: float = 100
    run: str = ""
    journal: Path | None = None

    @property
    def directories(self) -> tuple[Path, ...]:
        """The directories that a run writes to."""
        return self.tmp_dir, self.tasks_dir, self.tar_dir, self.download_dir

    @property
    def digest(self) -> str:
        """A digest of the directories and the URL alone."""
        return digest([*map(str, self.directories), self.tar_url])
