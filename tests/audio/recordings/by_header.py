"""Recordings that ffmpeg wrote, whose header was changed: lists of edits, positions, rates and lengths."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

from tests.audio.recordings import ogg
from tests.audio.recordings.by_ffmpeg import written
from tests.audio.recordings.case import LENGTH, RATE, Case, mono_16, signal_16

EDITS = {
    "the first 320": ((0, 320),), "from 1,600 on": ((1600, None),), "400 from 1,500": ((1500, 400),),
    "320 from 0, then 480 from 2,000": ((0, 320), (2000, 480)),
    "480 from 2,000, then 320 from 0": ((2000, 480), (0, 320)),
}  # fmt: skip
"""The first sample and the number of them, by what the list says; None: to the end."""


def cases() -> Iterator[Case]:
    """All of them."""
    for container, codec, suffix, encoder in (
        ("MP4", "ALAC", ".m4a", "alac"), ("MOV", "pcm_s16le", ".mov", "pcm_s16le"), ("MP4", "FLAC", ".mp4", "flac"),
    ):  # fmt: skip
        whole, samples = written(suffix, ("-c:a", encoder)), mono_16(signal_16())
        for oddity, edits in EDITS.items():
            expected = np.concatenate([samples[start:][:count] for start, count in edits])
            content = with_edits(whole, edits)
            yield Case("ffmpeg", container, f"{codec}, mono", f"edits: {oddity}", suffix, content, expected)
    fragments = ("-movflags", "+frag_keyframe+delay_moov", "-frag_duration", "50000")
    for codec, encoder, rate in (("AAC", "aac", RATE), ("Opus", "libopus", 48000)):
        content = written(".mp4", ("-c:a", encoder, *fragments), rate=rate)
        yield Case("ffmpeg", "MP4", codec, "fragmented, edits", ".mp4", content, open_end="fragments")
    opus = written(".opus", ("-c:a", "libopus", "-page_duration", "20000"), rate=48000)
    yield Case("ffmpeg", "Ogg", "Opus, mono", "from 20 s on", ".opus", moved(opus, 960_000), open_end="pages")
    for rate in (0, 1, 0xFFFFFFFF):
        content = with_rate(opus, rate)
        yield Case("ffmpeg", "Ogg", "Opus, mono", f"rate of {rate:,} Hz", ".opus", content, open_end="pages")
    flac = written(".flac", ())
    yield Case(
        "ffmpeg", "FLAC", "16 bits, mono", "one sample fewer in STREAMINFO", ".flac", with_total(flac, LENGTH - 1)
    )


def with_edits(content: bytes, edits: tuple[tuple[int, int | None], ...]) -> bytes:
    """An MP4 or MOV file whose samples come before its tables, with another list of edits."""
    (scale,) = struct.unpack_from(">L", content, content.index(b"mvhd") + 16)
    entries = b""
    for start, count in edits:
        played = (LENGTH - start) if count is None else count
        entries += struct.pack(">LlL", -(-played * scale // RATE), start, 1 << 16)
    at = content.index(b"elst") - 4
    (size,) = struct.unpack_from(">L", content, at)
    table = struct.pack(">L4sLL", 16 + len(entries), b"elst", 0, len(edits)) + entries
    changed = bytearray(content[:at] + table + content[at + size :])
    for name in (b"moov", b"trak", b"edts"):
        outer = content.rindex(name, 0, at) - 4
        (size_of_outer,) = struct.unpack_from(">L", content, outer)
        struct.pack_into(">L", changed, outer, size_of_outer + len(table) - size)
    return bytes(changed)


def moved(content: bytes, samples: int) -> bytes:
    """An Ogg file whose pages behind the headers are so many samples later, as in a part of a longer stream."""
    first, second, *pages = ogg.pages_of(content)
    positions = [struct.unpack("<q", page[6:14])[0] + samples for page in pages]
    later = [ogg.page_with(page, granule=position) for page, position in zip(pages, positions, strict=True)]
    return b"".join((first, second, *later))


def with_rate(content: bytes, rate: int) -> bytes:
    """An Ogg file of Opus whose header states another rate of the original."""
    first, *pages = ogg.pages_of(content)
    at = first.index(b"OpusHead") + 12
    return b"".join((ogg.page_with(first[:at] + struct.pack("<L", rate) + first[at + 4 :]), *pages))


def with_total(content: bytes, samples: int) -> bytes:
    """A FLAC file whose header declares another number of samples."""
    stated = int.from_bytes(content[21:26], "big") >> 36 << 36
    return content[:21] + (stated | samples).to_bytes(5, "big") + content[26:]
