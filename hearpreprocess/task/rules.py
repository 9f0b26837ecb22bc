"""Rules on single fields of what a task module says: what is wrong with a value of the right kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from hearpreprocess.storage import nearest
from hearpreprocess.task.checking import Rule
from hearpreprocess.task.values import shown, unusable_character

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
"""The pattern of the names of tasks, versions, modes and sources, which become part of file names."""

SHORTEST, LONGEST = 0.001, 1e9
"""Limits of durations in seconds: a sample at the lowest rate, 1,000 Hz; more than any corpus has."""

LONGEST_TITLE_OF_A_SOURCE = 100
"""In bytes: it is part of the names of folders in the work folder."""

GROUPS_IN_NAMES = ("fold", "group", "label")
"""The named groups of `name_pattern`."""


def name(value: str) -> str:
    """A name as a part of file names."""
    if NAME.fullmatch(value):
        return ""
    return f"{shown(value)} must consist of letters, digits, '_', '-' and '.', as it becomes part of file names"


def named(value: Mapping[str, object]) -> str:
    """A mapping from such names, to at least one thing."""
    return next((f"name {problem}" for problem in map(name, value) if problem), not_empty(value))


def among(*legal: str) -> Rule:
    """One of some texts."""

    def rule(value: str) -> str:
        return "" if value in legal else f"{shown(value)} is none of {', '.join(legal)}{nearest(value, legal)}"

    return rule


def each_among(*legal: str) -> Rule:
    """A sequence of some texts."""

    def rule(value: Collection[str]) -> str:
        return next(filter(None, map(among(*legal), value)), "")

    return rule


def not_empty(value: Collection[object]) -> str:
    """At least one."""
    return "" if value else "must name at least one"


def seconds(value: float) -> str:
    """A duration that holds a sample."""
    if SHORTEST <= value <= LONGEST:
        return ""
    return f"must be positive, from {SHORTEST:g} to {LONGEST:.0f} seconds, got {shown(value)}"


def not_negative(value: int) -> str:
    """A number of things."""
    return "" if value >= 0 else f"must not be negative, got {value}"


def counts(value: Sequence[int]) -> str:
    """Numbers of things."""
    return next(filter(None, map(not_negative, value)), "")


def sha256(value: str) -> str:
    """A sha256 in hexadecimal."""
    if re.fullmatch("[0-9a-f]{64}", value):
        return ""
    return f"must be a sha256, 64 lower-case hexadecimal digits, got {shown(value)}"


def pattern(value: str) -> str:
    """A regular expression whose named groups are known."""
    try:
        groups = re.compile(value).groupindex
    except (re.error, OverflowError, RecursionError) as error:
        return f"must be a regular expression, got {shown(value)}: {error}"
    unknown = [group for group in groups if group not in GROUPS_IN_NAMES]
    if unknown:
        return f"has the named groups {', '.join(unknown)}; expected some of {', '.join(GROUPS_IN_NAMES)}"
    return ""


def is_file(value: str) -> str:
    """The path of a file that is there."""
    return "" if _is(Path.is_file, value) else f"names no file: {shown(value)}"


def is_there(value: str) -> str:
    """The path of anything that is there."""
    return (
        "" if _is(Path.exists, value) else f"names nothing that a source can be read from: there is no {shown(value)}"
    )


def _is(test: Callable[[Path], bool], path: str) -> bool:
    try:
        return test(Path(path))
    except (OSError, ValueError):  # of a name that is too long, or that no file can have
        return False


def title(value: str) -> str:
    """A name that becomes that of a folder, or folders within each other."""
    is_usable = (
        not unusable_character(value) and "\\" not in value and not {"", ".", ".."}.intersection(value.split("/"))
    )
    if is_usable and len(value.encode()) <= LONGEST_TITLE_OF_A_SOURCE:
        return ""
    return (
        f"must be the name of a folder without control characters, of 1 to {LONGEST_TITLE_OF_A_SOURCE} bytes, "
        f"got {shown(value)}"
    )
