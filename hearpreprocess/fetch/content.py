"""Detect pages that a server sends instead of the requested file: errors, logins, warnings."""

from __future__ import annotations

from pathlib import Path

from hearpreprocess.storage import EMPTY, GZIP, bytes_text, is_markup, kind_of, name_of, start_of

_GZIP, _GZIP_SUFFIXES = ("gzip", "x-gzip"), (".gz", ".tgz")
_TEXT_SUFFIXES = frozenset(
    (".htm", ".html", ".xhtml", ".xml", ".svg", ".json", ".jsonl", ".txt", ".csv", ".tsv", ".md", ".yaml", ".lab")
)


def described(start: bytes, size: int) -> str:
    """The kind and size of a file that begins with these bytes, for a message."""
    return f"{name_of(start)} ({bytes_text(size)})" if size else EMPTY.name


def encoding_reason(encoding: str) -> str:
    """A clause for a message about the Content-Encoding of a response; empty if it had none."""
    if not encoding:
        return ""
    return f"; the server sent Content-Encoding: {encoding}, although the request was for identity"


def problem_of_encoding(path: Path, name: str, encoding: str) -> str | None:
    """The problem of a file named `name`, without a known checksum, that a server has sent with an encoding; or None.

    Some servers declare an encoding by mistake: for .gz files, and for files that are not encoded.
    """
    if encoding not in _GZIP or name.lower().endswith(_GZIP_SUFFIXES) or kind_of(start_of(path)) is not GZIP:
        return None
    return "the downloaded file is still gzip-compressed"


def problem_of_page(path: Path) -> str | None:
    """The problem of a file without a text suffix that is a page of HTML or XML; None if it has none."""
    start = start_of(path)
    if path.suffix.lower() in _TEXT_SUFFIXES or not is_markup(start):
        return None
    return f"expected a {path.suffix or 'binary'} file, got {described(start, path.stat().st_size)}"
