"""The headers of tar archives: v7, ustar, pax and GNU, as GNU tar reads them.

tarfile is not used for reading: it stops silently at a header with a wrong checksum and where an archive is truncated
between two members, reads the times in an incremental archive of GNU tar as a part of the name, and its releases differ
on damaged pax headers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

BLOCK = 512
LONGEST_HEADERS = 16 << 20
"""The largest total size, in bytes, of the headers before a member; a header with a long name has a few thousand."""

_NAME, _SIZE, _CHECKSUM, _TYPE = slice(0, 100), slice(124, 136), slice(148, 156), slice(156, 157)
_OTHER_NUMBERS = (slice(100, 108), slice(108, 116), slice(116, 124), slice(136, 148))
_MAGIC, _PREFIX, _STAR_PREFIX, _STAR_TIMES = slice(257, 263), slice(345, 500), slice(345, 476), slice(476, 500)
_ANY_MAGIC = b"ustar"
_POSIX_MAGIC = b"ustar\0"
_SPARSE_CONTINUES, _NEXT_SPARSE_CONTINUES = 482, 504

_OCTAL = re.compile(rb"\0? *([0-7]+)(?:[ \0]|$)")
_STAR_TIME = re.compile(rb"[0-7][0-7 ]{10} [0-7][0-7 ]{10} ")
_POSITIVE_256 = 0x80
_BASE_256 = (_POSITIVE_256, 0xFF)
_LARGEST = 1 << 62

_REGULAR, _FOLDERS = (b"0", b"\0", b"7"), (b"5", b"D")
_HARD_LINK, _SPARSE = b"1", b"S"
_WITHOUT_CONTENT = (_HARD_LINK, b"5")
"""These have no content, whatever size they declare. GNU tar's type D has one: a list of a directory's files."""
_PROBLEMS = {
    _HARD_LINK: "is a link",
    b"2": "is a link",
    b"3": "is a special file, such as a device",
    b"4": "is a special file, such as a device",
    b"6": "is a special file, such as a device",
    _SPARSE: "is a sparse file",
    b"M": "continues a file of another volume",
}
_PAX, _GLOBAL_PAX, _LONG_NAME, _LONG_LINK, _LABEL = (b"x", b"X"), b"g", b"L", b"K", b"V"
_SPARSE_KEYWORDS = (b"GNU.sparse.", b"SCHILY.realsize")
_BEFORE_ITS_MEMBER = "ends after the header with a long name, before its member"
_DECIDING_KEYWORDS = (b"path", b"size", b"linkpath", *_SPARSE_KEYWORDS)


class HeaderError(ValueError):
    """A header is damaged or of an unsupported kind."""


class EndMarkError(HeaderError):
    """An archive ends after a whole member, without an end mark."""


@dataclass(frozen=True)
class TarMember:
    """A member by its headers.

    `size`: of its content in bytes. `stored`: the bytes that follow in the archive, without the padding. `problem`:
    the reason why it is not a plain file, None if it is.
    """

    name: str
    size: int
    stored: int
    is_folder: bool
    problem: str | None


def is_header(block: bytes) -> bool:
    """Whether a block is a header: its checksum is right, as a sum of unsigned or (in old programs) signed bytes."""
    stated = _OCTAL.match(block[_CHECKSUM])
    if len(block) < BLOCK or stated is None:
        return False
    others = block[: _CHECKSUM.start] + block[_CHECKSUM.stop :]
    total = sum(others) + len(b" " * 8) * ord(" ")
    number = int(stated[1], 8)
    return total == number or total - 256 * sum(byte > 127 for byte in others) == number


def has_magic(block: bytes) -> bool:
    """Whether a block has the magic number of a tar header, which headers of v7 lack."""
    return block[_MAGIC].startswith(_ANY_MAGIC)


def read_member(read: Callable[[int], bytes]) -> TarMember | None:
    """The next member; None at the end mark, a block of zeros. `read` returns at most the requested number of bytes.

    Raises EndMarkError where the archive ends without a mark, and HeaderError where a header is damaged.
    """
    long_name, pax = b"", dict[bytes, bytes]()
    read_bytes = 0
    while True:
        block = read(BLOCK)
        if len(block) < BLOCK:
            if block:
                raise HeaderError("ends inside a header")
            if long_name or pax:
                raise HeaderError(_BEFORE_ITS_MEMBER)
            raise EndMarkError("no end mark")
        if block.count(0) == BLOCK:
            if long_name or pax:
                raise HeaderError(_BEFORE_ITS_MEMBER)
            return None
        if not is_header(block):
            raise HeaderError("a header has a wrong checksum")
        kind = block[_TYPE]
        if kind not in (*_PAX, _GLOBAL_PAX, _LONG_NAME, _LONG_LINK, _LABEL):
            return _member(block, kind, long_name, pax, read)
        size = _number(block[_SIZE])
        read_bytes += BLOCK + size
        if read_bytes > LONGEST_HEADERS:
            raise HeaderError(f"the headers of a member are larger than {LONGEST_HEADERS >> 20} MiB")
        padded = read(padded_size := -(-size // BLOCK) * BLOCK)
        if len(padded) < padded_size:
            raise HeaderError("ends inside a header")
        if kind == _LABEL and size:
            raise HeaderError("a volume label has content")
        if kind == _LONG_NAME:
            if not padded.strip(b"\0") or padded[size:].strip(b"\0"):
                raise HeaderError("a header has a long name that is empty or exceeds its declared size")
            long_name = padded[:size].partition(b"\0")[0]
        elif kind in _PAX:
            pax |= _pax_records(padded[:size])
        elif kind == _GLOBAL_PAX:
            deciding = [keyword for keyword in _pax_records(padded[:size]) if keyword.startswith(_DECIDING_KEYWORDS)]
            if deciding:
                raise HeaderError(f"a global header sets {deciding[0].decode()!r}")


def _member(
    block: bytes, kind: bytes, long_name: bytes, pax: dict[bytes, bytes], read: Callable[[int], bytes]
) -> TarMember:
    for field in _OTHER_NUMBERS:
        _check_number(block[field])
    if long_name and pax:
        raise HeaderError("a member has both a long name and a pax header")
    raw = pax.get(b"path") or long_name or _short_name(block)
    if not raw:
        raise HeaderError("a header has no name")
    name = raw.partition(b"\0")[0].decode("utf-8", "surrogateescape")
    size = _decimal(pax[b"size"]) if pax.get(b"size") else _number(block[_SIZE])
    problem = _PROBLEMS.get(kind)
    is_folder = kind in _FOLDERS or (kind in _REGULAR and name.endswith("/"))
    if any(keyword.startswith(_SPARSE_KEYWORDS) for keyword in pax):
        problem = _PROBLEMS[_SPARSE]
    elif problem is None and kind not in (*_REGULAR, *_FOLDERS):
        problem = f"has the unknown type {kind.decode('latin-1')!r}"
    elif is_folder and size and kind not in _FOLDERS:
        is_folder, problem = False, "is a directory with content"
    if kind == _SPARSE and block[_SPARSE_CONTINUES]:
        while (more := read(BLOCK)) and more[_NEXT_SPARSE_CONTINUES : _NEXT_SPARSE_CONTINUES + 1] not in (b"", b"\0"):
            pass
    return TarMember(name, size, 0 if kind in _WITHOUT_CONTENT else size, is_folder, problem)


def _short_name(block: bytes) -> bytes:
    """The name in a header; only POSIX headers have the first part of a long name in a prefix."""
    name = block[_NAME].partition(b"\0")[0]
    if block[_MAGIC] != _POSIX_MAGIC:
        return name
    is_star = block[_STAR_PREFIX.stop - 1] == 0 and _STAR_TIME.match(block[_STAR_TIMES])
    prefix = block[_STAR_PREFIX if is_star else _PREFIX].partition(b"\0")[0]
    return prefix + b"/" + name if prefix else name


def _number(field: bytes) -> int:
    """A number in octal digits or, as GNU tar writes it, in base 256."""
    if field[0] == _POSITIVE_256:
        number = int.from_bytes(field[1:], "big")
    elif octal := _OCTAL.match(field):
        number = int(octal[1], 8)
    elif not field.strip(b"\0"):
        number = 0
    else:
        raise HeaderError(f"invalid size {field!r} in a header")
    if number > _LARGEST:
        raise HeaderError(f"impossible size of {number:,} bytes in a header")
    return number


def _check_number(field: bytes) -> None:
    """Raise HeaderError where an unused number is invalid, as GNU tar does."""
    if field[0] not in _BASE_256 and not _OCTAL.match(field) and field.strip(b"\0"):
        raise HeaderError(f"invalid number {field!r} in a header")


def _decimal(value: bytes) -> int:
    if not re.fullmatch(rb"[0-9]{1,18}", value):
        raise HeaderError(f"invalid size {value!r} in a pax header")
    return int(value)


def _pax_records(content: bytes) -> dict[bytes, bytes]:
    """The records of a pax header, each `LENGTH KEYWORD=VALUE` and a line break; LENGTH counts the whole record."""
    records = {}
    position = 0
    while position < len(content) and content[position]:
        space = content.find(b" ", position, position + 20)
        digits = content[position:space]
        if space < 0 or not re.fullmatch(rb"[0-9]+", digits):
            raise HeaderError("a pax header is damaged")
        end = position + int(digits)
        keyword, equals, value = content[space + 1 : end - 1].partition(b"=")
        if end > len(content) or end <= space + 1 or content[end - 1 : end] != b"\n" or not equals or not keyword:
            raise HeaderError("a pax header is damaged")
        records[keyword] = value
        position = end
    return records
