"""What tasks made from published tarballs need on the disks, known before any download."""

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
"""Of what gzip packs, a little more than it can."""

MOST_TARBALLS = 4
"""Of a run with `clean`, at a time: two that are downloaded while two are resampled."""

_WAV_HEADER, _BYTES_A_SAMPLE = 44, 2
_COPIES_AT_THE_TARBALLS_RATE = 2
"""Unpacked, and standardized: whatever the rates, they are in the work folder until the task is cleaned up."""


@dataclass(frozen=True)
class Need:
    """The bytes of a task made from a tarball: to download, between, and of the finished clips and tarballs."""

    download: int
    between: int
    clips: int
    tarballs: int


def need_of(tarball: str, size: int, to_download: int, request: Request) -> Need:
    """The need of a task by the name of its tarball and its size in bytes.

    Clips of known number and duration have a known size, as far as the request lets an archive expand. Others take at
    least as much as they do packed.
    """
    named = TARBALL.fullmatch(tarball)
    if named is None:
        raise ValueError(f"{tarball} is no tarball's name")
    own_rate, largest = int(named["rate"]), round(size * min(request.workspace.max_expansion, _LARGEST_EXPANSION))
    unpacked = max(size, min(largest, _known_bytes(named["title"], own_rate)))

    def at_rates(of_own_rate: int) -> int:
        return sum(of_own_rate * rate // own_rate for rate in request.sample_rates)

    return Need(to_download, _COPIES_AT_THE_TARBALLS_RATE * unpacked, at_rates(unpacked), at_rates(size))


def _known_bytes(title: str, rate: int) -> int:
    """The bytes of the clips of a built-in task at a rate in hertz; 0 if not known."""
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
    """A disk of a run. `holds`: what it is for. `folder`: one on it. `needed`, `free`: bytes.

    `is_least`: whether more may be needed, as what is removed on the way may be there at the same time.
    """

    holds: tuple[str, ...]
    folder: Path
    needed: int
    free: int
    is_least: bool

    def __str__(self) -> str:
        holds = " and ".join(filter(None, (", ".join(self.holds[:-1]), self.holds[-1])))
        least = "at least" if self.is_least else "about"
        return (
            f"disk of {holds} ({self.folder}): {least} {bytes_text(self.needed)} needed, {bytes_text(self.free)} free"
        )


def disks_of(needs: Sequence[Need], request: Request, most: int = 1) -> list[Disk]:
    """The disks of a request that makes tasks with these needs.

    With `clean`, what a task needs in between is removed when it is finished: of those with something to download, at
    most `most` are there at a time.
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
    places = {
        "downloads": (workspace.download_dir, 0 if is_one_disk else passing(downloads)),
        "intermediate results": (workspace.tmp_dir, both if is_one_disk else passing(between)),
        "finished tasks": (workspace.tasks_dir, sum(need.clips for need in needs)),
        "tarballs": (workspace.tar_dir, sum(need.tarballs for need in needs)),
    }
    on_disks: dict[int, dict[str, tuple[Path, int]]] = {}
    for name, place in places.items():
        on_disks.setdefault(disk_of(place[0]), {})[name] = place
    disks = []
    for on_disk in on_disks.values():
        folder = nearest_existing(next(iter(on_disk.values()))[0])
        needed = sum(amount for _folder, amount in on_disk.values())
        # The steps of several hosts get their work from a scheduler that does not hold back downloads.
        is_least = request.clean and request.scheduler_url is not None
        disks.append(Disk(tuple(on_disk), folder, needed, free_on(folder), is_least))
    return disks


def tarballs_that_fit(needs: Sequence[Need], request: Request) -> int:
    """How many of the tarballs to download may be there at a time, at most MOST_TARBALLS: with `clean`, as fit.

    Raises DiskFullError, before any download, where the disks cannot hold what they have to with one at a time.
    """
    for most in range(MOST_TARBALLS, 1, -1):
        if all(disk.needed <= disk.free for disk in disks_of(needs, request, most)):
            return most
    check_room(disks_of(needs, request), is_cleaned=request.clean)
    return 1


def check_room(disks: Sequence[Disk], *, is_cleaned: bool) -> None:
    """Raise DiskFullError, before any download, where a disk cannot hold what it has to.

    `is_cleaned`: whether the run removes what is not needed any more on the way.
    """
    full = [str(disk) for disk in disks if disk.needed > disk.free]
    if full:
        raise DiskFullError(
            "; ".join(full) + ".\n"
            "Nothing was downloaded. Choose another disk with --tmp-dir, --tasks-dir, --tar-dir or --download-dir,\n"
            + (
                "or name fewer tasks or rates"
                if is_cleaned
                else "name fewer tasks or rates, or give --clean, which removes what is not needed any more on the way"
            )
        )
