"""Cache the facts about the last few files, for the slices of one recording."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from hearpreprocess.audio.containers.content import Content

_Result = TypeVar("_Result")

MOST_REMEMBERED = 64

_REMEMBERED: dict[tuple[object, ...], Any] = {}
"""What was found, by the identity of the file and by what it is."""


def remember(content: Content, subject: str, find: Callable[[], _Result]) -> _Result:
    """The result of `find` for a file; `find` is called once for an unchanged file, and its errors are passed on."""
    if content.identity is None:
        return find()
    key = (subject, *content.identity)
    try:
        result: _Result = _REMEMBERED[key]
    except KeyError:
        result = find()
        if len(_REMEMBERED) >= MOST_REMEMBERED:
            _REMEMBERED.clear()  # at once, as several threads may be here
        _REMEMBERED[key] = result
    return result


def forget() -> None:
    """Forget all files."""
    _REMEMBERED.clear()
