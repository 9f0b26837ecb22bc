"""Tables with a header and a row for each event: columns of times and of labels, and perhaps of recordings."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hearpreprocess.errors import CorpusError
from hearpreprocess.task.annotations.collector import AnnotationError, EventCollector, UndecidedError
from hearpreprocess.task.annotations.options import AnnotationOptions, Format
from hearpreprocess.task.annotations.seconds import mark_of, with_point
from hearpreprocess.task.annotations.time_columns import has_times, time_column, times_in
from hearpreprocess.task.cells import TableError, lines_of
from hearpreprocess.task.tables import SEPARATORS, Dialect, decoded, rows_in, separator_line
from hearpreprocess.task.values import shown

LABEL_NAMES = (
    *("eventlabel", "label", "labels", "class", "classname", "category", "annotation", "species", "tag", "event"),
    *("text", "soundclass", "calltype", "speaker", "phoneme", "word", "transcription"),
)
_PEOPLE = ("speaker",)
"""Who is heard is the label only where no other column is."""

FILE_NAMES = (
    *("filename", "file", "filepath", "path", "audiofilename", "audiofile", "audio", "audiopath", "recording"),
    *("recordingid", "wav", "wavfile", "wavfilename", "fname", "clip", "soundfile", "beginfile", "ytid", "videoid"),
)


def read_table(content: bytes, options: AnnotationOptions, collector: EventCollector) -> None:
    """Collect the events of the rows."""
    text = decoded(content, options.encoding)
    separator = separator_in(text)
    if not separator:
        raise CorpusError(
            "expected a header with columns such as onset, offset and label, separated by one of , ; Tab |"
        )
    header, *rows = rows_in(text, Dialect(separator))
    names = [name.strip() for name in header.cells]
    if len(set(filter(None, names))) < len([name for name in names if name]):
        raise CorpusError("two of its columns have the same name")
    records = [(row.line, dict(zip(names, row.cells, strict=True))) for row in rows]
    time_names = [name for name in names if time_column(name)]
    mark = mark_of(cells[name] for _line, cells in records for name in time_names)
    for _line, cells in records:
        cells.update({name: with_point(cells[name].strip(), mark) for name in time_names})
    times = times_in(names, options, lambda name: [cells[name] for _line, cells in records])
    file = file_column(names)
    label = label_column([name for name in names if name not in (*time_names, file)], options)
    if not file:
        collector.declare("")
    for line, cells in records:
        with collector.at(f"line {line}"):
            recording = cells[file].strip() if file else ""
            if file and not recording:
                raise AnnotationError(f"{shown(file)} is empty; expected the name of a recording")
            if file and not any(cells[name].strip() for name in (label, times.onset.name, times.end.name)):
                collector.declare(recording)  # a recording that has no events, as some write it
                continue
            collector.add(cells[label], *times.of(cells), recording)


TABLE = Format("table", "table with a header", read_table, ("label", "unit", "rate", "encoding"))


def separator_in(text: str) -> str:
    """What divides the columns of a table of events; "" where the first line is no header of one."""
    if separator := separator_line(text):
        return separator
    first = next((line for _number, line in lines_of(text) if line.strip()), "")
    return next((separator for separator in "\t" + SEPARATORS if has_times(_cells(first, separator))), "")


def header_of(text: str) -> list[str]:
    """The names of the columns of a table of events; none where it is none."""
    separator = separator_in(text)
    lines = [line for _number, line in lines_of(text) if line.strip() and not separator_line(line)]
    return _cells(lines[0], separator) if separator and lines else []


def file_column(names: Sequence[str]) -> str:
    """The column that names recordings; "" where none does."""
    return next(iter(_called(names, FILE_NAMES)), "")


def label_column(names: Sequence[str], options: AnnotationOptions, called: Sequence[str] = LABEL_NAMES) -> str:
    """The column of labels: the one that is named, or is called so, or is the only one that there is.

    Raises CorpusError, which lists the columns, where that is open.
    """
    listed = ", ".join(map(shown, filter(None, names))) or "none"
    if options.label is not None:
        if options.label not in names:
            raise CorpusError(f"no column {shown(options.label)} for labels; expected one of {listed}. Set label=")
        return options.label
    found = _called(names, called) or (list(names) if len(names) == 1 else [])
    if len(found) > 1:
        found = [name for name in found if name not in _called(found, _PEOPLE)]
    if len(found) != 1:
        problem = f"the column of labels may be one of {listed}. Set label= to one of them"
        raise UndecidedError(problem, "label", filter(None, names))
    return found[0]


def _called(names: Sequence[str], called: Sequence[str]) -> list[str]:
    return [name for name in names if re.sub(r"[^a-z0-9]", "", name.lower()) in called]


def _cells(line: str, separator: str) -> list[str]:
    try:
        rows = rows_in(line, Dialect(separator, "minimal"))
    except TableError:
        return []
    return [cell.strip() for cell in rows[0].cells] if rows else []
