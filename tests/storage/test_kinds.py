"""What a file is by its first bytes."""

from __future__ import annotations

import pytest

from hearpreprocess.storage import is_markup, is_page, is_text, kind_of, name_of


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"", "an empty file"),
        (bytes(600), "a file that begins with zeros"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "a 7z archive"),
        (b"x" * 257 + b"ustar\x0000", "a plain tar archive"),
        (b"!\0-lh5-\0", "an LHA archive"),
        (b"text" + "é".encode()[:1], 'text, "text\N{REPLACEMENT CHARACTER}"'),
        (b"<?xml version='1.0'?><Error><Message>No such key</Message></Error>", 'XML, "No such key"'),
        (b'{"detail": "moved"}', 'JSON, "{"detail": "moved"}"'),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer file"),
        (b"\x01\x02\x03", "a file that starts with b'\\x01\\x02\\x03'"),
    ],
)
def test_files_are_named_by_what_they_begin_with(start: bytes, name: str) -> None:
    assert name_of(start) == name


def test_what_is_unknown_has_no_kind() -> None:
    assert kind_of(b"\x01\x02\x03") is None
    assert not is_text(b"\x01\x02\x03")


def test_pages_are_told_from_other_texts() -> None:
    page, error, text = b"<html><p>Sign in", b'{"status": 404}', b"file,label\na.wav,dog\n"
    assert [is_markup(page), is_markup(error), is_markup(text)] == [True, False, False]
    assert [is_page(page), is_page(error), is_page(text)] == [True, True, False]
