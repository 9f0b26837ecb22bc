"""Steps that provide a source and list it: Download, Generate or Locate, then Index."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hearpreprocess import archive, fetch, synthetic
from hearpreprocess.archive import files_below
from hearpreprocess.errors import DownloadError, OfflineError, OutputError, enumerate_problems
from hearpreprocess.steps.base import Counter, FolderStep, SourceParameter
from hearpreprocess.steps.code import made_by
from hearpreprocess.storage import (
    SEAL,
    Workspace,
    check_free,
    digest,
    explaining_disk_errors,
    on_new_run,
    replaced_folder,
    whole_file,
)
from hearpreprocess.task import TREE, File, Local, Source, Synthetic, Tree, matcher, parts_beside

MOST_FILES_SHOWN = 9


class SourceStep(FolderStep):
    """A step that provides a source. `files`: paths by name; `content_id`: an identifier of their bytes."""

    source = SourceParameter()

    @property
    def is_unpacked(self) -> bool:
        """Whether the source's files are the members themselves and need no unpacking."""
        return not self.source.archived

    @property
    def members(self) -> dict[str, Path]:
        """The path of each member of an unpacked source."""
        return self.files

    @property
    def checksums(self) -> dict[str, str] | None:
        """The checksum of each member of an unpacked source, if each has one."""
        return None

    @property
    def title(self) -> str:
        title: str = self.source.title
        return title

    @property
    def files(self) -> dict[str, Path]:
        raise NotImplementedError

    @property
    def content_id(self) -> str:
        raise NotImplementedError

    @property
    def identity(self) -> str:
        """An identifier of the source that is known before the step is complete."""
        return self.content_id

    @property
    def key(self) -> str:
        return f"{self.title}-{digest([self.identity, made_by()])}"


def source_step(workspace: Workspace, source: Source) -> SourceStep:
    """The step that provides the source's files."""
    step = {Synthetic: Generate, Local: Locate}.get(type(source), Download)
    return step(workspace=workspace, source=source)


