"""Clips and events as task modules yield them, and the members of sources that they are made from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hearpreprocess.errors import CorpusError

Label = str | int


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a source: the source's name in its task, and the path in the source with forward slashes."""

    source: str
    path: str

    @property
    def name(self) -> str:
        """The file's name with its suffix."""
        return self.path.rpartition("/")[2]

    @property
    def stem(self) -> str:
        """The file's name without its last suffix."""
        stem, dot, _suffix = self.name.rpartition(".")
        return stem if dot and stem else self.name

    @property
    def folder(self) -> str:
        """The name of the folder that contains the file; empty at the top level."""
        return self.path.rpartition("/")[0].rpartition("/")[2]

    def sibling(self, path: str) -> Member:
        """The file at `path` relative to this one's folder; `..` is the parent folder."""
        parts = self.path.split("/")[:-1]
        for part in path.split("/"):
            if part == "..":
                parts = parts[:-1]
            elif part not in ("", "."):
                parts.append(part)
        return Member(self.source, "/".join(parts))


class Content(bytes):
    """The bytes of a member, which whatever reads them can name."""

    member: Member

    @classmethod
    def of(cls, member: Member, content: bytes) -> Content:
        """The content of a member."""
        made = cls(content)
        made.member = member
        return made


@dataclass(frozen=True, slots=True)
class Event:
    """A label with its start and end, in seconds from the start of the clip."""

    label: Label
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A recording of the source that the task leaves out on purpose, with the reason; both go into the manifest."""

    path: Member
    reason: str


class Clip:
    """One output audio file with its labels.

    `path`: the member of a source that holds the audio. `labels`: one label or several (scene tasks). `events`: Event
    objects (event tasks). `split`: the split that the source assigns to the clip; None if it is to be drawn. `group`:
    clips of one group, such as a speaker, stay in one split; by default the clip's name. `name`: unique in the corpus,
    without slash and suffix; by default the file's stem. `start`, `stop`: a slice of the recording, in samples at its
    own rate; by default all of it.
    """

    __slots__ = ("events", "group", "labels", "name", "path", "split", "start", "stop")

    def __init__(
        self,
        path: Member,
        *,
        labels: Label | Iterable[Label] = (),
        events: Iterable[Event] = (),
        split: str | None = None,
        group: str | None = None,
        name: str | None = None,
        start: int | None = None,
        stop: int | None = None,
    ) -> None:
        if labels is None:
            raise CorpusError(f"{path.path}: labels is None; give one label or several, or () for none")
        self.path = path
        self.labels: tuple[Label, ...] = (labels,) if isinstance(labels, str | int) else tuple(labels)
        self.events = tuple(events)
        self.split = split
        self.name = path.stem if name is None else name
        self.group = self.name if group is None else group
        self.start = start
        self.stop = stop

    def __repr__(self) -> str:
        return f"Clip({self.name!r}, {self.path.source}:{self.path.path}, labels={self.labels!r}, split={self.split!r})"
