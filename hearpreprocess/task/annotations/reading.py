"""Read an annotation file: its format, its events by recording, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cached_property

from hearpreprocess.errors import ConfigError, CorpusError, enumerate_problems
from hearpreprocess.storage import counted, nearest
from hearpreprocess.task.annotations.collector import EventCollector, UndecidedError
from hearpreprocess.task.annotations.names import RecordingNames
from hearpreprocess.task.annotations.options import AnnotationOptions, Format
from hearpreprocess.task.cells import TableError
from hearpreprocess.task.clips import Event
from hearpreprocess.task.values import shown

ANY_RATE = 1
"""In hertz, where times do not matter."""


class Annotations:
    """The events of one annotation file, by the recording that it names; "" where it names none."""

    def __init__(self, format: Format, by_recording: Mapping[str, list[Event]]) -> None:
        self.format = format
        self.by_recording = by_recording

    @cached_property
    def _names(self) -> RecordingNames:
        return RecordingNames(self.by_recording)

    @property
    def name_recordings(self) -> bool:
        """Whether the file names the recordings that it is on."""
        return "" not in self.by_recording

    def name_of(self, recording: str) -> str | None:
        """What the file calls the recording at a path; None where it does not name it."""
        return self._names.meant_by(recording)

    def of(self, recording: str | None) -> list[Event]:
        """The events of a recording, in the order of the file; None stands for the only one that the file has.

        Raises CorpusError where the file has others, but not this one.
        """
        named = self._listed
        if recording is None:
            if len(self.by_recording) > 1:
                raise CorpusError(f"it has annotations of {counted(len(self.by_recording), 'recordings')}: {named}. "
                                  "Set recording= to one of them")  # fmt: skip
            return list(next(iter(self.by_recording.values()), []))
        if not self.name_recordings:
            raise CorpusError(f"it is a {self.format.title}, which names no recordings. Leave out recording=")
        name = self.name_of(recording)
        if name is None:
            raise CorpusError(f"no recording {shown(recording)}; expected one of {named}. Set recording=, or default=")
        return list(self.by_recording[name])

    @property
    def _listed(self) -> str:
        names = list(self.by_recording)
        more = f" and {len(names) - 10:,} more" if len(names) > 10 else ""
        return (", ".join(map(shown, names[:10])) or "none") + more


def annotations_in(content: bytes, format: str | None = None, options: AnnotationOptions | None = None) -> Annotations:
    """The annotations in a file. `format`: the name of one of FORMATS; None finds out by the content.

    Raises CorpusError where the file is not so, and names everything that is wrong with it; ConfigError where an
    option means nothing for its format.
    """
    options = options or AnnotationOptions()
    from hearpreprocess.task.annotations.detection import FORMATS, format_of  # late, with the readers of all formats

    if format is not None and (not isinstance(format, str) or format not in FORMATS):
        near = nearest(format, FORMATS) if isinstance(format, str) else ""
        raise ConfigError(f"format: expected one of {', '.join(map(repr, FORMATS))}, got {shown(format)}{near}")
    found = FORMATS[format] if format else format_of(content, options.encoding)
    for name in sorted(options.given - {*found.uses}):
        using = ", ".join(each.name for each in FORMATS.values() if name in each.uses)
        raise ConfigError(f"{name}= means nothing for {found.title} ({found.name}); it is for {using}")
    collector = EventCollector()
    try:
        found.read(content, options, collector)
    except TableError as error:
        raise CorpusError(error.problem) from None  # its advice is on options of Tree.table
    if collector.problems:
        problems = counted(len(collector.problems), "annotations")
        raise CorpusError(enumerate_problems(f"{problems} cannot be read as {found.title}:", collector.problems))
    return Annotations(found, collector.by_recording)


def outline_of(content: bytes) -> Annotations:
    """What a file is on: its format and recordings, whichever tier, column or unit is read later.

    Wrong annotations are passed over. Raises CorpusError where it is no annotation file at all.
    """
    from hearpreprocess.task.annotations.detection import format_of

    found, options, collector = format_of(content), AnnotationOptions(), EventCollector()
    for _option in range(len(fields(AnnotationOptions)) + 1):
        try:
            found.read(content, options, collector)
            break
        except UndecidedError as error:
            options = _decided(options, error)
            collector = EventCollector()
    return Annotations(found, collector.by_recording)


def _decided(options: AnnotationOptions, undecided: UndecidedError) -> AnnotationOptions:
    """The options with the first answer to what is open."""
    if undecided.option == "unit":
        return replace(options, unit="s")
    if undecided.option == "rate":
        return replace(options, rate=ANY_RATE)
    return options.with_source(undecided.option, undecided.answers[0])
