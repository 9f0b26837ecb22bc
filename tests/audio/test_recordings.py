"""Recordings as they are found: tags, streams one after the other, lengths that no header states, cuts, wrong names."""

from __future__ import annotations

import io
import math
import shutil
import struct
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
import soundfile

from hearpreprocess import archive, audio
from hearpreprocess.errors import AudioError

RATE, FRAMES = 16000, 8000
SAMPLES = (np.random.default_rng(8).standard_normal(FRAMES) * 3000).astype(np.int16)
TAG = b"ID3\x04\0\0\0\1\x1c\x20" + bytes(20000)
LYRICS = b"LYRICSBEGININD0000200LYR00010aaaaaaaaaa" + b"000039LYRICS200"
OLD_TAG = b"TAG" + bytes(125)
APPENDED = b"ID3\x04\0\x10\0\0\0\x10TIT2\0\0\0\x05\0\0\0abcd\0" + b"3DI\x04\0\x10\0\0\0\x10"
APE = b"APETAGEX" + struct.pack("<LLLL", 2000, 32, 0, 0x80000000) + bytes(8)
ENDS = {
    "Lyrics3": LYRICS + OLD_TAG, "ID3 of version 1": OLD_TAG, "appended ID3": APPENDED, "APE": APE, "zeros": bytes(5000)
}  # fmt: skip


def written(form: str, subtype: str = "PCM_16", samples: np.ndarray = SAMPLES) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, RATE, format=form, subtype=subtype)
    return file.getvalue()


