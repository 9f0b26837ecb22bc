"""Convert recordings that libsndfile cannot read with ffmpeg."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path

from hearpreprocess.errors import AudioError, DecoderError, DiskFullError
from hearpreprocess.storage import disk_full_message

_ERROR = re.compile(r"(?:\[(?!error|fatal)[^\]]*\] )*\[(?:error|fatal)\] (.*)")
"""An error line of ffmpeg, after the component's name and its address, which differs in every run."""

_SAMPLES = re.compile(r"Stream #0:\d+.*: Audio: .*?, \d+ Hz, [^\n]*?\b((?:u8|s16|s32|s64|flt|dbl)p?)\b")
_WIDE = {"s32": "pcm_s32le", "dbl": "pcm_f64le"}
"""The WAV encoding of samples that a 32-bit float cannot represent, by the decoder's sample format."""

_OF_FFMPEG = ("Terminating thread", "Nothing was written", "Error opening input", "Task finished", "Error while")

FFMPEG_SECONDS, _ENDED_BY_SIGNAL = 900, 255

_CRASHES = frozenset(
    getattr(signal, name)
    for name in ("SIGSEGV", "SIGABRT", "SIGFPE", "SIGBUS", "SIGILL", "SIGTRAP", "SIGSYS")
    if hasattr(signal, name)
)
"""The signals of a crash, which is caused by the input."""

# The formats that ffmpeg may detect: only single recordings, no playlists, which refer to other files or the network.
_FFMPEG_FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,eac3,flac,iff,matroska,mov,mp3,mpegts,nistsphere,ogg,tta,w64,wav,webm,wv"
)


class ConversionError(AudioError):
    """ffmpeg crashed on a recording, or took too long."""


def convert(
    path: Path,
    target: Path,
    libsndfile_says: str,
    *,
    form: str | None,
    is_untrimmed: bool,
    is_unedited: bool,
    is_checked: bool,
) -> bool:
    """Decode with ffmpeg to a WAV file of the recording's own rate and channels.

    The samples are float, or 32-bit integers as in the recording; returns whether floats represent integers of at most
    16 bits. `form`: the format of the recording, if ffmpeg must not detect it. `is_untrimmed`: keep the delay and
    padding of the encoder. `is_unedited`: ignore the edit list. `is_checked`: whether a wrong checksum is an error.
    Raises AudioError with the messages of both libraries where ffmpeg finds no audio either, ConversionError where it
    crashes or takes too long, and DecoderError where another process killed it.
    """
    options = {"flags2": "+skip_manual"} if is_untrimmed else {}
    if form is not None:
        options["f"] = form
    if is_unedited:
        options["ignore_editlist"] = "1"
    if is_checked:
        options["err_detect"] = "crccheck+explode"
    messages = _run(path, target, "pcm_f32le", libsndfile_says, options)
    sample_format = _SAMPLES.search(messages)
    kind = sample_format[1].rstrip("p") if sample_format else ""
    if kind in _WIDE:
        _run(path, target, _WIDE[kind], libsndfile_says, options)
    return kind in ("u8", "s16")


def _run(path: Path, target: Path, encoding: str, libsndfile_says: str, options: dict[str, str]) -> str:
    """Convert a recording with ffmpeg; returns its messages."""
    import ffmpeg
    import imageio_ffmpeg

    command = (
        ffmpeg.input(str(path), format_whitelist=_FFMPEG_FORMATS, protocol_whitelist="file", **options)
        .output(str(target), acodec=encoding, map="0:a:0", map_metadata=-1, rf64="auto")
        .global_args("-nostdin", "-hide_banner", "-nostats", "-v", "level+info", "-xerror", "-y")
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
        raise ConversionError(f"{libsndfile_says}ffmpeg did not finish within {FFMPEG_SECONDS} s") from None
    if -finished.returncode in _CRASHES:
        raise ConversionError(f"{libsndfile_says}ffmpeg crashed ({signal.Signals(-finished.returncode).name})")
    if finished.returncode < 0 or finished.returncode == _ENDED_BY_SIGNAL:
        raise DecoderError(f"ffmpeg was killed by another process (exit status {finished.returncode})")
    messages = finished.stderr.decode(errors="replace")
    if finished.returncode:
        if "No space left on device" in messages:
            raise DiskFullError(disk_full_message(target))
        raise AudioError(f"unsupported or damaged audio; {libsndfile_says}ffmpeg: {_reason(messages.splitlines())}")
    return messages


def _reason(lines: list[str]) -> str:
    """The last error line of ffmpeg about the recording, not about its own components."""
    errors = [match[1].strip() for line in lines if (match := _ERROR.match(line))]
    reasons = [line for line in errors if not line.startswith(_OF_FFMPEG)]
    return reasons[-1] if reasons else "Invalid data found when processing input"
