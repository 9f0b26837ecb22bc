"""Whether a file is a page of text in place of what it should be: pages of errors, logins, warnings."""

from __future__ import annotations

from pathlib import Path

from hearpreprocess.storage import EMPTY, bytes_text, is_markup, name_of, start_of

_TEXT_SUFFIXES = frozenset(
    (".htm", ".html", ".xhtml", ".xml", ".svg", ".json", ".jsonl", ".txt", ".csv", ".tsv", ".md", ".yaml", ".lab")
)


def described(start: bytes, size: int) -> str:
    """What a file of this size is that begins with these bytes."""
    return f"{name_of(start)} ({bytes_text(size)})" if size else EMPTY.name


def problem_of_page(path: Path) -> str | None:
    """What is wrong with a file whose name does not say that it is text, and that is a page of HTML or XML."""
    start = start_of(path)
    if path.suffix.lower() in _TEXT_SUFFIXES or not is_markup(start):
        return None
    return f"expected a {path.suffix or 'binary'} file, got {described(start, path.stat().st_size)}"
