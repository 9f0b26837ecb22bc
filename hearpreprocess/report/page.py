"""The HTML pages: the report on a finished task, and the overview of several."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from itertools import accumulate, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hearpreprocess.errors import OutputError
from hearpreprocess.finished import (
    MANIFEST,
    METADATA,
    MOST_PROBLEMS,
    REPORT,
    ManifestReader,
    TaskReader,
    card,
    clip_problems,
    head_problems,
    manifest,
    wrong_values,
)
from hearpreprocess.report import pictures
from hearpreprocess.report.examples import MOST_HEARD, SOUND_RATE, examples_of, examples_per_split
from hearpreprocess.report.rows import Row
from hearpreprocess.report.statistics import Histogram, Statistics, Tally, decibels
from hearpreprocess.storage import counted

if TYPE_CHECKING:
    import jinja2

SHOWN = 10
"""The number of names shown of a list, followed by the number of the others."""

BYTES_OF_LABELS, BYTES_OF_A_ROW, BYTES_OF_A_CELL = 550_000, 200, 45
"""The maximum size of the table of labels and splits, and the size of its rows and cells; the page gives the number of
the labels that do not fit."""

_TEMPLATES = Path(__file__).parent / "templates"
_KINDS = {
    ("scene", "multiclass"): "each clip has exactly one label",
    ("scene", "multilabel"): "each clip has any number of labels",
    ("event", "multilabel"): "each clip has events, which have a label, a start and an end",
}
_LINKED = ("https://", "http://")


def page(folder: Path) -> str:
    """The report on the finished task in a folder, as self-contained HTML.

    Raises OutputError where the folder is not a finished task with audio and a manifest of this version, or where an
    example clip is missing.
    """
    with _read(folder) as (metadata, reader, tally):
        statistics = tally.statistics(metadata["splits"])
        contents = reader.head
        return _render(
            "task.html",
            title=contents["task"],
            row=Row.of(metadata, contents, statistics).to_text(),
            metadata=metadata,
            manifest=contents,
            kind=_kind(metadata),
            allows_empty=metadata.get("allow_empty") is True,
            statistics=statistics,
            highest_of_splits=[
                max(counts) for counts in zip(*(label.of_splits for label in statistics.labels), strict=True)
            ],
            clips_of={split.name: split.clips for split in statistics.splits},
            examples=examples_of(folder, reader, tally, metadata),
            examples_of_a_split=examples_per_split(len(metadata["splits"])),
            labels_shown=_labels_shown(statistics),
            is_synthetic=card.is_synthetic(metadata),
            facts_of_sources={name: list(_facts(source)) for name, source in sorted(contents["sources"].items())},
        )


def _kind(metadata: Mapping[str, Any]) -> str:
    """What labels the clips of a task have."""
    kind = _KINDS.get((metadata["embedding_type"], metadata["prediction_type"]), "")
    return (
        kind.replace("has events, which", "has events or none; events") if metadata.get("allow_empty") is True else kind
    )


def _labels_shown(statistics: Statistics) -> int:
    """The number of labels that fit into the table."""
    row = BYTES_OF_A_ROW + BYTES_OF_A_CELL * len(statistics.splits)
    needed = accumulate(row + 2 * len(str(label.label).encode(errors="replace")) for label in statistics.labels)
    return max(SHOWN, sum(size <= BYTES_OF_LABELS for size in needed))


def row(folder: Path) -> Row:
    """The row of the overview for the finished task in a folder, by its manifest.

    Raises OutputError where it is not a finished task with audio and a manifest of this version.
    """
    with _read(folder) as (metadata, reader, tally):
        return Row.of(metadata, reader.head, tally.statistics(metadata["splits"]))


def linked_rows(rows: Mapping[Path, Row], parent: Path) -> list[dict[str, Any]]:
    """The rows of an overview, with links to the tasks' reports where they have one.

    `rows`: by folder of the task. `parent`: the folder of the overview.
    """
    return [vars(row) | {"link": _link(folder, parent)} for folder, row in rows.items()]


def index(rows: Mapping[Path, Row], parent: Path) -> str:
    """An overview of finished tasks as HTML; `rows` and `parent` as in `linked_rows`."""
    return _render("index.html", title="Finished tasks", tasks=linked_rows(rows, parent))


def templates() -> list[Path]:
    """The files that pages are made from, sorted."""
    return sorted(_TEMPLATES.iterdir())


def _link(folder: Path, parent: Path) -> str:
    """The relative address of a task's report; empty without a report."""
    if not (folder / REPORT).is_file():
        return ""
    path = os.path.relpath(os.path.abspath(folder / REPORT), os.path.abspath(parent))  # noqa: PTH100  (no link is followed)
    return "./" + quote(os.fsencode(Path(path).as_posix()))


