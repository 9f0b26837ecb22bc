"""The kind of a file by its first bytes, named for messages: archives, pages, and files mistaken for them."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path

from hearpreprocess.storage.wording import printable, shortened

FIRST_BYTES = 1 << 16
"""The number of first bytes that decide the kind of a file; the title of a page may be far from its start."""


@dataclass(frozen=True)
class FileKind:
    """A kind of file. `name`: with its article. `advice`: what to do where a supported archive was expected."""

    name: str
    advice: str = ""


_REPACK = "Unpack it and give the directory, or repack it as zip"
RECORDING = FileKind("a recording", "Give the directory that contains it")
_CPIO = FileKind("a cpio archive", _REPACK)
_ZSTD = FileKind("a zstd file", "Decompress it: zstd -d FILE")

EMPTY, ZEROS = FileKind("an empty file"), FileKind("a file that begins with zeros")
TAR, GZIP, XZ, BZIP2 = (
    FileKind("a plain tar archive"),
    FileKind("a gzip file"),
    FileKind("an xz file"),
    FileKind("a bzip2 file"),
)

_KINDS = {
    b"\x1f\x8b": GZIP,
    b"\xfd7zXZ\0": XZ,
    b"BZh": BZIP2,
    b"PK\x03\x04": FileKind("a zip archive"),
    b"PK\x05\x06": FileKind("a zip archive without files"),
    b"PK\x07\x08": FileKind("a zip archive"),
    b"Rar!\x1a\x07": FileKind("a rar archive"),
    b"7z\xbc\xaf\x27\x1c": FileKind("a 7z archive", f"{_REPACK}: 7z x FILE -oDIR"),
    b"\x28\xb5\x2f\xfd": _ZSTD,
    b"\x22\xb5\x2f\xfd": _ZSTD,
    b"\x04\x22\x4d\x18": FileKind("an lz4 file", "Decompress it: lz4 -d FILE"),
    b"\x5d\x00\x00": FileKind("an lzma file", "Decompress it: unlzma FILE"),
    b"LZIP": FileKind("an lzip file", "Decompress it: lzip -d FILE"),
    b"\x1f\x9d": FileKind("a compress (.Z) file", "Decompress it: uncompress FILE"),
    b"\x1f\xa0": FileKind("a compress -H (.Z) file", "Decompress it: uncompress FILE"),
    b"xar!": FileKind("a xar archive", _REPACK),
    b"MSCF": FileKind("a cabinet archive", _REPACK),
    b"ISc(": FileKind("an InstallShield cabinet archive", _REPACK),
    b"\x60\xea": FileKind("an ARJ archive", _REPACK),
    b"!<arch>\n": FileKind("an ar archive or Debian package", _REPACK),
    b"070701": _CPIO,
    b"070702": _CPIO,
    b"070707": _CPIO,
    b"\xc7\x71": _CPIO,
    b"\x71\xc7": _CPIO,
    b"RE~^": FileKind("a rar archive older than version 1.50", _REPACK),
    b"MZ": FileKind("a Windows program, perhaps a self-extracting archive", _REPACK),
    b"%PDF-": FileKind("a PDF document"),
    b"\x89HDF\r\n\x1a\n": FileKind("an HDF5 file", "Give recordings"),
    b"version https://git-lfs": FileKind("a Git LFS pointer file", "Download the file itself: git lfs pull"),
    b"RIFF": RECORDING,
    b"fLaC": RECORDING,
    b"OggS": RECORDING,
    b"ID3": RECORDING,
    b"FORM": RECORDING,
}
_LHA_AT, _LHA = 2, (b"-lh", b"-lz", b"-pm")
_TAR_AT, _TAR = 257, b"ustar"
_MANY = 512
"""So many leading zeros begin no supported file; a tar archive that begins with them is empty."""

_LONGEST_TITLE = 120
_MARKUP = re.compile(r"<(?:[!?]|[A-Za-z][\w:.-]*[\s/>])")
_HTML = re.compile(r"<(!doctype\s+html|html|head|body|title|h[1-6]|p|div|script|center)\b", re.IGNORECASE)
_TITLE = re.compile(r"<(title|h1|message)\b[^>]*>(.*?)</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_HTML_PAGE, _XML, _JSON, _PLAIN = "an HTML page", "XML", "JSON", "text"


def start_of(path: Path) -> bytes:
    """The first FIRST_BYTES bytes of a file."""
    with path.open("rb") as file:
        return file.read(FIRST_BYTES)


def kind_of(start: bytes) -> FileKind | None:
    """The kind of a file with these first FIRST_BYTES bytes; None if unknown. A text is named with its title."""
    if not start[:_MANY].strip(b"\0"):
        return ZEROS if start else EMPTY
    if start[_TAR_AT:].startswith(_TAR):
        return TAR
    for magic, kind in _KINDS.items():
        if start.startswith(magic):
            return kind
    if start[_LHA_AT:].startswith(_LHA):
        return FileKind("an LHA archive", _REPACK)
    return _kind_of_text(start)


def name_of(start: bytes) -> str:
    """The name of the kind of a file with these first bytes; if unknown, its first bytes."""
    kind = kind_of(start)
    return kind.name if kind else f"a file that starts with {start[:8]!r}"


def is_markup(start: bytes) -> bool:
    """Whether a file with these first bytes is a page of HTML or XML."""
    return _is_text_of(start, _HTML_PAGE, _XML)


def is_page(start: bytes) -> bool:
    """Whether a file with these first bytes is a page that a server sends instead of a file: HTML, XML or JSON."""
    return _is_text_of(start, _HTML_PAGE, _XML, _JSON)


def is_text(start: bytes) -> bool:
    """Whether a file with these first bytes is text of any kind."""
    return _text(start) is not None


def _is_text_of(start: bytes, *kinds: str) -> bool:
    kind = _kind_of_text(start)
    return kind is not None and kind.name.startswith(kinds)


def _kind_of_text(start: bytes) -> FileKind | None:
    text = _text(start)
    if text is None:
        return None
    if _MARKUP.match(text):
        form = _HTML_PAGE if _HTML.search(text) else _XML
        title = _TITLE.search(text)
        words = html.unescape(title[2]) if title else _TAG.sub(" ", re.sub(r"<!--.*?-->|<\?.*?\?>", " ", text))
    else:
        form = _JSON if text[0] in "{[" else _PLAIN
        words = text.splitlines()[0] if form == _PLAIN else text
    shown = shortened(printable(" ".join(_TAG.sub(" ", words).split())), _LONGEST_TITLE)
    return FileKind(f'{form}, "{shown}"' if shown else form)


def _text(start: bytes) -> str | None:
    """The bytes as text without surrounding white space; None if they are not text."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if start.startswith(mark):
            text = start.decode(encoding, errors="replace")
            break
    else:
        if re.search(rb"[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]", start):
            return None
        text = start.decode("utf-8", errors="replace")
        # Undecodable bytes (another encoding, a character cut at the end) are rare in a page and common in audio.
        if text.count("\N{REPLACEMENT CHARACTER}") > len(text) // 4:
            return None
    return text.strip("\ufeff \t\r\n\f") or None
