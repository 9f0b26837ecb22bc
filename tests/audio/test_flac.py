"""The end of a FLAC stream, and where another one begins, without a look at every byte; what is remembered of files."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from hearpreprocess import audio
from hearpreprocess.audio.containers import Content, ends_with_last_frame, search_start
from hearpreprocess.audio.containers.flac import is_whole_frame
from hearpreprocess.audio.containers.memory import MOST_REMEMBERED, forget
from hearpreprocess.errors import AudioError

RATE, FRAMES = 16000, 400_000
NOISE = (np.random.default_rng(3).standard_normal(FRAMES) * 3000).astype(np.int16)
FADED = (NOISE * np.linspace(1, 0, FRAMES) ** 2).astype(np.int16)
SILENT = np.where(np.arange(FRAMES) < FRAMES // 2, NOISE, 0).astype(np.int16)
SIGNALS = {"noise": NOISE, "faded": FADED, "silent": SILENT, "silent first": SILENT[::-1]}
OLD = 1_500_000_000 * 10**9


def flac(samples: np.ndarray) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, RATE, format="FLAC", subtype="PCM_16")
    return file.getvalue()


WRITTEN = {name: flac(samples) for name, samples in SIGNALS.items()}


@pytest.mark.parametrize("first", SIGNALS)
@pytest.mark.parametrize("second", SIGNALS)
def test_a_stream_behind_another_one_of_the_same_length_is_found(first: str, second: str) -> None:
    content = WRITTEN[first] + WRITTEN[second]
    samples = np.concatenate([SIGNALS[first], SIGNALS[second]])
    for start, stop in ((0, 1000), (FRAMES - 500, FRAMES + 500), (2 * FRAMES - 1000, 2 * FRAMES)):
        decoded = audio.decode(content, start=start, stop=stop)
        assert decoded.samples.tolist() == samples[start:stop].tolist()
    assert audio.decode(content, duration=1.0).seconds == 2 * FRAMES / RATE == audio.probe(content).seconds


@pytest.mark.parametrize("name", SIGNALS)
def test_the_search_begins_far_on_but_within_the_first_stream(name: str) -> None:
    first = WRITTEN[name]
    both = Content(first + WRITTEN["noise"])
    start = search_start(both, 0, 4, 0, both.size)
    assert start <= len(first)
    if name == "noise":
        assert start > len(first) * 0.8
    assert ends_with_last_frame(Content(first), 0, len(first))
    assert ends_with_last_frame(Content(first + b"TAG" + bytes(125)), 0, len(first) + 128)
    assert not ends_with_last_frame(Content(first[:-1]), 0, len(first) - 1)
    assert not ends_with_last_frame(Content(first[:-1] + b"\1"), 0, len(first))


@pytest.mark.parametrize("missing", [1, 2, 100, 5000, 100_000])
def test_the_beginning_of_a_cut_recording_is_refused_too(missing: int) -> None:
    with pytest.raises(AudioError, match="truncated"):
        audio.decode(WRITTEN["noise"][:-missing], duration=1.0)


def checksum_bit_by_bit(data: bytes) -> int:
    checksum = 0
    for byte in data:
        checksum ^= byte << 8
        for _bit in range(8):
            checksum = (checksum << 1 ^ (0x8005 if checksum >> 15 else 0)) & 0xFFFF
    return checksum


@given(st.binary(max_size=300), st.integers(0, 1 << 20))
def test_the_checksum_of_a_frame_is_that_of_its_bits(data: bytes, damage: int) -> None:
    whole = data + checksum_bit_by_bit(data).to_bytes(2, "big")
    assert is_whole_frame(whole)
    damaged = (int.from_bytes(whole, "big") ^ damage).to_bytes(max(3, len(whole)), "big")
    assert is_whole_frame(damaged) == (checksum_bit_by_bit(damaged) == 0)


def written(path: Path, content: bytes, nanoseconds: int) -> Path:
    path.write_bytes(content)
    os.utime(path, ns=(nanoseconds, nanoseconds))
    return path


def test_a_file_that_is_replaced_is_another_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even with the same size, time and number; the clock is put forward, so that all of them may be remembered."""
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now + 10**10)
    forget()
    one, two = flac(NOISE[:50_000]) + flac(NOISE[:50_000]), flac(SILENT[:50_000]) + flac(NOISE[:49_000])
    length = max(len(one), len(two))
    path = written(tmp_path / "x.flac", one.ljust(length, b"\0"), OLD)
    for content, frames in ((one, 100_000), (two, 99_000), (one[: len(one) // 2], 50_000)):
        time.sleep(0.02)  # the times of a file may be no finer than the clock's ticks
        path = written(path, content.ljust(length, b"\0"), OLD)
        for _again in range(2):
            assert audio.decode(path, start=1000, stop=1010).samples.tolist() == NOISE[1000:1010].tolist()
            assert audio.probe(path).frames == frames
    time.sleep(0.02)
    with pytest.raises(AudioError):
        audio.decode(written(path, one[:-3].ljust(length, b"\1"), OLD), duration=1.0)


def test_a_file_that_was_only_just_written_is_not_remembered(tmp_path: Path) -> None:
    path = written(tmp_path / "x.flac", WRITTEN["noise"], time.time_ns())
    with Content(path) as content:
        assert content.identity is None
    with Content(WRITTEN["noise"]) as content:
        assert content.identity is None


def test_few_files_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hearpreprocess.audio.containers import memory

    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now + 10**10)
    forget()
    small = flac(NOISE[:100])
    for number in range(MOST_REMEMBERED):
        audio.decode(written(tmp_path / f"{number}.flac", small, OLD))
        assert 0 < len(memory._REMEMBERED) <= MOST_REMEMBERED
    forget()
