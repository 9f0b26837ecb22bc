"""The arithmetic of decoding, fitting and resampling."""

from __future__ import annotations

import struct
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from hearpreprocess import audio
from hearpreprocess.audio import resampling
from hearpreprocess.errors import AudioError

lengths = st.integers(0, 3000)
rates = st.sampled_from([8000, 11025, 16000, 22050, 32000, 44100, 48000])


def noise(length: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (length, channels))


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.array([[-32768], [7], [32767]], "int16"), [-32768, 7, 32767]),
        (np.array([[1, 2], [-1, -2], [-3, 0], [32767, 32767], [-32768, -32768]], "int16"), [2, -1, -1, 32767, -32768]),
        (np.array([[0x123456], [-1], [-0x123456]], "int32") << 8, [0x1234, -1, -0x1235]),
        (np.array([[256, 256], [128, 128], [384, 384], [0x7FFFFF, 0x7FFFFF]], "int32") << 8, [1, 0, 2, 32767]),
        (np.array([[0.5], [1.0], [-1.0], [1.5], [0.5 / 32768], [1.5 / 32768]]), [16384, 32767, -32768, 32767, 0, 2]),
        (np.array([[0.5, 0.25], [1.0, -1.0]]), [12288, 0]),
        (np.array([[3, 3, 6], [0, 0, 1]], "int16"), [4, 0]),
    ],
    ids=["16-bit", "16-bit stereo", "24-bit", "24-bit stereo", "float", "float stereo", "three channels"],
)
def test_to_mono_16_bit(samples: np.ndarray, expected: list[int]) -> None:
    mono = audio.to_mono_16_bit(samples)
    assert mono.dtype == np.int16
    assert mono.tolist() == expected


def test_the_mean_of_any_two_samples_rounds_a_half_up() -> None:
    every = np.arange(-32768, 32768, dtype=np.int16)
    for other in (-32768, -32767, -2, -1, 0, 1, 2, 12345, 32766, 32767):
        stereo = np.stack([every, np.full_like(every, other)], axis=1)
        expected = (every.astype(int) + other + 1) // 2
        assert audio.to_mono_16_bit(stereo).tolist() == expected.tolist()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_refused(bad: float) -> None:
    with pytest.raises(AudioError, match="contains NaN, Inf"):
        audio.to_mono_16_bit(np.array([[0.0], [bad]]))


@pytest.mark.parametrize(
    ("subtype", "channels", "container"),
    [
        ("PCM_16", 1, "WAV"), ("PCM_16", 2, "WAV"), ("PCM_24", 1, "WAV"), ("PCM_24", 2, "WAV"), ("PCM_32", 1, "WAV"),
        ("PCM_U8", 1, "WAV"), ("PCM_U8", 2, "WAV"), ("FLOAT", 1, "WAV"), ("FLOAT", 2, "WAV"), ("DOUBLE", 2, "WAV"),
        ("PCM_16", 2, "FLAC"), ("PCM_24", 2, "FLAC"), ("PCM_16", 2, "AIFF"), ("ULAW", 1, "AU"), ("PCM_16", 2, "W64"),
    ],
)  # fmt: skip
def test_decoding_equals_the_reference_decoder(tmp_path: Path, subtype: str, channels: int, container: str) -> None:
    """The reference decodes with `ffmpeg -ac 1 -c:a pcm_s16le`; so does this test."""
    import subprocess

    import imageio_ffmpeg

    path, expected = tmp_path / f"x.{container.lower()}", tmp_path / "expected.wav"
    soundfile.write(path, noise(5000, channels) * 0.999, 22050, subtype=subtype, format=container)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", path, "-ac", "1", "-c:a", "pcm_s16le", expected]
    subprocess.run(command, check=True)
    decoded = audio.decode(path)
    samples, rate = decoded.samples, decoded.rate
    assert rate == 22050
    np.testing.assert_array_equal(samples, soundfile.read(expected, dtype="int16")[0])


