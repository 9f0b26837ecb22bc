"""The small files of a finished task as values."""

from __future__ import annotations

import csv
import io
import json
from typing import Any


def json_object(content: bytes) -> dict[str, Any]:
    """The JSON object in a file's content.

    Raises ValueError with the reason where it is not one.
    """
    try:
        value = json.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise ValueError("is no JSON object")
    return value


def vocabulary_rows(content: bytes) -> tuple[tuple[str, str], ...]:
    """The idx and the label of each row of a label vocabulary, as they are written.

    Raises ValueError with the reason where the file is not such a table.
    """
    try:
        header, *rows = csv.reader(io.StringIO(content.decode(), newline=""), strict=True)
        if header != ["idx", "label"] or any(len(row) != 2 for row in rows):
            raise ValueError("expected the columns idx and label")
    except (ValueError, csv.Error) as error:
        raise ValueError(f"is no table: {error}") from error
    return tuple((index, label) for index, label in rows)
