"""The headers of tar archives: v7, ustar, pax and GNU, as GNU tar reads them.

tarfile is not used for reading: it ends silently at a header with a wrong checksum and where an archive is cut between
two members, takes the times in an incremental archive of GNU tar for a part of the name, and its releases differ on
damaged pax headers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

BLOCK = 512
LONGEST_HEADERS = 16 << 20
"""Bytes of the headers in front of a member; a header with a long name has a few thousand."""

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
"""Whatever size they state. What GNU tar calls D has a list of a folder's files."""
_PROBLEMS = {
    _HARD_LINK: "is a link",
    b"2": "is a link",
    b"3": "is a device or another special file",
    b"4": "is a device or another special file",
    b"6": "is a device or another special file",
    _SPARSE: "is a sparse file",
    b"M": "is the rest of a file that begins in another volume",
}
_PAX, _GLOBAL_PAX, _LONG_NAME, _LONG_LINK, _LABEL = (b"x", b"X"), b"g", b"L", b"K", b"V"
_SPARSE_KEYWORDS = (b"GNU.sparse.", b"SCHILY.realsize")
_BEFORE_ITS_MEMBER = "it ends behind the header with a long name, before its member"
_DECIDING_KEYWORDS = (b"path", b"size", b"linkpath", *_SPARSE_KEYWORDS)


class HeaderError(ValueError):
    """A header is damaged, or of a kind that is not read."""


class EndMarkError(HeaderError):
    """An archive ends behind a whole member, without the mark that the end should have."""


@dataclass(frozen=True)
class TarMember:
    """A member by its headers.

    `size`: of its content in bytes. `stored`: the bytes that follow in the archive, without the padding. `problem`:
    why it is not a plain file, None if it is.
    """

    name: str
    size: int
    stored: int
    is_folder: bool
    problem: str | None


def is_header(block: bytes) -> bool:
    """Whether a block is a header: its checksum is right, counted in unsigned or, as by old programs, signed bytes."""
    stated = _OCTAL.match(block[_CHECKSUM])
    if len(block) < BLOCK or stated is None:
        return False
    others = block[: _CHECKSUM.start] + block[_CHECKSUM.stop :]
    total = sum(others) + len(b" " * 8) * ord(" ")
    number = int(stated[1], 8)
    return total == number or total - 256 * sum(byte > 127 for byte in others) == number


def has_magic(block: bytes) -> bool:
    """Whether a block is marked as a header of a tar archive, which those of v7 are not."""
    return block[_MAGIC].startswith(_ANY_MAGIC)


def read_member(read: Callable[[int], bytes]) -> TarMember | None:
    """The next member; None at the end mark, a block of zeros. `read` gives as many bytes as it is asked for, or fewer.

    Raises EndMarkError where the archive ends without a mark, and HeaderError where a header is damaged.
    """
    long_name, pax = b"", dict[bytes, bytes]()
    read_bytes = 0
    while True:
        block = read(BLOCK)
        if len(block) < BLOCK:
            if block:
                raise HeaderError("it ends inside a header")
            if long_name or pax:
                raise HeaderError(_BEFORE_ITS_MEMBER)
            raise EndMarkError("it ends without an end mark")
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
            raise HeaderError(f"what stands before one of its members is larger than {LONGEST_HEADERS >> 20} MiB")
        padded = read(padded_size := -(-size // BLOCK) * BLOCK)
        if len(padded) < padded_size:
            raise HeaderError("it ends inside a header")
        if kind == _LABEL and size:
            raise HeaderError("a volume's label has a content")
        if kind == _LONG_NAME:
            if not padded.strip(b"\0") or padded[size:].strip(b"\0"):
                raise HeaderError("a header has a long name that is empty, or goes on behind its end")
            long_name = padded[:size].partition(b"\0")[0]
        elif kind in _PAX:
            pax |= _pax_records(padded[:size])
        elif kind == _GLOBAL_PAX:
            deciding = [keyword for keyword in _pax_records(padded[:size]) if keyword.startswith(_DECIDING_KEYWORDS)]
            if deciding:
                raise HeaderError(f"a header for all members sets {deciding[0].decode()!r}")


def _member(
    block: bytes, kind: bytes, long_name: bytes, pax: dict[bytes, bytes], read: Callable[[int], bytes]
) -> TarMember:
    for field in _OTHER_NUMBERS:
        _check_number(block[field])
    if long_name and pax:
        raise HeaderError("a member has a long name and a pax header")
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
        problem = f"has the type {kind.decode('latin-1')!r}, which is not known"
    elif is_folder and size and kind not in _FOLDERS:
        is_folder, problem = False, "is a folder that has a content"
    if kind == _SPARSE and block[_SPARSE_CONTINUES]:
        while (more := read(BLOCK)) and more[_NEXT_SPARSE_CONTINUES : _NEXT_SPARSE_CONTINUES + 1] not in (b"", b"\0"):
            pass
    return TarMember(name, size, 0 if kind in _WITHOUT_CONTENT else size, is_folder, problem)


def _short_name(block: bytes) -> bytes:
    """The name in a header; only POSIX headers have the first part of a long one in a prefix."""
    name = block[_NAME].partition(b"\0")[0]
    if block[_MAGIC] != _POSIX_MAGIC:
        return name
    is_star = block[_STAR_PREFIX.stop - 1] == 0 and _STAR_TIME.match(block[_STAR_TIMES])
    prefix = block[_STAR_PREFIX if is_star else _PREFIX].partition(b"\0")[0]
    return prefix + b"/" + name if prefix else name


def _number(field: bytes) -> int:
    """A number in octal digits or, as by GNU tar, in base 256."""
    if field[0] == _POSITIVE_256:
        number = int.from_bytes(field[1:], "big")
    elif octal := _OCTAL.match(field):
        number = int(octal[1], 8)
    elif not field.strip(b"\0"):
        number = 0
    else:
        raise HeaderError(f"a header has {field!r} where a size is expected")
    if number > _LARGEST:
        raise HeaderError(f"a header has an impossible size of {number:,} bytes")
    return number


def _check_number(field: bytes) -> None:
    """Raise HeaderError where a number that is not used cannot be one, as GNU tar does."""
    if field[0] not in _BASE_256 and not _OCTAL.match(field) and field.strip(b"\0"):
        raise HeaderError(f"a header has {field!r} where a number is expected")


def _decimal(value: bytes) -> int:
    if not re.fullmatch(rb"[0-9]{1,18}", value):
        raise HeaderError(f"a pax header has {value!r} where a size is expected")
    return int(value)


def _pax_records(content: bytes) -> dict[bytes, bytes]:
    """The records of a pax header, each `LENGTH KEYWORD=VALUE` and a line break, LENGTH counting all of it."""
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
