"""Windows of long recordings, each with the events that it holds, for `clips` functions."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from hearpreprocess.errors import ConfigError, CorpusError, enumerate_problems
from hearpreprocess.storage import counted
from hearpreprocess.task.clips import EVENTS, Event, Member, UnusableEvent, problems_of_events
from hearpreprocess.task.seconds import exact, sample_at
from hearpreprocess.task.tree import RecordingInfo, Tree
from hearpreprocess.task.values import NUMBER, RefusedError, shown


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a recording, from `start` to `stop` in samples.

    `events`: those in it, in seconds from its start. `name`: the file's stem and the start, for the clip.
    """

    start: int
    stop: int
    events: tuple[Event, ...]
    name: str


def windows(
    tree: Tree,
    member: Member,
    seconds: float,
    hop: float | None = None,
    *,
    events: Iterable[Event] = (),
    keep_empty: bool = True,
    keep_rest: bool = True,
) -> Iterator[Window]:
    """The windows of a recording, each `seconds` long, one every `hop` seconds; by default one behind the other.

    Window number n is from the sample nearest to n * hop to the one nearest to n * hop + seconds (see `sample_at`), so
    that windows without overlap share no sample and leave none out; the last one is the first that reaches the end of
    the recording. `events`: of the recording, in seconds from its start; a window has them by their starts. Each is in
    every window that it overlaps, cut to it, so one across a border is in both; one that ends where a window begins is
    not in it, and one without a length is in the windows that its time is in, not in one that ends there.
    `keep_empty`: whether windows without events are yielded. `keep_rest`: whether the last window is, where the
    recording ends within it; its `stop` is then the end of the recording.

    Wrong events, and events that do not start before the end of the recording, are in the first window, so that they
    are reported with those of all other clips.

    Raises CorpusError where the recording cannot be read, or wrong events have no window to be in; ConfigError where a
    window or a hop has no sample.
    """
    if not isinstance(member, Member):
        raise ConfigError(f"windows: member must be a Member, got {shown(member)}. Write tree.member(path)")
    info = tree.info(member)
    length, step = _times(info.rate, seconds, seconds if hop is None else hop)
    sound, wrong = _divided(events, member, info)
    later, sounding = deque(sorted(sound, key=lambda event: event.start)), list[Event]()
    for start, stop in _ranges(info, length, step):
        if stop > info.length and not keep_rest:
            break
        stop = min(stop, info.length)
        first, last = Fraction(start, info.rate), Fraction(stop, info.rate)
        while later and exact(later[0].start) < last:
            sounding.append(later.popleft())
        sounding = [event for event in sounding if exact(event.end) >= first]
        inside = (*wrong, *_within(sounding, first, last))
        wrong = []
        if inside or keep_empty:
            yield Window(start, stop, inside, f"{member.stem}_{start:0{len(str(info.length))}d}")
    if wrong:
        headline = f"source {tree.name!r}: {member.path!r} has {counted(len(wrong), 'wrong events')}:"
        raise CorpusError(enumerate_problems(headline, list(problems_of_events(wrong))))


def _times(rate: int, seconds: float, hop: float) -> tuple[float, float]:
    """The length of a window and the hop as plain numbers."""
    times = []
    for name, value in (("seconds", seconds), ("hop", hop)):
        try:
            times.append(NUMBER.convert(value))
        except RefusedError as refused:
            raise ConfigError(f"windows: {refused.text(name)}") from None
        if times[-1] <= 0 or sample_at(times[-1], rate) < 1:
            raise ConfigError(f"windows: {name} must be one sample or more, {1 / rate:g} s, got {shown(value)}")
    return times[0], times[1]


def _ranges(info: RecordingInfo, seconds: float, hop: float) -> Iterator[tuple[int, int]]:
    """The first sample and the one behind the last of each window, up to the first window that reaches the end."""
    length, step = exact(seconds), exact(hop)
    start = stop = number = 0
    while stop < info.length and start < info.length:
        stop = round((number * step + length) * info.rate)
        yield start, stop
        number += 1
        start = round(number * step * info.rate)


def _divided(events: Iterable[Event], member: Member, info: RecordingInfo) -> tuple[list[Event], list[Event]]:
    """The events that can be used, and the wrong ones."""
    try:
        every = EVENTS.convert(events)
    except RefusedError as refused:
        raise CorpusError(f"windows of {member.path!r}: {refused.text('events')}") from None
    sound: list[Event] = []
    wrong: list[Event] = []
    for event in every:
        if next(problems_of_events([event]), None):
            wrong.append(event)
        elif exact(event.start) * info.rate >= info.length:
            problem = (
                f"{event} does not start before the end of {member.path!r}, which lasts {info.seconds:g} s. Check the "
                "unit of its times, or leave it out"
            )
            wrong.append(UnusableEvent(event.label, event.start, event.end, problem))
        else:
            sound.append(event)
    return sound, wrong


def _within(events: Iterable[Event], first: Fraction, last: Fraction) -> Iterator[Event]:
    """The events between two times in seconds, cut to them, with times from the first."""
    for event in events:
        onset, offset = exact(event.start), exact(event.end)
        if onset < last and (offset > first or onset == offset == first):
            yield Event(event.label, float(max(onset, first) - first), float(min(offset, last) - first))
