"""The step that uploads a tarball to an object store."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hearpreprocess.errors import OutputError
from hearpreprocess.finished import checksums_of, release_of_tarball, tarball_name
from hearpreprocess.objects import COMPRESSION, RELEASE, SHA256, SIZE, ObjectPath, is_whole, tarballs_at, upload_tarball
from hearpreprocess.steps.base import Counter
from hearpreprocess.steps.outputs import Tar, is_packed
from hearpreprocess.storage import Workspace, check_code_unchanged, on_new_run, output_lock

_MOST_OF_CHECKSUMS = 4096
"""The bytes of the largest checksum file; an object with more is another file."""

_known_uploaded: set[tuple[str, ...]] = set()
on_new_run(_known_uploaded.clear)


def tarball_at(workspace: Workspace, title: str, rate: int) -> Path:
    """Where a run leaves a tarball: its path or, if it is uploaded, its URL."""
    folder = ObjectPath(workspace.tar_url) if workspace.tar_url else workspace.tar_dir
    return folder / tarball_name(title, rate)


def is_at(tarball: Path, release: str, compression: str) -> bool:
    """Whether a tarball, at a path or a URL, exists with its checksums and has this release and this compression."""
    if isinstance(tarball, ObjectPath):
        return is_uploaded(tarball, release, compression)
    return is_packed(tarball, release, compression)


def is_uploaded(target: ObjectPath, release: str, compression: str, local: Path | None = None) -> bool:
    """Whether an object is the whole tarball of this release and compression, with its checksum file beside it.

    `local`: the tarball that was packed, whose sha256 and size the object must have; None if it was removed. The answer
    yes is remembered for the rest of the run, as each question is a few requests.
    """
    facts = {RELEASE: release, COMPRESSION: compression}
    if local:
        facts |= {SHA256: sha256_of(local), SIZE: str(local.stat().st_size)}
    known = (str(target), *facts.values())
    if known in _known_uploaded:
        return True
    stored = target.stored
    if stored is None or not is_whole(stored, facts):
        return False
    if _sha256_beside(target) != stored.attributes[SHA256]:
        return False
    _known_uploaded.add(known)
    return True


def _sha256_beside(target: ObjectPath) -> str | None:
    """The sha256 of an object in the checksum file beside it; "" if there is no such file, None if it is another."""
    beside = ObjectPath(checksums_of(target))
    stored = beside.stored
    if stored is None:
        return ""
    text = beside.read_text(errors="replace") if stored.size <= _MOST_OF_CHECKSUMS else ""
    row = text.partition("\n")[0].split()
    return row[0] if len(row) == 2 and row[1] == target.name else None


def sha256_of(tarball: Path) -> str:
    """The sha256 in the checksum file of a tarball."""
    return checksums_of(tarball).read_text(encoding="utf-8").partition(" ")[0]


class Upload(Tar):
    """The tarball at one rate as an object of a store, with its checksum file."""

    stage = "upload"

    @property
    def shown_stage(self) -> str:
        return f"upload {self.rate} Hz"

    @property
    def target(self) -> ObjectPath:
        """The URL of the object."""
        return ObjectPath(self.workspace.tar_url) / self.path.name

    @property
    def output_paths(self) -> list[Path]:
        return [self.target]

    @property
    def packing(self) -> Tar:
        """The step that packs the tarball."""
        tar: Tar = self.clone(Tar)
        return tar

    def requires(self) -> list[Any]:
        return [self.packing]

    def complete(self) -> bool:
        local = self.path if self.packing.complete() else None
        return is_uploaded(self.target, self.release, self.compression, local)

    def has_tarball(self) -> bool:
        return self.packing.complete() or self.complete()

    def run(self) -> None:
        # Another run may be uploading the same tarball.
        with output_lock(self.workspace.tmp_dir, f"{self.path.name}.upload", self.warn):
            if not self.complete():
                self._upload()

    def _upload(self) -> None:
        check_code_unchanged()
        _check_replaceable(self.target)
        size = self.path.stat().st_size
        self.note("planned", amount=size, unit="B")
        with Counter(self, "B", size) as counter:
            facts = {RELEASE: self.release, COMPRESSION: self.compression}
            checksums = (sha256_of(self.path), checksums_of(self.path))
            upload_tarball(self.path, self.target, checksums, facts, counter.add)
        self.note("finished")


def check_no_foreign_objects(workspace: Workspace, titles: Iterable[str], rates: Iterable[int]) -> None:
    """Raise OutputError where a tarball at one of the rates would replace an object of somebody else."""
    prefix = ObjectPath(workspace.tar_url)
    names = {tarball_name(title, rate) for title in titles for rate in rates}
    for target in tarballs_at(prefix):
        if target.name in names:
            _check_replaceable(target)


def _check_replaceable(target: ObjectPath) -> None:
    """Raise OutputError where an object, or the one with its checksums, is of somebody else."""
    foreign = []
    stored = target.stored
    if stored is not None and RELEASE not in stored.attributes and release_of_tarball(target) is None:
        foreign.append(target)
    beside = ObjectPath(checksums_of(target))
    stored = beside.stored
    if stored is not None and RELEASE not in stored.attributes and _sha256_beside(target) is None:
        foreign.append(beside)
    if foreign:
        raise OutputError(
            f"{' and '.join(map(str, foreign))} already exists and was not created by hearpreprocess. Move it away, or "
            "choose another --tar-dir"
        )
