"""What programs put before or behind a recording: tags of several kinds."""

from __future__ import annotations

import struct


def _synchsafe(size: int) -> bytes:
    return bytes(size >> shift & 127 for shift in (21, 14, 7, 0))


def id3v2(size: int = 3000) -> bytes:
    """An ID3v2.4 tag with `size` bytes of padding."""
    return b"ID3\x04\0\0" + _synchsafe(size) + bytes(size)


def id3v2_with_footer() -> bytes:
    """An ID3v2.4 tag for the end of a file."""
    frame = b"TIT2" + _synchsafe(5) + b"\0\0" + b"\x03word"
    return b"ID3\x04\0\x10" + _synchsafe(len(frame)) + frame + b"3DI\x04\0\x10" + _synchsafe(len(frame))


def id3v1() -> bytes:
    """The 128 bytes of an ID3v1 tag."""
    return b"TAG" + b"title".ljust(30, b"\0") + b"artist".ljust(30, b"\0") + bytes(64) + b"\xff"


def apev2() -> bytes:
    """An APEv2 tag of one item."""
    item = struct.pack("<LL", 4, 0) + b"Title\0" + b"word"
    edge = b"APETAGEX" + struct.pack("<LLL", 2000, len(item) + 32, 1)
    return edge + struct.pack("<L", 0xA0000000) + bytes(8) + item + edge + struct.pack("<L", 0x80000000) + bytes(8)


def lyrics3() -> bytes:
    """A Lyrics3v2 block and the ID3v1 tag that has to follow it."""
    body = b"LYRICSBEGIN" + b"IND0000200" + b"LYR00010aaaaaaaaaa"
    return body + b"%06d" % len(body) + b"LYRICS200" + id3v1()


BEHIND = {
    "ID3v1 behind": id3v1(),
    "ID3v2 behind": id3v2_with_footer(),
    "APEv2 behind": apev2(),
    "Lyrics3 behind": lyrics3(),
    "zeros behind": bytes(5000),
    "text behind": b"This is not audio.\n" * 50,
}
"""What may follow a recording of any format, by oddity."""
