"""The root step of a task from a published tarball, Published, and the step that downloads the tarball."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import luigi

from hearpreprocess.errors import ConfigError, DownloadError, HearPreprocessError
from hearpreprocess.fetch import ExpectedFile, discard_part, part_path
from hearpreprocess.finished import (
    TARBALL,
    TaskReader,
    is_complete,
    release_of_folder,
    resampled,
)
from hearpreprocess.steps.base import PlanningStep, SourceParameter
from hearpreprocess.steps.clean import Clean
from hearpreprocess.steps.code import made_with
from hearpreprocess.steps.download import Download
from hearpreprocess.steps.outputs import ABOVE_ALL_RATES
from hearpreprocess.steps.release import Release, ReleaseStep
from hearpreprocess.steps.stored import fetch_object
from hearpreprocess.steps.upload import is_at, tarball_at
from hearpreprocess.storage import (
    Workspace,
    agree,
    alone,
    confirmed,
    digest,
    explaining_disk_errors,
    has_skipped_cleanup,
    is_there,
    note_skipped_cleanup,
    stamp_of,
    whole_file,
)
from hearpreprocess.task import Archive, File

DOWNLOADS = "hearpreprocess-tarballs"
"""The scheduler's resource that limits the simultaneous downloads of tarballs."""

DOWNLOADS_AT_ONCE = 2
"""The same as the limit of connections to a host, so that no download waits for another's connection."""


class DownloadTarball(Download):
    """A tarball of the published record; few are downloaded at once, in addition to the steps that the workers run."""

    resources = {DOWNLOADS: 1}  # noqa: RUF012  (an attribute of Luigi's)
    waits_for_network = True

    @property
    def priority(self) -> int:  # type: ignore[override]
        """Before all other steps, as the network is slowest; the smallest first, so that other steps can start soon."""
        return 2 * ABOVE_ALL_RATES - min(ABOVE_ALL_RATES, sum(file.size or 0 for file in self.source.files) >> 20)

    def expect(self, missing: Sequence[File]) -> None:
        # Written before the first byte, as a run may be killed at any moment after the last byte.
        for file in missing:
            part = part_path(self._path(file))
            with explaining_disk_errors(part):
                if not is_there(part):
                    part.touch()
                NoteOfDownload(self.workspace, self._path(file)).write({"part": part.stat().st_ino})

    def run(self) -> None:
        before = {path: _stamp(path) for path in self.files.values()}
        try:
            super().run()
        finally:
            for path, stamp in before.items():
                note = NoteOfDownload(self.workspace, path)
                if is_there(path) and (note.is_of_tarball() or _stamp(path) != stamp):
                    note.write({"file": _stamp(path)})
                elif stamp is None:  # when the partial file is removed, another file may get its inode number
                    note.remove()


@dataclass(frozen=True)
class StoredTarball(Archive):
    """A tarball in an object store: its URL, its size, and its sha256 if the object has it as an attribute."""

    RULES: ClassVar[Mapping[str, Any]] = {name: rule for name, rule in Archive.RULES.items() if name != "url"}

    def _check_checksums(self) -> None:
        """None is needed: the size and the content are verified."""

    @property
    def content_id(self) -> str:
        """The checksum, or the URL and the size."""
        return super().content_id if self.checksums else digest([self.urls, self.size])


class DownloadObject(DownloadTarball):
    """A tarball in an object store."""

    def fetch_all(
        self,
        expected: Mapping[Path, ExpectedFile],
        on_bytes: Callable[[int, int | None], object],
        say: Callable[[str], object],
    ) -> tuple[list[DownloadError], int]:
        failures = []
        for target, file in expected.items():
            try:
                fetch_object(file, target, on_bytes, say, offline=self.workspace.offline)
            except DownloadError as error:
                failures.append(error)
        return failures, 0


