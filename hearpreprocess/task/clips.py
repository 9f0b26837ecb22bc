"""Clips and events as task modules yield them, and the members of sources that they are made from."""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any, NamedTuple

from hearpreprocess.errors import CorpusError
from hearpreprocess.task.checking import annotated, check_fields, check_values, kind_of
from hearpreprocess.task.extra import NO_EXTRA, Extra, rule_of_extra
from hearpreprocess.task.values import LARGEST, Kind, RefusedError, several, shown

Label = str | int

# A corpus has up to 306,000 clips, whose values are as a rule of these types: looking at the types takes a tenth of the
# time of a check, which follows only where one is another.
_LABEL = frozenset({str, int})
_TEXT_OR_NONE = frozenset({str, type(None)})
_NUMBER_OR_NONE = frozenset({int, type(None)})
_TIME = frozenset({float, int})
_TIME_OR_NONE = frozenset({float, int, type(None)})


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
        name = self.path.rpartition("/")[2]
        stem, dot, _suffix = name.rpartition(".")
        return stem if dot and stem else name

    @property
    def folder(self) -> str:
        """The name of the folder that contains the file; empty at the top level."""
        return self.path.rpartition("/")[0].rpartition("/")[2]

    def sibling(self, path: str) -> Member:
        """The file at `path` relative to this one's folder; `..` is the parent folder."""
        bounded = f"/{path}/"
        if "//" not in bounded and "./" not in bounded:  # no part to leave out or to go up by
            folder, slash, _name = self.path.rpartition("/")
            return Member(self.source, f"{folder}{slash}{path}")
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
    """A label with its start and end, in seconds from the start of the clip.

    NumPy scalars become Python numbers. A wrong value raises nothing here: the error names the clip, so it is raised
    with those of all other clips once `clips` has yielded them (see `problems_of_events`).
    """

    label: Label
    start: float
    end: float

    def __post_init__(self) -> None:
        start, end = self.start, self.end
        if not (
            type(self.label) in _LABEL and type(start) in _TIME and type(end) in _TIME and 0 <= start <= end <= LARGEST
        ):
            with contextlib.suppress(CorpusError):
                check_fields(self, error=CorpusError)


@dataclass(frozen=True, slots=True)
class UnusableEvent(Event):
    """An event of which more is known to be wrong than its values show, such as that it is not in the recording."""

    problem: str


_ANY = Kind("an Event", "Event values", lambda value: value)
_SEVERAL = several(_ANY, ordered=False)


def _events(value: Any) -> tuple[Any, ...]:
    try:
        converted: tuple[Any, ...] = _SEVERAL.convert(value)
    except RefusedError as refused:
        if refused.advice.startswith("For one") and not isinstance(value, Event):
            refused.advice = "Write {field}=[Event(label, start, end)]"
        raise
    return converted


EVENTS = Kind(_SEVERAL.expected, _SEVERAL.plural, _events)
"""Of a clip or a recording: any iterable that may hold events, which are checked later, with those of other clips."""
_RULES = {"extra": rule_of_extra}


@functools.cache
def _kinds_of_event() -> Mapping[str, Kind]:
    return {name: kind_of(annotation) for name, annotation in annotated(Event).items()}


def problems_of_events(events: Iterable[Any]) -> Iterator[str]:
    """What is wrong with the events of a clip, one text for each wrong field."""
    for number, event in enumerate(events):
        if type(event) is UnusableEvent:
            yield event.problem
            continue
        if type(event) is not Event:
            yield f"events[{number}] must be Event(label, start, end), got {shown(event)}"
            continue
        if (
            type(event.label) in _LABEL
            and type(event.start) in _TIME
            and type(event.end) in _TIME
            and 0 <= event.start <= event.end <= LARGEST
        ):
            continue
        wrong = list(_problems_of_event(event))
        yield from (f"events[{number}].{problem}" for problem in wrong)


def _problems_of_event(event: Event) -> Iterator[str]:
    usable = True
    for name, kind in _kinds_of_event().items():
        value = getattr(event, name)
        try:
            kind.convert(value)
        except RefusedError as refused:
            usable = False
            advice = f". Convert it: float({shown(value)})" if name != "label" and _is_text_of_number(value) else ""
            yield refused.text(name) + advice
    if not usable:
        return
    if event.start < 0:
        yield f"start must be 0 s or more, got {shown(event.start)}"
    if event.end < event.start:
        yield f"end must not be before start; expected {shown(event.start)} s or more, got {shown(event.end)}"
    if max(event.start, event.end) > LARGEST:
        yield f"end must be {LARGEST} s or less, got {shown(event.end)}"


def _is_text_of_number(value: object) -> bool:
    try:
        return isinstance(value, str) and math.isfinite(float(value))
    except ValueError:
        return False


