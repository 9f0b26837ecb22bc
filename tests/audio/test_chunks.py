"""Files of any chunks in any order: exactly the samples of their data, and no cut of them gives others."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hearpreprocess import audio
from hearpreprocess.errors import AudioError
from tests.audio.recordings import tags
from tests.audio.recordings.by_hand_others import (
    aiff_common,
    aiff_form,
    aiff_sound,
    caf_chunk,
    caf_data,
    caf_head,
)
from tests.audio.recordings.by_hand_riff import (
    PCM,
    PLACEHOLDERS,
    chunk,
    described,
    extensible,
    riff,
    w64,
    w64_chunk,
)
from tests.audio.recordings.encodings import pcm, signed_8
from tests.extent import IS_LONG

TRICKY = (b"data", b"fmt ", b"RIFF", b"WAVE", b"FORM", b"SSND", b"COMM", b"ID3", b"\0" * 4, b"\xff" * 4)
"""What in the body of a chunk could be taken for something else."""

names = st.sampled_from([b"LIST", b"JUNK", b"junk", b"bext", b"cue ", b"smpl", b"fact", b"id3 ", b"zzzz", b"PAD "])
bodies = st.lists(st.one_of(st.sampled_from(TRICKY), st.binary(max_size=9)), max_size=12).map(b"".join)
chunks = st.lists(st.tuples(names, bodies), max_size=4)
behind = st.one_of(st.just(b""), st.binary(max_size=40), st.sampled_from(list(tags.BEHIND.values())))
in_front = st.one_of(st.just(b""), st.integers(0, 2000).map(tags.id3v2))
lengths, channels, widths = st.integers(1, 300), st.integers(1, 3), st.sampled_from([8, 16, 24, 32])
cuts = st.floats(0, 1, exclude_max=True)


@dataclass(frozen=True)
class Written:
    """A file, its samples, and whether the size of its data is a placeholder."""

    content: bytes
    expected: np.ndarray
    is_open: bool = False


@st.composite
def waves(draw: st.DrawFn) -> Written:
    bits, count, length = draw(widths), draw(channels), draw(lengths)
    order = draw(st.sampled_from("<>")) if bits > 8 else "<"
    data, expected, _bits = pcm(bits, count, order, length)
    is_extensible = order == "<" and draw(st.booleans())
    head = extensible(PCM, count, bits) if is_extensible else described(PCM, count, bits, order)
    size = draw(st.one_of(st.none(), st.sampled_from(PLACEHOLDERS)))
    before, between, after = ([chunk(*one, order=order) for one in draw(chunks)] for _place in range(3))
    end = b"" if size is not None else b"".join(after) + draw(behind)
    whole = riff(
        *before,
        chunk(b"fmt ", head, order=order),
        *between,
        chunk(b"data", data, order=order, size=size, padded=size is None),
        form=b"RIFF" if order == "<" else b"RIFX",
        size=draw(st.sampled_from([None, 0, 0xFFFFFFFF])),
    )
    return Written(draw(in_front) + whole + end, expected, size is not None)


@st.composite
def aiffs(draw: st.DrawFn) -> Written:
    bits, count, length = draw(widths), draw(channels), draw(lengths)
    data, expected, _bits = pcm(bits, count, ">", length) if bits > 8 else signed_8(count, length)
    offset = draw(st.sampled_from([0, 0, 8, 100]))
    pieces = [aiff_common(count, bits, frames=length), aiff_sound(data, offset)]
    if draw(st.booleans()):
        pieces.reverse()
    others = [chunk(*one, order=">") for one in draw(chunks)]
    at = draw(st.integers(0, len(others)))
    middle = draw(st.integers(at, len(others)))
    whole = aiff_form(b"AIFF", *others[:at], pieces[0], *others[at:middle], pieces[1], *others[middle:])
    return Written(draw(in_front) + whole + draw(behind), expected)


@st.composite
def cafs(draw: st.DrawFn) -> Written:
    bits, count, length = draw(st.sampled_from([16, 24, 32])), draw(channels), draw(lengths)
    order = draw(st.sampled_from("<>"))
    data, expected, _bits = pcm(bits, count, order, length)
    head = caf_head(b"lpcm", 2 if order == "<" else 0, bits, count)
    before, after = ([caf_chunk(*one) for one in draw(chunks)] for _place in range(2))
    is_open = draw(st.booleans())
    end = b"" if is_open else b"".join(after) + draw(behind)
    return Written(head + b"".join(before) + caf_data(data, -1 if is_open else None) + end, expected, is_open)


@st.composite
def w64s(draw: st.DrawFn) -> Written:
    bits, count, length = draw(widths), draw(channels), draw(lengths)
    data, expected, _bits = pcm(bits, count, "<", length)
    before, between, after = ([w64_chunk(*one) for one in draw(chunks)] for _place in range(3))
    form = w64_chunk(b"fmt ", described(PCM, count, bits))
    return Written(w64(*before, form, *between, w64_chunk(b"data", data), *after) + draw(behind), expected)


@st.composite
def rf64s(draw: st.DrawFn) -> Written:
    bits, count, length = draw(widths), draw(channels), draw(lengths)
    data, expected, _bits = pcm(bits, count, "<", length)
    before, between, after = ([chunk(*one) for one in draw(chunks)] for _place in range(3))
    body = [
        *before,
        chunk(b"fmt ", described(PCM, count, bits)),
        *between,
        chunk(b"data", data, size=0xFFFFFFFF),
        *after,
    ]
    ds64 = chunk(b"ds64", struct.pack("<QQQL", 40 + len(b"".join(body)), len(data), length, 0))
    form = draw(st.sampled_from([b"RF64", b"BW64"]))
    return Written(riff(ds64, *body, form=form, size=0xFFFFFFFF) + draw(behind), expected)


def check(written: Written, cut: float) -> None:
    """The file, and what is left of it after a cut."""
    decoded = audio.decode(written.content)
    assert decoded.rate == 16000
    np.testing.assert_array_equal(decoded.samples, written.expected)
    left = written.content[: int(cut * len(written.content))]
    try:
        samples = audio.decode(left).samples
    except AudioError:
        return
    assert written.is_open or len(samples) == len(written.expected)
    np.testing.assert_array_equal(samples, written.expected[: len(samples)])


long = settings(max_examples=5000 if IS_LONG else settings.default.max_examples)


@long
@given(waves(), cuts)
def test_waves_of_any_chunks(written: Written, cut: float) -> None:
    check(written, cut)


@long
@given(st.one_of(aiffs(), cafs(), w64s(), rf64s()), cuts)
def test_others_of_any_chunks(written: Written, cut: float) -> None:
    check(written, cut)
