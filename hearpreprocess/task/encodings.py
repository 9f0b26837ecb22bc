"""Names of text encodings, as those of the names in zip archives are given."""

from __future__ import annotations

import codecs

from hearpreprocess.errors import ConfigError

_ASCII = bytes(range(32, 127))
_OF_SOURCE_CODE = ("unicode-escape", "raw-unicode-escape")


def encoding_named(name: object, field: str) -> str:
    """The one name of an encoding that Python knows by several.

    `field`: what gives it, for messages. Raises ConfigError on anything but an encoding that extends ASCII.
    """
    try:
        if isinstance(name, str):
            encoding = codecs.lookup(name).name
            if encoding not in _OF_SOURCE_CODE and _ASCII.decode(encoding) == _ASCII.decode("ascii"):
                return encoding
    except (LookupError, ValueError):  # not known; not of texts; not one in which these bytes are a text
        pass
    raise ConfigError(
        f"{field}: invalid encoding {name!r}; use one that Python knows and that extends ASCII, e.g. cp437, cp932, "
        "cp1252, gbk, utf-8"
    )


def encoding_or_none(name: object, field: str) -> str | None:
    """As `encoding_named`; None if none is given."""
    return None if name is None else encoding_named(name, field)


def encoding_given(encoding: str | None) -> dict[str, str]:
    """What a source's provenance says of its encoding."""
    return {} if encoding is None else {"encoding": encoding}
