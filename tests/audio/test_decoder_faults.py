"""A decoder that crashes or hangs says something of the recording; one that is ended from outside does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from hearpreprocess import audio
from hearpreprocess.audio import conversion
from hearpreprocess.errors import AudioError, DecoderError
from tests.toys import wav
from tests.waiting_decoder import matroska

RECORDING = matroska(wav("x"))


def replace_ffmpeg(monkeypatch: pytest.MonkeyPatch, folder: Path, command: str) -> None:
    script = folder / "ffmpeg"
    script.write_text(f"#!/bin/sh\n{command}\n")
    script.chmod(0o755)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(script))


@pytest.mark.parametrize("name", ["SEGV", "ABRT", "FPE", "BUS", "ILL"])
def test_a_crash_is_the_recordings_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    replace_ffmpeg(monkeypatch, tmp_path, f"kill -{name} $$")
    with pytest.raises(AudioError, match=rf"ffmpeg crashed \(SIG{name}\)"):
        audio.decode(RECORDING)


@pytest.mark.parametrize("command", ["kill -KILL $$", "kill -TERM $$", "kill -INT $$", "exit 255"])
def test_an_end_from_outside_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str) -> None:
    replace_ffmpeg(monkeypatch, tmp_path, command)
    with pytest.raises(DecoderError, match="ffmpeg was killed by another process"):
        audio.decode(RECORDING)


def test_a_decoder_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    replace_ffmpeg(monkeypatch, tmp_path, "exec sleep 60")
    monkeypatch.setattr(conversion, "FFMPEG_SECONDS", 0.2)
    with pytest.raises(AudioError, match=r"ffmpeg did not finish within 0\.2 s"):
        audio.decode(RECORDING)
