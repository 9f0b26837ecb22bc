"""What a file is by its first bytes, in words for a message."""

from __future__ import annotations

FIRST_BYTES = 512
"""The bytes of a file that decide its kind."""

EMPTY, TAR, GZIP, XZ, BZIP2 = "an empty file", "a plain tar archive", "a gzip file", "an xz file", "a bzip2 file"

_KINDS = {
    b"\x1f\x8b": GZIP,
    b"PK\x03\x04": "a zip archive",
    b"PK\x05\x06": "a zip archive without files",
    b"PK\x07\x08": "a zip archive",
    b"\x28\xb5\x2f\xfd": "a zstd file",
    b"\xfd7zXZ\0": XZ,
    b"BZh": BZIP2,
    b"\x04\x22\x4d\x18": "an lz4 file",
    b"LZIP": "an lzip file",
    b"\x1f\x9d": "a file of compress",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a rar archive",
    b"%PDF-": "a PDF document",
    b"version https://git-lfs": "a pointer of Git LFS in place of the file",
}
_USTAR_AT = 257
_PAGES = (b"<!doctype", b"<html", b"<head", b"<body", b"<?xml", b"<!--")
_BLANKS = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"


def kind_of(start: bytes) -> str:
    """What a file with these first FIRST_BYTES bytes is, such as `a zip archive`; empty if it is not known."""
    if not start:
        return EMPTY
    if start[_USTAR_AT:].startswith(b"ustar"):
        return TAR
    for magic, kind in _KINDS.items():
        if start.startswith(magic):
            return kind
    if len(start) == FIRST_BYTES and not start.strip(b"\0"):
        return "a file of zeros"
    if start.removeprefix(_BOM).lstrip(_BLANKS).lower().startswith(_PAGES):
        return "a web page (HTML)"
    if _is_text(start):
        return f"a text that begins with {' '.join(start.decode(errors='replace').split())[:60]!r}"
    return ""


def _is_text(start: bytes) -> bool:
    try:
        text = start.decode()
    except UnicodeDecodeError as error:
        if len(start) < FIRST_BYTES or error.start < len(start) - 4:  # else a character is cut
            return False
        text = start[: error.start].decode()
    return all(character.isprintable() or character in "\t\r\n" for character in text)
