"""WAV files of many writers are read to the sample, or refused."""

from __future__ import annotations

import io
import itertools
import math
import os
import re
import struct
import tracemalloc
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from hearpreprocess import audio
from hearpreprocess.errors import AudioError

VALUES = np.random.default_rng(5).integers(-32768, 32768, 1000).astype("<i2")
PCM = VALUES.tobytes()


def chunk(name: bytes, data: bytes, size: int | None = None, *, pad: bool = True) -> bytes:
    return name + struct.pack("<L", len(data) if size is None else size) + data + b"\0" * (len(data) % 2 and pad)


def described(channels: int = 1, bits: int = 16, code: int = 1, rate: int = 16000) -> bytes:
    block = channels * bits // 8
    return chunk(b"fmt ", struct.pack("<HHLLHH", code, channels, rate, rate * block, block, bits))


def extensible(channels: int = 1) -> bytes:
    tail = struct.pack("<HHL", 22, 16, 4) + b"\1\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"
    block = 2 * channels
    return chunk(b"fmt ", struct.pack("<HHLLHH", 0xFFFE, channels, 16000, 16000 * block, block, 16) + tail)


def riff(*chunks: bytes, size: int | None = None, name: bytes = b"RIFF") -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return name + struct.pack("<L", len(body) if size is None else size) + body


