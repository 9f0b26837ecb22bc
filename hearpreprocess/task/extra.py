"""Extra facts of a clip that no split or label depends on: the columns that a task module adds to ours."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from hearpreprocess.task.characters import unusable_character
from hearpreprocess.task.values import LARGEST, shown

Extra = str | float | bool | None
"""A value of an extra column; a float or an int."""

NO_EXTRA: Mapping[str, Extra] = MappingProxyType({})

RESERVED = frozenset(
    (
        "audio", "clip", "duration", "end", "event_label", "events", "extra", "file", "file_name", "filename", "fold",
        "group", "label", "label_index", "label_indices", "labels", "length", "member", "name", "offset", "onset",
        "path", "rate", "recorded", "sample_rate", "samples", "sha256", "source", "split", "start",
        "start_seconds", "stop", "stop_seconds",
        "unpadded_length", "unpadded_seconds",
    )
)  # fmt: skip
"""The columns of our own tables and exports, in lower case: a column of this name in any case would be a second one."""

_NAMED = 3


def rule_of_extra(extra: Mapping[str, Extra]) -> str:
    """What is wrong with the names of a clip's extra columns, beginning with `must`; "" if nothing is."""
    problems = [f"{shown(key)}, which {problem}" for key in extra if (problem := _problem_of_key(key))]
    if len(extra) > 1 and not problems:
        spelled: dict[str, str] = {}
        for key in extra:
            if (other := spelled.setdefault(unicodedata.normalize("NFC", key).casefold(), key)) != key:
                problems.append(f"{shown(key)} beside {shown(other)}, which some programs take for the same column")
    more = f"; and {len(problems) - _NAMED:,} more" if len(problems) > _NAMED else ""
    return f"must not have the name {'; '.join(problems[:_NAMED])}{more}" if problems else ""


def extra_problems(extra: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the extra columns of a clip in a manifest, one text each."""
    if problem := rule_of_extra(extra):
        yield problem
    for key, value in extra.items():
        if not _is_value(value):
            yield f"[{shown(key)}] is {shown(value)}, expected a text, a finite number, true, false or null"


def kind_of_extra(value: Extra) -> str:
    """The kind of a value of an extra column, of which a column has one; "" for None."""
    if value is None:
        return ""
    return "bool" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"


def _problem_of_key(key: str) -> str:
    if not key:
        return "is empty; expected a text"
    if character := unusable_character(key):
        return f"has the character {character}"
    if key != key.strip():
        return "has leading or trailing blanks"
    if key.casefold() in RESERVED:
        return f"is a column of hearpreprocess's own; rename it, for example to {shown(f'{key}_in_source')}"
    return ""


def _is_value(value: Any) -> bool:
    if value is None or isinstance(value, bool | str):
        return True
    if isinstance(value, int):
        return abs(value) <= LARGEST
    return isinstance(value, float) and math.isfinite(value)
