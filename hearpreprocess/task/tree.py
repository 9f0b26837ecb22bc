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
from types import EllipsisType
from typing import TYPE_CHECKING, Any

from hearpreprocess.errors import ConfigError, CorpusError
from hearpreprocess.storage import digest
from hearpreprocess.task.clips import Content, Member
from hearpreprocess.task.frame import Column, table_frame
from hearpreprocess.task.tables import Dialect, Quoting

if TYPE_CHECKING:
    import pandas as pd

TABLE_OPTIONS = (*("sep", "quoting", "encoding", "strip_blanks", "comment", "skiprows", "header", "names", "usecols"),)

Packed = Sequence[int]
"""The location of a member in its archive, in numbers for the archive's reader."""


TREE = "tree.json"
"""The file with the listing in a tree's folder."""


def matcher(patterns: Sequence[str], *, with_hidden: bool = False) -> Callable[[str], bool]:
    """A function that tests whether a path matches a pattern; `*` stays within a folder, `**` crosses folders.

    A name that begins with a dot is matched where the pattern has the dot, as in a shell; otherwise if `with_hidden`.
    """
    from wcmatch import glob

    flags = glob.GLOBSTAR | glob.FORCEUNIX | glob.CASE | (glob.DOTGLOB if with_hidden else 0)
    wanted, _unwanted = glob.translate(list(patterns), flags=flags)
    expressions = [re.compile(str(expression)) for expression in wanted]
    return lambda path: any(expression.match(path) for expression in expressions)


def is_hidden(path: str) -> bool:
    """Whether a member, or a folder that it is in, has a name that begins with a dot."""
    return path.startswith(".") or "/." in path


class Tree:
    """A read-only view of one source."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._folder = folder
        self._passed_over: set[str] = set()
        self._matched: set[str] = set()
        self._unmatched: dict[str, None] = {}

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
        (folder / TREE).write_text(json.dumps(listing, ensure_ascii=False), encoding="utf-8")

    @functools.cached_property
    def _listing(self) -> dict[str, Any]:
        listing: dict[str, Any] = json.loads((self._folder / TREE).read_text(encoding="utf-8"))
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
        """The members whose whole path matches, sorted; `*` stays within a folder and `**` crosses folders.

        Hidden files, and those in hidden folders, whose names begin with a dot, are matched where the pattern has the
        dot: `.cache/*.wav`. What is passed over for that is in `passed_over`.
        """
        paths = sorted(filter(matcher([pattern]), self.members))
        if not paths:
            self._unmatched[pattern] = None
        if self._hidden:
            self._matched.update(paths)
            self._passed_over.update(filter(matcher([pattern], with_hidden=True), self._hidden))
        return [self.member(path) for path in paths]

    @functools.cached_property
    def _hidden(self) -> list[str]:
        return [path for path in self.members if is_hidden(path)]

    @property
    def passed_over(self) -> list[str]:
        """The hidden members that a pattern would have matched without their dot, and that none has matched."""
        return sorted(self._passed_over - self._matched)

    @property
    def unmatched(self) -> tuple[str, ...]:
        """The patterns that have matched no member, in the order in which they were tried."""
        return tuple(self._unmatched)

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

    def read(self, member: Member) -> Content:
        """The bytes of a member, which one of the source's `reads` patterns must match.

        Raises CorpusError where none does, or where the source has no such member.
        """
        if member.path not in self.members:
            raise CorpusError(f"source {self.name!r} has no member {member.path!r}")
        try:
            return Content.of(member, (self._folder / "files" / member.path).read_bytes())
        except FileNotFoundError:
            raise CorpusError(
                f"source {self.name!r}: {member.path!r} is not unpacked when the clips are worked out; "
                "add a pattern that matches it to the source's reads="
            ) from None

    def table(
        self,
        member: Member,
        *,
        sep: str | None = None,
        quoting: Quoting | int | None = None,
        encoding: str | None = None,
        strip_blanks: bool | None = None,
        comment: str | None = None,
        skiprows: int = 0,
        header: int | EllipsisType | None = ...,
        names: Sequence[str] | None = None,
        usecols: Sequence[Column] | None = None,
        **others: Any,
    ) -> pd.DataFrame:
        """A member that is a table: every line a row, every value a str, "" where a cell is empty.

        `sep`: what columns are divided by; a tab unless the member is a .csv. `quoting`: "minimal" where cells may be
        quoted with `"`, "none" where a quote is a character like any other; by default either, and a table whose cells
        depend on it is refused. `encoding`: UTF-8, unless a byte order mark says otherwise. `strip_blanks`: whether
        blanks around cells are left out; by default they stay, and one before a quote is refused. `comment`:
        lines that begin with it are no rows, as blank lines are none. `skiprows`: how many lines are before the table.
        `header`: the row with the names of the columns, or None; by default the first one, unless there are `names`.
        `usecols`: the columns wanted.

        Raises CorpusError, which names the line, where the member is not such a table, or could be read in two ways.
        """
        if others:
            raise ConfigError(
                f"Tree.table has no option {next(iter(others))!r}; expected {', '.join(TABLE_OPTIONS)}. For others, "
                "give the bytes to pandas: pandas.read_csv(io.BytesIO(tree.read(member)), ...)"
            )
        usual = "," if member.name.lower().endswith(".csv") else "\t"
        content = self.read(member)
        try:
            dialect = Dialect(usual if sep is None else sep, quoting, encoding, strip_blanks, comment, skiprows)
            if isinstance(header, EllipsisType):
                header = 0 if names is None else None
            return table_frame(content, dialect, header=header, names=names, usecols=usecols, is_usual=sep is None)
        except ConfigError as error:
            raise ConfigError(f"Tree.table of {member.path!r}: {error}") from None
        except CorpusError as error:
            raise CorpusError(f"source {self.name!r}: {member.path!r} cannot be read as a table: {error}") from None

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
