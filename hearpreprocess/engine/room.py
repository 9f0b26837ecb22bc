"""The disk space that a run needs, as far as it is known before any download."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def size_of_wav(seconds: float, rate: int) -> int:
    """The bytes of a WAV file of a clip: 16 bits a sample, at a rate in hertz."""
    return 44 + 2 * round(seconds * rate)


@dataclass(frozen=True)
class Need:
    """The bytes that a task needs: download, intermediate results, finished clips and tarballs.

    `download`: to download and, with `clean`, to remove when the task is finished. `between`: of intermediate results.
    `clips`, `tarballs`: of the outputs. `kept`: to download and to keep. `made`: of those clips that an earlier run has
    left among the intermediate results, which the output links to.
    """

    download: int = 0
    between: int = 0
    clips: int = 0
    tarballs: int = 0
    kept: int = 0
    made: int = 0


def need_of(tarball: str, size: int, to_download: int, request: Request) -> Need:
    """The disk space for a task, by the name of its tarball and its size in bytes.

    Clips of known number and duration have a known size, within the request's limit of expansion. Other clips take at
    least their compressed size.
    """
    named = TARBALL.fullmatch(tarball)
    if named is None:
        raise ValueError(f"invalid name of a tarball {tarball!r}")
    own_rate, largest = int(named["rate"]), round(size * min(request.workspace.max_expansion, _LARGEST_EXPANSION))
    unpacked = max(size, min(largest, _known_bytes(named["title"], own_rate)))

    def at_rates(of_own_rate: int) -> int:
        return sum(of_own_rate * rate // own_rate for rate in request.sample_rates)

    return Need(to_download, unpacked, at_rates(unpacked), at_rates(size))


def _known_bytes(title: str, rate: int) -> int:
    """The bytes of the clips of a built-in task at a rate in hertz; 0 if unknown."""
    name = title.partition("-")[0]
    if name not in registry.built_in_names():
        return 0
    config = registry.load(name)
    for mode in map(config.in_mode, config.modes):
        if mode.title == title and mode.published_clips and mode.sample_duration:
            return sum(mode.published_clips) * size_of_wav(mode.sample_duration, rate)
    return 0


@dataclass(frozen=True)
class Disk:
    """A disk of a run. `holds`: the kinds of files on it. `folder`: a folder on it. `needed`, `free`: bytes.

    `is_least`: whether more may be needed, as some sizes are unknown or files may exist at the same time.
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
            f"disk of {self.folder} ({holds}): {least} {bytes_text(self.needed)} needed, {bytes_text(self.free)} free"
        )

    @property
    def is_too_small(self) -> bool:
        """Whether the disk cannot hold what it has to."""
        return self.needed > self.free


def disks_holding(amounts: Mapping[str, tuple[Path, int]], *, is_least: bool) -> list[Disk]:
    """The disks of some directories. `amounts`: by what a directory holds, its path and the bytes to write to it."""
    on_disks: dict[int, dict[str, tuple[Path, int]]] = {}
    for name, (directory, amount) in amounts.items():
        on_disks.setdefault(disk_of(directory), {})[name] = (directory, amount)
    disks = []
    for on_disk in on_disks.values():
        folder = nearest_existing(next(iter(on_disk.values()))[0])
        needed = sum(amount for _directory, amount in on_disk.values())
        disks.append(Disk(tuple(on_disk), folder, needed, free_on(folder), is_least))
    return disks


def disks_of(needs: Sequence[Need], request: Request, most: int = 1, *, is_least: bool = False) -> list[Disk]:
    """The disks of a request that makes tasks with these needs.

    With `clean`, a task's intermediate results are removed when it is finished: of tasks with a download, at most
    `most` have such files at a time. `is_least`: whether some needs are unknown.
    """
    workspace = request.workspace
    has_links = disk_of(workspace.tmp_dir) == disk_of(workspace.tasks_dir)

    def passing(amounts: Sequence[int]) -> int:
        if not request.clean:
            return sum(amounts)
        waiting = sorted(amount for amount, need in zip(amounts, needs, strict=True) if need.download)
        return sum(amounts) - sum(waiting[:-most])

    between = [need.between + (0 if has_links else need.clips - need.made) for need in needs]
    clips = sum(need.clips - (need.made if has_links else 0) for need in needs)
    kept = sum(need.kept for need in needs)
    downloads = [need.download for need in needs]
    is_one_disk = disk_of(workspace.download_dir) == disk_of(workspace.tmp_dir)
    both = passing([sum(pair) for pair in zip(downloads, between, strict=True)])
    # Runs on several hosts skip the cleanup as long as others are active.
    is_least = is_least or (request.clean and request.scheduler_url is not None)
    amounts = {
        "downloads": (workspace.download_dir, kept + (0 if is_one_disk else passing(downloads))),
        "intermediate results": (workspace.tmp_dir, both if is_one_disk else passing(between)),
        "finished tasks": (workspace.tasks_dir, clips),
        "tarballs": (workspace.tar_dir, sum(need.tarballs for need in needs)),
    }
    return disks_holding(amounts, is_least=is_least)


def tarballs_that_fit(needs: Sequence[Need], request: Request) -> int:
    """The number of downloaded tarballs that may exist at a time: at most MOST_TARBALLS, and as many as fit.

    Raises DiskFullError, before any download, where the disks are too small even for one at a time.
    """
    for most in range(MOST_TARBALLS, 1, -1):
        if not any(disk.is_too_small for disk in disks_of(needs, request, most)):
            return most
    check_room(disks_of(needs, request), request)
    return 1


def check_room(disks: Sequence[Disk], request: Request, *, has_downloads: bool = True) -> None:
    """Raise DiskFullError, before any work, where a disk is too small, unless `force` is set.

    `has_downloads`: whether the run would download files.
    """
    too_small = [f"  {disk}" for disk in disks if disk.is_too_small]
    if too_small and not request.force:
        fewer = "name fewer tasks or sample rates"
        clean = "add --clean, which removes intermediate results during the run"
        choices = f"{fewer}, or {clean}" if not (request.clean or request.until) else f"or {fewer}"
        raise DiskFullError(
            f"not enough disk space; nothing was {'downloaded' if has_downloads else 'made'}:\n"
            + "\n".join(too_small)
            + "\n"
            f"Choose another disk with --tmp-dir, --tasks-dir, --tar-dir or --download-dir, {choices}. "
            "To start the run anyway, add --force"
        )
