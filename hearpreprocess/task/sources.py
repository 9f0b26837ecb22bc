"""What a task is made from: the things to download, as values that check themselves."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from hearpreprocess.errors import ConfigError
from hearpreprocess.storage import digest, file_digest

TEXT_PATTERNS = ("**/*.csv", "**/*.tsv", "**/*.txt", "**/*.json", "**/*.mid", "**/*.midi")

_CHECKSUM_DIGITS = {"md5": 32, "sha256": 64}


@dataclass(frozen=True)
class File:
    """One file to download.

    `url`: the address, or the mirrors in the order in which they are tried (http, https or file).
    `md5`, `sha256`: checksums in hexadecimal; at least one, and every one that is given is enforced.
    `size`: bytes, where known; a file of another size is refused. `about`: roughly, where `size` is not known or where
    mirrors differ: for plans alone.
    `filename`: the name under which the file is kept and looked for; by default the last part of the first url.
    """

    url: str | Sequence[str]
    md5: str | None = None
    sha256: str | None = None
    size: int | None = None
    about: int | None = None
    filename: str = ""

    def __post_init__(self) -> None:
        urls = (self.url,) if isinstance(self.url, str) else tuple(self.url)
        object.__setattr__(self, "url", urls)
        if not urls:
            raise ConfigError(f"{type(self).__name__} needs at least one url")
        for url in urls:
            if urlsplit(url).scheme not in ("http", "https", "file"):
                raise ConfigError(f"{without_credentials(url)!r} is no http, https or file url")
        if not self.filename:
            object.__setattr__(self, "filename", unquote(urlsplit(urls[0]).path.rpartition("/")[2]))
        parts = self.filename.split("/")
        if "\\" in self.filename or any(part in ("", ".", "..") for part in parts):
            raise ConfigError(f"{without_credentials(urls[0])}: {self.filename!r} is no file name; give filename=")
        self._check_checksums()

    def _check_checksums(self) -> None:
        if not self.checksums:
            raise ConfigError(
                f"{self.filename}: {type(self).__name__} needs md5= or sha256=, so that everybody works on the same "
                f"bytes (`sha256sum {self.filename}` prints the latter)"
            )
        for algorithm, checksum in self.checksums.items():
            if not re.fullmatch(rf"[0-9a-f]{{{_CHECKSUM_DIGITS[algorithm]}}}", checksum):
                raise ConfigError(
                    f"{self.filename}: {checksum!r} is no {algorithm}: "
                    f"expected {_CHECKSUM_DIGITS[algorithm]} lower-case hexadecimal digits"
                )

    @property
    def urls(self) -> tuple[str, ...]:
        """The mirrors, in the order in which they are tried."""
        return tuple(self.url)

    @property
    def expected_size(self) -> int | None:
        """The bytes that will be downloaded, as far as is known."""
        return self.about if self.size is None else self.size

    @property
    def checksums(self) -> dict[str, str]:
        """The checksums that were given, by the name of their algorithm."""
        given = {"md5": self.md5, "sha256": self.sha256}
        return {algorithm: checksum for algorithm, checksum in given.items() if checksum}

    def provenance(self) -> dict[str, Any]:
        """Where the file comes from and how it is known, without any path of this machine."""
        public = [without_credentials(url) for url in self.urls if urlsplit(url).scheme != "file"]
        return {"filename": self.filename, "urls": public, **self.checksums}


@dataclass(frozen=True)
class Archive(File):
    """One archive to download, whatever its format: zip, tar (plain or compressed) or rar.

    `reads`: patterns of the members that the task's `clips` function reads (tables, lists); everything else in the
    archive is known to `clips` by name and size alone.
    `member_md5`: a tab-separated list of file name and md5, for an archive that mirrors have packed anew: the archive
    needs no checksum of its own then, and each unpacked member is checked by the list, but for those named by
    `may_differ`, of which sound copies with other bytes are about.
    """

    reads: Sequence[str] = TEXT_PATTERNS
    member_md5: Path | str | None = None
    may_differ: Sequence[str] = ()

    archived: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "reads", tuple(self.reads))
        object.__setattr__(self, "may_differ", tuple(self.may_differ))
        object.__setattr__(self, "member_md5", None if self.member_md5 is None else str(self.member_md5))
        super().__post_init__()

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

    @property
    def content(self) -> str:
        """What the source's bytes are known by."""
        by_member = _listing_digest(str(self.member_md5)) if self.member_md5 else ""
        return digest([self.checksums, by_member])