@dataclass(frozen=True)
class NoteOfDownload:
    """The file that marks a tarball in the download folder as downloaded by a run, not placed there by the user.

    It has the size and time of the tarball, or, until that is complete, the inode number of its partial file.
    """

    workspace: Workspace
    tarball: Path

    @property
    def _path(self) -> Path:
        return self.workspace.tmp_dir / "published" / f"{self.tarball.name}.json"

    def write(self, facts: Mapping[str, Any]) -> None:
        """Write the facts that identify the tarball."""
        with whole_file(self._path) as file:
            file.write_text(json.dumps(facts), encoding="utf-8")

    def is_of_tarball(self) -> bool:
        """Whether the existing tarball is the downloaded one."""
        try:
            facts = json.loads(self._path.read_text(encoding="utf-8"))
            if not isinstance(facts, dict):
                return False
            return agree([facts.get("file")], [stamp_of(self.tarball)]) or facts == {"part": self.tarball.stat().st_ino}
        except (FileNotFoundError, ValueError):
            return False

    def remove(self) -> None:
        """Remove the note."""
        self._path.unlink(missing_ok=True)


def uses_of(folder: Path) -> Path:
    """The folder with the marks of all runs that use the tarballs in a folder, also runs with other work folders."""
    return folder / ".in-use"


def _stamp(path: Path) -> list[int] | None:
    """The size and the modification time of a file; None if it does not exist."""
    return stamp_of(path) if is_there(path) else None


class OptionalSourceParameter(SourceParameter):
    """A source, or None."""

    def serialize(self, x: Any) -> str:
        return "" if x is None else super().serialize(x)


