"""MP3 with bytes between and behind its frames, and with counts of frames that are wrong by one."""

from __future__ import annotations

import io
import subprocess
import tracemalloc

import imageio_ffmpeg
import numpy as np
import pytest
import soundfile

from hearpreprocess import audio
from hearpreprocess.audio.containers import Content
from hearpreprocess.audio.containers.mpeg import frame_of, mpeg_streams
from hearpreprocess.errors import AudioError

SAMPLES = (np.random.default_rng(8).standard_normal(66_150) * 3000).astype(np.int16)


@pytest.fixture(scope="module")
def mp3(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The frames of a recording; the first counts the others."""
    path, file = tmp_path_factory.mktemp("mp3") / "x.mp3", io.BytesIO()
    soundfile.write(file, SAMPLES, 44100, format="WAV")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", "-", "-id3v2_version", "0", "-b:a", "64k", path]
    subprocess.run(command, input=file.getvalue(), check=True)
    content, frames, position = path.read_bytes(), [], 0
    while position < len(content):
        frame = frame_of(content[position : position + 4])
        assert frame is not None
        frames.append(content[position : position + frame.size])
        position += frame.size
    return frames


def with_count(first: bytes, more: int, *, has_bytes: bool) -> bytes:
    """The first frame with another count; it has flags, the frames, the bytes and a table."""
    at = max(first.find(b"Info"), first.find(b"Xing"))
    count = int.from_bytes(first[at + 8 : at + 12], "big") + more
    rest = first[at + 12 :] if has_bytes else first[at + 16 :] + bytes(4)
    flags = first[at + 7] if has_bytes else first[at + 7] & ~2
    return first[: at + 4] + bytes([0, 0, 0, flags]) + count.to_bytes(4, "big") + rest


def agreed(content: bytes) -> np.ndarray:
    """The samples, of which there are as many as the probe says."""
    samples = audio.decode(content).samples
    assert len(samples) == audio.probe(content).frames
    return samples


@pytest.mark.parametrize("junk", [b"junk", b"\r\n", b"\xff\xfbxx", b"x" * 700])
def test_junk_between_frames_that_are_all_there_is_left_out(mp3: list[bytes], junk: bytes) -> None:
    expected = agreed(b"".join(mp3))
    assert len(expected) == len(SAMPLES)
    content = b"".join([*mp3[:9], junk, *mp3[9:30], junk, *mp3[30:]])
    assert agreed(content).tolist() == expected.tolist()


def test_blanks_behind_are_no_frame(mp3: list[bytes]) -> None:
    for frames, behind in ((mp3, b"\r\n"), (mp3[1:], b"\n" * 100), (mp3[1:], b" \0\0")):
        expected = agreed(b"".join(frames))
        assert agreed(b"".join(frames) + behind).tolist() == expected.tolist()


def test_a_damaged_frame_is_not_taken_for_junk(mp3: list[bytes]) -> None:
    damaged = b"\0\1" + mp3[20][2:]
    for frames in ([*mp3[:20], damaged, *mp3[21:]], [*mp3[:20], mp3[20][:-30], *mp3[21:]]):
        for content in (b"".join(frames), b"".join(frames[1:])):
            for read in (audio.decode, audio.probe):
                with pytest.raises(AudioError):
                    read(content)


def test_a_count_that_counts_itself(mp3: list[bytes]) -> None:
    expected = agreed(b"".join(mp3))
    for has_bytes in (True, False):
        content = with_count(mp3[0], 1, has_bytes=has_bytes) + b"".join(mp3[1:])
        assert agreed(content).tolist() == expected.tolist()
        with pytest.raises(AudioError, match="truncated"):
            audio.decode(with_count(mp3[0], 1, has_bytes=has_bytes) + b"".join(mp3[1:-1]))


def test_a_gap_costs_the_same_whatever_is_behind_it(mp3: list[bytes]) -> None:
    """The memory that the walk takes does not grow with the rest of the file, of which no copy is made."""
    piece = b"".join(mp3[10:18]) + b"junk"
    peaks = []
    for count in (100, 400):
        content = Content(piece * count)
        tracemalloc.start()
        (stream,) = mpeg_streams(content, 0, content.size)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert (stream.frames, len(stream.junk)) == (8 * count, count)
    assert peaks[1] - peaks[0] < len(piece) * 100
