"""The sources of a task: downloads and local data, as values that validate themselves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, ClassVar

from hearpreprocess.errors import ConfigError
from hearpreprocess.storage import digest
from hearpreprocess.task import rules
from hearpreprocess.task.addresses import without_credentials
from hearpreprocess.task.checking import Rule, check_fields
from hearpreprocess.task.encodings import encoding_given, encoding_named, encoding_problem
from hearpreprocess.task.files import File, listed_files, listing_digest
from hearpreprocess.task.parts import order_problem, parts_beside

TEXT_PATTERNS = ("**/*.csv", "**/*.tsv", "**/*.txt", "**/*.json", "**/*.mid", "**/*.midi")


class Source(ABC):
    """One source of a task; subclasses override the defaults given here."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What a person calls the source."""

    @property
    @abstractmethod
    def reads(self) -> Collection[str]:
        """Patterns of the members that the task's `clips` function reads (tables, lists).

        `clips` knows everything else in the source by name and size alone.
        """

    @property
    def files(self) -> Sequence[File]:
        """What is downloaded."""
        return ()

    @property
    def archived(self) -> bool:
        """Whether the files are an archive, not the members themselves."""
        return True

    @property
    def content_id(self) -> str:
        """An identifier of the bytes, known before they are available; empty if only the bytes give one."""
        return ""

    @property
    def encoding(self) -> str | None:
        """The encoding of those names in a zip archive that are not marked as UTF-8; None to find it out."""
        return None

    def with_encoding(self, encoding: str) -> Source:
        """The source with its names read in an encoding; itself if it is not an archive."""
        facts: Any = self
        return replace(facts, encoding=encoding) if any(field.name == "encoding" for field in fields(facts)) else self

    @property
    def member_md5(self) -> Path | str | None:
        """The path of a tab-separated list of file name and md5 to verify unpacked members."""
        return None

    @property
    def may_differ(self) -> Collection[str]:
        """The file names of members that may differ from that list."""
        return ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """The source's paths on this machine: lists that the task module ships, or the user's own data."""
        return () if self.member_md5 is None else (Path(self.member_md5),)

    @abstractmethod
    def provenance(self) -> dict[str, Any]:
        """The source's URLs and checksums, without any path of this machine."""


