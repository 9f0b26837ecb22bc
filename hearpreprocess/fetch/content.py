"""What a file is by its first bytes, for those that are not what they should be: pages of errors, logins, warnings."""

from __future__ import annotations

import html
import re
from pathlib import Path

from hearpreprocess.storage import bytes_text, printable, shortened

BYTES_READ = 1 << 16
"""The start of a file that is read to describe it."""

_LONGEST_TITLE = 120
_TEXT_SUFFIXES = frozenset(
    (".htm", ".html", ".xhtml", ".xml", ".svg", ".json", ".jsonl", ".txt", ".csv", ".tsv", ".md", ".yaml", ".lab")
)
_MARKUP = re.compile(r"<(?:[!?]|[A-Za-z][\w:.-]*[\s/>])")
_TITLE = re.compile(r"<(title|h1|message)\b[^>]*>(.*?)</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


def start_of(path: Path) -> bytes:
    """The first bytes of a file."""
    with path.open("rb") as file:
        return file.read(BYTES_READ)


def page_in(start: bytes) -> str | None:
    """What page of text a file is that begins with these bytes, with its title or first line; None if it is none."""
    text = _text(start)
    if text is None:
        return None
    if _MARKUP.match(text):
        kind = (
            "an HTML page"
            if re.search(r"<(!doctype\s+html|html|head|body|title|h[1-6]|p|div|script|center)\b", text, re.IGNORECASE)
            else "XML"
        )
        title = _TITLE.search(text)
        words = html.unescape(title[2]) if title else _TAG.sub(" ", re.sub(r"<!--.*?-->|<\?.*?\?>", " ", text))
    else:
        kind = "JSON" if text[0] in "{[" else "text"
        words = text.splitlines()[0] if kind == "text" else text
    shown = shortened(printable(" ".join(_TAG.sub(" ", words).split())), _LONGEST_TITLE)
    return f'{kind}, "{shown}"' if shown else kind


def is_message(start: bytes) -> bool:
    """Whether a file that begins with these bytes is what a server answers in place of a file: HTML, XML or JSON."""
    return (page_in(start) or "").startswith(("an HTML page", "XML", "JSON"))


def described(start: bytes, size: int) -> str:
    """What a file of this size is that begins with these bytes."""
    if not size:
        return "an empty file"
    return f"{page_in(start) or f'a file that starts with {start[:8]!r}'} ({bytes_text(size)})"


def problem_of_page(path: Path) -> str | None:
    """What is wrong with a file whose name does not say that it is text, and that is a page of HTML or XML."""
    start = start_of(path)
    page = page_in(start) if path.suffix.lower() not in _TEXT_SUFFIXES else None
    is_markup = page is not None and page.startswith(("an HTML page", "XML"))
    return (
        f"expected a {path.suffix or 'binary'} file, got {described(start, path.stat().st_size)}" if is_markup else None
    )


def _text(start: bytes) -> str | None:
    """The bytes as text without blanks at its ends; None if they are not text."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if start.startswith(mark):
            text = start.decode(encoding, errors="replace")
            break
    else:
        if re.search(rb"[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]", start):
            return None
        text = start.decode("utf-8", errors="replace")
        # Bytes of another encoding, or of a character that is cut, are few in a page and many in a recording.
        if text.count("\N{REPLACEMENT CHARACTER}") > len(text) // 4:
            return None
    return text.strip("\ufeff \t\r\n\f") or None