class Download(SourceStep):
    """Files in the download folder, downloaded or already there, with verified checksums.

    The output folder records the size and time of each verified file, so that later runs do not read gigabytes again.
    """

    stage = "download"
    is_here = False

    @property
    def shown_stage(self) -> str:
        return "verify" if self.is_here else self.stage

    @property
    def files(self) -> dict[str, Path]:
        return {file.filename: self._path(file) for file in self.source.files}

    def _path(self, file: File) -> Path:
        return self.workspace.download_dir / file.filename

    @property
    def output_paths(self) -> list[Path]:
        files = list(self.files.values())
        return files if len(files) <= MOST_FILES_SHOWN else sorted({file.parent for file in files})

    @property
    def content_id(self) -> str:
        content: str = self.source.content_id
        return content

    @property
    def checksums(self) -> dict[str, str] | None:
        return {file.filename: digest(file.checksums) for file in self.source.files} if self.is_unpacked else None

    @property
    def key(self) -> str:
        return f"{self.title}-{digest([str(self.workspace.download_dir), self.content_id])}"

    def complete(self) -> bool:
        try:
            verified = json.loads((self.folder / "verified.json").read_text(encoding="utf-8"))
            return bool(verified == self._sizes_and_times())
        except (FileNotFoundError, ValueError):
            return False

    def run(self) -> None:
        files: tuple[File, ...] = self.source.files
        expected = {self._path(file): fetch.ExpectedFile(file.urls, file.checksums, file.size) for file in files}
        missing = [file for file in files if not self._path(file).exists()]
        self.is_here = not missing
        if not self.workspace.offline:
            self._check_space(missing)
            if any(fetch.is_being_downloaded(self._path(file)) for file in missing):
                self.note("warned", text="another run is downloading it; this one waits, and then goes on")
        known = sum(file.size for file in files if file.size) if all(file.size for file in files) else None
        planned = False

        def on_bytes(amount: int, total: int | None) -> None:
            nonlocal planned
            if not planned:
                self.note("planned", amount=known or (total if len(files) == 1 else None), unit="B")
                planned = True
            counter.add(amount)

        with Counter(self, "B", known) as counter:
            connections = fetch.Connections(self.workspace.tmp_dir / "connections")
            failures, untried = fetch.get_all(expected, connections, on_bytes, offline=self.workspace.offline)
        self._raise(failures, untried)
        with replaced_folder(self.folder) as folder:
            (folder / "verified.json").write_text(json.dumps(self._sizes_and_times()), encoding="utf-8")
        self.note("finished")
        self.note("completed")

    def _check_space(self, missing: Sequence[File]) -> None:
        """Raise DiskFullError, before the first byte, if the disk has too little space for the downloads."""
        if not missing:
            return
        with explaining_disk_errors(self.workspace.download_dir):
            self.workspace.download_dir.mkdir(parents=True, exist_ok=True)
        check_free(self.workspace.download_dir, sum(map(self._missing_bytes, missing)), f"{self.title} is downloaded")

    def _missing_bytes(self, file: File) -> int:
        part = fetch.part_path(self._path(file))
        return (file.size or 0) - (part.stat().st_size if part.exists() else 0)

    def _raise(self, failures: Sequence[DownloadError], untried: int) -> None:
        if len(failures) == 1 and not untried:
            raise failures[0]
        if failures:
            kind = OfflineError if isinstance(failures[0], OfflineError) else DownloadError
            headline = f"{{count}} of the {len(self.source.files):,} files of {self.title} are missing"
            rest = f", {untried:,} were not tried:" if untried else ":"
            raise kind(enumerate_problems(headline + rest, list(map(str, failures))))

    def _sizes_and_times(self) -> list[list[int]]:
        statuses = [path.stat() for path in self.files.values()]
        return [[status.st_size, status.st_mtime_ns] for status in statuses]


class Generate(SourceStep):
    """A synthetic corpus in its source's layout and format."""

    stage = "generate"

    @property
    def files(self) -> dict[str, Path]:
        return {name: path for name, path in files_below(self.folder).items() if name != SEAL}

    @property
    def output_paths(self) -> list[Path]:
        return [self.folder]

    @property
    def content_id(self) -> str:
        """A digest of the code that generates the corpus, in place of one of its bytes."""
        return f"synthetic:{synthetic.fingerprint(self.source.corpus)}"

    def build(self, folder: Path) -> list[str]:
        with Counter(self, "files") as counter:
            synthetic.write(self.source.corpus, folder, counter.add)
        self.note("finished")
        return list(files_below(folder))


