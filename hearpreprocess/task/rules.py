"""Rules on single fields of what a task module says: what is wrong with a value of the right kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from hearpreprocess.storage import nearest
from hearpreprocess.task.characters import unusable_character
from hearpreprocess.task.checking import Rule
from hearpreprocess.task.values import shown

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
"""The pattern of the names of tasks, versions, modes and sources, which become part of file names."""

SHORTEST_CLIP, LONGEST_CLIP = 0.001, 86_400.0
"""Limits of a clip in seconds: a sample at the lowest rate, 1,000 Hz; a day, of which a WAV at 25 kHz has 4 GB."""

LONGEST_CAP = 1e12
"""In seconds: more than was ever recorded."""

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
        return (
            "" if value in legal else f"{shown(value)} is unknown; expected {', '.join(legal)}{nearest(value, legal)}"
        )

    return rule


def each_among(*legal: str) -> Rule:
    """A sequence of some texts."""

    def rule(value: Collection[str]) -> str:
        return next(filter(None, map(among(*legal), value)), "")

    return rule


def not_empty(value: Collection[object]) -> str:
    """At least one."""
    return "" if value else "must name at least one"


def duration(value: float) -> str:
    """The seconds of a clip."""
    if SHORTEST_CLIP <= value <= LONGEST_CLIP:
        return ""
    return f"must be positive, from {SHORTEST_CLIP:g} s to {LONGEST_CLIP:,.0f} s, got {shown(value)}"


def cap(value: float) -> str:
    """The seconds of a split."""
    return "" if 0 < value <= LONGEST_CAP else f"must be positive, up to {LONGEST_CAP:g} s, got {shown(value)}"


def not_negative(value: int) -> str:
    """A number of things."""
    return "" if value >= 0 else f"must not be negative, got {value}"


def counts(value: Sequence[int]) -> str:
    """Numbers of things."""
    return next(filter(None, map(not_negative, value)), "")


def checksum(algorithm: str, digits: int) -> Rule:
    """A checksum in hexadecimal; an empty one stands for none."""

    def rule(value: str) -> str:
        if not value or re.fullmatch(f"[0-9a-f]{{{digits}}}", value):
            return ""
        return f"{shown(value)} is not a valid {algorithm}; expected {digits} lower-case hexadecimal digits"

    return rule


def urls(value: str | Sequence[str]) -> str:
    """One address or several, of http, https or a file."""
    every = (value,) if isinstance(value, str) else value
    wrong = next((url for url in every if not _is_url(url)), None)
    if wrong is not None:
        return f"{shown(wrong)} is not an http, https or file URL"
    return "" if every else "must name at least one url"


def _is_url(text: str) -> bool:
    try:
        return urlsplit(text).scheme in ("http", "https", "file")
    except ValueError:  # of a host that cannot be
        return False


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
    return "" if _is(Path.is_file, value) else f"must be an existing file, got {shown(value)}"


def is_list_of_checksums(value: str) -> str:
    """The path of a file with a file name, a tab and a checksum in each line."""
    if not _is(Path.is_file, value):
        return f"must be an existing file, got {shown(value)}"
    try:
        lines = Path(value).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        return f"{shown(value)} cannot be read: {error}"
    wrong = next((number for number, line in enumerate(lines, 1) if line.count("\t") != 1), None)
    if wrong is None:
        return ""
    return f"{shown(value)}, line {wrong}: expected a file name, a tab and an md5, got {shown(lines[wrong - 1])}"


def is_there(value: str) -> str:
    """The path of anything that is there."""
    return "" if _is(Path.exists, value) else f"must be an existing file or directory, got {shown(value)}"


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
