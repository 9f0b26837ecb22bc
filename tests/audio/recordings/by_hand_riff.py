"""WAV and its kin, byte by byte: RIFF, RIFX, RF64, BW64 and Wave64, with every oddity of sizes and chunks."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterator

from tests.audio.recordings import encodings, tags
from tests.audio.recordings.case import LENGTH, RATE, Case, signal
from tests.audio.recordings.encodings import Encoded

PCM, FLOAT, ALAW, ULAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_GUID_END = bytes.fromhex("000000001000800000aa00389b71")


def described(
    form: int, channels: int, bits: int, order: str = "<", rate: int = RATE, *, block: int | None = None
) -> bytes:
    """The body of a format chunk; `block`: the bytes of a frame that it states, if not those that it has."""
    block = channels * bits // 8 if block is None else block
    return struct.pack(f"{order}HHLLHH", form, channels, rate, rate * block, block, bits)


def extensible(form: int, channels: int, bits: int, valid: int | None = None, *, block: int | None = None) -> bytes:
    """The body of a format chunk as WAVE_FORMAT_EXTENSIBLE."""
    mask = {1: 4, 2: 3}.get(channels, (1 << channels) - 1)
    more = struct.pack("<HHLH", 22, valid or bits, mask, form) + _GUID_END
    return described(EXTENSIBLE, channels, bits, block=block) + more


def chunk(name: bytes, body: bytes, *, order: str = "<", size: int | None = None, padded: bool = True) -> bytes:
    """A chunk of RIFF; `size` is what it says of itself."""
    padding = b"\0" if len(body) % 2 and padded else b""
    return name + struct.pack(f"{order}L", len(body) if size is None else size) + body + padding


def riff(*chunks: bytes, form: bytes = b"RIFF", size: int | None = None) -> bytes:
    """A file of chunks; `size` is what it says of itself."""
    body = b"WAVE" + b"".join(chunks)
    order = ">" if form == b"RIFX" else "<"
    return form + struct.pack(f"{order}L", len(body) if size is None else size) + body


def wave(encoded: Encoded, form: int = PCM, channels: int = 1) -> bytes:
    """A plain WAV file."""
    return riff(chunk(b"fmt ", described(form, channels, encoded[2])), chunk(b"data", encoded[0]))


def cases() -> Iterator[Case]:
    """All of them."""
    for container, codec, oddity, content, encoded, open_end in (
        *_codecs(), *_chunks(), *_sizes(), *_around(), *_large(), *_wave64(),
    ):  # fmt: skip
        yield Case("by hand", container, codec, oddity, ".wav", content, encoded[1], open_end)


Row = tuple[str, str, str, bytes, Encoded, str]


def _codecs() -> Iterator[Row]:
    for bits in (8, 16, 24, 32):
        for channels in (1, 2, 3):
            encoded = encodings.pcm(bits, channels)
            name = f"{bits} bits, {_CHANNELS[channels]}"
            yield "RIFF", name, "", wave(encoded, PCM, channels), encoded, ""
            head = chunk(b"fmt ", extensible(PCM, channels, bits))
            yield "RIFF", name, "EXTENSIBLE", riff(head, chunk(b"data", encoded[0])), encoded, ""
            if bits > 8:
                encoded = encodings.pcm(bits, channels, ">")
                head = chunk(b"fmt ", described(PCM, channels, bits, ">"), order=">")
                content = riff(head, chunk(b"data", encoded[0], order=">"), form=b"RIFX")
                yield "RIFX", name, "", content, encoded, ""
    for bits in (32, 64):
        for channels in (1, 2):
            encoded = encodings.floats(bits, channels)
            name = f"float {bits}, {_CHANNELS[channels]}"
            yield "RIFF", name, "", wave(encoded, FLOAT, channels), encoded, ""
            head = chunk(b"fmt ", extensible(FLOAT, channels, bits))
            yield "RIFF", name, "EXTENSIBLE", riff(head, chunk(b"data", encoded[0])), encoded, ""
    for name, form, encoded in (("mu-law", ULAW, encodings.ulaw()), ("A-law", ALAW, encodings.alaw())):
        yield "RIFF", name, "", wave(encoded, form), encoded, ""
        fact = chunk(b"fact", struct.pack("<L", LENGTH))
        head = chunk(b"fmt ", described(form, 1, 8) + b"\0\0")
        yield "RIFF", name, "fact chunk", riff(head, fact, chunk(b"data", encoded[0])), encoded, ""
    for bits, channels in ((16, 1), (16, 2), (24, 2)):
        encoded = encodings.pcm(bits, channels)
        content = riff(chunk(b"fmt ", described(PCM, channels, bits, block=0)), chunk(b"data", encoded[0]))
        yield "RIFF", f"{bits} bits, {_CHANNELS[channels]}", "blocks of 0 bytes", content, encoded, ""
    for bits, channels, block in ((24, 1, 4), (24, 2, 8), (16, 2, 2), (16, 1, 4)):
        encoded = (signal(channels) >> 8).astype("<i4").tobytes(), None, bits
        for oddity, body in (
            ("", described(PCM, channels, bits, block=block)),
            (", EXTENSIBLE", extensible(PCM, channels, bits, block=block)),
        ):
            content = riff(chunk(b"fmt ", body), chunk(b"data", encoded[0]))
            yield (
                "RIFF",
                f"{bits} bits, {_CHANNELS[channels]}",
                f"wrong blocks of {block} bytes{oddity}",
                content,
                encoded,
                "",
            )
    encoded = encodings.pcm(24)
    head = chunk(b"fmt ", extensible(PCM, 1, 24, valid=20))
    yield "RIFF", "24 bits, mono", "20 of them valid", riff(head, chunk(b"data", encoded[0])), encoded, ""


_CHANNELS = {1: "mono", 2: "stereo", 3: "three channels"}
_16, _8 = encodings.pcm(16), encodings.pcm(8)
_HEAD, _DATA = chunk(b"fmt ", described(PCM, 1, 16)), chunk(b"data", _16[0])
_INFO = chunk(b"LIST", b"INFO" + chunk(b"INAM", b"a name of odd size!"[:19]))
_CHUNKS = {
    "LIST": _INFO,
    "bext": chunk(b"bext", bytes(602)),
    "cue": chunk(b"cue ", struct.pack("<LLL4sLLL", 1, 1, 0, b"data", 0, 0, 100)),
    "fact": chunk(b"fact", struct.pack("<L", LENGTH)),
    "fact with another length": chunk(b"fact", struct.pack("<L", LENGTH + 1000)),
    "JUNK": chunk(b"JUNK", bytes(28)),
    "JUNK of 8 kB": chunk(b"JUNK", b"data" * 2048),
    "PEAK": chunk(b"PEAK", struct.pack("<LLfL", 1, 0, 0.5, 10)),
    "odd chunk": chunk(b"odd ", b"seven b"),
    "empty chunk": chunk(b"LIST", b""),
    "id3 chunk": chunk(b"id3 ", tags.id3v2(100)),
    "smpl": chunk(b"smpl", bytes(36)),
}


def _chunks() -> Iterator[Row]:
    for name, more in _CHUNKS.items():
        yield "RIFF", "16 bits, mono", f"{name} before", riff(_HEAD, more, _DATA), _16, ""
        yield "RIFF", "16 bits, mono", f"{name} behind", riff(_HEAD, _DATA, more), _16, ""
    yield "RIFF", "16 bits, mono", "JUNK before fmt", riff(_CHUNKS["JUNK of 8 kB"], _HEAD, _DATA), _16, ""
    unpadded = chunk(b"odd ", b"seven b", padded=False)
    yield "RIFF", "16 bits, mono", "odd chunk behind, no padding", riff(_HEAD, _DATA, unpadded), _16, ""
    head = chunk(b"fmt ", described(PCM, 1, 8))
    data, bare = chunk(b"data", _8[0]), chunk(b"data", _8[0], padded=False)
    yield "RIFF", "8 bits, mono", "odd data, no padding", riff(head, bare), _8, ""
    yield "RIFF", "8 bits, mono", "odd data, LIST behind", riff(head, data, _INFO), _8, ""
    yield "RIFF", "8 bits, mono", "odd data, no padding, LIST behind", riff(head, bare, _INFO), _8, ""
    longer = chunk(b"fmt ", described(PCM, 1, 16) + b"\0\0")
    yield "RIFF", "16 bits, mono", "fmt of 18 bytes", riff(longer, _DATA), _16, ""
    for count in (1, 2, 4, 5000):
        yield "RIFF", "16 bits, mono", f"{count} zeros before fmt", riff(bytes(count), _HEAD, _DATA), _16, ""
        yield "RIFF", "16 bits, mono", f"{count} zeros before data", riff(_HEAD, bytes(count), _DATA), _16, ""
    nameless = chunk(b"\0\0\0\0", b"12345678")
    yield "RIFF", "16 bits, mono", "chunk without a name before", riff(_HEAD, nameless, _DATA), _16, ""
    half = chunk(b"data", _16[0] + b"\x7f")
    yield "RIFF", "16 bits, mono", "half a sample more", riff(_HEAD, half), _16, ""


PLACEHOLDERS = (0, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0x80000024, 0xFFFFF000, 0xFFFFFFDB, 0xFFFFFFFF)


def _sizes() -> Iterator[Row]:
    for size in PLACEHOLDERS:
        data = chunk(b"data", _16[0], size=size)
        content = riff(_HEAD, data, size=min(size + 36, 0xFFFFFFFF) if size else 0)
        yield "RIFF", "16 bits, mono", f"data size {size:#x}", content, _16, "placeholder"
        content = riff(_INFO, _HEAD, chunk(b"data", _16[0][:-2], size=size), size=0xFFFFFFFF)
        shorter = (_16[0], _16[1][:-1], 16)
        yield "RIFF", "16 bits, mono", f"data size {size:#x}, LIST before", content, shorter, "placeholder"
    for size in (0, 36, 0x7FFFFFFF, 0xFFFFFFFF):
        yield "RIFF", "16 bits, mono", f"RIFF size {size:#x}", riff(_HEAD, _DATA, size=size), _16, ""
        content = riff(_HEAD, _DATA, _INFO, size=size)
        yield "RIFF", "16 bits, mono", f"RIFF size {size:#x}, LIST behind", content, _16, ""


def _around() -> Iterator[Row]:
    whole = riff(_HEAD, _DATA)
    for size in (10, 3000, 20000):
        yield "RIFF", "16 bits, mono", f"ID3 of {size} bytes before", tags.id3v2(size) + whole, _16, ""
    for oddity, more in tags.BEHIND.items():
        yield "RIFF", "16 bits, mono", oddity, whole + more, _16, ""
        yield "RIFF", "16 bits, mono", f"LIST behind, {oddity}", riff(_HEAD, _DATA, _INFO) + more, _16, ""
    yield "RIFF", "16 bits, mono", "ID3 before and behind", tags.id3v2() + whole + tags.id3v1(), _16, ""
    twice = riff(_HEAD, _DATA, _INFO) + whole
    yield "RIFF", "16 bits, mono", "another file behind", twice, _16, ""


def _large() -> Iterator[Row]:
    size = len(_16[0])
    for form in (b"RF64", b"BW64"):
        name = form.decode()
        for oddity, stated, more in (
            ("sizes in ds64", size, b""),
            ("sizes in ds64, LIST behind", size, _INFO),
            ("sizes in ds64, zeros behind", size, None),
        ):
            total = 4 + 36 + len(_HEAD) + len(_DATA) + len(more or b"")
            ds64 = chunk(b"ds64", struct.pack("<QQQL", total, stated, size // 2, 0))
            data = chunk(b"data", _16[0], size=0xFFFFFFFF)
            content = riff(ds64, _HEAD, data, more or b"", form=form, size=0xFFFFFFFF)
            yield name, "16 bits, mono", oddity, content + (bytes(4000) if more is None else b""), _16, ""
        ds64 = chunk(b"ds64", struct.pack("<QQQL", 4 + 36 + len(_HEAD) + len(_DATA), size, size // 2, 0))
        content = riff(ds64, _HEAD, _DATA, form=form, size=0xFFFFFFFF)
        yield name, "16 bits, mono", "size in data, too", content, _16, ""


_W64_RIFF = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_W64_END = bytes.fromhex("f3acd3118cd100c04f8edb8a")


def w64_chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    """A chunk of Wave64; `size` is what it says of itself."""
    guid = name + _W64_END
    whole = 24 + len(body)
    return guid + struct.pack("<Q", whole if size is None else size) + body + bytes(-whole % 8)


def w64(*chunks: bytes, size: int | None = None) -> bytes:
    """A Wave64 file of chunks."""
    body = b"wave" + _W64_END + b"".join(chunks)
    return _W64_RIFF + struct.pack("<Q", 24 + len(body) if size is None else size) + body


def _wave64() -> Iterator[Row]:
    head, data = w64_chunk(b"fmt ", described(PCM, 1, 16)), w64_chunk(b"data", _16[0])
    more = uuid.UUID("abf76256-392d-11d2-86c7-00c04f8edb8a").bytes_le + struct.pack("<Q", 24 + 16) + bytes(16)
    yield "W64", "16 bits, mono", "", w64(head, data), _16, ""
    yield "W64", "16 bits, mono", "marker before", w64(head, more, data), _16, ""
    yield "W64", "16 bits, mono", "marker behind", w64(head, data, more), _16, ""
    yield "W64", "16 bits, mono", "zeros behind", w64(head, data) + bytes(4000), _16, ""
    encoded = encodings.pcm(24, 2)
    head, data = w64_chunk(b"fmt ", described(PCM, 2, 24)), w64_chunk(b"data", encoded[0])
    yield "W64", "24 bits, stereo", "", w64(head, data), encoded, ""
