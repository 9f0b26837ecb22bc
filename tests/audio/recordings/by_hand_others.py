"""AIFF, AIFF-C, AU, CAF and NIST SPHERE, byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tests.audio.recordings import encodings, tags
from tests.audio.recordings.by_hand_riff import PLACEHOLDERS
from tests.audio.recordings.case import LENGTH, RATE, Case
from tests.audio.recordings.encodings import Encoded

Row = tuple[str, str, str, str, bytes, Encoded, str]
_16 = encodings.pcm(16, order=">")
_CHANNELS = {1: "mono", 2: "stereo", 3: "three channels"}


def cases() -> Iterator[Case]:
    """All of them."""
    for container, codec, oddity, suffix, content, encoded, open_end in (*_aiff(), *_aifc(), *_au(), *_caf(), *_nist()):
        yield Case("by hand", container, codec, oddity, suffix, content, encoded[1], open_end)


def _chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    return name + struct.pack(">L", len(body) if size is None else size) + body + bytes(len(body) % 2)


def aiff_form(kind: bytes, *chunks: bytes, size: int | None = None) -> bytes:
    """An AIFF or AIFF-C file; `size` is what it says of itself."""
    body = kind + b"".join(chunks)
    return b"FORM" + struct.pack(">L", len(body) if size is None else size) + body


def _extended(rate: int) -> bytes:
    """A whole number as the 80-bit float of AIFF."""
    exponent = rate.bit_length() - 1
    return struct.pack(">HQ", 16383 + exponent, rate << (63 - exponent))


def aiff_common(channels: int, bits: int, compression: bytes = b"", frames: int = LENGTH) -> bytes:
    """The common chunk: what the samples are, and how many."""
    name = compression and compression + b"\x0dnot important"
    return _chunk(b"COMM", struct.pack(">HLH", channels, frames, bits) + _extended(RATE) + name)


def aiff_sound(data: bytes, offset: int = 0, block: int = 0, size: int | None = None) -> bytes:
    """The sound chunk, with `offset` bytes before the samples."""
    return _chunk(b"SSND", struct.pack(">LL", offset, block) + b"\x55" * offset + data, size)


def _aiff() -> Iterator[Row]:
    def row(codec: str, oddity: str, content: bytes, encoded: Encoded = _16, open_end: str = "") -> Row:
        return "AIFF", codec, oddity, ".aiff", content, encoded, open_end

    for bits in (8, 16, 24, 32):
        for channels in (1, 2, 3):
            encoded = encodings.pcm(bits, channels, ">") if bits > 8 else encodings.signed_8(channels)
            content = aiff_form(b"AIFF", aiff_common(channels, bits), aiff_sound(encoded[0]))
            yield row(f"{bits} bits, {_CHANNELS[channels]}", "", content, encoded)
    name, comm, ssnd = "16 bits, mono", aiff_common(1, 16), aiff_sound(_16[0])
    annotation, marker = _chunk(b"ANNO", b"an odd annotation"), _chunk(b"MARK", b"\0\1\0\1\0\0\0\1\5first\0")
    whole = aiff_form(b"AIFF", comm, ssnd)
    yield row(name, "SSND offset of 8", aiff_form(b"AIFF", comm, aiff_sound(_16[0], 8, 0)))
    yield row(name, "SSND offset of 100, blocks of 512", aiff_form(b"AIFF", comm, aiff_sound(_16[0], 100, 512)))
    yield row(name, "SSND before COMM", aiff_form(b"AIFF", ssnd, comm))
    yield row(name, "ANNO before", aiff_form(b"AIFF", annotation, comm, ssnd))
    yield row(name, "ANNO between", aiff_form(b"AIFF", comm, annotation, ssnd))
    yield row(name, "ANNO and MARK behind", aiff_form(b"AIFF", comm, ssnd, annotation, marker))
    yield row(name, "ID3 chunk behind", aiff_form(b"AIFF", comm, ssnd, _chunk(b"ID3 ", tags.id3v2(100))))
    yield row(name, "ID3 before", tags.id3v2(3000) + whole)
    yield row(name, "data longer than the frames", aiff_form(b"AIFF", comm, aiff_sound(_16[0] + bytes(100))))
    for oddity, more in tags.BEHIND.items():
        yield row(name, oddity, whole + more)
    for size in (0, 0xFFFFFFFF):
        yield row(name, f"FORM size {size:#x}", aiff_form(b"AIFF", comm, ssnd, size=size))
    for size in (0, 0xFFFFFFFF):
        content = aiff_form(b"AIFF", comm, aiff_sound(_16[0], size=size), size=size)
        yield row(name, f"SSND size {size:#x}", content)
    for oddity, more in (("", b""), (", ANNO behind", annotation)):
        content = aiff_form(b"AIFF", comm, aiff_sound(_16[0], size=len(_16[0])), more)
        yield row(name, f"SSND size without its fields{oddity}", content)
    encoded = encodings.signed_8()
    yield row(
        "8 bits, mono",
        "odd data, ANNO behind",
        aiff_form(b"AIFF", aiff_common(1, 8), aiff_sound(encoded[0]), annotation),
        encoded,
    )


def _aifc() -> Iterator[Row]:
    version = _chunk(b"FVER", struct.pack(">L", 0xA2805140))
    kinds: list[tuple[str, bytes, int, int, Encoded]] = [
        ("sowt, 16 bits, mono", b"sowt", 1, 16, encodings.pcm(16)),
        ("sowt, 16 bits, stereo", b"sowt", 2, 16, encodings.pcm(16, 2)),
        ("sowt, 24 bits, stereo", b"sowt", 2, 24, encodings.pcm(24, 2)),
        ("NONE, 16 bits, mono", b"NONE", 1, 16, _16),
        ("NONE, 24 bits, mono", b"NONE", 1, 24, encodings.pcm(24, order=">")),
        ("twos, 16 bits, mono", b"twos", 1, 16, _16),
        ("raw, 8 bits, mono", b"raw ", 1, 8, encodings.pcm(8)),
        ("fl32, mono", b"fl32", 1, 32, encodings.floats(32, order=">")),
        ("FL32, stereo", b"FL32", 2, 32, encodings.floats(32, 2, ">")),
        ("fl64, mono", b"fl64", 1, 64, encodings.floats(64, order=">")),
        ("mu-law, mono", b"ulaw", 1, 16, encodings.ulaw()),
        ("A-law, mono", b"alaw", 1, 16, encodings.alaw()),
    ]
    for name, kind, channels, bits, encoded in kinds:
        content = aiff_form(b"AIFC", version, aiff_common(channels, bits, kind), aiff_sound(encoded[0]))
        yield "AIFF-C", name, "", ".aifc", content, encoded, ""
    content = aiff_form(
        b"AIFC", version, aiff_common(1, 16, b"sowt"), aiff_sound(encodings.pcm(16)[0], 16, 0), _chunk(b"ANNO", b"odd")
    )
    yield "AIFF-C", "sowt, 16 bits, mono", "SSND offset, ANNO behind", ".aifc", content, encodings.pcm(16), ""


def _au() -> Iterator[Row]:
    def sound(data: bytes, code: int, channels: int, *, note: bytes = bytes(4), size: int | None = None) -> bytes:
        head = struct.pack(">LLLLL", 24 + len(note), len(data) if size is None else size, code, RATE, channels)
        return b".snd" + head + note + data

    kinds: list[tuple[str, int, int, Encoded]] = [
        ("8 bits, mono", 2, 1, encodings.signed_8()),
        ("16 bits, mono", 3, 1, _16),
        ("16 bits, stereo", 3, 2, encodings.pcm(16, 2, ">")),
        ("24 bits, mono", 4, 1, encodings.pcm(24, order=">")),
        ("24 bits, stereo", 4, 2, encodings.pcm(24, 2, ">")),
        ("32 bits, mono", 5, 1, encodings.pcm(32, order=">")),
        ("float 32, stereo", 6, 2, encodings.floats(32, 2, ">")),
        ("float 64, mono", 7, 1, encodings.floats(64, order=">")),
        ("mu-law, mono", 1, 1, encodings.ulaw()),
        ("A-law, mono", 27, 1, encodings.alaw()),
    ]
    for name, code, channels, encoded in kinds:
        yield "AU", name, "", ".au", sound(encoded[0], code, channels), encoded, ""
        content = sound(encoded[0], code, channels, size=0xFFFFFFFF)
        yield "AU", name, "size 0xffffffff", ".au", content, encoded, "placeholder"
    for size in PLACEHOLDERS[:-1]:
        content = sound(_16[0], 3, 1, size=size)
        yield "AU", "16 bits, mono", f"size {size:#x}", ".au", content, _16, "placeholder"
    note = b"an annotation " * 500
    yield "AU", "16 bits, mono", "long annotation", ".au", sound(_16[0], 3, 1, note=note), _16, ""
    content = sound(_16[0], 3, 1, note=note, size=0xFFFFFFFF)
    yield "AU", "16 bits, mono", "long annotation, size 0xffffffff", ".au", content, _16, "placeholder"
    yield "AU", "16 bits, mono", "no annotation", ".au", sound(_16[0], 3, 1, note=b""), _16, ""
    for oddity, more in tags.BEHIND.items():
        yield "AU", "16 bits, mono", oddity, ".au", sound(_16[0], 3, 1) + more, _16, ""
    little = encodings.pcm(16)
    head = b"dns." + struct.pack("<LLLLL", 28, len(little[0]), 3, RATE, 1) + bytes(4)
    yield "AU", "16 bits, mono", "little-endian", ".au", head + little[0], little, ""
    for size in PLACEHOLDERS:
        content = head[:8] + struct.pack("<L", size) + head[12:] + little[0]
        yield "AU", "16 bits, mono", f"little-endian, size {size:#x}", ".au", content, little, "placeholder"


def caf_chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    """A chunk of CAF; `size` is what it says of itself."""
    return name + struct.pack(">q", len(body) if size is None else size) + body


def caf_head(kind: bytes, flags: int, bits: int, channels: int) -> bytes:
    """The beginning of a CAF file, with its description."""
    block = channels * bits // 8
    body = struct.pack(">d4sLLLLL", RATE, kind, flags, block, 1, channels, bits)
    return b"caff\0\1\0\0" + caf_chunk(b"desc", body)


def caf_data(data: bytes, size: int | None = None) -> bytes:
    """The data chunk, with its number of edits."""
    return caf_chunk(b"data", bytes(4) + data, size)


def _caf() -> Iterator[Row]:
    big, little = _16, encodings.pcm(16)
    kinds: list[tuple[str, bytes, int, int, int, Encoded]] = [
        ("16 bits, mono", b"lpcm", 0, 16, 1, big),
        ("16 bits, stereo", b"lpcm", 0, 16, 2, encodings.pcm(16, 2, ">")),
        ("16 bits little-endian, mono", b"lpcm", 2, 16, 1, little),
        ("24 bits, stereo", b"lpcm", 0, 24, 2, encodings.pcm(24, 2, ">")),
        ("float 32 little-endian, mono", b"lpcm", 3, 32, 1, encodings.floats(32)),
        ("float 64, mono", b"lpcm", 1, 64, 1, encodings.floats(64, order=">")),
        ("mu-law, mono", b"ulaw", 0, 8, 1, encodings.ulaw()),
        ("A-law, mono", b"alaw", 0, 8, 1, encodings.alaw()),
    ]
    for name, kind, flags, bits, channels, encoded in kinds:
        yield "CAF", name, "", ".caf", caf_head(kind, flags, bits, channels) + caf_data(encoded[0]), encoded, ""
    head, name = caf_head(b"lpcm", 0, 16, 1), "16 bits, mono"
    free, info = caf_chunk(b"free", bytes(999)), caf_chunk(b"info", struct.pack(">L", 1) + b"title\0name\0")
    for size in (-1, 0, (1 << 63) - 1):
        yield "CAF", name, f"data size {size}", ".caf", head + caf_data(big[0], size), big, "placeholder"
    yield "CAF", name, "free before, data size -1", ".caf", head + free + caf_data(big[0], -1), big, "placeholder"
    yield "CAF", name, "free and info before", ".caf", head + free + info + caf_data(big[0]), big, ""
    yield "CAF", name, "info behind", ".caf", head + caf_data(big[0]) + info, big, ""
    for oddity, more in tags.BEHIND.items():
        yield "CAF", name, oddity, ".caf", head + caf_data(big[0]) + more, big, ""


def _nist() -> Iterator[Row]:
    def sound(encoded: Encoded, order: str, coding: str = "pcm", more: str = "", size: int = 1024) -> bytes:
        width = encoded[2] // 8
        channels = len(encoded[0]) // (LENGTH * width)
        head = (
            f"NIST_1A\n{size:7d}\n{more}channel_count -i {channels}\nsample_rate -i {RATE}\nsample_n_bytes -i {width}\n"
            f"sample_count -i {LENGTH}\nsample_byte_format -s{len(order)} {order}\n"
            f"sample_coding -s{len(coding)} {coding}\nsample_sig_bits -i {encoded[2]}\nend_head\n"
        )
        return head.encode().ljust(size, b" ") + encoded[0]

    little = encodings.pcm(16)
    yield "NIST", "16 bits, mono", "little-endian", ".sph", sound(little, "01"), little, ""
    yield "NIST", "16 bits, mono", "big-endian", ".sph", sound(_16, "10"), _16, ""
    stereo = encodings.pcm(16, 2)
    yield "NIST", "16 bits, stereo", "little-endian", ".sph", sound(stereo, "01"), stereo, ""
    encoded = encodings.ulaw()
    yield "NIST", "mu-law, mono", "", ".sph", sound(encoded, "1", "ulaw"), encoded, ""
    more = "".join(f"utterance_{number} -s4 word\n" for number in range(60))
    yield (
        "NIST",
        "16 bits, mono",
        "header of 2,048 bytes",
        ".sph",
        sound(little, "01", more=more, size=2048),
        little,
        "",
    )
    for oddity in ("ID3v1 behind", "zeros behind"):
        yield "NIST", "16 bits, mono", oddity, ".sph", sound(little, "01") + tags.BEHIND[oddity], little, ""
