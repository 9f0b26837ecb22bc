"""The disk space that tasks from published tarballs need, known before any download."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hearpreprocess.errors import DiskFullError
from hearpreprocess.finished import TARBALL
from hearpreprocess.request import Request
from hearpreprocess.storage import bytes_text, disk_of, free_on, nearest_existing
from hearpreprocess.task import registry

_LARGEST_EXPANSION = 1000
"""A little more than the largest compression ratio of gzip."""

MOST_TARBALLS = 4
"""The number of tarballs at a time in a run with `clean`: two are downloaded while two are resampled."""

_WAV_HEADER, _BYTES_A_SAMPLE = 44, 2
_COPIES_AT_THE_TARBALLS_RATE = 2
"""One unpacked, one standardized: at any rates, both are in the work folder until the task is cleaned up."""


@dataclass(frozen=True)
class Need:
    """The bytes of a task made from a tarball: download, intermediate results, finished clips and tarballs."""

    download: int
    between: int
    clips: int
    tarballs: int


def need_of(tarball: str, size: int, to_download: int, request: Request) -> Need:
    """The disk space for a task, by the name of its tarball and its size in bytes.

    Clips of known number and duration have a known size, within the request's limit of expansion. Other clips take at
    least their compressed size.
    """
    named = TARBALL.fullmatch(tarball)
    if named is None:
        raise ValueError(f"invalid name of a tarball {tarball!r}")
    own_rate, largest = int(named["rate"]), round(size * min(request.workspace.most_expansion, _LARGEST_EXPANSION))
    unpacked = max(size, min(largest, _known_bytes(named["title"], own_rate)))

    def at_rates(of_own_rate: int) -> int:
        return sum(of_own_rate * rate // own_rate for rate in request.sample_rates)

    return Need(to_download, _COPIES_AT_THE_TARBALLS_RATE * unpacked, at_rates(unpacked), at_rates(size))


def _known_bytes(title: str, rate: int) -> int:
    """The bytes of the clips of a built-in task at a rate in hertz; 0 if unknown."""
    name = title.partition("-")[0]
    if name not in registry.built_in_names():
        return 0
    config = registry.load(name)
    for mode in map(config.in_mode, config.modes):
        if mode.title == title and mode.published_clips and mode.sample_duration:
            clip = _WAV_HEADER + _BYTES_A_SAMPLE * round(mode.sample_duration * rate)
            return sum(mode.published_clips) * clip
    return 0


@dataclass(frozen=True)
class Disk:
    """A disk of a run. `holds`: the kinds of files on it. `folder`: a folder on it. `needed`, `free`: bytes.

    `is_least`: whether more may be needed, as files that are removed during the run may exist at the same time.
    """

    holds: tuple[str, ...]
    folder: Path
    needed: int
    free: int
    is_least: bool

    def __str__(self) -> str:
        holds = " and ".join(filter(None, (", ".join(self.holds[:-1]), self.holds[-1])))
        least = "at least" if self.is_least else "about"
        return f"{self.folder} ({holds}): {least} {bytes_text(self.needed)} needed, {bytes_text(self.free)} free"


def disks_of(needs: Sequence[Need], request: Request, most: int = 1) -> list[Disk]:
    """The disks of a request that makes tasks with these needs.

    With `clean`, a task's intermediate results are removed when it is finished: of tasks with a download, at most
    `most` have such files at a time.
    """
    workspace = request.workspace
    has_links = disk_of(workspace.tmp_dir) == disk_of(workspace.tasks_dir)

    def passing(amounts: Sequence[int]) -> int:
        if not request.clean:
            return sum(amounts)
        waiting = sorted(amount for amount, need in zip(amounts, needs, strict=True) if need.download)
        return sum(amounts) - sum(waiting[:-most])

    between = [need.between + (0 if has_links else need.clips) for need in needs]
    downloads = [need.download for need in needs]
    is_one_disk = disk_of(workspace.download_dir) == disk_of(workspace.tmp_dir)
    both = passing([sum(pair) for pair in zip(downloads, between, strict=True)])
    directories = {
        "downloads": (workspace.download_dir, 0 if is_one_disk else passing(downloads)),
        "intermediate results": (workspace.tmp_dir, both if is_one_disk else passing(between)),
        "finished tasks": (workspace.tasks_dir, sum(need.clips for need in needs)),
        "tarballs": (workspace.tar_dir, sum(need.tarballs for need in needs)),
    }
    on_disks: dict[int, dict[str, tuple[Path, int]]] = {}
    for name, directory in directories.items():
        on_disks.setdefault(disk_of(directory[0]), {})[name] = directory
    disks = []
    for on_disk in on_disks.values():
        folder = nearest_existing(next(iter(on_disk.values()))[0])
        needed = sum(amount for _folder, amount in on_disk.values())
        # A scheduler of several hosts does not limit the downloads.
        is_least = request.clean and request.scheduler_url is not None
        disks.append(Disk(tuple(on_disk), folder, needed, free_on(folder), is_least))
    return disks


def tarballs_that_fit(needs: Sequence[Need], request: Request) -> int:
    """The number of downloaded tarballs that may exist at a time: at most MOST_TARBALLS, and as many as fit.

    Raises DiskFullError, before any download, where the disks are too small even for one at a time.
    """
    for most in range(MOST_TARBALLS, 1, -1):
        if all(disk.needed <= disk.free for disk in disks_of(needs, request, most)):
            return most
    check_room(disks_of(needs, request), is_cleaned=request.clean)
    return 1


def check_room(disks: Sequence[Disk], *, is_cleaned: bool) -> None:
    """Raise DiskFullError, before any download, where a disk is too small.

    `is_cleaned`: whether the run removes intermediate results on the way.
    """
    full = [str(disk) for disk in disks if disk.needed > disk.free]
    if full:
        raise DiskFullError(
            "not enough disk space: " + "; ".join(full) + ".\n"
            "Nothing was downloaded. Choose another disk with --tmp-dir, --tasks-dir, --tar-dir or --download-dir,\n"
            + (
                "or give fewer tasks or rates"
                if is_cleaned
                else "give fewer tasks or rates, or add --clean, which removes intermediate results on the way"
            )
        )