@dataclass(frozen=True)
class SplitArchive:
    """One zip archive that is divided into parts, in their order: .z01, .z02, ..., .zip. `reads`: as of an Archive."""

    parts: Sequence[File]
    reads: Sequence[str] = TEXT_PATTERNS

    archived: ClassVar[bool] = True

    def __post_init__(self) -> None:
        parts = tuple(part if isinstance(part, File) else File(**part) for part in self.parts)
        object.__setattr__(self, "parts", parts)
        object.__setattr__(self, "reads", tuple(self.reads))
        names = [part.filename for part in parts]
        suffixes = [name.rpartition(".")[2].lower() for name in names]
        if len(parts) < 2 or suffixes != [*(f"z{number:02d}" for number in range(1, len(parts))), "zip"]:
            raise ConfigError(f"a SplitArchive needs its parts in their order, .z01, .z02, ..., .zip, got {names}")

    @property
    def files(self) -> tuple[File, ...]:
        """What is downloaded."""
        return tuple(self.parts)

    @property
    def title(self) -> str:
        """What a person calls the source."""
        return self.parts[-1].filename

    @property
    def content(self) -> str:
        """What the source's bytes are known by."""
        return digest([part.checksums for part in self.parts])

    def provenance(self) -> dict[str, Any]:
        """Where the parts come from and how they are known."""
        return {"parts": [part.provenance() for part in self.parts]}


@dataclass(frozen=True)
class Files:
    """Several files to download that stand for themselves.

    `title`: what a person calls them. `reads`: as of an Archive.
    """

    files: Sequence[File]
    title: str
    reads: Sequence[str] = TEXT_PATTERNS

    archived: ClassVar[bool] = False

    def __post_init__(self) -> None:
        files = tuple(file if isinstance(file, File) else File(**file) for file in self.files)
        object.__setattr__(self, "files", files)
        object.__setattr__(self, "reads", tuple(self.reads))
        if not files:
            raise ConfigError(f"{self.title}: Files needs at least one")

    @property
    def content(self) -> str:
        """What the source's bytes are known by."""
        return digest([[file.filename, file.checksums] for file in self.files])

    def provenance(self) -> dict[str, Any]:
        """Where the files come from and how they are known."""
        return {"files": [file.provenance() for file in self.files]}


@dataclass(frozen=True)
class FileList:
    """Many files to download that stand for themselves, named by a list that comes with the task.

    `listing`: a text file with a url, a size in bytes and a sha256 a line. `mirrors`: addresses of folders that hold
    the same files under the last part of their url, tried after it. `folder`: where the download folder keeps them.
    """

    listing: Path | str
    folder: str
    mirrors: Sequence[str] = ()
    reads: Sequence[str] = TEXT_PATTERNS

    archived: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "listing", str(self.listing))
        object.__setattr__(self, "mirrors", tuple(self.mirrors))
        object.__setattr__(self, "reads", tuple(self.reads))

    @property
    def files(self) -> tuple[File, ...]:
        """What is downloaded."""
        return _listed(str(self.listing), self.folder, tuple(self.mirrors))

    @property
    def title(self) -> str:
        """What a person calls the source."""
        return self.folder

    @property
    def content(self) -> str:
        """What the source's bytes are known by."""
        return _listing_digest(str(self.listing))

    def provenance(self) -> dict[str, Any]:
        """Which list names the files, and where they come from."""
        return {
            "list": Path(self.listing).name,
            "list_sha256": self.content,
            "mirrors": [without_credentials(url) for url in self.mirrors],
        }


@functools.cache
def _listing_digest(listing: str) -> str:
    return file_digest(Path(listing))


