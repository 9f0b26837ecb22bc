"""A source as `clips` functions see it: the listing of its members, and the few small files they read.

On disk a tree is a folder with `tree.json` (each member's size in bytes, what the source's content is known by, and
where in an archive its members can be read one by one) and `files/`, which holds the members that `clips` functions may
read. All other members are known by name and size alone, as no audio has been unpacked when a corpus is worked out.
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
"""Where a member is in its archive, in numbers that only the archive's reader understands."""


def matcher(patterns: Sequence[str]) -> Callable[[str], bool]:
    """A function from a path to whether it matches a pattern; `*` stays within a folder, `**` crosses folders."""
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
        """Where the members that may be read belong in a tree's folder, with that place made."""
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
    ) -> None:
        """Write a tree's listing to `folder`.

        `content`: what the whole source is known by. `checksums`: what each member is known by, if that is known.
        `packed`: where each member can be read in the source, if it can.
        """
        listing = {
            "content": content,
            "members": dict(sorted(members.items())),
            "checksums": checksums,
            "packed": packed or {},
        }
        (folder / "tree.json").write_text(json.dumps(listing, ensure_ascii=False), encoding="utf-8")

    @functools.cached_property
    def _listing(self) -> dict[str, Any]:
        listing: dict[str, Any] = json.loads((self._folder / "tree.json").read_text(encoding="utf-8"))
        return listing

    @property
    def content(self) -> str:
        """What the bytes of the whole source are known by: a checksum with its algorithm."""
        content: str = self._listing["content"]
        return content

    @property
    def packed(self) -> dict[str, Packed]:
        """Where the members are that can be read one by one, as `hearpreprocess.archive` has it."""
        packed: dict[str, Packed] = self._listing["packed"]
        return packed

    def content_of(self, members: Iterable[str]) -> str:
        """What the bytes of these members are known by: their own checksums where there are some, or the source's."""
        checksums = self._listing["checksums"]
        return self.content if checksums is None else digest({member: checksums[member] for member in members})

    @property
    def members(self) -> dict[str, int]:
        """The paths of all members, with their sizes in bytes."""
        members: dict[str, int] = self._listing["members"]
        return members

    def member(self, path: str) -> Member:
        """The member at a path, whether or not the source has it: a table may name files that are not there."""
        return Member(self.name, path)

    def glob(self, pattern: str) -> list[Member]:
        """The members whose whole path matches, sorted; `*` stays within a folder and `**` crosses folders."""
        return [self.member(path) for path in sorted(filter(matcher([pattern]), self.members))]

    def find(self, pattern: str) -> Member:
        """The one member that matches.

        Raises CorpusError where there is none or more than one.
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
        """A member that holds a table, every value a str and a missing one ""; tab-separated unless it is a .csv.

        `options` go to pandas.read_csv. Raises CorpusError where the member is no table.
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
        """The samples of a member that holds audio, float32 of shape (length, channels), and its rate in hertz.

        As for `read`, one of the source's `reads` patterns must match it. Raises CorpusError where it is no audio.
        """
        import soundfile

        try:
            return soundfile.read(io.BytesIO(self.read(member)), dtype="float32", always_2d=True)  # type: ignore[no-any-return]
        except soundfile.LibsndfileError as error:
            raise CorpusError(
                f"source {self.name!r}: {member.path!r} is not audio that can be read: {error}"
            ) from error