@dataclass(frozen=True)
class Archive(File, Source):
    """One archive to download, whatever its format: zip, tar (plain or compressed) or rar.

    `reads`: patterns of the members that the task's `clips` function reads (tables, lists); of all other members
    `clips` sees only name and size. `member_md5`: a tab-separated list of file name and md5, for an archive that
    mirrors have repacked: the archive then needs no checksum of its own, and each unpacked member is verified by the
    list, except those in `may_differ`, which exist as intact copies with other bytes. `encoding`: of the names in a zip
    archive that are not marked as UTF-8, such as "cp932"; None: UTF-8 if all of them are valid in it, otherwise cp437
    with a warning.
    """

    reads: Collection[str] = TEXT_PATTERNS
    member_md5: Path | str | None = None
    may_differ: Collection[str] = ()
    encoding: str | None = None

    RULES: ClassVar[Mapping[str, Rule]] = {
        **File.RULES,
        "member_md5": rules.is_list_of_checksums,
        "encoding": encoding_problem,
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        _give_encoding_one_name(self)

    def _check_checksums(self) -> None:
        if self.checksums or self.member_md5 is None:
            super()._check_checksums()

    @property
    def files(self) -> tuple[File, ...]:
        """What is downloaded."""
        return (self,)

    @property
    def title(self) -> str:
        """What a person calls the source."""
        return self.filename

    def provenance(self) -> dict[str, Any]:
        """The archive's URLs and checksums, and the encoding of its names where one is given."""
        return {**super().provenance(), **encoding_given(self.encoding)}

    @property
    def content_id(self) -> str:
        """What the source's bytes are known by."""
        by_member = listing_digest(str(self.member_md5)) if self.member_md5 else ""
        return digest([self.checksums, by_member])


@dataclass(frozen=True)
class SplitArchive(Source):
    """One archive that comes as several files, in their order.

    `parts`: of a divided zip archive (.z01, .z02, ..., .zip), of a zip or tar archive in pieces (.zip.001,
    .zip.002, ...), or of a rar archive (.part1.rar, .part2.rar, ...). `reads`, `encoding`: see Archive.
    """

    parts: Sequence[File]
    reads: Collection[str] = TEXT_PATTERNS
    encoding: str | None = None

    def __post_init__(self) -> None:
        check_fields(self, rules={"encoding": encoding_problem})
        _give_encoding_one_name(self)
        names = [part.filename for part in self.parts]
        if problem := order_problem(names):
            raise ConfigError(f"a SplitArchive needs its parts in their order: {problem}; got {names}")

    @property
    def files(self) -> Sequence[File]:
        """What is downloaded."""
        return self.parts

    @property
    def title(self) -> str:
        """What a person calls the source."""
        first, last = self.parts[0].filename, self.parts[-1].filename
        return last if last.lower().endswith(".zip") else first

    @property
    def content_id(self) -> str:
        """What the source's bytes are known by."""
        return digest([part.checksums for part in self.parts])

    def provenance(self) -> dict[str, Any]:
        """The parts' URLs and checksums, and the encoding of its names where one is given."""
        return {"parts": [part.provenance() for part in self.parts], **encoding_given(self.encoding)}


@dataclass(frozen=True)
class Files(Source):
    """Several files to download that are not unpacked.

    `title`: their name in messages. `reads`: see Archive.
    """

    # Defaults that __post_init__ rejects: without them the base class' properties would become the fields' defaults.
    files: Sequence[File] = ()
    title: str = ""
    reads: Collection[str] = TEXT_PATTERNS

    def __post_init__(self) -> None:
        check_fields(self, rules={"files": rules.not_empty, "title": rules.title})

    @property
    def archived(self) -> bool:
        """Whether the files are an archive."""
        return False

    @property
    def content_id(self) -> str:
        """What the source's bytes are known by."""
        return digest([[file.filename, file.checksums] for file in self.files])

    def provenance(self) -> dict[str, Any]:
        """The files' URLs and checksums."""
        return {"files": [file.provenance() for file in self.files]}


@dataclass(frozen=True)
class FileList(Source):
    """Many files to download that are not unpacked, named in a list that the task module ships.

    `listing`: a text file with a url, a size in bytes and a sha256 per line. `mirrors`: URLs of folders that have the
    same files under the last part of their url, tried after it. `folder`: their folder in the download folder.
    """

    listing: Path | str
    folder: Path | str
    mirrors: Sequence[str] = ()
    reads: Collection[str] = TEXT_PATTERNS

    def __post_init__(self) -> None:
        check_fields(self, rules={"listing": rules.is_file, "folder": rules.title})

    @property
    def files(self) -> tuple[File, ...]:
        """What is downloaded."""
        return listed_files(str(self.listing), str(self.folder), tuple(self.mirrors))

    @property
    def archived(self) -> bool:
        """Whether the files are an archive."""
        return False

    @property
    def title(self) -> str:
        """What a person calls the source."""
        return str(self.folder)

    @property
    def content_id(self) -> str:
        """What the source's bytes are known by."""
        return listing_digest(str(self.listing))

    @property
    def paths(self) -> tuple[Path, ...]:
        """The list."""
        return (Path(self.listing),)

    def provenance(self) -> dict[str, Any]:
        """The list of the files, and their mirrors."""
        return {
            "list": Path(self.listing).name,
            "list_sha256": self.content_id,
            "mirrors": [without_credentials(url) for url in self.mirrors],
        }


@dataclass(frozen=True)
class Synthetic(Source):
    """A corpus of synthetic sounds, generated in a source's real layout and format by `hearpreprocess.synthetic`.

    `corpus`: its name there. `reads`: see Archive. `archived`: whether the source is an archive or single files.
    """

    corpus: str
    reads: Collection[str] = TEXT_PATTERNS
    archived: bool = True

    def __post_init__(self) -> None:
        check_fields(self, rules={"corpus": rules.title})

    @property
    def title(self) -> str:
        """What a person calls the source."""
        return f"{self.corpus}-synthetic"

    def provenance(self) -> dict[str, Any]:
        """The marker of a synthetic corpus."""
        return {"synthetic": self.corpus}


@dataclass(frozen=True)
class Local(Source):
    """The user's own folder or archive, whose checksum is recorded, not enforced.

    `stands_for`: the title of the source that it is used in place of, which is noted. `member_md5`, `may_differ`: of
    that source; the members are verified against them, too.
    """

    path: Path | str
    reads: Collection[str] = TEXT_PATTERNS
    member_md5: Path | str | None = None
    may_differ: Collection[str] = ()
    stands_for: str = ""
    encoding: str | None = None

    def __post_init__(self) -> None:
        check_fields(
            self,
            rules={"path": rules.is_there, "member_md5": rules.is_list_of_checksums, "encoding": encoding_problem},
        )
        _give_encoding_one_name(self)
        parts_beside(Path(self.path))

    @classmethod
    def instead_of(cls, source: Source, path: str) -> Local:
        """The user's data at `path` in place of a source, read and verified in the same way."""
        listing = None if source.member_md5 is None else str(source.member_md5)
        return cls(path, source.reads, listing, source.may_differ, stands_for=source.title, encoding=source.encoding)

    def with_encoding(self, encoding: str) -> Source:
        """The source with its names read in an encoding; itself if it is a directory."""
        return self if Path(self.path).is_dir() else super().with_encoding(encoding)

    @property
    def title(self) -> str:
        """What a person calls the source."""
        return Path(self.path).name

    @property
    def paths(self) -> tuple[Path, ...]:
        """The user's data, and the list to verify it."""
        return (*super().paths, Path(self.path))

    def provenance(self) -> dict[str, Any]:
        """The marker of a user's own source, which only its checksum identifies, and the encoding of its names."""
        return {"local": True, **encoding_given(self.encoding)}


def _give_encoding_one_name(source: Any) -> None:
    if source.encoding is not None:
        object.__setattr__(source, "encoding", encoding_named(source.encoding))


def source_to_json(source: Source) -> dict[str, Any]:
    """A source as a JSON object, with its type; its URLs may contain passwords."""
    facts: dict[str, Any] = asdict(source)  # type: ignore[call-overload]
    return {"type": type(source).__name__, **facts}


def without_sizes(value: Any) -> Any:
    """A source as JSON without the sizes of its files, on which no result depends."""
    if isinstance(value, Mapping):
        return {key: without_sizes(inner) for key, inner in value.items() if key not in ("size", "about")}
    return [without_sizes(inner) for inner in value] if isinstance(value, list | tuple) else value