def _time_of(event: Any) -> tuple[Any, ...]:
    """The key that sorts events by time; wrong events come first, in the order of their texts."""
    if next(problems_of_events([event]), None):
        return (0, shown(event))
    return (1, event.start, event.end, str(event.label))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A recording of the source that the task leaves out on purpose, with the reason; both go into the manifest."""

    path: Member
    reason: str

    def __post_init__(self) -> None:
        if not (type(self.path) is Member and type(self.reason) is str and self.reason.isascii()):
            check_fields(self, error=CorpusError)


class Slice(NamedTuple):
    """A part of a recording: where it starts and ends, in samples or in seconds; None where it is not given."""

    start: int | None = None
    stop: int | None = None
    start_seconds: float | None = None
    stop_seconds: float | None = None


class Clip:
    """One output audio file with its labels.

    `path`: the member of a source that holds the audio. `labels`: one label or several (scene tasks); a set is sorted.
    `events`: Event objects (event tasks); a set is sorted by time. `split`: the split that the source assigns to the
    clip; None if it is drawn. `group`: clips of one group, such as a speaker, stay in one split; a number becomes its
    text; by default the recording of a slice, and otherwise the clip's name. `name`: unique in the corpus, without
    slash and suffix; by default the file's stem. `start`, `stop`: a slice of the recording, in samples at its own rate;
    by default all of it. `start_seconds`, `stop_seconds`: the same in seconds, of which the nearest samples are taken
    when the recording is decoded (see `sample_at`). All four are in `slice`, which is None by default. `extra`: further
    columns, such as `{"snr": 6}`: texts, finite numbers, True, False, None. No split and no label depends on them; they
    are in the manifest, in tables and in exports.

    Raises CorpusError naming every argument of a wrong type. Wrong events are reported once `clips` has yielded all
    clips, with those of the other clips.
    """

    __slots__ = ("events", "extra", "group", "labels", "name", "path", "slice", "split")

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
        start_seconds: float | None = None,
        stop_seconds: float | None = None,
        extra: Mapping[str, Extra] | None = None,
    ) -> None:
        is_one = type(labels) in _LABEL
        is_whole = start is stop is start_seconds is stop_seconds is None
        if not (
            (is_one or (type(labels) in (tuple, list) and _LABEL.issuperset(map(type, labels))))  # type: ignore[arg-type]
            and type(events) in (tuple, list)
            and type(path) is Member
            and type(split) in _TEXT_OR_NONE
            and type(group) in _TEXT_OR_NONE
            and type(name) in _TEXT_OR_NONE
            and (
                is_whole
                or (
                    type(start) in _NUMBER_OR_NONE
                    and type(stop) in _NUMBER_OR_NONE
                    and type(start_seconds) in _TIME_OR_NONE
                    and type(stop_seconds) in _TIME_OR_NONE
                )
            )
        ):
            given = {
                "path": path, "labels": labels, "events": events, "split": split, "group": group, "name": name,
                "start": start, "stop": stop, "start_seconds": start_seconds, "stop_seconds": stop_seconds,
                "extra": extra,
            }  # fmt: skip
            self.__init__(**_plain(given))  # type: ignore[misc]
            return
        self.path = path
        self.labels: tuple[Label, ...] = (labels,) if is_one else tuple(labels)  # type: ignore[arg-type, assignment]
        self.events = tuple(events)
        self.split = split
        self.name = path.stem if name is None else name
        # One attribute, as few clips are slices.
        self.slice = None if is_whole else Slice(start, stop, start_seconds, stop_seconds)
        if group is not None:
            self.group: str = group  # type: ignore[assignment]
        else:
            self.group = self.name if self.slice is None else f"{path.source}:{path.path}"
        self.extra = NO_EXTRA if extra is None else _plain({"name": self.name, "extra": extra})["extra"]

    def __repr__(self) -> str:
        return f"Clip({self.name!r}, {self.path.source}:{self.path.path}, labels={self.labels!r}, split={self.split!r})"


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    """Some arguments of a clip as plain values."""
    path = given.get("path")
    called = given["name"] if isinstance(given["name"], str) else path.path if isinstance(path, Member) else None
    subject = "Clip" if called is None else f"clip {shown(called)}"
    plain = check_values(given, _kinds_of_clip(), subject, _RULES, CorpusError)
    if isinstance(plain.get("group"), int):
        plain["group"] = str(plain["group"])
    if isinstance(given.get("events"), Set):
        plain["events"] = sorted(plain["events"], key=_time_of)
    return plain


@functools.cache
def _kinds_of_clip() -> Mapping[str, Kind]:
    """The kinds of a clip's arguments; of events, any, as they are checked with those of the other clips."""
    kinds = {name: kind_of(annotation) for name, annotation in annotated(Clip.__init__).items() if name != "self"}
    return kinds | {"events": EVENTS}