@contextmanager
def _read(folder: Path) -> Iterator[tuple[dict[str, Any], ManifestReader, Tally]]:
    """Yield a finished task's metadata, manifest, and the tally of its clips.

    Errors from missing or wrong values become an OutputError.
    """
    import jinja2

    finished = TaskReader(folder)
    with finished.open_manifest() as reader:
        if reader is None:
            raise OutputError(f"{folder}: {MANIFEST} is missing")
        if (version := reader.head.get("version")) != manifest.VERSION:
            raise OutputError(
                f"{folder / MANIFEST} has version {version}, expected {manifest.VERSION}; rebuild the task"
            )
        try:
            yield finished.metadata, reader, _tally(folder, finished.metadata, reader)
        except OutputError:
            raise
        except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, jinja2.UndefinedError) as error:
            raise OutputError(f"{folder}: {METADATA} or {MANIFEST} lacks what a report needs: {error!r}") from error


def _tally(folder: Path, metadata: Mapping[str, Any], reader: ManifestReader) -> Tally:
    """The tally of the clips in a manifest; raises OutputError where values in it or the metadata are wrong."""
    tally = Tally()
    rates = {str(rate) for rate in reader.head["sample_rates"]}
    of_metadata = list(wrong_values(metadata))
    of_manifest = list(islice(head_problems(reader.head), MOST_PROBLEMS))
    for file, facts in reader.clips():
        of_manifest += islice(clip_problems(file, facts, rates), MOST_PROBLEMS - len(of_manifest))
        if not of_metadata and not of_manifest:
            tally.add(file, facts)
    problems = [f"{METADATA} {each}" for each in of_metadata] + [f"{MANIFEST} {each}" for each in of_manifest]
    if problems:
        more = f"; and {len(problems) - 1:,} more" if len(problems) > 1 else ""
        raise OutputError(f"{folder} lacks what a report needs: {problems[0]}{more}. Rebuild the task")
    return tally


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(values)


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,  # texts from a corpus may be hostile
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "breakable": _breakable,
        "clock": _clock,
        "counted": counted,
        "seconds": _seconds,
        "level": _level,
        "number": _number,
        "percentage": _percentage,
        "paragraphs": _paragraphs,
    }
    environment.tests["linked"] = lambda text: str(text).startswith(_LINKED)
    environment.globals |= {
        "MOST_HEARD": MOST_HEARD,
        "SOUND_RATE": SOUND_RATE,
        "SHOWN": SHOWN,
        "pictures": pictures,
        "bars": _bars,
    }
    return environment


def _breakable(text: str) -> str:
    """A label with a line break opportunity after each underscore."""
    import markupsafe

    return markupsafe.Markup("_<wbr>").join(text.split("_"))


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds, as in the task's card."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _seconds(seconds: float) -> str:
    return f"{_number(seconds)} s"


def _number(value: float, decimals: int = 3) -> str:
    """A number with up to `places` decimals, without trailing zeros, and with a proper minus sign."""
    text = f"{value:,.{decimals}f}".rstrip("0").rstrip(".")
    return text.replace("-", "\u2212") if text != "-0" else "0"


def _level(peak: int) -> str:
    return f"{_number(decibels(peak), 1)} dBFS"


def _percentage(count: int, total: int) -> str:
    """A share as human-readable text; 0 if the total is 0."""
    return f"{100 * count / total:.1f}\u00a0%" if total else "0\u00a0%"


def _paragraphs(text: str) -> list[str]:
    return [paragraph for paragraph in text.split("\n\n") if paragraph.strip()]


def _bars(histogram: Histogram) -> str:
    return pictures.bars([bin.count for bin in histogram.bins])


def _facts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The values in a source's JSON, each with its path and its text."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _facts(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for item in value:
            yield from _facts(item, path)
    elif value is not None:
        yield path, str(value)
