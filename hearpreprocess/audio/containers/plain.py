"""Check the declared length of formats with one header and then samples: W64, CAF, AU, NIST SPHERE and their kin."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable

from hearpreprocess.audio.containers.chunks import MOST_CHUNKS
from hearpreprocess.audio.containers.container import Container, Part
from hearpreprocess.audio.containers.content import Content
from hearpreprocess.audio.containers.sizes import check_size, is_placeholder, is_placeholder_64
from hearpreprocess.audio.containers.tags import end_of_audio
from hearpreprocess.errors import AudioError

_W64_RIFF = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_W64_GUID_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")
_W64_CHUNK = struct.Struct("<16sQ")


def w64_container(content: Content, begin: int, end: int) -> Container | None:
    """Sony Wave64: chunks whose sizes of 64 bits include their headers, and are padded to 8 bytes."""
    if content.read(begin, 16) != _W64_RIFF:
        return None
    position = begin + 40
    for _number in range(MOST_CHUNKS):
        header = content.read(position, _W64_CHUNK.size)
        if len(header) < _W64_CHUNK.size or position + _W64_CHUNK.size > end:
            break
        name, size = _W64_CHUNK.unpack(header)
        if name == b"data" + _W64_GUID_TAIL:
            if not is_placeholder_64(size):
                check_size(size - _W64_CHUNK.size, end - position - _W64_CHUNK.size)
            break
        position += -(-max(size, _W64_CHUNK.size) // 8) * 8
    return Container("W64", (Part(begin, end),))


def caf_container(content: Content, begin: int, end: int) -> Container | None:
    """Core Audio Format: chunks with sizes of 64 bits; -1 for samples up to the end; frames in the packet table."""
    if content.read(begin, 4) != b"caff":
        return None
    position, frames = begin + 8, None
    for _number in range(MOST_CHUNKS):
        header = content.read(position, 12)
        if len(header) < 12 or position + 12 > end:
            break
        name, size = struct.unpack(">4sQ", header)
        if name == b"pakt" and len(table := content.read(position + 12, 24)) == 24:
            frames = struct.unpack(">qqll", table)[1]
        if name == b"data" and is_placeholder_64(size) and size:
            end = end_of_audio(content, position, end)
            break
        if all(32 <= byte < 127 for byte in name):
            check_size(
                size, end - position - 12, "bytes of samples" if name == b"data" else f"bytes of {name.decode()!r}"
            )
        position += 12 + size
    return Container("CAF", (Part(begin, end),), frames=frames or None)


def au_container(content: Content, begin: int, end: int) -> Container | None:
    """Sun and NeXT audio."""
    head = content.read(begin, 24)
    order = {b".snd": ">", b"dns.": "<"}.get(head[:4])
    if order is None or len(head) < 24:
        return None
    offset, size = struct.unpack_from(f"{order}LL", head, 4)
    if is_placeholder(size):
        end = end_of_audio(content, begin + offset, end)
    else:
        check_size(size, end - begin - offset)
    return Container("AU", (Part(begin, end),))


_NIST_FIELD = re.compile(rb"^\s*(\w+)\s+-(?:i|s\d+)\s+(\S+)", re.MULTILINE)


def nist_container(content: Content, begin: int, end: int) -> Container | None:
    """NIST SPHERE: a header of text."""
    if content.read(begin, 7) != b"NIST_1A":
        return None
    length = content.read(begin + 8, 8).strip()
    header_bytes = int(length) if length.isdigit() else 1024
    fields = dict(_NIST_FIELD.findall(content.read(begin, min(header_bytes, 1 << 16))))
    count, channels, width = (
        int(value) if (value := fields.get(name, b"")).isdigit() else 0
        for name in (b"sample_count", b"channel_count", b"sample_n_bytes")
    )
    coding = fields.get(b"sample_coding", b"pcm")
    if b"shorten" in coding or b"wavpack" in coding or b"shortpack" in coding:
        raise AudioError(f"it is NIST SPHERE compressed as {coding.decode(errors='replace')}; unpack it with w_decode")
    check_size(count * (channels or 1) * (width or 1), end - begin - header_bytes)
    return Container("NIST", (Part(begin, end),), frames=count or None)


def voc_container(content: Content, begin: int, end: int) -> Container | None:
    """Creative Voice: blocks, the last of which is a zero byte."""
    head = content.read(begin, 26)
    if head[:19] != b"Creative Voice File" or len(head) < 26:
        return None
    position = begin + struct.unpack_from("<H", head, 20)[0]
    for _number in range(MOST_CHUNKS):
        block = content.read(position, 4)
        if not block or block[0] == 0 or position >= end:
            break
        size = int.from_bytes(block[1:4], "little")
        check_size(size, end - position - 4)
        position += 4 + size
    return Container("VOC", (Part(begin, end),))


_FIXED: dict[bytes, tuple[str, Callable[[bytes], int]]] = {
    # The frames are declared in a header of fixed length.
    b"2BIT": ("AVR", lambda head: struct.unpack_from(">L", head, 26)[0]),
    b"ALawSoundFile**\0": ("WVE", lambda head: struct.unpack_from(">L", head, 18)[0]),
}


def fixed_container(content: Content, begin: int, end: int) -> Container | None:
    """Formats that declare their frames in a header of fixed length: AVR, WVE."""
    head = content.read(begin, 64)
    for mark, (name, frames_in) in _FIXED.items():
        if head.startswith(mark) and len(head) == 64:
            return Container(name, (Part(begin, end),), frames=frames_in(head))
    return None
