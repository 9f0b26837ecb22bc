"""Files to download, and the lists of files and checksums that a task module ships."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from hearpreprocess.errors import ConfigError
from hearpreprocess.storage import LONGEST_NAME, file_digest, on_new_run
from hearpreprocess.task import rules
from hearpreprocess.task.addresses import without_credentials
from hearpreprocess.task.characters import unusable_character
from hearpreprocess.task.checking import Rule, check_fields
from hearpreprocess.task.values import shown


@dataclass(frozen=True)
class File:
    """One file to download.

    `url`: the URL, or the mirrors in the order in which they are tried (http, https or file). `md5`, `sha256`:
    checksums in hexadecimal; at least one is required, and all that are given are verified. `size`: bytes, if known; a
    file of another size is refused. `about`: roughly, if `size` is not known or mirrors differ, for plans; without any
    checksum, a file is refused that is four times smaller or larger.
    `filename`: the name in the download folder; by default the last part of the first url.
    """

    url: str | Sequence[str]
    md5: str | None = None
    sha256: str | None = None
    size: int | None = None
    about: int | None = None
    filename: str = ""

    RULES: ClassVar[Mapping[str, Rule]] = {
        "url": rules.urls,
        "md5": rules.checksum("md5", 32),
        "sha256": rules.checksum("sha256", 64),
        "size": rules.not_negative,
        "about": rules.not_negative,
    }

    def __post_init__(self) -> None:
        has_name = isinstance(self.filename, str) and self.filename
        check_fields(self, f"{type(self).__name__} {shown(self.filename)}" if has_name else "", self.RULES)
        urls = (self.url,) if isinstance(self.url, str) else tuple(self.url)
        object.__setattr__(self, "url", urls)
        if not self.filename:
            object.__setattr__(self, "filename", unquote(urlsplit(urls[0]).path.rpartition("/")[2]))
        parts = self.filename.split("/")
        if "\\" in self.filename or unusable_character(self.filename) or not {"", ".", ".."}.isdisjoint(parts):
            raise ConfigError(
                f"{without_credentials(urls[0])}: {self.filename!r} is not a file name. Give one with filename="
            )
        for part in parts:
            if (size := len(part.encode(errors="surrogatepass"))) > LONGEST_NAME:
                raise ConfigError(
                    f"{shown(part)}: the name has {size} bytes in UTF-8; a file's name may have at most "
                    f"{LONGEST_NAME}. "
                    "Give a shorter one with filename="
                )
        self._check_checksums()

    def _check_checksums(self) -> None:
        if not self.checksums:
            raise ConfigError(
                f"{self.filename}: {type(self).__name__} needs md5= or sha256=, so that everybody works on the same "
                f"bytes (`sha256sum {self.filename}` prints the latter)"
            )

    @property
    def urls(self) -> tuple[str, ...]:
        """The mirrors, in the order in which they are tried."""
        return tuple(self.url)

    @property
    def expected_size(self) -> int | None:
        """The bytes that will be downloaded, exact or roughly; None if unknown."""
        return self.about if self.size is None else self.size

    @property
    def checksums(self) -> dict[str, str]:
        """The given checksums, by the name of their algorithm."""
        given = {"md5": self.md5, "sha256": self.sha256}
        return {algorithm: checksum for algorithm, checksum in given.items() if checksum}

    def provenance(self) -> dict[str, Any]:
        """The file's URLs and checksums, without any path of this machine."""
        public = [without_credentials(url) for url in self.urls if urlsplit(url).scheme != "file"]
        return {"filename": self.filename, "urls": public, **self.checksums}


@functools.cache
def listing_digest(listing: str) -> str:
    """The sha256 of a list's bytes; it is read once per process, so that all steps use the same list."""
    return file_digest(Path(listing))


@functools.cache
def listed_files(listing: str, folder: str, mirrors: tuple[str, ...]) -> tuple[File, ...]:
    """The files in a list with a url, a size in bytes and a sha256 per line, which are stored below `folder`.

    `mirrors`: URLs of folders that have the same files under the last part of their url. Raises ConfigError naming the
    line that is none of these.
    """
    try:
        lines = Path(listing).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{listing}: cannot be read as a list of files: {error}") from error
    files = []
    for number, line in enumerate(lines, 1):
        try:
            url, size, sha256 = line.split()
            name = url.rpartition("/")[2]
            urls = (url, *(f"{mirror}/{name}" for mirror in mirrors))
            files.append(File(urls, sha256=sha256, size=int(size), filename=f"{folder}/{name}"))
        except ConfigError as error:
            raise ConfigError(f"{listing}, line {number}: {error}") from error
        except ValueError:
            text = f"expected a url, a size in bytes and a sha256, got {shown(line)}"
            raise ConfigError(f"{listing}, line {number}: {text}") from None
    return tuple(files)


on_new_run(listing_digest.cache_clear)
on_new_run(listed_files.cache_clear)