class Locate(SourceStep):
    """The user's folder or archive used as a source, identified by a checksum."""

    stage = "locate"

    @property
    def path(self) -> Path:
        """The path of the user's data."""
        return Path(self.source.path)

    @property
    def files(self) -> dict[str, Path]:
        return {path.name: path for path in parts_beside(self.path)}

    @property
    def output_paths(self) -> list[Path]:
        return [self.path]

    @property
    def is_unpacked(self) -> bool:
        return self.path.is_dir()

    @property
    def identity(self) -> str:
        return _identity(self.path) if self.is_unpacked else digest([str(self.path), _stamps(self.files)])

    @property
    def content_id(self) -> str:
        content: str = self._record["content"]
        return content

    @property
    def checksums(self) -> dict[str, str] | None:
        return self._record["checksums"] if self.is_unpacked else None

    @property
    def _record(self) -> dict[str, Any]:
        record: dict[str, Any] = json.loads((self.folder / "content.json").read_text(encoding="utf-8"))
        return record

    @property
    def members(self) -> dict[str, Path]:
        return _below(self.path)

    def _read(self) -> dict[str, Path]:
        return self.members if self.is_unpacked else self.files

    def _check_apart(self) -> None:
        """Raise OutputError if a directory that runs write to is inside the source."""
        directories = self.workspace.directories
        inside = [
            str(directory) for directory in directories if directory.resolve().is_relative_to(self.path.resolve())
        ]
        if self.is_unpacked and inside:
            raise OutputError(
                f"{', '.join(inside)} would be written in {self.path}, among the recordings that a task is made of: "
                "give the command in another folder, or choose others with --tmp-dir, --tasks-dir and --tar-dir"
            )

    @property
    def _checksum_cache(self) -> Path:
        """The cache of the user's files' checksums, sizes and times, so that unchanged files are not read again."""
        return self.workspace.tmp_dir / "checksums" / f"{self.title}-{digest(str(self.path))}.json"

    def build(self, folder: Path) -> list[str]:
        self._check_apart()
        files = self._read()
        stamps = _stamps(files)
        try:
            cached = json.loads(self._checksum_cache.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            cached = {}
        fresh = {name for name, stamp in stamps.items() if cached.get(name, [None])[0] != stamp}
        self.note("planned", amount=sum(stamps[name][0] for name in fresh), unit="B")
        with Counter(self, "B") as counter:
            checksums = {
                name: fetch.checksums(file, ["sha256"], lambda amount, total: counter.add(amount))["sha256"]
                if name in fresh
                else cached[name][1]
                for name, file in files.items()
            }
        self.note("finished")
        with whole_file(self._checksum_cache) as note:
            note.write_text(json.dumps({name: [stamps[name], checksums[name]] for name in files}), encoding="utf-8")
        kind = "folder" if self.is_unpacked else "sha256"
        content = digest(checksums) if len(checksums) > 1 or self.is_unpacked else next(iter(checksums.values()))
        if self.source.is_stand_in:
            self.note("warned", text=f"{self.path} stands in place of a source: {kind}:{content}")
        record = {"content": f"{kind}:{content}", "checksums": checksums}
        (folder / "content.json").write_text(json.dumps(record), encoding="utf-8")
        return ["content.json"]


# Listed once per process: the folder may have 100,000 files, and all steps must see the same state.
_below = functools.cache(files_below)


@functools.cache
def _identity(folder: Path) -> str:
    return digest([str(folder), _stamps(_below(folder))])


on_new_run(_below.cache_clear)
on_new_run(_identity.cache_clear)


def _stamps(files: Mapping[str, Path]) -> dict[str, list[int]]:
    """The size and the modification time of each file, to detect changes."""
    return {name: [(status := file.stat()).st_size, status.st_mtime_ns] for name, file in files.items()}


class Index(FolderStep):
    """A source's listing, and the small files that `clips` functions read, as a Tree's folder."""

    source = SourceParameter()
    stage = "index"

    @property
    def title(self) -> str:
        return self.requires().title

    @property
    def key(self) -> str:
        step = self.requires()
        return f"{self.title}-{digest([step.identity, list(self.source.reads), self.source.encoding, made_by()])}"

    def requires(self) -> SourceStep:
        return source_step(self.workspace, self.source)

    def build(self, folder: Path) -> list[str]:
        self.note("began", unit="files")
        step, source = self.requires(), self.source
        is_read = matcher(source.reads)
        readable = Tree.readable(folder)
        how = {"archived": source.archived, "most_expansion": self.workspace.most_expansion}
        names = {"encoding": source.encoding, "on_note": lambda text: self.note("warned", text=text)}
        members = archive.unpack(step.files, is_read, readable, **how, **names)
        packed = {} if step.is_unpacked else archive.packed_members(step.files, source.encoding)
        written = {"checksums": step.checksums, "packed": packed, "encoding": source.encoding}
        Tree.write(folder, members, step.content_id, **written)
        self.note("advanced", amount=len(members))
        self.note("finished")
        return [TREE, *(f"{readable.name}/{member}" for member in filter(is_read, members))]
