"""Detect whether a file is a recording, and its duration, by its content."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hearpreprocess.audio.containers import Container, Content, NotAudioError, Recording, examine
from hearpreprocess.audio.reading import BY_FFMPEG, read_streams
from hearpreprocess.audio.streams import Streams
from hearpreprocess.errors import AudioError

_HEAD_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """A recording's format as `Decoded` has it, sample rate in hertz, channels, samples of each, and duration."""

    format: str
    rate: int
    channels: int
    frames: int

    @property
    def seconds(self) -> float:
        """The duration in seconds."""
        return self.frames / self.rate


def probe(recording: Recording) -> RecordingFacts:
    """The format and length of a recording, as `decode` returns them.

    Recordings that ffmpeg reads, other than MP3, are decoded for this. Raises AudioError where it is not audio, has no
    samples, or contains less than its container declares.
    """
    return read_streams(recording, _facts, _counted)


def _facts(streams: Streams) -> RecordingFacts:
    return RecordingFacts(streams.format, streams.rate, streams.channels, streams.frames)


def _counted(container: Container) -> RecordingFacts | None:
    return None if container.counted is None or container.has_junk else RecordingFacts(BY_FFMPEG, *container.counted)


def is_recording(recording: Path | bytes) -> bool:
    """Whether a file is audio of a known format, by its content alone, even if truncated or damaged."""
    import soundfile

    with Content(recording) as content:
        head = content.read(0, _HEAD_BYTES)
        for part in (Content(head), content):
            try:
                if examine(part).name:
                    return True
            except NotAudioError:
                return False
            except AudioError:
                return True
            if not head.startswith(b"ID3"):
                break
    try:
        probe(recording)
    except (AudioError, soundfile.LibsndfileError):
        return False
    return True
