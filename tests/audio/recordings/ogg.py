"""Ogg files whose streams end as other writers end them, page by page."""

from __future__ import annotations

import struct

_LAST = 4


def pages_of(content: bytes) -> list[bytes]:
    """The pages of an Ogg file."""
    pages, position = [], 0
    while position < len(content):
        table = content[position + 27 : position + 27 + content[position + 26]]
        pages.append(content[position : position + 27 + len(table) + sum(table)])
        position += len(pages[-1])
    return pages


def page_with(page: bytes, *, flags: int | None = None, granule: int | None = None) -> bytes:
    """A page with other flags or another position, and the checksum of that."""
    changed = bytearray(page)
    if flags is not None:
        changed[5] = flags
    if granule is not None:
        changed[6:14] = struct.pack("<q", granule)
    changed[22:26] = bytes(4)
    changed[22:26] = struct.pack("<L", _checksum(changed))
    return bytes(changed)


def _checksum(page: bytes | bytearray) -> int:
    """The checksum of RFC 3533, bit by bit."""
    remainder = 0
    for byte in page:
        remainder ^= byte << 24
        for _bit in range(8):
            remainder = (remainder << 1 ^ 0x04C11DB7 if remainder & 1 << 31 else remainder << 1) & 0xFFFFFFFF
    return remainder


def ended_otherwise(whole: bytes) -> dict[str, bytes]:
    """A file without a last page, and with an empty one: by what is odd of them."""
    *pages, last = pages_of(whole)
    bare = b"".join(pages) + page_with(last, flags=last[5] & ~_LAST)
    (granule,) = struct.unpack("<q", last[6:14])
    ends = {"no last page": b""}
    for name, table in (("without a packet", b"\0"), ("with an empty packet", b"\1\0")):
        for position in (-1, granule):
            number = struct.pack("<L", struct.unpack("<L", last[18:22])[0] + 1)
            empty = b"OggS\0\4" + bytes(8) + last[14:18] + number + bytes(4) + table
            ends[f"last page {name}, position {position}"] = page_with(empty, granule=position)
    return {oddity: bare + end for oddity, end in ends.items()}
