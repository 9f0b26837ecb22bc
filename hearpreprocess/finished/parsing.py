"""The small files of a finished task as values, the same ones on every version of Python."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NoReturn, TypeGuard

MOST_LEVELS = 50
"""The depth to which JSON may be nested; ours has five. Functions that call themselves for each level need a limit."""

MOST_DIGITS = 100
"""The digits of a JSON integer: with many more it is no floating-point number, and Python does not print it."""

_SHOWN = 3
_BRACKETS = b"[{]}"
_OTHER_BYTES = bytes(set(range(256)) - set(_BRACKETS))
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def json_object(content: bytes) -> dict[str, Any]:
    """The JSON object in a file's content.

    Raises ValueError with the reason where it is not one, or holds what readers of JSON disagree on: a key twice in an
    object, numbers that are not finite or too large, half of a surrogate pair, implausible nesting.
    """
    if not content.strip():
        raise ValueError("is not valid JSON: it is empty")
    if _levels(content) > MOST_LEVELS:
        raise ValueError(f"is not valid JSON: it is nested more than {MOST_LEVELS} levels deep")
    try:
        value = json.loads(
            content.decode(),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_no_constant,
        )
        if _SURROGATE.search(content):
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("is not valid JSON: it has half of a surrogate pair, which is not text") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"is not valid JSON: {error}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"is not valid JSON: it is not UTF-8 ({error.reason} at byte {error.start:,})") from error
    if not isinstance(value, dict):
        raise ValueError("is not a JSON object")
    return value


def _levels(content: bytes) -> int:
    """How deep JSON is nested; it may have errors."""
    # Brackets in texts are rare: without them is measured only where with them there would be too many.
    levels = _nesting(content)
    return levels if levels <= MOST_LEVELS else _nesting(_TEXT.sub(b"", content))


def _nesting(content: bytes) -> int:
    brackets = content.translate(None, _OTHER_BYTES)
    return max(accumulate(1 if bracket in b"[{" else -1 for bracket in brackets), default=0)


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON.

    Raises ValueError where it has a key twice, of which Python's reader would silently take the last.
    """
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError(_repeated(pairs))
    return value


def _repeated(pairs: Sequence[tuple[str, Any]]) -> str:
    keys = [key for key, count in Counter(key for key, _value in pairs).items() if count > 1]
    values = {key: [value for each, value in pairs if each == key] for key in keys[:_SHOWN]}
    shown = [
        f"{key!r} ({'with different values' if any(value != of_key[0] for value in of_key) else 'with one value'})"
        for key, of_key in values.items()
    ]
    more = f" and {len(keys) - _SHOWN:,} more" if len(keys) > _SHOWN else ""
    return f"has a key more than once: {', '.join(shown)}{more}"


def _integer(text: str) -> int:
    if len(text) > MOST_DIGITS + text.startswith("-"):
        raise ValueError(f"has a number that is too large: {_beginning(text)}")
    return int(text)


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"has a number that is too large: {_beginning(text)}")
    return number


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"is not valid JSON: {text} is not a JSON number")


def _beginning(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:20]}..."


def vocabulary_rows(content: bytes) -> tuple[tuple[str, str], ...]:
    """The idx and the label of each row of a label vocabulary, as they are written.

    Raises ValueError with the reason where the file is not such a table.
    """
    if b"\0" in content:  # which Python 3.10 refuses, and later ones do not
        raise ValueError("is not a valid table: it has NUL bytes")
    try:
        rows = list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))
    except (ValueError, csv.Error) as error:
        raise ValueError(f"is not a valid table: {error}") from error
    if rows[:1] != [["idx", "label"]] or any(len(row) != 2 for row in rows):
        raise ValueError("is not a valid table: expected the columns idx and label")
    return tuple((index, label) for index, label in rows[1:])


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a value from JSON is a number; `true` and `false` are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_label(value: Any) -> TypeGuard[str | int]:
    """Whether a value from JSON is a label: a text or an integer."""
    return isinstance(value, str | int) and not isinstance(value, bool)


def is_valid_event(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a value from JSON is an event: a label, a start and an end that is not before it."""
    if not isinstance(value, dict) or not is_label(value.get("label")):
        return False
    start, end = value.get("start"), value.get("end")
    return is_number(start) and is_number(end) and 0 <= start <= end
