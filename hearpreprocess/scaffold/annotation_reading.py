"""Read the annotation files of a folder, with the options that the user states or that the files leave open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hearpreprocess import audio
from hearpreprocess.errors import AudioError, ConfigError, CorpusError, enumerate_problems
from hearpreprocess.scaffold.annotation_files import AnnotationFiles, is_named
from hearpreprocess.scaffold.choices import TIME_UNITS, Ask, Choices, Question, TimeUnit
from hearpreprocess.scaffold.recordings import Recordings
from hearpreprocess.scaffold.times import SECONDS_BEYOND
from hearpreprocess.task import AnnotationOptions, Annotations, Event, UndecidedError, annotations_in

_ASKED = {"tier": "tier holds the labels", "label": "column holds the labels"}
_LABEL_COLUMN = "--label-column"


@dataclass(frozen=True)
class Reading:
    """The annotations of each file, read with the same options."""

    options: AnnotationOptions
    by_file: Mapping[str, Annotations]


def decided_reading(
    folder: Path, recordings: Recordings, files: AnnotationFiles, choices: Choices, ask: Ask
) -> Reading:
    """The annotations, with the options that the user states, or that the files or their recordings decide."""
    contents = {path: (folder / path).read_bytes() for path in files.paths}
    options = AnnotationOptions()
    for _option in range(5):  # those of AnnotationOptions, of which each may be open
        by_file, undecided = _read(contents, options)
        open_option = undecided.option if undecided else _stated_option(by_file, options, choices)
        if not open_option:
            return Reading(options, by_file)
        if open_option == "rate":
            options = replace(options, rate=_rate(folder, recordings))
        elif open_option == "unit":
            unit = choices.time_unit or _unit(files, contents, recordings, options, ask)
            options = replace(options, unit=unit, rate=_rate(folder, recordings) if unit == "samples" else options.rate)
        else:
            options = options.with_source(open_option, _label_source(open_option, undecided, choices, ask))
    raise CorpusError(f"annotation files such as {files.paths[0]} cannot be read with the same options")


def _read(
    contents: Mapping[str, bytes], options: AnnotationOptions
) -> tuple[dict[str, Annotations], UndecidedError | None]:
    """The annotations of each file, and what is open.

    Raises CorpusError, which names the files, where some are wrong.
    """
    by_file: dict[str, Annotations] = {}
    problems: list[str] = []
    undecided: list[UndecidedError] = []
    for path, content in contents.items():
        try:
            by_file[path] = _annotations(content, options)
        except UndecidedError as error:
            undecided.append(error)
        except CorpusError as error:
            problems.append(f"{path}: {error}".replace("\n", "\n  "))
    if problems:
        raise CorpusError(
            enumerate_problems("annotation files that cannot be read: {count}", problems)
            + "\nCorrect them, or move them out of the folder"
        )
    if not undecided:
        return by_file, None
    first = undecided[0]
    of_option = [error for error in undecided if error.option == first.option]
    in_all = [name for name in first.answers if all(name in error.answers for error in of_option)]
    return by_file, UndecidedError(str(first), first.option, in_all or first.answers)


def _annotations(content: bytes, options: AnnotationOptions) -> Annotations:
    """The annotations of a file, without options that mean nothing for its format, such as that of an empty file."""
    try:
        return annotations_in(content, options=options)
    except ConfigError:
        return annotations_in(content, options=AnnotationOptions(encoding=options.encoding))


def _stated_option(by_file: Mapping[str, Annotations], options: AnnotationOptions, choices: Choices) -> str:
    """The option that the user states, where the files would be read without it; "" where there is none.

    Raises ConfigError where the files have no use for it.
    """
    uses = {use for annotations in by_file.values() for use in annotations.format.uses}
    if choices.time_unit and options.unit is None:
        if "unit" not in uses:
            raise ConfigError(f"--time-unit {choices.time_unit}: the annotation files are in seconds")
        return "unit"
    if choices.label_columns and not (options.tier or options.label):
        if not uses & {"tier", "label"}:
            raise ConfigError(
                f"{_LABEL_COLUMN} {choices.label_columns[-1]}: the annotation files have no tiers or columns"
            )
        return "tier" if "tier" in uses else "label"
    return ""


def _label_source(option: str, undecided: UndecidedError | None, choices: Choices, ask: Ask) -> str:
    """The tier or column with the labels: the one that the user states, or the answer to a question."""
    if len(choices.label_columns) > 1:
        raise ConfigError(
            f"{_LABEL_COLUMN} {choices.label_columns[-1]}: annotation files have one tier or column of labels"
        )
    if undecided is None:
        return choices.label_columns[0]
    if choices.label_columns:
        if choices.label_columns[0] not in undecided.answers:
            listed = ", ".join(undecided.answers)
            raise ConfigError(f"{_LABEL_COLUMN} {choices.label_columns[0]}: expected one of {listed}")
        return choices.label_columns[0]
    reason = f"annotation files have {', '.join(undecided.answers)}"
    text = _ASKED[option]
    guess = undecided.answers[0]
    return ask(Question(_LABEL_COLUMN, text, guess, undecided.answers, reason, is_certain=False))


def _rate(folder: Path, recordings: Recordings) -> int:
    """The sample rate of the recordings, of which those are looked at that were measured."""
    rates: dict[int, str] = {}
    for path in recordings.seconds:
        try:
            rates.setdefault(audio.probe(folder / path).rate, path)
        except (AudioError, OSError):
            continue  # named in the note on recordings that cannot be read
    if len(rates) != 1:
        listed = ", ".join(f"{path} {rate:,} Hz" for rate, path in sorted(rates.items()))
        raise CorpusError(
            f"times of events are in samples, and recordings have several sample rates ({listed}). "
            "Write times in seconds"
        )
    return next(iter(rates))


def _unit(
    files: AnnotationFiles,
    contents: Mapping[str, bytes],
    recordings: Recordings,
    options: AnnotationOptions,
    ask: Ask,
) -> TimeUnit:
    """The unit of integers, which is the answer to a question; the guess is seconds, if these are in the recordings."""
    in_seconds = replace(options, unit="s")
    by_file, undecided = _read(contents, in_seconds)
    fits = undecided is not None or not _late_ends(events_of(files, Reading(in_seconds, by_file)), recordings.seconds)
    reason = "times are integers, which may be in any unit; " + (
        "in seconds, all are within the recordings" if fits else "in seconds, some are after the end of their recording"
    )
    guess = "s" if fits else "ms"
    answer = ask(Question("--time-unit", "unit do the times have", guess, TIME_UNITS, reason, is_certain=False))
    return next(unit for unit in TIME_UNITS if unit == answer)


def events_of(files: AnnotationFiles, reading: Reading) -> dict[str, list[Event]]:
    """The events of each recording that has annotations."""
    events = {}
    for path, file in files.of_recordings.items():
        annotations = reading.by_file[file]
        if files.place:
            events[path] = annotations.of(None)
        elif is_named(annotations, path):
            events[path] = annotations.of(path)
    return events


def check_ends(events: Mapping[str, Sequence[Event]], seconds: Mapping[str, float]) -> None:
    """Raise CorpusError where events end after the end of their recording: their times are not what they seem."""
    if late := _late_ends(events, seconds):
        raise CorpusError(
            enumerate_problems("annotations end after the end of their recording: {count}", late)
            + "\nState the unit of the times with --time-unit, use --task-type scene if they are positions in longer "
            "original recordings, or correct them"
        )


def _late_ends(events: Mapping[str, Sequence[Event]], seconds: Mapping[str, float]) -> list[str]:
    return [
        f"{path}: lasts {seconds[path]:g} s, an event ends at {event.end:g} s"
        for path, of_path in events.items()
        if path in seconds
        for event in [max(of_path, key=lambda event: event.end, default=None)]
        if event and event.end > seconds[path] + SECONDS_BEYOND
    ]
