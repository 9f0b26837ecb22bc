"""Whether a file is a page of text in place of what it should be: pages of errors, logins, warnings."""

from __future__ import annotations

from pathlib import Path

from hearpreprocess.storage import EMPTY, GZIP, bytes_text, is_markup, kind_of, name_of, start_of

_GZIP, _GZIP_SUFFIXES = ("gzip", "x-gzip"), (".gz", ".tgz")
_TEXT_SUFFIXES = frozenset(
    (".htm", ".html", ".xhtml", ".xml", ".svg", ".json", ".jsonl", ".txt", ".csv", ".tsv", ".md", ".yaml", ".lab")
)


def described(start: bytes, size: int) -> str:
    """What a file of this size is that begins with these bytes."""
    return f"{name_of(start)} ({bytes_text(size)})" if size else EMPTY.name


def encoding_reason(encoding: str) -> str:
    """What a message says of the Content-Encoding of a response; nothing if it had none."""
    if not encoding:
        return ""
    return f"; the server sent it with Content-Encoding: {encoding}, although it was asked for the file as it is"


def problem_of_encoding(path: Path, name: str, encoding: str) -> str | None:
    """What is wrong with a file to be called `name`, of which no checksum is known, that a server has encoded.

    Servers name an encoding by mistake, too: of .gz files, and of those that are none.
    """
    if encoding not in _GZIP or name.lower().endswith(_GZIP_SUFFIXES) or kind_of(start_of(path)) is not GZIP:
        return None
    return "the file is compressed"


def problem_of_page(path: Path) -> str | None:
    """What is wrong with a file whose name does not say that it is text, and that is a page of HTML or XML."""
    start = start_of(path)
    if path.suffix.lower() in _TEXT_SUFFIXES or not is_markup(start):
        return None
    return f"expected a {path.suffix or 'binary'} file, got {described(start, path.stat().st_size)}"
