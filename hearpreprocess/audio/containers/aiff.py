"""Find the samples in AIFF, AIFC and 8SVX files."""

from __future__ import annotations

import struct

from hearpreprocess.audio.containers.chunks import HEADER_BYTES, MOST_CHUNKS, Chunks
from hearpreprocess.audio.containers.container import Container, Part
from hearpreprocess.audio.containers.content import Content
from hearpreprocess.audio.containers.sizes import check_size, is_placeholder

FORMS = {b"AIFF": b"SSND", b"AIFC": b"SSND", b"8SVX": b"BODY", b"16SV": b"BODY"}
"""The chunk of the samples by the kind of a FORM."""

_DESCRIPTIONS = (b"COMM", b"VHDR")

_FORM_HEADER_BYTES, _OFFSET_BYTES, _MOST_DESCRIPTION_BYTES = 12, 8, 4096


def aiff_container(content: Content, begin: int, end: int) -> Container | None:
    """Walk the chunks; None where it is none, or lacks a format or samples.

    Raises AudioError where it holds less than its header declares.
    """
    head = content.read(begin, _FORM_HEADER_BYTES)
    kind = head[8:12]
    if head[:4] != b"FORM" or kind not in FORMS:
        return None
    chunks, position = Chunks(content, ">", end), begin + _FORM_HEADER_BYTES
    description, samples, is_plain = b"", None, True
    for _number in range(MOST_CHUNKS):
        if (header := chunks.header(position)) is None:
            break
        name, size = header
        start = position + HEADER_BYTES
        if name in _DESCRIPTIONS and not description:
            description = struct.pack(">4sL", name, size) + content.read(start, min(size, _MOST_DESCRIPTION_BYTES))
            description += b"\0" * (size % 2)
        elif name == FORMS[kind] and samples is None:
            offset = _OFFSET_BYTES if name == b"SSND" else 0
            skipped = int.from_bytes(content.read(start, 4), "big") if offset else 0
            size, is_unknown = _size_of_samples(chunks, start, size, offset)
            samples = (start + offset + skipped, start + size)
            is_plain = is_plain and bool(description) and not is_unknown and not skipped
        position, lacks_padding = chunks.following(start, size)
        is_plain = is_plain and not lacks_padding
        if samples and description:
            break
    if samples is None or not description:
        return None
    start, stop = samples
    if is_plain:
        return Container(kind.decode(), (Part(begin, end),))
    length = max(0, stop - start)
    body = description + struct.pack(">4sL", FORMS[kind], length + (_OFFSET_BYTES if kind in (b"AIFF", b"AIFC") else 0))
    body += bytes(_OFFSET_BYTES) if kind in (b"AIFF", b"AIFC") else b""
    version = struct.pack(">4sLL", b"FVER", 4, 0xA2805140) if kind == b"AIFC" else b""
    form = struct.pack(">4sL4s", b"FORM", min(0xFFFFFFFF, 4 + len(version) + len(body) + length), kind)
    return Container(kind.decode(), (Part(start, start + length, form + version + body),))


def _size_of_samples(chunks: Chunks, start: int, size: int, offset: int) -> tuple[int, bool]:
    """The size of the chunk of the samples in bytes, and whether that is not declared."""
    available = chunks.end - start
    is_empty = size == 0 and (available <= offset or chunks.lead_to_end(start))
    if is_placeholder(size) and not is_empty and (size == 0 or size > available):
        return available, True
    check_size(max(0, size - offset), max(0, available - offset))
    return size, False
