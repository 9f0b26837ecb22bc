"""A source as `clips` functions see it: the listing of its members and the small files that they read.

On disk a tree is a folder with `tree.json` (each member's size in bytes, an identifier of the source's content, and the
locations of members that can be read one by one in the archive) and `files/`, which contains the members that `clips`
functions may read. Of all other members only name and size are known, as no audio is unpacked at that time.
"""

from __future__ import annotations

import functools
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from hearpreprocess.errors import CorpusError
from hearpreprocess.storage import digest
from hearpreprocess.task.clips import Member

if TYPE_CHECKING:
    import pandas as pd

Packed = Sequence[int]
"""The location of a member in its archive, in numbers for the archive's reader."""


def matcher(patterns: Sequence[str]) -> Callable[[str], bool]:
    """A function that tests whether a path matches a pattern; `*` stays within a folder, `**` crosses folders."""
    from wcmatch import glob

    flags = glob.GLOBSTAR | glob.FORCEUNIX | glob.CASE | glob.DOTGLOB
    wanted, _unwanted = glob.translate(list(patterns), flags=flags)
    expressions = [re.compile(str(expression)) for expression in wanted]
    return lambda path: any(expression.match(path) for expression in expressions)


class Tree:
    """A read-only view of one source."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._folder = folder

    @staticmethod
    def readable(folder: Path) -> Path:
        """Create and return the folder for the readable members of a tree."""
        files = folder / "files"
        files.mkdir()
        return files

    @staticmethod
    def write(
        folder: Path,
        members: Mapping[str, int],
        content: str,
        *,
        checksums: Mapping[str, str] | None = None,
        packed: Mapping[str, Packed] | None = None,
        encoding: str | None = None,
    ) -> None:
        """Write a tree's listing to `folder`.

        `content`: an identifier of the whole source's bytes. `checksums`: of the members, if known. `packed`: the
        locations of the members that can be read one by one. `encoding`: in which the names were read, if given.
        """
        listing = {
            "content": content,
            "members": dict(sorted(members.items())),
            "checksums": checksums,
            "packed": packed or {},
            "encoding": encoding,
        }
        (folder / "tree.json").write_text(json.dumps(listing, ensure_ascii=False), encoding="utf-8")

    @functools.cached_property
    def _listing(self) -> dict[str, Any]:
        listing: dict[str, Any] = json.loads((self._folder / "tree.json").read_text(encoding="utf-8"))
        return listing

    @property
    def content_id(self) -> str:
        """An identifier of the whole source's bytes: a checksum with its algorithm."""
        content: str = self._listing["content"]
        return content

    @property
    def packed(self) -> dict[str, Packed]:
        """The locations of the members that can be read one by one, from `archive.packed_members`."""
        packed: dict[str, Packed] = self._listing["packed"]
        return packed

    def content_id_of(self, members: Iterable[str]) -> str:
        """An identifier of the bytes of these members: their own checksums if known, otherwise the source's.

        In another encoding, a name may be that of another member.
        """
        checksums, encoding = self._listing["checksums"], self._listing["encoding"]
        if checksums is not None:
            return digest({member: checksums[member] for member in members})
        return self.content_id if encoding is None else digest([self.content_id, encoding])

    @property
    def members(self) -> dict[str, int]:
        """The paths of all members, with their sizes in bytes."""
        members: dict[str, int] = self._listing["members"]
        return members

    def member(self, path: str) -> Member:
        """The member at a path, whether or not it exists: a table may name files that are missing."""
        return Member(self.name, path)

    def glob(self, pattern: str) -> list[Member]:
        """The members whose whole path matches, sorted; `*` stays within a folder and `**` crosses folders."""
        return [self.member(path) for path in sorted(filter(matcher([pattern]), self.members))]

    def find(self, pattern: str) -> Member:
        """The one member that matches.

        Raises CorpusError where none or more than one matches.
        """
        members = self.glob(pattern)
        if len(members) != 1:
            raise CorpusError(
                f"source {self.name!r}: expected one member like {pattern!r}, got {len(members)}"
                + (": " + ", ".join(member.path for member in members[:5]) if members else "")
            )
        return members[0]

    def read(self, member: Member) -> bytes:
        """The bytes of a member, which one of the source's `reads` patterns must match.

        Raises CorpusError where none does, or where the source has no such member.
        """
        if member.path not in self.members:
            raise CorpusError(f"source {self.name!r} has no member {member.path!r}")
        try:
            return (self._folder / "files" / member.path).read_bytes()
        except FileNotFoundError:
            raise CorpusError(
                f"source {self.name!r}: {member.path!r} is not unpacked when the clips are worked out; "
                "add a pattern that matches it to the source's reads="
            ) from None

    def table(self, member: Member, **options: Any) -> pd.DataFrame:
        """A member that is a table, every value a str, "" if missing; tab-separated unless it is a .csv.

        `options` are passed to pandas.read_csv. Raises CorpusError where the member is not a table.
        """
        import pandas as pd

        defaults = {
            "sep": "," if member.name.lower().endswith(".csv") else "\t",
            "dtype": str,
            "keep_default_na": False,
            "encoding": "utf-8-sig",
        }
        try:
            table: pd.DataFrame = cast("Any", pd.read_csv)(io.BytesIO(self.read(member)), **(defaults | options))
        except (ValueError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise CorpusError(f"source {self.name!r}: {member.path!r} cannot be read as a table: {error}") from error
        return table

    def recording(self, member: Member) -> tuple[Any, int]:
        """The samples of an audio member, float32 of shape (length, channels), and its rate in hertz.

        As for `read`, one of the source's `reads` patterns must match it. Raises CorpusError where it is not audio.
        """
        import soundfile

        try:
            return soundfile.read(io.BytesIO(self.read(member)), dtype="float32", always_2d=True)  # type: ignore[no-any-return]
        except soundfile.LibsndfileError as error:
            raise CorpusError(
                f"source {self.name!r}: {member.path!r} is not audio that can be read: {error}"
            ) from error
