"""Steps that provide a source and list it: Generate, Locate or Download, then Index."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hearpreprocess import archive, fetch, synthetic
from hearpreprocess.archive import files_below
from hearpreprocess.errors import OutputError
from hearpreprocess.steps.base import Counter, FolderStep, SourceParameter
from hearpreprocess.steps.code import made_by
from hearpreprocess.steps.download import Download
from hearpreprocess.steps.source import SourceStep, key_of
from hearpreprocess.storage import SEAL, Workspace, agree, digest, is_absent, on_new_run, stamp_of, whole_file
from hearpreprocess.task import Local, Source, Synthetic, Tree, matcher, parts_beside


def source_step(workspace: Workspace, source: Source) -> SourceStep:
    """The step that provides the source's files."""
    step = {Synthetic: Generate, Local: Locate}.get(type(source), Download)
    return step(workspace=workspace, source=source)


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
            written = synthetic.write(self.source.corpus, folder, counter.add)
        self.note("finished")
        return written


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
        if self.is_unpacked:
            return _identity(self.path, self.checksum_cache, _version(self.checksum_cache))
        return _identity_of(self.path, _stamps(self.files), self.checksum_cache)

    @property
    def key(self) -> str:
        # Its note names what the data stands for, so that each use has a note of its own.
        return key_of(self.title, [self.identity, self.source.stands_for, made_by()])

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
                f"{', '.join(inside)}: would be written to {self.path}, among the source's recordings. Run the command "
                "in another directory, or choose other directories with --tmp-dir, --tasks-dir and --tar-dir"
            )

    @property
    def checksum_cache(self) -> Path:
        """The cache of the user's files' checksums, sizes and times, so that unchanged files are not read again."""
        return self.workspace.tmp_dir / "checksums" / f"{key_of(self.title, str(self.path))}.json"

    def run(self) -> None:
        self._checked: dict[str, tuple[list[int], str]] = {}
        super().run()
        if not self._checked:
            return
        # After the folder, so that a host whose key changes as it adopts these stamps finds it.
        stamps = _adopted(
            {name: stamp for name, (stamp, _checksum) in self._checked.items()}, _known_checksums(self.checksum_cache)
        )
        facts = {name: [stamps[name], checksum] for name, (_stamp, checksum) in self._checked.items()}
        with whole_file(self.checksum_cache) as note:
            note.write_text(json.dumps(facts), encoding="utf-8")

    def build(self, folder: Path) -> list[str]:
        self._check_apart()
        files = self._read()
        cached = _known_checksums(self.checksum_cache)
        stamps = _adopted(_stamps(files), cached)
        fresh = {name for name, stamp in stamps.items() if name not in cached or cached[name][0] != stamp}
        self.note("planned", amount=sum(stamps[name][0] for name in fresh), unit="B")
        with Counter(self, "B") as counter:
            checksums = {
                name: fetch.checksums(file, ["sha256"], lambda amount, total: counter.add(amount))["sha256"]
                if name in fresh
                else cached[name][1]
                for name, file in files.items()
            }
        self.note("finished")
        self._checked = {name: (stamps[name], checksums[name]) for name in files}
        kind = "folder" if self.is_unpacked else "sha256"
        content = digest(checksums) if len(checksums) > 1 or self.is_unpacked else next(iter(checksums.values()))
        if self.source.stands_for:
            self.note_on_output(f"using local source {self.path} for {self.source.stands_for} ({kind}:{content})")
        record = {"content": f"{kind}:{content}", "checksums": checksums}
        (folder / "content.json").write_text(json.dumps(record), encoding="utf-8")
        return ["content.json"]


# Cached per process: the folder may have 100,000 files, and all steps must see the same state.
_below = functools.cache(files_below)


@functools.cache
def _stamps_below(folder: Path) -> dict[str, list[int]]:
    return _stamps(_below(folder))


@functools.cache
def _identity(folder: Path, checksum_cache: Path, version: object) -> str:
    """The identity of a folder with one version of the cache of checksums."""
    return _identity_of(folder, _stamps_below(folder), checksum_cache)


on_new_run(_below.cache_clear)
on_new_run(_stamps_below.cache_clear)
on_new_run(_identity.cache_clear)


def _identity_of(path: Path, stamps: Mapping[str, list[int]], checksum_cache: Path) -> str:
    return digest([str(path), _adopted(stamps, _known_checksums(checksum_cache))])


def _version(checksum_cache: Path) -> tuple[int, ...]:
    """What changes if another host writes the cache; opened, as NFS then asks for the attributes."""
    try:
        if is_absent(checksum_cache):
            return ()
        with checksum_cache.open("rb") as file:
            status = os.fstat(file.fileno())
    except OSError:
        return ()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _known_checksums(checksum_cache: Path) -> dict[str, list[Any]]:
    """By file, its stamp and its checksum; none if the cache does not exist or is damaged."""
    try:
        cached = json.loads(checksum_cache.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    known = cached.items() if isinstance(cached, dict) else ()
    return {name: facts for name, facts in known if isinstance(facts, list) and len(facts) == 2}


def _stamps(files: Mapping[str, Path]) -> dict[str, list[int]]:
    """The stamp of each file, to detect changes."""
    return {name: stamp_of(file) for name, file in files.items()}


def _adopted(stamps: Mapping[str, list[int]], cached: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """The stamps; of each unchanged file the one in the cache of checksums.

    Another host may have written that one, and see times with another precision; both need the same keys.
    """
    return {
        name: cached[name][0] if name in cached and agree([cached[name][0]], [stamp]) else stamp
        for name, stamp in stamps.items()
    }


class Index(FolderStep):
    """A source's listing, and the small files that `clips` functions read, in the folder of a Tree."""

    source = SourceParameter()
    stage = "index"

    @property
    def title(self) -> str:
        return self.requires().title

    @property
    def key(self) -> str:
        step = self.requires()
        return key_of(self.title, [step.identity, list(self.source.reads), self.source.encoding, made_by()])

    def requires(self) -> SourceStep:
        return source_step(self.workspace, self.source)

    def build(self, folder: Path) -> list[str]:
        self.note("began", unit="files")
        step, source = self.requires(), self.source
        is_read = matcher(source.reads)
        readable = Tree.readable(folder)
        how = {"archived": source.archived, "max_expansion": self.workspace.max_expansion}
        names = {"encoding": source.encoding, "on_note": self.warn_of_output}
        members = archive.unpack(step.files, is_read, readable, **how, **names)
        packed = {} if step.is_unpacked else archive.packed_members(step.files, source.encoding)
        facts = {"checksums": step.checksums, "packed": packed, "encoding": source.encoding}
        written = Tree.write(folder, members, step.content_id, **facts)
        self.note("advanced", amount=len(members))
        self.note("finished")
        return [*written, *(f"{readable.name}/{member}" for member in filter(is_read, members))]
