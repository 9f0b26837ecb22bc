"""A source as `clips` functions see it: the listing of its members and the small files that they read.

On disk a tree is a folder with `tree.json` (each member's size in bytes, and an identifier of the source's content),
`packed.json` (the locations of members that can be read one by one in the archive) and `files/`, which contains the
members that `clips` functions may read. Of all other members only name and size are known, as no audio is unpacked at
that time.
"""

from __future__ import annotations

import functools
import io
import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import EllipsisType
from typing import TYPE_CHECKING, Any, TextIO

from hearpreprocess.errors import ArchiveError, AudioError, ConfigError, CorpusError
from hearpreprocess.storage import digest
from hearpreprocess.task.annotations import AnnotationOptions, Annotations, annotations_in
from hearpreprocess.task.annotations.seconds import Unit
from hearpreprocess.task.clips import Content, Event, Member
from hearpreprocess.task.frame import Column, table_frame
from hearpreprocess.task.patterns import is_hidden, matcher
from hearpreprocess.task.tables import Dialect, Quoting

if TYPE_CHECKING:
    import pandas as pd

TABLE_OPTIONS = (*("sep", "quoting", "encoding", "strip_blanks", "comment", "skiprows", "header", "names", "usecols"),)

Packed = Sequence[int]
"""The location of a member in its archive, in numbers for the archive's reader."""


LARGEST_NAMED = 16 << 20
"""The bytes of a member up to which its content names it: a copy, and no MIDI file is larger."""

_LISTING, _PACKED = "tree.json", "packed.json"
"""The files with the listing and with the locations in a tree's folder."""

_AT_ONCE = 10_000
"""Members whose locations are written together: as one text, those of a large source take 150 MB."""


def _write_mapping(values: Mapping[str, Any], writing: TextIO) -> None:
    """Write a JSON object in pieces."""
    items = iter(values.items())
    separator = "{"
    while piece := dict(itertools.islice(items, _AT_ONCE)):
        writing.write(separator + json.dumps(piece, ensure_ascii=False)[1:-1])
        separator = ", "
    writing.write("}" if values else "{}")


@dataclass(frozen=True, slots=True)
class RecordingInfo:
    """A recording's sample rate in hertz, its length in samples of each channel, and its number of channels."""

    rate: int
    length: int
    channels: int

    @property
    def seconds(self) -> float:
        """The length in seconds."""
        return self.length / self.rate


Probe = Callable[[str, "Packed | None"], RecordingInfo]
"""A function from the path of a member, and its location if it can be read in its archive, to what its recording is;
raises AudioError or ArchiveError."""


