"""Convert recordings with ffmpeg that libsndfile does not read."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from hearpreprocess.errors import AudioError, DecoderError, DiskFullError
from hearpreprocess.storage import disk_full_message

_ADDRESS = re.compile(r"\[[^\]]* @ 0x[0-9a-f]+\] ")  # a part of ffmpeg, and an address that differs on every run

FFMPEG_SECONDS, _ENDED_BY_SIGNAL = 900, 255

# The formats that ffmpeg may detect: single recordings only, no playlist that leads to other files or the network.
_FFMPEG_FORMATS = "aac,ac3,aiff,amr,ape,asf,au,avi,caf,flac,matroska,mov,mp3,mpegts,ogg,tta,w64,wav,webm,wv"


def convert(path: Path, target: Path, libsndfile_says: str) -> None:
    """Decode with ffmpeg to a float WAV file of the recording's own rate and channels.

    Raises AudioError with the messages of both libraries where ffmpeg finds no audio either.
    """
    import ffmpeg
    import imageio_ffmpeg

    command = (
        ffmpeg.input(str(path), format_whitelist=_FFMPEG_FORMATS, protocol_whitelist="file")
        .output(str(target), acodec="pcm_f32le", map="0:a:0", map_metadata=-1, rf64="auto")
        .global_args("-nostdin", "-v", "error", "-xerror")
        .compile(cmd=imageio_ffmpeg.get_ffmpeg_exe())
    )
    try:
        finished = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=FFMPEG_SECONDS,
            start_new_session=True,  # only the runner handles Ctrl-C
        )
    except subprocess.TimeoutExpired:
        raise DecoderError(f"{path.name}: ffmpeg did not finish reading it within {FFMPEG_SECONDS} s") from None
    if finished.returncode < 0 or finished.returncode == _ENDED_BY_SIGNAL:
        raise DecoderError(f"{path.name}: ffmpeg was ended from outside (exit status {finished.returncode})")
    if finished.returncode:
        lines = finished.stderr.decode(errors="replace").strip().splitlines()
        if any("No space left on device" in line for line in lines):
            raise DiskFullError(disk_full_message(target))
        ffmpeg_says = _ADDRESS.sub("", lines[-1]) if lines else f"exit status {finished.returncode}"
        ffmpeg_says = ffmpeg_says.replace(f"{path}: ", "")
        raise AudioError(f"it is not audio that can be read; {libsndfile_says}ffmpeg: {ffmpeg_says}")
