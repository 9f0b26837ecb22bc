"""MP4 files with boxes that the walk does not know."""

from __future__ import annotations

import io
import struct
import subprocess

import imageio_ffmpeg
import numpy as np
import pytest
import soundfile

from hearpreprocess import audio
from hearpreprocess.errors import AudioError


@pytest.fixture(scope="module")
def m4a(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path, file = tmp_path_factory.mktemp("m4a") / "x.m4a", io.BytesIO()
    soundfile.write(file, np.random.default_rng(8).uniform(-0.3, 0.3, 8000), 16000, format="WAV")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", "-", path]
    subprocess.run(command, input=file.getvalue(), check=True)
    return path.read_bytes()


def box(name: bytes, size: int = 100) -> bytes:
    return struct.pack(">L4s", 8 + size, name) + bytes(size)


@pytest.mark.parametrize("name", [b"pdin", b"meco", b"PICT", b"\xa9xyz"])
def test_a_box_of_any_name_is_stepped_over(m4a: bytes, name: bytes) -> None:
    """It lies before the table of samples, and behind the samples, whose place must not change."""
    expected = audio.decode(m4a).samples.tolist()
    table = m4a.rindex(b"moov") - 4
    content = m4a[:table] + box(name) + m4a[table:] + box(name, 0)
    assert audio.decode(content).samples.tolist() == expected
    with pytest.raises(AudioError, match="truncated"):
        audio.decode(content[: table + 300])


@pytest.mark.parametrize("behind", [b"some text behind it", bytes(200), b"TAG" + bytes(125)])
def test_bytes_behind_are_no_box(m4a: bytes, behind: bytes) -> None:
    assert audio.decode(m4a + behind).samples.tolist() == audio.decode(m4a).samples.tolist()
