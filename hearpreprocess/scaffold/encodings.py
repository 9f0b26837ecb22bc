"""The text of a table, whatever it is encoded in."""

from __future__ import annotations

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold.notes import Noted
from hearpreprocess.task import decoded, is_mostly_utf8, lines_of

_SHARE_OF_ZEROS = 0.25
"""Of the bytes of a text in UTF-16, at least: half of them are zeros in English, and fewer in other languages."""

_SHOWN = 60
_WESTERN = "cp1252"


def text_of(content: bytes) -> Noted[tuple[str, str | None]]:
    """The text in some bytes and its encoding, None for UTF-8; a note shows a line of it where that is a guess.

    Raises CorpusError where no encoding that is tried makes text of them.
    """
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):  # its byte order mark says so, which is no guess
        encoding = "utf-32" if content[2:4] == b"\0\0" else "utf-16"
        return (decoded(content, encoding), encoding), []
    guessed = _guessed(content)
    if guessed is None:
        return (decoded(content), None), []
    if guessed == _WESTERN and is_mostly_utf8(content):
        decoded(content)  # which names the line that is not in UTF-8
    try:
        text = decoded(content, guessed)
    except CorpusError:
        raise CorpusError("it is not text in UTF-8, UTF-16 or cp1252. Save it as UTF-8") from None
    line, shown = next(
        ((number, line) for number, line in lines_of(text) if not line.isascii()), next(lines_of(text), (1, ""))
    )
    shown = f"{shown[:_SHOWN]}..." if len(shown) > _SHOWN else shown
    return (text, guessed), [f"it is not in UTF-8; {guessed} is a guess, in which line {line} is {shown!r}"]


def _guessed(content: bytes) -> str | None:
    """The encoding that some bytes look like; None for UTF-8, which they are."""
    if encoding := unmarked_utf16(content):
        return encoding
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return _WESTERN
    return None


def unmarked_utf16(content: bytes) -> str:
    """The byte order of a text in UTF-16 that has no mark of it; "" where some bytes do not look like one."""
    most = _SHARE_OF_ZEROS * len(content)
    for encoding, first in (("utf-16-le", 1), ("utf-16-be", 0)):
        if 0 < most <= content[first::2].count(0) and 0 not in content[1 - first :: 2]:
            return encoding
    return ""