class Tree:
    """A read-only view of one source.

    `probe`: called by `info`; without it only the names and sizes of recordings are known.
    """

    def __init__(self, name: str, folder: Path, probe: Probe | None = None) -> None:
        self.name = name
        self._folder = folder
        self._probe = probe
        self._passed_over: set[str] = set()
        self._matched: set[str] = set()
        self._annotations: dict[tuple[str, str | None, AnnotationOptions], Annotations] = {}
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
    ) -> list[str]:
        """Write a tree's listing to `folder`, and return the names of the files.

        `content`: an identifier of the whole source's bytes. `checksums`: of the members, if known. `packed`: the
        locations of the members that can be read one by one. `encoding`: in which the names were read, if given.
        """
        listing = {
            "content": content,
            "members": dict(sorted(members.items())),
            "checksums": checksums,
            "encoding": encoding,
        }
        (folder / _LISTING).write_text(json.dumps(listing, ensure_ascii=False), encoding="utf-8")
        with (folder / _PACKED).open("w", encoding="utf-8") as writing:
            _write_mapping(packed or {}, writing)
        return [_LISTING, _PACKED]

    @functools.cached_property
    def _listing(self) -> dict[str, Any]:
        listing: dict[str, Any] = json.loads((self._folder / _LISTING).read_text(encoding="utf-8"))
        return listing

    @property
    def content_id(self) -> str:
        """An identifier of the whole source's bytes: a checksum with its algorithm."""
        content: str = self._listing["content"]
        return content

    @functools.cached_property
    def packed(self) -> dict[str, Packed]:
        """The locations of the members that can be read one by one, from `archive.packed_members`."""
        packed: dict[str, Packed] = json.loads((self._folder / _PACKED).read_text(encoding="utf-8"))
        return packed

    @property
    def checksums(self) -> dict[str, str] | None:
        """The checksums of the members by path; None where only the archive around them has one."""
        checksums: dict[str, str] | None = self._listing["checksums"]
        return checksums

    def content_id_of(self, members: Iterable[str]) -> str:
        """An identifier of the bytes of these members: their own checksums if known, otherwise the source's.

        In another encoding, a name may be that of another member.
        """
        encoding = self._listing["encoding"]
        if (checksums := self.checksums) is not None:
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
        dot: `.cache/*.wav`. The hidden files that a pattern skips are in `passed_over`.
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

    def read(self, member: Member) -> bytes:
        """The bytes of a member, which one of the source's `reads` patterns must match.

        Raises CorpusError where none does, or where the source has no such member.
        """
        if member.path not in self.members:
            raise CorpusError(f"source {self.name!r} has no member {member.path!r}")
        try:
            content = (self._folder / "files" / member.path).read_bytes()
        except FileNotFoundError:
            raise CorpusError(
                f"source {self.name!r}: {member.path!r} is not unpacked before clips() runs. "
                "Add a pattern that matches it to the source's reads="
            ) from None
        return Content.of(member, content) if len(content) <= LARGEST_NAMED else content

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

        `sep`: what columns are separated by; a tab unless the member is a .csv. `quoting`: "minimal" where cells may be
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

    def annotations(
        self,
        member: Member,
        *,
        recording: Member | str | None = None,
        format: str | None = None,
        tier: str | None = None,
        label: str | None = None,
        unit: Unit | None = None,
        rate: float | None = None,
        encoding: str | None = None,
        default: Sequence[Event] | None = None,
    ) -> list[Event]:
        """The events in an annotation file, in its order; times in seconds are floats as the file has them.

        Audacity label tracks, Raven selection tables, Praat TextGrids, ELAN, JAMS, COCO-style and Label Studio JSON,
        TUT and DCASE lists, RTTM, and tables with columns such as onset and offset. `recording`: which of those that
        the file names; may be left out where it is on one. `format`: one of "audacity", "raven", "textgrid", "elan",
        "jams", "coco", "label-studio", "table", "dcase", "rttm"; by default what the content shows. `tier`: the layer,
        where a TextGrid, ELAN, JAMS or Label Studio file has several. `label`: the column or key with the labels.
        `unit`: of times, "s", "ms", "samples" or "hh:mm:ss", where the columns' names do not say. `rate`: in hertz, for
        samples. `encoding`: UTF-8, unless a byte order mark says otherwise. `default`: what is returned for a recording
        that the file does not name.

        Intervals without a text in TextGrids and ELAN are no events. Raises CorpusError, which names the lines or
        elements, where an annotation has no label, is no time, or ends before its start, and where the format, the
        recording, the tier, the column of labels or the unit is open.
        """
        content = self.read(member)
        where = f"source {self.name!r}: {member.path!r}"
        try:
            options = AnnotationOptions(tier, label, unit, rate, encoding)
            key = (member.path, format, options)
            if (annotations := self._annotations.get(key)) is None:
                annotations = self._annotations[key] = annotations_in(content, format, options)
            path = recording.path if isinstance(recording, Member) else recording
            if default is not None and path is not None and annotations.name_recordings:
                return annotations.of(path) if annotations.name_of(path) is not None else list(default)
            return annotations.of(path)
        except ConfigError as error:
            raise ConfigError(f"Tree.annotations of {member.path!r}: {error}") from None
        except CorpusError as error:
            raise CorpusError(f"{where}: {error}") from None

    def info(self, member: Member) -> RecordingInfo:
        """The sample rate, length and channels of an audio member, as the decoder of a run has them.

        No pattern of `reads` need match it, and no more of it is read than the decoder needs for its length: of WAV the
        header, of FLAC, MP3 and formats that ffmpeg reads all of it. Of an archive that is not a zip, the first call
        reads all recordings with the member's suffix, in one pass.

        Raises CorpusError where the source has no such member, or it is not audio that can be decoded.
        """
        if member.path not in self.members:
            raise CorpusError(f"source {self.name!r} has no member {member.path!r}")
        if self._probe is None:
            raise CorpusError(
                f"source {self.name!r}: {member.path!r} cannot be read here: only its name and size are known"
            )
        try:
            return self._probe(member.path, self.packed.get(member.path))
        except (AudioError, ArchiveError) as error:
            raise CorpusError(f"source {self.name!r}: {member.path!r}: {error}") from error

    def recording(self, member: Member) -> tuple[Any, int]:
        """The samples of an audio member, float32 of shape (length, channels), and its rate in hertz.

        As for `read`, one of the source's `reads` patterns must match it. Raises CorpusError where it is not audio.
        """
        import soundfile

        try:
            return soundfile.read(io.BytesIO(self.read(member)), dtype="float32", always_2d=True)  # type: ignore[no-any-return]
        except soundfile.LibsndfileError as error:
            raise CorpusError(f"source {self.name!r}: {member.path!r} cannot be read as audio: {error}") from error
