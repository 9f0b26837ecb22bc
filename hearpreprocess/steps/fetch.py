"""Steps that bring a source here and list it: Download or Generate, then Index."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hearpreprocess import __version__, archive, fetch
from hearpreprocess.atomic import replaced_folder
from hearpreprocess.config import Archive, Source, Synthetic
from hearpreprocess.errors import OfflineError
from hearpreprocess.identity import digest
from hearpreprocess.steps.base import Counter, FolderStep, SourceParameter, Workspace
from hearpreprocess.testing import corpora
from hearpreprocess.tree import Tree, matching


def archive_step(workspace: Workspace, source: Source) -> Download | Generate:
    """The step that has the source's archive at its `path` when it is complete."""
    step = Generate if isinstance(source, Synthetic) else Download
    return step(workspace=workspace, source=source)


class Download(FolderStep):
    """A downloaded archive, or one found in the download folder, whose checksum has been verified.

    The output folder notes when the file was found right by its size and time, so that no later run reads
    gigabytes to see it again.
    """

    source = SourceParameter()
    stage = "download"

    @property
    def archive(self) -> Archive:
        source: Archive = self.source
        return source

    @property
    def title(self) -> str:
        return self.archive.filename

    @property
    def path(self) -> Path:
        """Where the archive is when the step is complete."""
        return self.workspace.download_dir / self.archive.filename

    @property
    def places(self) -> list[Path]:
        return [self.path]

    @property
    def content(self) -> str:
        """What the archive's bytes are known by."""
        algorithm = "sha256" if self.archive.sha256 else "md5"
        return f"{algorithm}:{self.archive.checksums[algorithm]}"

    @property
    def key(self) -> str:
        return f"{self.title}-{digest([str(self.path), self.archive.checksums])}"

    def complete(self) -> bool:
        try:
            noted = json.loads((self.folder / "verified.json").read_text())
            return bool(noted == self._size_and_time())
        except FileNotFoundError:
            return False

    def run(self) -> None:
        with self.reporting(), Counter(self) as counter:
            started = False

            def on_bytes(amount: int, total: int | None) -> None:
                nonlocal started
                if not started:
                    self.tell("planned", amount=self.archive.size or total, unit="B")
                    started = True
                counter.add(amount)

            if self.path.exists():
                fetch.check(self.path, self.archive.checksums, on_bytes)
            elif self.workspace.offline:
                raise OfflineError(
                    f"{self.archive.filename} is not in {self.path.parent}, and --offline keeps from downloading it. "
                    f"Put it there: {self._description()}"
                )
            else:
                fetch.download(self.archive.urls, self.path, self.archive.checksums, on_bytes)
            with replaced_folder(self.folder) as folder:
                (folder / "verified.json").write_text(json.dumps(self._size_and_time()))
        self.tell("finished")

    def _size_and_time(self) -> list[int]:
        status = self.path.stat()
        return [status.st_size, status.st_mtime_ns]

    def _description(self) -> str:
        checksums = ", ".join(f"{algorithm} {checksum}" for algorithm, checksum in self.archive.checksums.items())
        size = f"{self.archive.size:,} bytes" if self.archive.size else "size not known"
        return f"{' or '.join(self.archive.urls)} ({size}, {checksums})"


class Generate(FolderStep):
    """A synthetic corpus as an archive in its source's layout."""

    source = SourceParameter()
    stage = "generate"

    @property
    def title(self) -> str:
        source: Synthetic = self.source
        return source.filename

    @property
    def path(self) -> Path:
        """Where the archive is when the step is complete."""
        return self.folder / self.title

    @property
    def places(self) -> list[Path]:
        return [self.path]

    @property
    def content(self) -> str:
        """What the archive's bytes are known by: the code that makes them."""
        return f"synthetic:{corpora.fingerprint(self.source.corpus)}"

    @property
    def key(self) -> str:
        return f"{self.title}-{digest([self.content, __version__])}"

    def build(self, folder: Path) -> None:
        self.tell("planned", unit="files")
        with Counter(self) as counter:
            corpora.write(self.source.corpus, folder / self.title, counter.add)
        self.tell("finished")


class Index(FolderStep):
    """A source's listing, and the small files that `clips` functions read, as a Tree's folder."""

    source = SourceParameter()
    stage = "index"

    @property
    def title(self) -> str:
        return archive_step(self.workspace, self.source).title

    @property
    def key(self) -> str:
        return f"{self.title}-{digest([self.requires().content, list(self.source.reads), __version__])}"

    def requires(self) -> Any:
        return archive_step(self.workspace, self.source)

    def build(self, folder: Path) -> None:
        step = self.requires()
        members = archive.members(step.path)
        files = Tree.write(folder, members, step.content)
        archive.extract(step.path, matching(list(members), self.source.reads), files)