@functools.cache
def _listed(listing: str, folder: str, mirrors: tuple[str, ...]) -> tuple[File, ...]:
    files = []
    for line in Path(listing).read_text(encoding="utf-8").splitlines():
        url, size, sha256 = line.split()
        name = url.rpartition("/")[2]
        urls = (url, *(f"{mirror}/{name}" for mirror in mirrors))
        files.append(File(urls, sha256=sha256, size=int(size), filename=f"{folder}/{name}"))
    return tuple(files)


@dataclass(frozen=True)
class Synthetic:
    """A corpus of made-up sounds that `hearpreprocess.testing` generates in a source's real layout and format.

    `corpus`: its name there. `reads`: as of an Archive. `archived`: whether the source is an archive or single files.
    """

    corpus: str
    reads: Sequence[str] = TEXT_PATTERNS
    archived: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "reads", tuple(self.reads))

    @property
    def title(self) -> str:
        """What a person calls the source."""
        return f"{self.corpus}-synthetic"

    def provenance(self) -> dict[str, Any]:
        """That the corpus is made up."""
        return {"synthetic": self.corpus}


@dataclass(frozen=True)
class Local:
    """What the user already has: a folder or an archive, whose checksum is told, not enforced.

    `is_stand_in`: whether it is used in place of another source, which is worth a warning. `member_md5`, `may_differ`:
    of that source, whose members are checked here, too.
    """

    path: Path | str
    reads: Sequence[str] = TEXT_PATTERNS
    member_md5: str | None = None
    may_differ: Sequence[str] = ()
    is_stand_in: bool = False

    archived: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", str(self.path))
        object.__setattr__(self, "may_differ", tuple(self.may_differ))
        object.__setattr__(self, "reads", tuple(self.reads))
        if not Path(self.path).exists():
            raise ConfigError(f"there is no {self.path}, which a source is read from")

    @property
    def title(self) -> str:
        """What a person calls the source."""
        return Path(self.path).name

    def provenance(self) -> dict[str, Any]:
        """That the source is the maker's own; only its content tells what it is."""
        return {"local": True}


Source = Archive | SplitArchive | Files | FileList | Synthetic | Local
SOURCE_TYPES = (Archive, SplitArchive, Files, FileList, Synthetic, Local)


def source_to_json(source: Source) -> dict[str, Any]:
    """A source as a JSON object, with its type."""
    return {"type": type(source).__name__, **asdict(source)}


def without_sizes(value: Any) -> Any:
    """A source as JSON without the sizes of its files, on which nothing depends that is made of them."""
    if isinstance(value, Mapping):
        return {key: without_sizes(each) for key, each in value.items() if key not in ("size", "about")}
    return [without_sizes(each) for each in value] if isinstance(value, list | tuple) else value


def source_without_credentials(source: Source) -> dict[str, Any]:
    """A source as a JSON object for the work folder, which others may read: its addresses without passwords."""
    bared: dict[str, Any] = _bared(source_to_json(source))
    return bared


def _bared(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _bared(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_bared(each) for each in value]
    return without_credentials(value) if isinstance(value, str) and "://" in value else value


def source_from_json(value: Mapping[str, Any]) -> Source:
    """The source that `source_to_json` wrote."""
    facts = dict(value)
    kinds: dict[str, type[Source]] = {kind.__name__: kind for kind in SOURCE_TYPES}
    source: Source = kinds[facts.pop("type")](**facts)
    return source


def without_credentials(url: str) -> str:
    """The url without a user name, a password and a query, any of which may be secret."""
    scheme, slashes, rest = url.partition("://")
    if not slashes:
        return url.rpartition("@")[2]
    host = rest.partition("/")[0]
    # A password may hold what ends the name of a host; what follows a host's colon is else a number.
    if "@" in host or re.search(r":(?!\d*$)", host):
        rest = rest.rpartition("@")[2] if "@" not in host else host.rpartition("@")[2] + rest[len(host) :]
    return urlsplit(f"{scheme}://{rest}")._replace(query="", fragment="").geturl()
