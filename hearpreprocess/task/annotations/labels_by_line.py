"""Files without a header, a line for each event, with columns separated by tabs.

Audacity's label tracks have the columns start, end and label, and the annotations of TUT and DCASE onset, offset and
label: the same format. A line of a label track that begins with a backslash has the lowest and the highest frequency of
the label before it. Lists of several recordings have the file, and often its scene, before the times. Sources:
"Importing and Exporting Labels" in Audacity's manual; the README of TUT Sound events 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from hearpreprocess.task.annotations.collector import AnnotationError, EventCollector
from hearpreprocess.task.annotations.options import AnnotationOptions, Format
from hearpreprocess.task.annotations.seconds import check_unit, exact_seconds, mark_of, with_point
from hearpreprocess.task.cells import lines_of
from hearpreprocess.task.tables import decoded

FREQUENCIES = "\\"
"""The first character of a line of a label track that is no label."""


def read_label_track(content: bytes, options: AnnotationOptions, collector: EventCollector) -> None:
    """Collect the labels of one recording; one at a point starts and ends there."""
    rows = rows_of(decoded(content, options.encoding))
    mark = _mark([cell for _line, cells in rows for cell in cells[:2]], options)
    collector.declare("")
    for line, cells in rows:
        with collector.at(f"line {line}"):
            if len(cells) < 3:
                raise AnnotationError(f"has {len(cells)} columns; expected onset, offset and label, separated by tabs")
            label = "\t".join(cells[2:])
            if "\t" in label.strip():
                raise AnnotationError(f"has {len(cells)} columns; expected 3: onset, offset and label")
            collector.add(label, *_times(cells[:2], mark, options))


def read_event_list(content: bytes, options: AnnotationOptions, collector: EventCollector) -> None:
    """Collect the events of several recordings: file, onset, offset, label, or file, scene, onset, offset, label.

    Columns after the label are not read.
    """
    rows = rows_of(decoded(content, options.encoding))
    first = 2 if any(_is_with_scene(cells) for _line, cells in rows) else 1
    mark = _mark([cell for _line, cells in rows for cell in cells[first : first + 2]], options)
    for line, cells in rows:
        with collector.at(f"line {line}"):
            if len(cells) <= first:
                collector.declare(cells[0].strip())
                continue
            if len(cells) < first + 3:
                columns = "file, scene, onset, offset, label" if first == 2 else "file, onset, offset, label"
                raise AnnotationError(f"has {len(cells)} columns; expected {columns}")
            if not (file := cells[0].strip()):
                raise AnnotationError("the file is empty")
            collector.add(cells[first + 2], *_times(cells[first : first + 2], mark, options), file)


LABEL_TRACK = Format(
    "audacity", "label track of Audacity, TUT or DCASE", read_label_track, ("unit", "rate", "encoding")
)
EVENT_LIST = Format(
    "dcase", "DCASE list of events, with a file in each line", read_event_list, ("unit", "rate", "encoding")
)


def rows_of(text: str) -> list[tuple[int, list[str]]]:
    """The lines that are labels, with their numbers, divided at tabs."""
    return [(line, cells.split("\t")) for line, cells in lines_of(text) if _is_label(cells)]


def is_number(cell: str) -> bool:
    """Whether a cell is a time, with a decimal point or comma."""
    try:
        exact_seconds(cell.replace(",", "."))
    except AnnotationError:
        return False
    return True


def _is_label(line: str) -> bool:
    return bool(line.strip()) and not line.startswith(FREQUENCIES)


def _is_with_scene(cells: Sequence[str]) -> bool:
    return len(cells) > 4 and not is_number(cells[1]) and is_number(cells[2]) and is_number(cells[3])


def _mark(times: Sequence[str], options: AnnotationOptions) -> str:
    """The decimal mark of times; raises CorpusError where it, or their unit, is open."""
    if options.unit is None:
        check_unit(times, "onset and offset")
    return mark_of(times)


def _times(cells: Sequence[str], mark: str, options: AnnotationOptions) -> tuple[Fraction, Fraction]:
    start, end = (exact_seconds(with_point(cell, mark), options.unit or "s", options.rate) for cell in cells)
    return start, end
