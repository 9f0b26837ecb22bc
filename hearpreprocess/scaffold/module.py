"""The text of a task module that yields what was described, and of its test."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hearpreprocess.scaffold.content import suffix_of
from hearpreprocess.scaffold.dataset import AnnotationsLayout, DatasetDescription, FoldersLayout, TablesLayout
from hearpreprocess.scaffold.division import SHARES
from hearpreprocess.scaffold.expressions import (
    RareLabels,
    annotations_of,
    call,
    cell,
    clip_arguments,
    fits,
    literal,
    member,
    of_path,
    onset_and_offset,
    rare_labels,
    says_yes,
)
from hearpreprocess.scaffold.labels import LISTED
from hearpreprocess.scaffold.split_code import marked_line, reading_lines, split_arguments, without_split
from hearpreprocess.scaffold.times import Times
from hearpreprocess.storage import counted
from hearpreprocess.task import TEXT_PATTERNS, matcher

if TYPE_CHECKING:
    import jinja2

_TEMPLATES = Path(__file__).with_name("templates")


def split_scheme(dataset: DatasetDescription) -> tuple[str, str]:
    """The split scheme as code, and in words."""
    splits = dataset.splits
    if splits.folds:
        return f"PresetFolds({splits.folds.count})", f"{splits.folds.count} folds, given by {splits.source}"
    given = {clip.split for clip in dataset.clips}
    if given <= {""}:
        folds = dataset.division.folds
        every = " so that each holds every label" if not dataset.has_events else ""
        return f"NewFolds({folds})", f"{folds} folds, drawn{every}"
    drawn = [split for split in ("valid", "test") if split not in given]
    shares = ", ".join(map(str, dataset.division.shares)) if drawn and dataset.division.shares != SHARES[0] else ""
    return f"TrainValidTest({shares})", f"given by {splits.source}" + (
        f"; {' and '.join(drawn)} drawn from train" if drawn else ""
    )


def module_text(name: str, folder: Path, here: Path, dataset: DatasetDescription, *, is_relative: bool = False) -> str:
    """The text of the task module `name.py` in the folder `here`, for recordings in `folder`; both are absolute.

    `is_relative`: whether the module states a folder outside of `here` from there, as the user does.
    """
    scheme, _words = split_scheme(dataset)
    values = _values(dataset)
    body = _render(f"{_kind(dataset)}.py.jinja", **values)
    imported = {"Local", "TaskConfig", scheme.partition("(")[0]}
    imported |= {used for used in ("Clip", "Event", "LeftOut", "fold") if f"{used}(" in body}
    return _render(
        "module.py.jinja",
        name=name,
        source=_source(dataset, _folder_expression(folder, here, is_relative=is_relative)),
        dataset=dataset,
        recordings=counted(dataset.recordings, "recordings"),
        label_count=counted(len(dataset.label_names) - len(dataset.division.rare), "labels"),
        imported=sorted(imported, key=str.lower),
        scheme=scheme,
        is_loose=values["is_loose"],
        constants=_render("constants.py.jinja", **values).removesuffix("\n"),
        body=body.removesuffix("\n"),
    )


def test_text(name: str) -> str:
    """The text of the module's test."""
    return _render("test.py.jinja", name=name)


def _kind(dataset: DatasetDescription) -> str:
    """What `clips` of the module goes through, which names its template."""
    if isinstance(dataset.layout, AnnotationsLayout):
        return "annotations"
    if not dataset.tables:
        return "folders"
    return "rows" if dataset.times is None else "events"


def _source(dataset: DatasetDescription, folder: str) -> str:
    """The arguments of the source; with patterns of the tables where their names do not end as it expects."""
    texts = (*dataset.tables, *dataset.split_lists, *dataset.annotation_files)
    if all(map(matcher(TEXT_PATTERNS), texts)):
        return folder
    patterns = sorted({f"**/*{suffix_of(path)}" for path in texts})
    return f"{folder}, reads={json.dumps(patterns)}"


def _folder_expression(folder: Path, here: Path, *, is_relative: bool) -> str:
    if is_relative or folder.is_relative_to(here):
        return f"Path(__file__).parent / {literal(Path(os.path.relpath(folder, here)).as_posix())}"
    return f"Path({literal(str(folder))})"


def _values(dataset: DatasetDescription) -> dict[str, Any]:
    """What the templates of the constants and of `clips` are filled in with."""
    rare = rare_labels(dataset)
    values = {
        "dataset": dataset,
        "labels": dataset.labels,
        "splits": dataset.splits,
        "omissions": dataset.omissions,
        "patterns": json.dumps(dataset.patterns),
        "split_items": [f"{literal(called)}: {literal(split)}" for called, split in dataset.splits.names.items()],
        "listed": LISTED,
        "rare": rare,
        "reading_lines": reading_lines(dataset),
        "list_items": [
            f"{literal(path)}: {literal(split)}"
            for path, split in (dataset.splits.listed.lists if dataset.splits.listed else {}).items()
        ],
        "flag_items": [f"{literal(column)}: {literal(split)}" for column, split in dataset.splits.flags.items()],
        "is_loose": _is_loose(dataset.layout),
    }
    if isinstance(dataset.layout, FoldersLayout):
        label = of_path(dataset.layout.label)
        arguments = clip_arguments(dataset, f"labels={label}", split_arguments(dataset, "row"))
        return values | {
            "label": label,
            "clip_arguments": arguments,
            "without_split": without_split(dataset, "row") if dataset.splits.listed else "",
        }
    if isinstance(dataset.layout, AnnotationsLayout):
        return values | _values_of_annotations(dataset, dataset.layout)
    values |= _values_of_tables(dataset, dataset.layout)
    if dataset.layout.times is None:
        return values | _values_of_rows(dataset, dataset.layout, rare)
    return values | _values_of_events(dataset, dataset.layout, dataset.layout.times)