def ds64(data: int) -> bytes:
    return chunk(b"ds64", struct.pack("<QQQL", data + 100, data, data // 2, 0))


LISTED = chunk(b"LIST", b"INFOISFT" + struct.pack("<L", 14) + b"Lavf60.16.100\0")
WHOLE = {
    "plain": riff(described(), chunk(b"data", PCM)),
    "extensible": riff(extensible(), chunk(b"data", PCM)),
    "chunks before and behind": riff(LISTED, described(), chunk(b"odd ", b"abc"), chunk(b"data", PCM), LISTED),
    "an odd chunk without padding": riff(described(), chunk(b"note", b"abc", pad=False), chunk(b"data", PCM)),
    "two odd chunks without padding": riff(
        chunk(b"aaaa", b"x", pad=False), described(), chunk(b"bext", b"y" * 603, pad=False), chunk(b"data", PCM)
    ),
    "samples before the format": riff(chunk(b"data", PCM), described()),
    "a pipe of ffmpeg": riff(described(), LISTED, chunk(b"data", PCM, 0xFFFFFFFF), size=0xFFFFFFFF),
    "a pipe of sox": riff(described(), chunk(b"data", PCM, 0x7FFFF000), size=0x7FFFF024),
    "a recorder": riff(described(), chunk(b"data", PCM, 0x80000000), size=0x80000024),
    "the end of the placeholders": riff(described(), chunk(b"data", PCM, 0x80000024)),
    "no power": riff(described(), chunk(b"data", PCM, 0), size=36),
    "a pipe, and chunks behind": riff(described(), chunk(b"data", PCM, 0xFFFFFFFF), LISTED, size=0xFFFFFFFF),
    "no power, and chunks behind": riff(described(), chunk(b"data", PCM, 0), LISTED, size=0),
    "an outer size, and a tag behind": riff(described(), chunk(b"data", PCM, 0)) + b"TAG" + bytes(125),
    "RF64": riff(ds64(len(PCM)), described(), chunk(b"data", PCM, 0xFFFFFFFF), LISTED, size=0xFFFFFFFF, name=b"RF64"),
    "BW64": riff(ds64(len(PCM)), described(), chunk(b"data", PCM, 0xFFFFFFFF), LISTED, size=0xFFFFFFFF, name=b"BW64"),
    "RF64 of a pipe": riff(ds64(0), described(), chunk(b"data", PCM, 0xFFFFFFFF), size=0xFFFFFFFF, name=b"RF64"),
    "bytes behind": riff(described(), chunk(b"data", PCM)) + b"noise",
    "a wrong outer size": riff(described(), chunk(b"data", PCM), size=12),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_wav_file_of_any_writer_is_read_to_the_sample(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(WHOLE[name])
    for recording in (path, WHOLE[name]):
        read = audio.read_wav(recording)
        assert (read.rate, read.channels, read.bits, read.length) == (16000, 1, 16, 1000)
        assert read.samples.tolist() == VALUES.tolist()
        is_known = not any(word in name for word in ("pipe", "recorder", "power", "placeholders", "outer size, and"))
        assert read.declared == (1000 if is_known else None)


@pytest.mark.parametrize("before", range(9))
@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_samples_in_memory_may_begin_at_any_byte(tmp_path: Path, before: int, bits: int) -> None:
    pcm = np.random.default_rng(before).integers(0, 256, 2 * 600 * bits // 8, np.uint8).tobytes()
    content = riff(described(2, bits), chunk(b"note", bytes(before), pad=False), chunk(b"data", pcm))
    path = tmp_path / "x.wav"
    path.write_bytes(content)
    in_memory, in_file = audio.decode(content), audio.decode(path)
    assert in_memory.samples.tolist() == in_file.samples.tolist()
    for channels in (1, 2):
        content = riff(described(channels, bits), chunk(b"note", bytes(before), pad=False), chunk(b"data", pcm))
        samples = audio.decode(content).samples
        assert samples.flags.aligned
        written = tmp_path / f"{channels}.wav"
        length, sha256 = audio.write_wav(written, [samples], 16000)
        assert (length, sha256) == audio.fingerprint(samples)
        assert audio.read_wav(written).samples.tolist() == samples.tolist()


@pytest.mark.parametrize("size", [0x7FFFEFFF, 0x80000025, 0xFFFFEFFF, 2001, 4000])
def test_any_other_size_beyond_the_end_is_a_cut(size: int) -> None:
    with pytest.raises(AudioError, match=f"truncated: the header declares {size:,} bytes of samples, found 2,000"):
        audio.read_wav(riff(described(), chunk(b"data", PCM, size)))


@pytest.mark.parametrize("size", [0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0x80000024])
@pytest.mark.parametrize("form", ["WAV", "AIFF"])
def test_a_placeholder_is_no_size_of_a_longer_recording(tmp_path: Path, form: str, size: int) -> None:
    """3 GB that take no place on the disk: from a pipe, and with the size that a chunk behind it confirms."""
    head = riff(described(), b"data" + struct.pack("<L", size), size=size + 36)
    if form == "AIFF":
        common = b"COMM" + struct.pack(">LHLH", 18, 1, size // 2, 16) + b"\x40\x0e\xfa" + bytes(7)
        head = b"FORM" + struct.pack(">L", size + 46) + b"AIFF" + common + b"SSND" + struct.pack(">LLL", size + 8, 0, 0)
    path = tmp_path / "x.wav"
    path.write_bytes(head)
    os.truncate(path, 3_000_000_000)
    if form == "WAV":
        assert audio.probe(path).frames == (3_000_000_000 - len(head)) // 2
        assert audio.decode(path, start=1_499_999_970, stop=1_499_999_978).samples.tolist() == [0] * 8
        with path.open("r+b") as file:
            file.seek(len(head) + size + size % 2)
            file.write(LISTED)
            file.truncate()
        assert audio.probe(path).frames == size // 2
    elif size != 0x80000024:  # libsndfile's own limit would be another one
        assert audio.probe(path).frames == (3_000_000_000 - len(head)) // 2


@pytest.mark.parametrize("behind", [PCM, PCM[:99], bytes(100)])
def test_an_outer_size_that_was_not_kept_up_does_not_hide_samples(behind: bytes) -> None:
    content = riff(described(), chunk(b"data", PCM[:100], 0)) + behind
    for read in (audio.decode, audio.probe, audio.read_wav):
        with pytest.raises(AudioError, match=f"and 144 bytes in all, found {144 + len(behind):,}"):
            read(content)


def test_samples_that_are_none_are_not_made_of_the_chunks_behind() -> None:
    assert audio.read_wav(riff(described(), chunk(b"data", b""), LISTED)).length == 0
    assert audio.read_wav(riff(described(), chunk(b"data", b""))).length == 0


@pytest.mark.parametrize("channels", [2, 3])
def test_more_channels_are_columns(channels: int) -> None:
    read = audio.read_wav(riff(extensible(channels), chunk(b"data", PCM)))
    assert read.samples.tolist() == VALUES[: 1000 // channels * channels].reshape(-1, channels).tolist()
    assert read.length == 1000 // channels


@pytest.mark.parametrize(("subtype", "bits"), [("PCM_U8", 8), ("PCM_24", 24), ("PCM_32", 32)])
def test_other_widths_are_told_and_have_no_16_bit_samples(subtype: str, bits: int) -> None:
    file = io.BytesIO()
    soundfile.write(file, np.zeros((10, 2)), 8000, subtype=subtype, format="WAV")
    read = audio.read_wav(file.getvalue())
    assert (read.bits, read.channels, read.length, len(read.data)) == (bits, 2, 10, 20 * bits // 8)
    with pytest.raises(AudioError, match=f"expected 16-bit samples, got {bits}-bit ones"):
        _ = read.samples


def test_big_endian_samples_are_the_same_numbers() -> None:
    body = b"WAVEfmt " + struct.pack(">LHHLLHH", 16, 1, 1, 16000, 32000, 2, 16)
    body += b"data" + struct.pack(">L", len(PCM)) + VALUES.astype(">i2").tobytes()
    assert audio.read_wav(b"RIFX" + struct.pack(">L", len(body)) + body).samples.tolist() == VALUES.tolist()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a WAV file"),
        (b"RIFF", "not a WAV file"),
        (b"<html>" * 100, "not a WAV file"),
        (riff(described()), "not a WAV file"),
        (riff(chunk(b"data", PCM)), "not a WAV file"),
        (riff(described(code=3, bits=32), chunk(b"data", PCM)), "expected PCM samples, got WAV format 0x0003"),
        (riff(described(channels=0), chunk(b"data", PCM)), "0 channels of 16 bits"),
        (riff(described(bits=0), chunk(b"data", PCM)), "expected 8 bits or more, got 0"),
        (riff(described(rate=0), chunk(b"data", PCM)), "got 0 Hz"),
        (riff(chunk(b"fmt ", b"\1\0\1\0"), chunk(b"data", PCM)), "format chunk too short"),
        (WHOLE["RF64"][:-1000], "truncated"),
    ],
)
def test_what_is_no_wav_file_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(AudioError, match=message):
        audio.read_wav(content)


@pytest.mark.parametrize("name", WHOLE)
def test_the_start_of_a_wav_file_is_that_of_the_whole(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(WHOLE[name])
    for seconds, length in ((0.0, 0), (0.03, 480), (0.0625, 1000), (5.0, 1000), (math.inf, 1000)):
        start, whole = audio.read_wav_start(path, seconds)
        assert whole == 1000
        assert start.samples.tolist() == VALUES[:length].tolist()


def test_behind_the_start_nothing_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(riff(described(), chunk(b"data", PCM, 1_000_000_000), size=1_000_000_036))
    os.truncate(path, 1_000_000_044)
    tracemalloc.start()
    start, whole = audio.read_wav_start(path, 5.0)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (start.length, whole) == (80_000, 500_000_000)
    assert start.samples[:1000].tolist() == VALUES.tolist()
    assert peak < 1_000_000


@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_a_mutated_file_is_read_or_refused(name: str, data: st.DataObject) -> None:
    mutated = bytearray(WHOLE[name])
    for _number in range(data.draw(st.integers(1, 4))):
        mutated[data.draw(st.integers(0, 120))] = data.draw(st.integers(0, 255))
    content = bytes(mutated[: data.draw(st.integers(0, len(mutated)))])
    try:
        read = audio.read_wav(content)
    except AudioError as error:
        with pytest.raises(AudioError, match=re.escape(str(error))):
            audio.read_wav_start(content, 0.03)
        return
    start, length = audio.read_wav_start(content, 0.03)
    assert length == read.length
    assert (start.rate, start.channels, start.bits) == (read.rate, read.channels, read.bits)
    assert bytes(start.data) == bytes(read.data[: len(start.data)])
    assert start.length == min(length, round(0.03 * read.rate))
    assert len(read.data) <= len(content) - 44
    assert read.declared is None or read.declared == read.length


@given(st.lists(st.integers(-32768, 32767), max_size=100), st.integers(1, 4))
def test_what_the_standard_library_writes_is_read(values: list[int], channels: int) -> None:
    samples = np.array(values[: len(values) // channels * channels], "<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as recording:
        recording.setparams((channels, 2, 8000, 0, "NONE", "not compressed"))
        recording.writeframes(samples.tobytes())
    assert audio.read_wav(file.getvalue()).samples.ravel().tolist() == samples.tolist()


def test_all_samples_are_written_where_the_system_takes_a_few_bytes_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = itertools.cycle([1000, 0, 1])  # some file systems in user space take none at times
    system_write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: system_write(descriptor, content[: next(limits)]))
    assert audio.write_wav(tmp_path / "a.wav", [VALUES, VALUES[:3]], 16000)[0] == 1003
    assert audio.read_wav(tmp_path / "a.wav").samples.tolist() == [*VALUES.tolist(), *VALUES[:3].tolist()]
