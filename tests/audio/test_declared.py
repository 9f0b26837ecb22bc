"""Where a header says that a recording begins and ends, it does, to the sample; what contradicts itself is refused."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import soundfile

from hearpreprocess import audio
from hearpreprocess.errors import AudioError
from tests.audio.recordings import by_header, encodings
from tests.audio.recordings.by_ffmpeg import written
from tests.audio.recordings.by_hand_others import aiff_common, aiff_form, aiff_sound
from tests.audio.recordings.by_hand_riff import FLOAT, PCM, chunk, described, riff
from tests.audio.recordings.case import LENGTH, mono_16, signal_16

SAMPLES = mono_16(signal_16())
DATA = signal_16().astype("<i2").tobytes()
DATA_BIG = signal_16().astype(">i2").tobytes()


@pytest.mark.parametrize(("codec", "suffix"), [("pcm_s16le", ".mov"), ("alac", ".m4a")])
def test_a_list_of_edits_gives_exactly_the_samples_that_it_names(codec: str, suffix: str) -> None:
    whole = written(suffix, ("-c:a", codec))
    for edits in (((1500, 400),), ((2000, 480), (0, 320))):
        content = by_header.with_edits(whole, edits)
        expected = np.concatenate([SAMPLES[start : start + count] for start, count in edits])
        assert audio.decode(content).samples.tolist() == expected.tolist()
        assert audio.decode(content, start=100, stop=399).samples.tolist() == expected[100:399].tolist()
        assert audio.probe(content).frames == len(expected)


@pytest.mark.parametrize("options", [(), ("-movflags", "+frag_keyframe+delay_moov", "-frag_duration", "50000")])
def test_opus_in_mp4_has_no_padding_of_the_encoder(options: tuple[str, ...]) -> None:
    assert len(audio.decode(written(".mp4", ("-c:a", "libopus", *options), rate=48000)).samples) == LENGTH


def test_too_many_edits_are_refused() -> None:
    content = by_header.with_edits(written(".mov", ("-c:a", "pcm_s16le")), ((0, 1),) * 1001)
    with pytest.raises(AudioError, match="edit list too long; expected at most 1,000 edits, got 1,001"):
        audio.decode(content)


def test_opus_from_the_middle_of_a_stream_is_the_same_as_from_its_start() -> None:
    whole = written(".opus", ("-c:a", "libopus", "-page_duration", "20000"), rate=48000)
    expected = audio.decode(whole).samples
    content = by_header.moved(whole, 960_000)
    assert audio.decode(content).samples.tolist() == expected.tolist()
    assert audio.decode(content, start=1000, stop=3000).samples.tolist() == expected[1000:3000].tolist()
    for rate in (0, 1, 999, 768_001, 0xFFFFFFFF):
        decoded = audio.decode(by_header.with_rate(content, rate))
        assert (decoded.rate, decoded.samples.tolist()) == (48000, expected.tolist())
    assert audio.decode(by_header.with_rate(whole, 16000)).rate == 16000


@pytest.mark.parametrize("samples", [1, LENGTH - 1])
@pytest.mark.parametrize("behind", [b"", b"TAG" + bytes(125)])
def test_a_flac_that_declares_fewer_samples_than_its_frames_have_is_refused(samples: int, behind: bytes) -> None:
    file = io.BytesIO()
    soundfile.write(file, SAMPLES, 16000, format="FLAC")
    content = file.getvalue()
    wrong = by_header.with_total(content, samples)
    for recording in (wrong + behind, wrong + content, content + wrong):
        with pytest.raises(AudioError, match=f"header declares {samples:,} samples, the last frame ends with .* 3,001"):
            audio.decode(recording)
    assert audio.decode(content + behind).samples.tolist() == SAMPLES.tolist()


def test_a_wav_file_with_several_chunks_of_samples_is_refused() -> None:
    described_once, data = chunk(b"fmt ", described(PCM, 1, 16)), chunk(b"data", DATA)
    listed, empty = chunk(b"LIST", b"INFO"), chunk(b"data", b"")
    for content in (
        riff(described_once, data, data),
        riff(described_once, data, listed, data),
        riff(described_once, data, data, size=0),
        riff(data, data, described_once),
        riff(data, described_once, data),
    ):
        for read in (audio.decode, audio.read_wav):
            with pytest.raises(AudioError, match="several 'data' chunks"):
                read(content)
    for content in (riff(described_once, data, empty), riff(described_once, data) + data):
        assert audio.decode(content).samples.tolist() == SAMPLES.tolist()


def with_rate(common: bytes, rate: bytes) -> bytes:
    return common[:16] + rate + common[26:]


ONE_HERTZ = struct.pack(">HQ", 16383, 1 << 63)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (aiff_form(b"AIFF", with_rate(aiff_common(1, 16), bytes(10)), aiff_sound(DATA_BIG)), "expected 1 Hz or more"),
        (aiff_form(b"AIFF", with_rate(aiff_common(1, 16), b"\x3f\xfe" + ONE_HERTZ[2:]), aiff_sound(DATA_BIG)), "1 Hz"),
        (aiff_form(b"AIFF", with_rate(aiff_common(1, 16), b"\xc0" + ONE_HERTZ[1:]), aiff_sound(DATA_BIG)), "1 Hz"),
        (aiff_form(b"AIFF", with_rate(aiff_common(1, 16), b"\x7f\xff" + ONE_HERTZ[2:]), aiff_sound(DATA_BIG)), "1 Hz"),
        (aiff_form(b"AIFF", aiff_common(1, 0), aiff_sound(DATA_BIG)), "expected 1 to 32 bits, got 0"),
        (aiff_form(b"AIFF", aiff_common(1, 64), aiff_sound(DATA_BIG)), "expected 1 to 32 bits, got 64"),
        (riff(chunk(b"fmt ", described(FLOAT, 1, 16)), chunk(b"data", DATA)), "float samples of 16 bits; expected 32"),
        (riff(chunk(b"fmt ", described(FLOAT, 1, 24)), chunk(b"data", DATA[:-1])), "float samples of 24 bits"),
        (riff(chunk(b"fmt ", described(PCM, 1, 16, rate=0)), chunk(b"data", DATA)), "1 Hz or more, got 0 Hz"),
        (riff(chunk(b"fmt ", described(PCM, 1, 0, block=2)), chunk(b"data", DATA)), "expected 8 bits or more, got 0"),
    ],
)  # fmt: skip
def test_a_format_that_cannot_be_is_refused_by_name(content: bytes, message: str) -> None:
    with pytest.raises(AudioError, match=message):
        audio.decode(content)


def test_aiff_of_one_hertz_and_of_mu_law_without_bits_is_read() -> None:
    slow = aiff_form(b"AIFF", with_rate(aiff_common(1, 16), ONE_HERTZ), aiff_sound(DATA_BIG))
    assert audio.decode(slow).rate == 1
    companded = encodings.ulaw()
    content = aiff_form(b"AIFC", aiff_common(1, 0, b"ulaw"), aiff_sound(companded[0]))
    assert audio.decode(content).samples.tolist() == companded[1].tolist()


def test_nothing_is_written_to_the_screen_about_what_is_no_recording(capfd: pytest.CaptureFixture[str]) -> None:
    text = "file,label\n" * 300
    noise = np.random.default_rng(3).bytes(3000)
    tag = b"ID3\4\0\0\0\0\0\x10" + bytes(16)
    for content in (text.encode("utf-16"), tag + text.encode("utf-16"), b"\xff\xfb\x90\0" + noise, tag + noise):
        with pytest.raises(AudioError):
            audio.decode(content)
        assert not audio.is_recording(content)
    assert capfd.readouterr() == ("", "")
