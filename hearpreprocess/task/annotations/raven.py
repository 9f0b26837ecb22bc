"""Raven selection tables: a row for each view of a selection, with its times and the user's own columns.

Source: "Selection Tables" in the Raven Pro User's Manual, K. Lisa Yang Center for Conservation Bioacoustics, Cornell
Lab of Ornithology. In a table of several files, `Begin Time (s)` counts from the start of the first one, and
`File Offset (s)` from the start of the file in `Begin File`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction

from hearpreprocess.errors import CorpusError
from hearpreprocess.task.annotations.collector import AnnotationError, EventCollector
from hearpreprocess.task.annotations.options import AnnotationOptions, Format
from hearpreprocess.task.annotations.seconds import exact_seconds, mark_of, with_point
from hearpreprocess.task.annotations.tables import label_column
from hearpreprocess.task.cells import TableRow
from hearpreprocess.task.tables import Dialect, decoded, rows_in
from hearpreprocess.task.values import shown

SELECTION, VIEW, BEGIN, END = "Selection", "View", "Begin Time (s)", "End Time (s)"
FILE, END_FILE, OFFSET, DELTA = "Begin File", "End File", "File Offset (s)", "Delta Time (s)"
_TIMES = (BEGIN, END, OFFSET, DELTA)
_OF_RAVEN = (
    *(
        SELECTION,
        VIEW,
        "Channel",
        FILE,
        END_FILE,
        "Begin Path",
        "End Path",
        "Begin Date",
        "End Date",
        "Begin Date Time",
    ),
    *("End Date Time", "Begin Clock Time", "End Clock Time", "Inband Power (dB FS)"),
)
"""Columns that Raven fills in; so are those whose name has a unit in brackets."""

LABEL_NAMES = ("annotation", "annotations", "label", "species", "calltype", "tags", "class")


def is_raven(names: Collection[str]) -> bool:
    """Whether columns are those of a selection table."""
    return SELECTION in names and BEGIN in names and END in names


def read_raven(content: bytes, options: AnnotationOptions, collector: EventCollector) -> None:
    """Collect the selections, each once, however many views it has."""
    header, *rows = rows_in(decoded(content, options.encoding), Dialect("\t", "none")) or [TableRow(1, ())]
    names = [name.strip() for name in header.cells]
    if not is_raven(names):
        raise CorpusError(f"expected the columns {SELECTION}, {BEGIN} and {END}, separated by tabs")
    records = [(row.line, dict(zip(names, row.cells, strict=True))) for row in rows]
    mark = mark_of(cells.get(name, "") for _line, cells in records for name in _TIMES)
    for _line, cells in records:
        cells.update({name: with_point(cells[name], mark) for name in _TIMES if name in cells})
    label = _label_column(names, options)
    files = {cells[FILE].strip() for _line, cells in records} if FILE in names else {""}
    if len(files) > 1 and OFFSET not in names:
        raise CorpusError(
            f"it has selections in {len(files):,} files, and no column {shown(OFFSET)}: {BEGIN} does not count from "
            f"the start of each. Add the measurement {shown(OFFSET)} in Raven"
        )
    if FILE not in names:
        collector.declare("")
    seen: dict[str, dict[str, tuple[object, ...]]] = {}
    for line, cells in records:
        with collector.at(f"line {line}"):
            selection, event = cells[SELECTION].strip(), _event(cells, label)
            views = seen.setdefault(selection, {})
            if _is_repeated(selection, cells.get(VIEW, ""), event, views):
                continue
            views[cells.get(VIEW, "")] = event
            collector.add(*event)


RAVEN = Format("raven", "Raven selection table", read_raven, ("label", "encoding"))


def _label_column(names: Sequence[str], options: AnnotationOptions) -> str:
    own = [name for name in names if name and name not in _OF_RAVEN and not name.endswith(")")]
    if options.label in names:
        return str(options.label)
    if not own:
        raise CorpusError("none of its columns has labels. Add an annotation column in Raven")
    return label_column(own, options, LABEL_NAMES)


def _event(cells: Mapping[str, str], label: str) -> tuple[str, Fraction, Fraction, str]:
    file = cells.get(FILE, "").strip()
    begin, end = exact_seconds(cells[BEGIN]), exact_seconds(cells[END])
    if FILE in cells:
        if not file:
            raise AnnotationError(f"{shown(FILE)} is empty; expected the name of a recording")
        if (last := cells.get(END_FILE, "").strip()) and last != file:
            raise AnnotationError(f"begins in {shown(file)} and ends in {shown(last)}. Divide the selection")
        if OFFSET in cells:
            begin, end = exact_seconds(cells[OFFSET]), exact_seconds(cells[OFFSET]) + end - begin
    return cells[label], begin, end, file


def _is_repeated(selection: str, view: str, event: tuple[object, ...], views: Mapping[str, tuple[object, ...]]) -> bool:
    """Whether a row is another view of a selection; raises AnnotationError where it differs, or is there twice."""
    if not views or not selection:
        return False
    if view in views:
        raise AnnotationError(f"selection {shown(selection)} is there twice")
    if event not in views.values():
        raise AnnotationError(f"selection {shown(selection)} has another time or label than in another view")
    return True
