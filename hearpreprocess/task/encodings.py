"""Names of text encodings, as those of the names in zip archives are given."""

from __future__ import annotations

import codecs

from hearpreprocess.task.values import shown

_ASCII = bytes(range(32, 127))
_OF_SOURCE_CODE = ("unicode-escape", "raw-unicode-escape")


def encoding_named(name: str) -> str:
    """The one name of an encoding that Python knows by several; empty if it is none, or does not extend ASCII."""
    try:
        encoding = codecs.lookup(name).name
        return encoding if encoding not in _OF_SOURCE_CODE and _ASCII.decode(encoding) == _ASCII.decode() else ""
    except (LookupError, ValueError):  # not known; not of texts; not one in which these bytes are a text
        return ""


def encoding_problem(name: str) -> str:
    """What is wrong with the name of an encoding; empty if nothing is."""
    if encoding_named(name):
        return ""
    known = "cp437, cp932, cp1252, gbk and utf-8"
    return f"{shown(name)} is not a supported encoding; expected a Python codec that extends ASCII, such as {known}"


def encoding_given(encoding: str | None) -> dict[str, str]:
    """What a source's provenance says of its encoding."""
    return {} if encoding is None else {"encoding": encoding}