def _is_loose(layout: Any) -> bool:
    tables = layout.tables if isinstance(layout, AnnotationsLayout) else layout
    return isinstance(tables, TablesLayout) and tables.naming.is_loose


def _values_of_annotations(dataset: DatasetDescription, layout: AnnotationsLayout) -> dict[str, Any]:
    options = [f"{name}={literal(value)}" for name, value in layout.options.items()]
    of_one = (
        [] if layout.place else ["recording=member", *(["default=[None]"] if dataset.omissions.unannotated else [])]
    )
    values = {
        "annotated": layout,
        "indent": " " * 12,
        "annotations": annotations_of(layout.place) if layout.place else (),
        "annotation_arguments": ["annotations", *of_one, *options],
        "clip_arguments": clip_arguments(dataset, "events=events", split_arguments(dataset, "rows[0]"), "rows[0]"),
        "without_split": without_split(dataset, "rows[0]") if dataset.omissions.unsplit else "",
    }
    if layout.tables is None:
        return values
    values |= _values_of_tables(dataset, layout.tables)
    return values | _values_of_groups_of_rows(dataset, layout.tables)


def _values_of_tables(dataset: DatasetDescription, layout: TablesLayout) -> dict[str, Any]:
    are_several = len(layout.paths) > 1
    outer = "        " if are_several else "    "
    facts = {
        "split": {path: literal(split) for path, split in dataset.splits.tables.items()},
        "prefix": {path: literal(naming.prefix) for path, naming in layout.namings.items()},
    }
    names = [name for name, wanted in (("split", dataset.splits.tables), ("prefix", layout.have_prefixes)) if wanted]
    of_tables = {path: [facts[name][path] for name in names] for path in layout.paths}
    path = "path" if are_several else literal(layout.paths[0])
    options = [f"{name}={_option(value)}" for name, value in layout.options.items()]
    return {
        "layout": layout,
        "outer": outer,
        "indent": f"{outer}    ",
        "table_facts": names,
        "table_items": [
            literal(path) + (f": {_tuple_of(values)}" if values else "") for path, values in of_tables.items()
        ],
        "table_arguments": [f"recordings.member({path})", *options],
    }


def _values_of_rows(dataset: DatasetDescription, layout: TablesLayout, rare: RareLabels | None) -> dict[str, Any]:
    label = of_path(layout.labels.part) if layout.labels.part else f"{cell(layout.labels.column)}.strip()"
    labels = "labels" if dataset.is_multilabel else label
    conditions = [rare.holds(labels)] if rare and not dataset.is_multilabel else []
    conditions += [f"not {labels}"] if dataset.omissions.unlabelled or (rare and not conditions) else []
    return {
        "member": member(layout, cell(layout.naming.column), may_be_missing=dataset.omissions.missing > 0),
        "label": label,
        "says_yes": says_yes,
        "and_not_rare": lambda name: f" and {rare.lacks(name)}" if rare else "",
        "left_out": " or ".join(conditions),
        "without_split": without_split(dataset, "row"),
        "marked_line": marked_line(dataset, "row"),
        "clip_arguments": clip_arguments(dataset, f"labels={labels}", split_arguments(dataset, "row")),
    }


def _values_of_events(dataset: DatasetDescription, layout: TablesLayout, times: Times) -> dict[str, Any]:
    omissions = dataset.omissions
    label = of_path(layout.labels.part) if layout.labels.part else f"{cell(layout.labels.column)}.strip()"
    filled = [layout.labels.column] if omissions.unlabelled else []
    filled += times.columns if omissions.untimed else []
    condition = " and ".join(f"{cell(column)}.strip()" for column in filled)
    return {
        **_values_of_groups_of_rows(dataset, layout),
        "event_arguments": [label, *onset_and_offset(times)],
        "comprehension": ["for row in rows", *([f"if {condition}"] if condition else [])],
        "without_split": without_split(dataset, "rows[0]"),
        "clip_arguments": clip_arguments(dataset, "events=events", split_arguments(dataset, "rows[0]"), "rows[0]"),
    }


def _values_of_groups_of_rows(dataset: DatasetDescription, layout: TablesLayout) -> dict[str, Any]:
    """What a loop over recordings needs, each with all of its rows."""
    return {
        "naming_cells": f"table[{literal(layout.naming.column)}].str.strip()",
        "member": member(layout, "cell", may_be_missing=dataset.omissions.missing > 0),
        "marked_line": marked_line(dataset, "rows[0]"),
    }


def _option(value: Any) -> str:
    """The value of an option of Tree.table as it is written in Python."""
    return f"[{', '.join(map(literal, value))}]" if isinstance(value, list) else literal(value)


def _tuple_of(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"({', '.join(values)})"


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(values)


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=False,  # noqa: S701  (what is written is Python)
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["literal"] = literal
    environment.globals |= {"call": call, "fits": fits}
    return environment
