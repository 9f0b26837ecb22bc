"""What a reader collects from one file: the events of each recording, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from hearpreprocess.errors import CorpusError
from hearpreprocess.task.clips import Event
from hearpreprocess.task.values import shown


class AnnotationError(CorpusError):
    """One annotation is wrong, whatever the others are."""


class UndecidedError(CorpusError):
    """A file can be read in several ways. `option`: which says how; `answers`: those that it may have here."""

    def __init__(self, problem: str, option: str, answers: Iterable[str] = ()) -> None:
        super().__init__(problem)
        self.option, self.answers = option, tuple(answers)


class EventCollector:
    """The events of a file by the recording that it names, in the order of the file.

    The recording is "" where a file names none. `problems`: one text for each annotation that is no event.
    """

    def __init__(self) -> None:
        self.by_recording: dict[str, list[Event]] = {}
        self.problems: list[str] = []

    def declare(self, recording: str) -> None:
        """Note a recording, which may have no annotation."""
        self.by_recording.setdefault(recording, [])

    @contextmanager
    def at(self, where: str) -> Iterator[None]:
        """Collect the AnnotationError of the annotation at a line, or of an element."""
        try:
            yield
        except AnnotationError as error:
            self.problems.append(f"{where}: {error}")

    def add(self, label: Any, start: Fraction, end: Fraction, recording: str = "") -> None:
        """Collect an event; times are in seconds, and become floats here, rounded once.

        Raises AnnotationError where it is none.
        """
        if isinstance(label, bool) or not isinstance(label, str | int):
            raise AnnotationError(f"the label is {shown(label)}; expected a text")
        label = str(label).strip()
        if not label:
            raise AnnotationError("the label is empty")
        if start < 0:
            raise AnnotationError(f"starts at {float(start)!r} s, before the recording")
        if end < start:
            raise AnnotationError(f"ends at {float(end)!r} s, before its start at {float(start)!r} s")
        self.by_recording.setdefault(recording, []).append(Event(label, float(start), float(end)))