class Published(ReleaseStep, PlanningStep):
    """A task at some rates from the tarball of a finished one; planned as soon as the tarball exists.

    `tarball`: its path. `task`: the title of the task in it. `source`: its download; None for an existing tarball.
    `clean`: remove the intermediate results afterwards, and the tarball if it was downloaded; the outputs alone then
    show that they are complete. `is_own`: whether the user gave the tarball's path, so that it is kept.
    `most_tarballs`: the number of downloaded tarballs that may exist at a time in a run with `clean`.
    """

    tarball = luigi.Parameter()
    task = luigi.Parameter()
    source = OptionalSourceParameter(default=None, significant=False)
    clean = luigi.BoolParameter(default=False)
    is_own = luigi.BoolParameter(default=False)
    most_tarballs = luigi.IntParameter(default=1, significant=False)
    stage = "published"

    @property
    def title(self) -> str:
        title: str = self.task
        return title

    @property
    def path(self) -> Path:
        """The path of the tarball."""
        return Path(self.tarball)

    @property
    def output_paths(self) -> list[Path]:
        return [self._folder, *self._tarballs]

    @property
    def _tarballs(self) -> list[Path]:
        return [tarball_at(self.workspace, self.title, rate) for rate in self.rates]

    def requires(self) -> list[DownloadTarball]:
        if self.source is None:
            return []
        kind = DownloadObject if isinstance(self.source, StoredTarball) else DownloadTarball
        return [kind(workspace=self.workspace, source=self.source)]

    def complete(self) -> bool:
        # The tarball is read last, as its metadata may come after gigabytes of clips.
        try:
            if not self._is_made():
                return False
            stamp = _stamp(self.path)
            if stamp is None:
                return True
            if not all(download.complete() for download in self.requires()):  # another tarball has its name
                return False
            is_known = not self.clean and self._is_known_as_made(stamp)
            return is_known or (self._work().complete() and not self._has_to_remove())
        except (HearPreprocessError, OSError):  # `planned` reports it
            return False

    def run(self) -> Generator[Any, Any, None]:
        if is_there(self.path) and not (work := self._work()).complete():
            with alone(self.workspace.tmp_dir, self.workspace.run) as is_alone:
                if is_alone:
                    work.forget_failures()
            work.repeat_warnings()
        yield from super().run()

    def planned(self) -> Sequence[Release | Clean]:
        if not is_there(self.path) and self._is_made():  # another run has finished it, and removed the tarball
            return []
        work = self._work()
        return [] if work.complete() else [work]

    def finish(self) -> None:
        if self._has_to_remove():
            self._remove_tarball()
        elif stamp := _stamp(self.path):
            with whole_file(self._note_of_made) as note:
                note.write_text(json.dumps([stamp, release_of_folder(self._folder)]), encoding="utf-8")
        self.note("completed")

    def _work(self) -> Release | Clean:
        """The step that makes the outputs from the tarball, which must exist."""
        (task,) = resampled.references_to([self.path])
        if task.resolve().title != self.title:
            raise ConfigError(
                f"{self.path}: expected the task {self.title} (by the file name), got {task.resolve().title}"
            )
        return Clean(tasks=(task,), **self.facts) if self.clean else Release(task=task, **self.facts)

    def _remove_tarball(self) -> None:
        """Remove the downloaded tarball unless another run, perhaps of another work folder, may be reading it."""
        run, uses = self.workspace.run, uses_of(self.path.parent)
        with alone(self.workspace.tmp_dir, run) as is_alone, alone(uses, run) as is_only_user:
            if is_alone and is_only_user:
                self.path.unlink(missing_ok=True)
                discard_part(self.path)
                NoteOfDownload(self.workspace, self.path).remove()
                return
            note_skipped_cleanup(uses, run)
        self.warn(
            f"{self.path}: kept, as another run may need it. Run the same command again when that run has ended, to "
            "remove it"
        )

    @property
    def _folder(self) -> Path:
        return self.workspace.tasks_dir / self.title

    @property
    def _note_of_made(self) -> Path:
        """The file with the size and time of the tarball that the outputs were made from."""
        return self.workspace.tmp_dir / "published" / f"{self.title}-{digest(self.tarball)}.json"

    def _is_known_as_made(self, stamp: list[int]) -> bool:
        try:
            noted = json.loads(self._note_of_made.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return False
        if not isinstance(noted, list) or len(noted) != 2:
            return False
        return agree(noted[:1], [stamp]) and noted[1] == release_of_folder(self._folder)

    def _has_to_remove(self) -> bool:
        """Whether the tarball must be removed: it was downloaded, and no other run may need it."""
        if not self.clean or self.is_own or self.path.parent != self.workspace.download_dir:
            return False
        return NoteOfDownload(self.workspace, self.path).is_of_tarball() and not self._has_skipped_cleanup()

    def _has_skipped_cleanup(self) -> bool:
        folders = (self.workspace.tmp_dir, uses_of(self.path.parent))
        return any(has_skipped_cleanup(folder, self.workspace.run) for folder in folders)

    @property
    def waits(self) -> bool:
        """Whether a downloaded tarball exists and waits to be resampled or, if this run will remove it, for that."""
        if not self.clean or self.source is None or not is_there(self.path):
            return False
        return not self._has_skipped_cleanup() or not self._is_made()

    def changed_since(self) -> list[str]:
        """The programs whose version or code has changed since the outputs were made from a tarball."""
        if release_of_folder(self._folder) is None or not resampled.is_resampled(self._folder):
            return []
        earlier, now = TaskReader(self._folder).manifest, made_with(())
        return [name for name in now if earlier and earlier["made_with"].get(name) != now[name]]

    def _is_made(self) -> bool:
        """Whether the outputs are complete, as far as can be decided without their tarball."""
        return confirmed(self._is_made_by_its_files, self._folder)

    def _is_made_by_its_files(self) -> bool:
        folder = self._folder
        release, named = release_of_folder(folder), TARBALL.fullmatch(self.path.name)
        if release is None or named is None:
            return False
        finished = TaskReader(folder)
        metadata, manifest = finished.metadata, finished.manifest
        if metadata.get("resampled_from") != int(named["rate"]) or manifest is None:
            return False
        if len(metadata.get("skipped_clips", ())) > self.skips or manifest["made_with"] != made_with(()):
            return False
        is_combined = is_complete(folder, self.rates, finished.counts)
        return is_combined and all(is_at(path, release, self.compression) for path in self._tarballs)