def test_decoding_reads_a_slice_and_no_further_than_the_duration(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    whole = (noise(4000)[:, 0] * 32767).astype(np.int16)
    soundfile.write(path, whole, 8000)
    assert audio.decode(path, start=100, stop=300).samples.tolist() == whole[100:300].tolist()
    assert audio.decode(path, duration=0.25).samples.tolist() == whole[:2000].tolist()
    assert audio.decode(path, start=100, stop=3000, duration=0.1).samples.tolist() == whole[100:900].tolist()
    with pytest.raises(AudioError, match=r"no slice from 3999 to 4001: the recording has 4000 samples"):
        audio.decode(path, start=3999, stop=4001)


def test_a_playlist_is_not_followed(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "secret.wav", noise(100), 8000)
    playlist = tmp_path / "list.m3u8"
    playlist.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.wav\n#EXT-X-ENDLIST\n")
    with pytest.raises(AudioError, match="unsupported or damaged audio|not audio"):
        audio.decode(playlist)


@given(lengths, rates, st.floats(0.001, 0.3))
def test_fit_cuts_or_pads_with_zeros_at_the_end(length: int, rate: int, duration: float) -> None:
    samples = np.arange(1, length + 1).astype(np.int16)
    fitted = audio.fit(samples, rate, duration)
    assert len(fitted) == round(duration * rate)
    kept = min(length, len(fitted))
    assert fitted[:kept].tolist() == samples[:kept].tolist()
    assert not fitted[kept:].any()


def resampled(samples: np.ndarray, rate: int, target: int) -> np.ndarray:
    return np.concatenate(list(audio.resample(samples, rate, target)))


def test_fit_without_a_duration_changes_nothing() -> None:
    samples = np.arange(10).astype(np.int16)
    assert audio.fit(samples, 8000, None) is samples


@given(st.integers(1, 3000), rates, rates)
def test_resampled_length_is_that_of_the_ratio_with_a_half_rounded_up(length: int, rate: int, target: int) -> None:
    samples = np.zeros(length, np.int16)
    assert len(resampled(samples, rate, target)) == (2 * length * target + rate) // (2 * rate)


def test_resampling_keeps_a_tone_and_is_repeatable() -> None:
    seconds = np.arange(44100) / 44100
    tone = np.rint(20000 * np.sin(2 * np.pi * 1000 * seconds)).astype(np.int16)
    found = resampled(tone, 44100, 16000)
    expected = 20000 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    assert np.abs(found[500:-500] - expected[500:-500]).max() < 3
    assert (resampled(tone, 44100, 16000) == found).all()


def test_resampling_clips_instead_of_wrapping() -> None:
    square = np.where(np.arange(4410) // 50 % 2, 32767, -32768).astype(np.int16)
    found = resampled(square, 44100, 48000).astype(int)
    assert found.max() == 32767
    assert found.min() == -32768
    # A sample that wrapped around would stand alone against its neighbours.
    assert (np.sign(found[30:50]) == np.sign(found[40])).all()


def test_own_rate_is_a_copy() -> None:
    samples = np.arange(-100, 100).astype(np.int16)
    assert resampled(samples, 16000, 16000).tolist() == samples.tolist()


@settings(max_examples=20)
@given(st.integers(1, 100_000), rates, rates, st.integers(0, 2**32 - 1))
def test_resampling_is_libsoxrs_own_of_scaled_samples(length: int, rate: int, target: int, seed: int) -> None:
    samples = np.random.default_rng(seed).integers(-32768, 32768, length).astype(np.int16)
    scaled = soxr.resample(samples.astype(np.float32) / np.float32(32768), rate, target, quality="HQ")
    expected = np.clip(np.rint(scaled * np.float32(32768)), -32768, 32767).astype(np.int16)
    assert resampled(samples, rate, target).tolist() == (expected if rate != target else samples).tolist()


@settings(max_examples=20)
@given(st.integers(1, 100_000), rates, rates, st.integers(500, 50_000), st.integers(0, 2**32 - 1))
def test_blocks_do_not_show_in_what_is_resampled(length: int, rate: int, target: int, block: int, seed: int) -> None:
    samples = np.random.default_rng(seed).integers(-32768, 32768, length).astype(np.int16)
    whole = resampled(samples, rate, target)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resampling, "BLOCK", block)
        assert resampled(samples, rate, target).tolist() == whole.tolist()


def test_recordings_resampled_in_turn_or_in_part_do_not_touch_each_other() -> None:
    first, second = (np.random.default_rng(seed).integers(-9000, 9000, 5000).astype(np.int16) for seed in (1, 2))
    alone = [resampled(samples, 16000, 22050).tolist() for samples in (first, second)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resampling, "BLOCK", 700)
        in_turn: list[list[int]] = [[], []]
        for pieces in zip(*(audio.resample(samples, 16000, 22050) for samples in (first, second)), strict=True):
            for values, piece in zip(in_turn, pieces, strict=True):
                values.extend(piece.tolist())
        assert in_turn == alone
        left = audio.resample(first, 16000, 22050)
        next(left)
        del left
    assert resampled(second, 16000, 22050).tolist() == alone[1]
    for target in range(8000, 8020):  # more pairs of rates than streams are kept
        resampled(first, 16000, target)
    assert resampled(first, 16000, 22050).tolist() == alone[0]


@given(st.lists(st.integers(-32768, 32767), max_size=200), rates)
def test_wav_round_trip(tmp_path_factory: pytest.TempPathFactory, values: list[int], rate: int) -> None:
    path = tmp_path_factory.mktemp("wav") / "x.wav"
    middle = len(values) // 3
    audio.write_wav(path, [np.array(values[:middle], np.int16), np.array(values[middle:], np.int16)], rate)
    with wave.open(str(path)) as file:
        assert file.getparams()[:4] == (1, 2, rate, len(values))
        assert np.frombuffer(file.readframes(len(values)), "<i2").tolist() == values


@pytest.mark.parametrize("damage", ["no RIFF", "no WAVE", "wrong sizes"])
def test_a_damaged_outer_header_is_read_past(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "jazz.00054.wav"
    whole = (noise(4000)[:, 0] * 32767).astype(np.int16)
    soundfile.write(path, whole, 22050)
    content = bytearray(path.read_bytes())
    if damage == "no RIFF":
        content[:8] = bytes(8)
    elif damage == "no WAVE":
        content[8:12] = b"\0\0\0\0"
    else:
        content[0:4], content[40:44] = b"RIFX", b"\xff\xff\xff\xff"
    path.write_bytes(content)
    decoded = audio.decode(path)
    samples, rate = decoded.samples, decoded.rate
    assert rate == 22050
    assert samples.tolist() == whole.tolist()


def test_a_damaged_outer_header_does_not_hide_that_a_file_is_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "jazz.00054.wav"
    soundfile.write(path, noise(4000), 22050)
    path.write_bytes(bytes(8) + path.read_bytes()[8:-1000])
    with pytest.raises(AudioError, match="truncated"):
        audio.decode(path)


def test_a_name_that_libsndfile_takes_for_samples_without_a_header_is_nothing_special(tmp_path: Path) -> None:
    path = tmp_path / "x.raw"
    path.write_bytes(b"not audio")
    with pytest.raises(AudioError, match="unsupported or damaged audio|not audio"):
        audio.decode(path)


@pytest.mark.parametrize(("channels", "rate"), [(1, 0), (1, 2**32 - 1), (0, 8000), (65535, 8000)])
def test_a_damaged_header_that_also_lies_is_not_mended(channels: int, rate: int) -> None:
    described = struct.pack("<4sLHHLLHH", b"fmt ", 16, 1, channels, rate, 0, 2, 16)
    with pytest.raises(AudioError, match="unsupported or damaged audio|not audio"):
        audio.decode(b"/IFF\0\0\0\0WAVE" + described + struct.pack("<4sL", b"data", 400) + bytes(400))
