"""Windows of recordings, to the sample, with the events that they hold."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearpreprocess.errors import ConfigError, CorpusError
from hearpreprocess.task import Clip, Event, Member, RecordingInfo, Tree, Window, milliseconds, sample_at, windows
from hearpreprocess.task.clips import problems_of_events

MEMBER = Member("corpus", "days/monday.wav")


class OneRecording(Tree):
    """A source with one recording."""

    def __init__(self, rate: int, length: int) -> None:
        super().__init__("corpus", Path(), lambda path, packed: RecordingInfo(rate, length, 1))
        self._listing = {"members": {MEMBER.path: 1}}  # type: ignore[misc]
        self.packed = {}  # type: ignore[misc]


def ranges(rate: int, length: int, *times: float, **options: bool) -> list[tuple[int, int]]:
    return [(window.start, window.stop) for window in windows(OneRecording(rate, length), MEMBER, *times, **options)]


def test_windows_of_a_recording() -> None:
    assert ranges(10, 40, 1) == [(0, 10), (10, 20), (20, 30), (30, 40)]
    assert ranges(10, 45, 2) == [(0, 20), (20, 40), (40, 45)]
    assert ranges(10, 45, 2, keep_rest=False) == [(0, 20), (20, 40)]
    assert ranges(10, 40, 2, 1) == [(0, 20), (10, 30), (20, 40)], "no rest that the last whole window has"
    assert ranges(10, 41, 2, 1) == [(0, 20), (10, 30), (20, 40), (30, 41)]
    assert ranges(10, 35, 1, 2) == [(0, 10), (20, 30)], "what is between windows is left out"
    assert ranges(10, 5, 1) == [(0, 5)]
    assert ranges(10, 5, 1, keep_rest=False) == []
    assert ranges(44_100, 44_100 * 3600, 0.1)[-1] == (158_755_590, 158_760_000), "no error adds up"


@given(st.integers(1, 200), st.integers(1, 2000), st.integers(1, 3000).map(lambda number: number / 1000))
def test_windows_side_by_side_have_every_sample_once(rate: int, length: int, seconds: float) -> None:
    if sample_at(seconds, rate) < 1:
        return
    found = ranges(rate, length, seconds)
    assert [sample for start, stop in found for sample in range(start, stop)] == list(range(length))


def test_events_are_cut_to_windows() -> None:
    events = [
        Event("late", 2.5, 3.0),
        Event("across", 0.9, 2.1),
        Event("to the border", 0.5, 1.0),
        Event("from the border", 1.0, 1.5),
        Event("no length", 2.0, 2.0),
        Event("past the end", 2.9, 9.0),
    ]
    found = {window.start: window for window in windows(OneRecording(10, 30), MEMBER, 1, events=events)}
    assert found[0].events == (Event("to the border", 0.5, 1.0), Event("across", 0.9, 1.0))
    assert found[10].events == (Event("across", 0.0, 1.0), Event("from the border", 0.0, 0.5))
    assert found[20].events == (
        Event("across", 0.0, 0.1),
        Event("no length", 0.0, 0.0),
        Event("late", 0.5, 1.0),
        Event("past the end", 0.9, 1.0),
    )
    assert [window.name for window in found.values()] == ["monday_00", "monday_10", "monday_20"]


def test_windows_without_events() -> None:
    event = Event("bird", 1.2, 1.3)
    assert [window.start for window in windows(OneRecording(10, 30), MEMBER, 1, events=[event], keep_empty=False)] == [
        10
    ]
    assert list(windows(OneRecording(10, 10), MEMBER, 1)) == [Window(0, 10, (), "monday_00")]


def test_times_of_events_in_windows_are_exact() -> None:
    (window,) = list(windows(OneRecording(44_100, 441_000), MEMBER, 1, events=[Event("a", 7.009, 7.3)]))[7:8]
    assert window.events == (Event("a", 0.009, 0.3),)
    assert [milliseconds(time) for time in (0.009, 1.009, 0.5025, 1e-7, 5)] == [9.0, 1009.0, 502.5, 1e-4, 5000.0]


def test_wrong_windows_are_refused() -> None:
    for arguments, text in (
        ((0,), "windows: seconds must be one sample or more, 0.1 s, got 0"),
        ((1, 0.01), "windows: hop must be one sample or more, 0.1 s, got 0.01"),
        (("1",), "windows: seconds must be a finite number, got '1'"),
        ((math.nan,), "windows: seconds must be a finite number, got nan"),
    ):
        with pytest.raises(ConfigError, match=text):
            ranges(10, 30, *arguments)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"windows: member must be a Member, got 'x'. Write tree.member\(path\)"):
        next(windows(OneRecording(10, 30), "x", 1))  # type: ignore[arg-type]
    for events, got in (
        (None, "None. For none, write events=()"),
        ("abc", "'abc'. Write events=[Event(label"),
        ({}, "{}"),
    ):
        with pytest.raises(
            CorpusError,
            match=re.escape(
                f"windows of 'days/monday.wav': events must be a sequence or set of Event values, got {got}"
            ),
        ):
            next(windows(OneRecording(10, 30), MEMBER, 1, events=events))  # type: ignore[arg-type]


def test_wrong_events_are_never_lost() -> None:
    late = [Event("a", 3.0, 4.0), Event("a", 0.0, 4.0)]
    first, *others = windows(OneRecording(10, 30), MEMBER, 1, events=late)
    assert [len(window.events) for window in (first, *others)] == [2, 1, 1]
    (problem,) = problems_of_events(first.events)
    assert problem.startswith("UnusableEvent(") is False
    assert "does not start before the end of 'days/monday.wav', which lasts 3 s" in problem
    for length in (5, 0):  # no window is yielded
        with pytest.raises(
            CorpusError, match=r"(?s)'days/monday.wav' has 2 wrong events:.*Convert it: float.*does not st"
        ):
            list(
                windows(
                    OneRecording(10, length),
                    MEMBER,
                    1,
                    events=[Event("a", "0.1", 0.2), Event("b", 7, 8)],  # type: ignore[arg-type]
                    keep_rest=False,
                )
            )
    wrong = Event("a", "0.5", "1.0")  # type: ignore[arg-type]
    first, *_others = windows(OneRecording(10, 30), MEMBER, 1, events=[wrong], keep_empty=False)
    assert first.events == (wrong,), "so that it is reported with the clip's name"


def test_a_text_for_events_is_advised_on() -> None:
    with pytest.raises(CorpusError, match=r"events=\[Event\(label, start, end\)\]"):
        Clip(MEMBER, events="dog")  # type: ignore[arg-type]