def by_ffmpeg(*arguments: str) -> bytes:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", "-", *arguments, "pipe:1"]
    return subprocess.run(command, input=written("WAV"), capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def mp3(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An MP3 that counts its frames, which needs a file that can be sought."""
    path = tmp_path_factory.mktemp("mp3") / "x.mp3"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", "-", "-b:a", "64k", path]
    subprocess.run(command, input=written("WAV"), check=True)
    return path.read_bytes()


def everywhere(content: bytes, folder: Path) -> Iterator[tuple[str, Path | bytes]]:
    """A recording from a folder, under names that say something else, from a zip, a tar, and from memory."""
    yield "memory", content
    for suffix in ("wav", "raw", "mp3", "au"):
        path = folder / f"folder/x.{suffix}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        yield f".{suffix}", path
    zipped = Path(shutil.make_archive(str(folder / "packed"), "zip", folder / "folder"))
    with tarfile.open(folder / "packed.tar", "w") as tar:
        tar.add(folder / "folder/x.wav", "x.wav")
    for path in (zipped, folder / "packed.tar"):
        target = folder / f"from {path.name}"
        target.mkdir()
        archive.unpack({path.name: path}, lambda name: name == "x.wav", target, lambda _count: None)
        yield path.name, target / "x.wav"


@pytest.mark.parametrize("form", ["WAV", "AIFF", "FLAC", "W64", "CAF"])
def test_a_tag_in_front_is_no_sound_wherever_the_recording_lies(tmp_path: Path, form: str) -> None:
    for place, recording in everywhere(TAG + written(form), tmp_path):
        assert audio.decode(recording).samples.tolist() == SAMPLES.tolist(), place
        assert audio.probe(recording).seconds == 0.5, place


def test_a_flac_from_a_pipe_lasts_as_long_as_its_frames(tmp_path: Path) -> None:
    content = by_ffmpeg("-f", "flac")
    assert content[21:26].endswith(bytes(4)), "its header does not state the length"
    for place, recording in everywhere(content, tmp_path):
        decoded = audio.decode(recording)
        assert decoded.samples.tolist() == SAMPLES.tolist(), place
        assert (decoded.seconds, audio.probe(recording).frames) == (0.5, FRAMES), place
    for cut in (len(content) - 1, len(content) // 2):
        with pytest.raises(AudioError, match="truncated"):
            audio.decode(content[:cut])


@pytest.mark.parametrize("end", ENDS)
def test_what_lies_behind_a_recording_is_no_sound(mp3: bytes, end: str) -> None:
    recordings = {form: written(form) for form in ("WAV", "AIFF", "FLAC", "W64", "CAF", "NIST", "AU")}
    recordings["OGG"] = written("OGG", "VORBIS")
    if end in ("Lyrics3", "zeros"):
        recordings["MP3"] = mp3
    for form, content in recordings.items():
        whole = audio.decode(content)
        decoded = audio.decode(content + ENDS[end])
        assert decoded.samples.tolist() == whole.samples.tolist(), form
        assert decoded.seconds == whole.seconds, form


@pytest.mark.parametrize("count", [2, 3])
def test_streams_one_after_the_other_are_all_taken(count: int) -> None:
    pipe = by_ffmpeg("-f", "flac")
    for content in (written("FLAC") * count, pipe * count, written("FLAC") + pipe * (count - 1)):
        decoded = audio.decode(content)
        assert decoded.samples.tolist() == SAMPLES.tolist() * count
        assert decoded.seconds == audio.probe(content).seconds == count / 2
        assert audio.decode(content, start=FRAMES - 10, stop=FRAMES + 10).samples.tolist() == [
            *SAMPLES[-10:].tolist(), *SAMPLES[:10].tolist()
        ]  # fmt: skip
        assert audio.decode(content, duration=0.1).seconds == count / 2
    ogg = [written("OGG", "VORBIS", SAMPLES[:: (-1) ** number]) for number in range(count)]
    parts = [audio.decode(content).samples for content in ogg]
    assert audio.decode(b"".join(ogg)).samples.tolist() == np.concatenate(parts).tolist()


def test_streams_of_different_rates_are_refused() -> None:
    file = io.BytesIO()
    soundfile.write(file, SAMPLES, 8000, format="FLAC")
    with pytest.raises(AudioError, match=r"streams with different formats: 16,000 Hz with 1 channel, then 8,000 Hz"):
        audio.decode(written("FLAC") + file.getvalue())


@pytest.mark.parametrize(
    ("form", "subtype"),
    [
        ("WAV", "FLOAT"), ("RF64", "PCM_16"), ("W64", "PCM_16"), ("AIFF", "PCM_24"), ("AU", "PCM_16"),
        ("NIST", "PCM_16"), ("CAF", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("VOC", "PCM_16"),
        ("AVR", "PCM_16"), ("MAT5", "PCM_16"),
    ],
)  # fmt: skip
def test_a_cut_is_refused_with_what_was_promised(form: str, subtype: str) -> None:
    content = written(form, subtype)
    for place in range(1, 20):
        with pytest.raises(AudioError):
            audio.decode(content[: len(content) * place // 20])
    with pytest.raises(AudioError, match=r"truncated: .*\d"):
        audio.decode(content[: len(content) * 3 // 4])


def test_an_mp3_with_fewer_frames_than_it_counts_is_refused(mp3: bytes) -> None:
    whole = audio.decode(mp3)
    assert audio.probe(mp3) == audio.RecordingFacts("read by ffmpeg", RATE, 1, len(whole.samples))
    assert abs(len(whole.samples) - FRAMES) <= 1152
    for cut in (len(mp3) - 5, len(mp3) // 2):
        with pytest.raises(AudioError, match="truncated"):
            audio.decode(mp3[:cut])


@pytest.mark.parametrize("codec", ["flac", "pcm_s16le"])
def test_integers_by_ffmpeg_are_mixed_as_integers(codec: str, tmp_path: Path) -> None:
    stereo = np.stack([SAMPLES, SAMPLES[::-1]], axis=1)
    path = tmp_path / "x.mkv"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", "-", "-c:a", codec, path]
    subprocess.run(command, input=written("WAV", samples=stereo), check=True)
    expected = audio.decode(written("WAV", samples=stereo)).samples
    assert audio.decode(path).samples.tolist() == expected.tolist()
    for cut in (0.5, 0.9):
        with pytest.raises(AudioError):
            audio.decode(path.read_bytes()[: int(cut * path.stat().st_size)])


def test_a_recording_is_known_by_its_content(tmp_path: Path, mp3: bytes) -> None:
    path = tmp_path / "notes.txt"
    for content in (written("WAV"), written("FLAC"), written("OGG", "VORBIS"), mp3, TAG + mp3, written("WAV")[:100]):
        path.write_bytes(content)
        assert audio.is_recording(path)
    for content in (
        b"",
        b"file,label\none.wav,bark\n",
        b"<html>" * 1000,
        b"\x89PNG\r\n\x1a\n" + bytes(500),
        bytes(5000),
    ):
        path.write_bytes(content)
        assert not audio.is_recording(path)


def test_what_a_library_raises_is_an_error_of_the_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing(soundfile.SoundFile):
        def read(self, *_arguments: object, **_options: object) -> np.ndarray:
            raise ValueError("array is too big")

    monkeypatch.setattr(soundfile, "SoundFile", Failing)
    with pytest.raises(AudioError, match="unsupported or damaged audio; ValueError: array is too big"):
        audio.decode(written("FLAC"))


def test_lengths_are_finite() -> None:
    for form in ("WAV", "FLAC", "AIFF", "OGG"):
        content = written(form, "VORBIS" if form == "OGG" else "PCM_16")
        assert math.isclose(audio.decode(content).seconds, 0.5)
        assert audio.probe(content) == audio.RecordingFacts(audio.decode(content).format, RATE, 1, FRAMES)
