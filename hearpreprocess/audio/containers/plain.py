"""Check the declared length of formats with one header and then samples, such as W64, CAF, AU and NIST SPHERE."""

from __future__ import annotations

import functools
import re
import struct

from hearpreprocess.audio.containers.chunks import MOST_CHUNKS
from hearpreprocess.audio.containers.container import Container, EncodedStream
from hearpreprocess.audio.containers.content import Content
from hearpreprocess.audio.containers.sizes import check_size, is_placeholder, is_placeholder_64
from hearpreprocess.audio.containers.tags import end_of_audio
from hearpreprocess.errors import AudioError

_W64_RIFF = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_W64_GUID_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")
_MOST_DESCRIPTION_BYTES = 4096

_UNKNOWN_32 = (1 << 32) - 1

_W64_CHUNK = struct.Struct("<16sQ")


def w64_container(content: Content, begin: int, end: int) -> Container | None:
    """Sony Wave64: chunks whose sizes of 64 bits include their headers, and are padded to 8 bytes."""
    if content.read(begin, 16) != _W64_RIFF:
        return None
    position, description = begin + 40, b""
    for _number in range(MOST_CHUNKS):
        header = content.read(position, _W64_CHUNK.size)
        if len(header) < _W64_CHUNK.size or position + _W64_CHUNK.size > end:
            break
        name, size = _W64_CHUNK.unpack(header)
        start = position + _W64_CHUNK.size
        if name == b"fmt " + _W64_GUID_TAIL:
            description = content.read(position, -(-min(size, _MOST_DESCRIPTION_BYTES) // 8) * 8)
        if name == b"data" + _W64_GUID_TAIL:
            if is_placeholder_64(size):
                end = end_of_audio(content, start, end)
            else:
                check_size(size - _W64_CHUNK.size, end - start)
                end = max(start, position + size)
            # libsndfile takes the padding and what follows for samples: it gets a file that ends with them.
            head = content.read(begin, 16) + struct.pack("<Q", end - begin)
            head += content.read(begin + 24, position - begin - 8) + struct.pack("<Q", end - position)
            is_exact = end == content.size and content.read(begin, len(head)) == head and begin == 0
            alone = content.read(begin, 16) + struct.pack("<Q", 64 + len(description) + end - start)
            alone += content.read(begin + 24, 16) + description + name + struct.pack("<Q", end - position)
            exact = functools.partial(EncodedStream, start, end, alone) if description else None
            return Container(
                "W64", (EncodedStream(begin, end) if is_exact else EncodedStream(start, end, head),), exact=exact
            )
        position += -(-max(size, _W64_CHUNK.size) // 8) * 8
    return Container("W64", (EncodedStream(begin, end),))


_CAF_CHUNKS = (b"desc", b"data", b"pakt", b"kuki", b"chan", b"info", b"free", b"strg", b"mark", b"regn", b"uuid")


def caf_container(content: Content, begin: int, end: int) -> Container | None:
    """Core Audio Format: chunks with sizes of 64 bits; -1 for samples up to the end; frames in the packet table."""
    if content.read(begin, 4) != b"caff":
        return None
    position, frames, delay, header, stop, has_samples = begin + 8, None, 0, b"", end, False
    description, samples = b"", None
    for _number in range(MOST_CHUNKS):
        chunk = content.read(position, 12)
        is_named = chunk[:4] in _CAF_CHUNKS or (not has_samples and all(32 <= byte < 127 for byte in chunk[:4]))
        if len(chunk) < 12 or position + 12 > end or not is_named:
            break
        name, size = struct.unpack(">4sQ", chunk)
        if name == b"pakt" and len(table := content.read(position + 12, 24)) == 24:
            _packets, frames, delay, _rest = struct.unpack(">qqll", table)
        if name == b"desc":
            description = (
                content.read(begin, 8) + chunk + content.read(position + 12, min(size, _MOST_DESCRIPTION_BYTES))
            )
        # A size of 0 is one as well, unless another chunk follows: the number of edits alone has 4 bytes.
        is_unknown = is_placeholder_64(size) and not (size == 0 and content.read(position + 12, 4) in _CAF_CHUNKS)
        if name == b"data" and not has_samples:
            length = end_of_audio(content, position, end) - position - 12 if is_unknown else size
            alone = description + struct.pack(">4sQ", name, length)
            samples = (
                functools.partial(EncodedStream, position + 12, position + 12 + length, alone) if description else None
            )
        if name == b"data" and is_unknown:
            stop = end_of_audio(content, position, end)
            header = content.read(begin, position + 4 - begin) + struct.pack(">Q", stop - position - 12)
            position += 12
            break
        has_samples = has_samples or name == b"data"
        check_size(size, end - position - 12, "bytes of samples" if name == b"data" else f"bytes of {name.decode()!r}")
        position += 12 + size
    part = EncodedStream(position, stop, header) if header else EncodedStream(begin, end)
    exact = None if frames else samples  # compressed samples need the table of their packets
    return Container("CAF", (part,), frames=frames or None, exact=exact, skipped=delay if frames else None)


def au_container(content: Content, begin: int, end: int) -> Container | None:
    """Sun and NeXT audio."""
    head = content.read(begin, 24)
    order = {b".snd": ">", b"dns.": "<"}.get(head[:4])
    if order is None or len(head) < 24:
        return None
    offset, size = struct.unpack_from(f"{order}LL", head, 4)
    if is_placeholder(size):  # libsndfile knows two placeholders alone, and takes the others for sizes
        end = end_of_audio(content, begin + offset, end)
        length = min(max(0, end - begin - offset), _UNKNOWN_32)
        return Container("AU", (EncodedStream(begin + 12, end, head[:8] + struct.pack(f"{order}L", length)),))
    check_size(size, end - begin - offset)
    return Container("AU", (EncodedStream(begin, begin + offset + size),))  # ffmpeg takes what follows for samples


_NIST_MARK, _NIST_HEADER_BYTES = b"NIST_1A\n", 1024
_NIST_FIELD = re.compile(rb"^\s*(\w+)\s+-(?:i|s\d+)\s+(\S+)", re.MULTILINE)


def nist_container(content: Content, begin: int, end: int) -> Container | None:
    """NIST SPHERE: a header of text."""
    if content.read(begin, len(_NIST_MARK)) != _NIST_MARK:
        return None
    length = content.read(begin + 8, 8).strip()
    header_bytes = int(length) if length.isdigit() else _NIST_HEADER_BYTES
    fields = dict(_NIST_FIELD.findall(content.read(begin, min(header_bytes, 1 << 16))))
    count, channels, width = (
        int(value) if (value := fields.get(name, b"")).isdigit() else 0
        for name in (b"sample_count", b"channel_count", b"sample_n_bytes")
    )
    coding = fields.get(b"sample_coding", b"pcm")
    if b"shorten" in coding or b"wavpack" in coding or b"shortpack" in coding:
        raise AudioError(
            f"unsupported encoding: NIST SPHERE with {coding.decode(errors='replace')}. Decompress it with w_decode"
        )
    start, block = begin + header_bytes, (channels or 1) * (width or 1)
    check_size(count * block, end - start)
    if count:  # libsndfile takes what follows for samples
        end = start + count * block
    part = EncodedStream(begin, end)
    text = content.read(begin, min(header_bytes, 1 << 16)).partition(b"end_head")[0]
    if header_bytes != _NIST_HEADER_BYTES and len(text) + 10 <= _NIST_HEADER_BYTES:  # libsndfile reads no other length
        header = _NIST_MARK + b"   1024\n" + text[16:] + b"end_head\n"
        part = EncodedStream(start, end, header.ljust(_NIST_HEADER_BYTES, b"\n"))
    return Container("NIST", (part,), frames=count or None)
