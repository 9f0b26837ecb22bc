"""Clips and events as task modules yield them, and the members of sources that they are made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from hearpreprocess.errors import CorpusError
from hearpreprocess.task.checking import check_arguments, check_fields
from hearpreprocess.task.extra import NO_EXTRA, Extra, rule_of_extra
from hearpreprocess.task.values import LARGEST, shown

Label = str | int

# A corpus has up to 306,000 clips, whose values are as a rule of these types: looking at the types takes a tenth of the
# time of a check, which follows only where one is another.
_LABEL = frozenset({str, int})
_TEXT_OR_NONE = frozenset({str, type(None)})
_NUMBER_OR_NONE = frozenset({int, type(None)})
_TIME = frozenset({float, int})


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a source: the source's name in its task, and the path in the source with forward slashes."""

    source: str
    path: str

    def __post_init__(self) -> None:
        if not (type(self.source) is str is type(self.path)):
            check_fields(self, error=CorpusError)

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

    def __post_init__(self) -> None:
        start, end = self.start, self.end
        if not (
            type(self.label) in _LABEL and type(start) in _TIME and type(end) in _TIME and 0 <= start <= end <= LARGEST
        ):
            check_fields(self, error=CorpusError)


_EVENT = frozenset({Event})
_RULES = {"extra": rule_of_extra}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A recording of the source that the task leaves out on purpose, with the reason; both go into the manifest."""

    path: Member
    reason: str

    def __post_init__(self) -> None:
        if not (type(self.path) is Member and type(self.reason) is str and self.reason.isascii()):
            check_fields(self, error=CorpusError)


class Clip:
    """One output audio file with its labels.

    `path`: the member of a source that holds the audio. `labels`: one label or several (scene tasks); a set is sorted.
    `events`: Event objects (event tasks); a set is sorted by time. `split`: the split that the source assigns to the
    clip; None if it is to be drawn. `group`: clips of one group, such as a speaker, stay in one split; a number is
    taken as its text; by default the clip's name. `name`: unique in the corpus, without slash and suffix; by default
    the file's stem. `start`, `stop`: a slice of the recording, in samples at its own rate; by default all of it.
    `extra`: further facts by column, such as `{"snr": 6}`: texts, finite numbers, True, False, None. No split and no
    label depends on them; they are in the manifest, in tables and in exports.

    Raises CorpusError naming every argument of a wrong type.
    """

    __slots__ = ("events", "extra", "group", "labels", "name", "path", "split", "start", "stop")

    def __init__(
        self,
        path: Member,
        *,
        labels: Label | Iterable[Label] = (),
        events: Iterable[Event] = (),
        split: str | None = None,
        group: str | int | None = None,
        name: str | None = None,
        start: int | None = None,
        stop: int | None = None,
        extra: Mapping[str, Extra] | None = None,
    ) -> None:
        is_one = type(labels) in _LABEL
        if not (
            (is_one or (type(labels) in (tuple, list) and _LABEL.issuperset(map(type, labels))))  # type: ignore[arg-type]
            and type(events) in (tuple, list)
            and _EVENT.issuperset(map(type, events))
            and type(path) is Member
            and type(split) in _TEXT_OR_NONE
            and type(group) in _TEXT_OR_NONE
            and type(name) in _TEXT_OR_NONE
            and type(start) in _NUMBER_OR_NONE
            and type(stop) in _NUMBER_OR_NONE
        ):
            given = {
                "path": path, "labels": labels, "events": events, "split": split, "group": group, "name": name,
                "start": start, "stop": stop, "extra": extra,
            }  # fmt: skip
            self.__init__(**_plain(given))  # type: ignore[misc]
            return
        self.path = path
        self.labels: tuple[Label, ...] = (labels,) if is_one else tuple(labels)  # type: ignore[arg-type, assignment]
        self.events = tuple(events)
        self.split = split
        self.name = path.stem if name is None else name
        self.group: str = self.name if group is None else group  # type: ignore[assignment]
        self.start = start
        self.stop = stop
        self.extra = NO_EXTRA if extra is None else _plain({"name": self.name, "extra": extra})["extra"]

    def __repr__(self) -> str:
        return f"Clip({self.name!r}, {self.path.source}:{self.path.path}, labels={self.labels!r}, split={self.split!r})"


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    """Some arguments of a clip as plain values."""
    path = given.get("path")
    called = given["name"] if isinstance(given["name"], str) else path.path if isinstance(path, Member) else None
    subject = "Clip" if called is None else f"clip {shown(called)}"
    plain = check_arguments(Clip.__init__, given, subject, CorpusError, _RULES)
    if isinstance(plain.get("group"), int):
        plain["group"] = str(plain["group"])
    if isinstance(given.get("events"), Set):
        plain["events"] = sorted(plain["events"], key=lambda event: (event.start, event.end, str(event.label)))
    return plain
