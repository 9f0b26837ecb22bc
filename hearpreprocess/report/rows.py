"""A finished task's row in the overview, as it is kept at the head of the task's report.

The overview is written after every task, and the manifest of a large task has 70 MB: with the rows in the reports it
reads a few kilobytes of each task.
"""

from __future__ import annotations

import dataclasses
import html
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hearpreprocess.finished import REPORT, Manifest, card
from hearpreprocess.report.statistics import Statistics

HEAD_BYTES = 1 << 16
"""The bytes of a page in which its marks must be."""

GENERATOR = b'<meta name="generator" content="hearpreprocess">'
"""The mark of our pages."""

_ROW = re.compile(rb'<meta name="hearpreprocess:row" content="([^"]*)">')


@dataclasses.dataclass(frozen=True)
class Row:
    """A finished task in the overview. `seconds`: of all clips. `is_excerpt`: made of a part of its source."""

    title: str
    clips: int
    seconds: float
    labels: int
    splits: int
    embedding_type: str
    prediction_type: str
    sample_rates: tuple[int, ...]
    licence: str
    is_synthetic: bool
    is_excerpt: bool
    is_resampled: bool

    @classmethod
    def of(cls, metadata: Mapping[str, Any], manifest: Manifest, statistics: Statistics) -> Row:
        """The row of a task with these contents; raises KeyError where they lack a fact."""
        return cls(
            title=manifest["task"],
            clips=statistics.clips,
            seconds=statistics.seconds,
            labels=len(statistics.labels),
            splits=len(statistics.splits),
            embedding_type=metadata["embedding_type"],
            prediction_type=metadata["prediction_type"],
            sample_rates=tuple(manifest["sample_rates"]),
            licence=metadata["licence"],
            is_synthetic=card.is_synthetic(metadata),
            is_excerpt=metadata["partial"],
            is_resampled="resampled_from" in metadata,
        )

    def to_text(self) -> str:
        """The row as JSON in ASCII."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)


def is_ours(path: Path) -> bool:
    """Whether a path is a page made by hearpreprocess; raises OSError where it cannot be read."""
    return path.is_file() and GENERATOR in _head_of(path)


def row_in_report(folder: Path) -> Row | None:
    """The row at the head of the report in a task's folder; None without a report that has one."""
    try:
        head = _head_of(folder / REPORT)
        found = _ROW.search(head)
        if GENERATOR not in head or found is None:
            return None
        facts = json.loads(html.unescape(found[1].decode()))
        row = Row(**{**facts, "sample_rates": tuple(facts["sample_rates"])})
        json.dumps(facts, ensure_ascii=False).encode()  # half of a surrogate pair is no text of a page
    except (OSError, ValueError, TypeError, LookupError):
        return None
    return row if _is_sound(row) else None


def _head_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _is_sound(row: Row) -> bool:
    """Whether all values are of the types that the overview shows."""
    texts = (row.title, row.embedding_type, row.prediction_type, row.licence)
    counts = (row.clips, row.labels, row.splits, *row.sample_rates)
    truths = (row.is_synthetic, row.is_excerpt, row.is_resampled)
    return (
        all(isinstance(text, str) for text in texts)
        and all(type(count) is int for count in counts)
        and all(isinstance(truth, bool) for truth in truths)
        and isinstance(row.seconds, float)
        and math.isfinite(row.seconds)
    )
