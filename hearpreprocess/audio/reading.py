"""Open a recording with the library that reads it, libsndfile or ffmpeg, and hold both to what its container says."""

from __future__ import annotations

import contextlib
import errno
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from hearpreprocess.audio.containers import (
    Container,
    Content,
    Part,
    Recording,
    check_total,
    ends_with_last_frame,
    examine,
    flac_parts,
    remember,
    search_start,
)
from hearpreprocess.audio.conversion import UnfinishedError, convert
from hearpreprocess.audio.streams import Stream, Streams, UnreadableError, open_files, open_streams
from hearpreprocess.audio.views import on_disk
from hearpreprocess.errors import AudioError, HearPreprocessError
from hearpreprocess.storage import FIRST_BYTES, RECORDING, kind_of

_Result = TypeVar("_Result")

_OF_THE_RECORDING = (errno.EIO, errno.EACCES, errno.EPERM, errno.EISDIR)
"""The errors of the system that say something of one recording; the others are of the machine."""

_READ_AHEAD = 10_000
"""libFLAC and libsndfile read less than so many bytes ahead of what they have decoded."""

_FLAC_MARK_BYTES = 4

_LOSSLESS = ("FLAC", "TTA", "WavPack", "APE")
"""Containers whose frames have checksums, which ffmpeg is to check."""

_DETECTED = {"AAC": "aac"}
"""ffmpeg's names of containers that it does not detect by itself where they have two frames."""

BY_FFMPEG, _REPAIRED = "read by ffmpeg", "WAV with a damaged header"


def read_streams(
    recording: Recording,
    use: Callable[[Streams], _Result],
    use_header: Callable[[Container], _Result | None] = lambda container: None,
) -> _Result:
    """What `use` returns of the streams of a recording; it may be called more than once.

    `use_header`: what it returns of the container, if it is not None, makes decoding needless.
    Raises AudioError where the recording is not audio, or holds less than its container declares.
    """
    try:
        with Content(recording) as content:
            container = remember(content, "container", lambda: examine(content))
            if (result := use_header(container)) is not None:
                return result
            try:
                return _read(content, container, use)
            except AudioError as error:
                if not container.name and (kind := kind_of(content.read(0, FIRST_BYTES))) not in (None, RECORDING):
                    raise AudioError(f"it is not audio that can be read, but {kind.name}") from error
                raise
    except HearPreprocessError:
        raise
    except MemoryError:
        raise AudioError("its header promises more samples than there is memory for") from None
    except OSError as error:
        if error.errno in _OF_THE_RECORDING:
            raise AudioError(f"it cannot be read: {error.strerror}") from error
        raise
    except Exception as error:  # whatever a library raises on a recording is the recording's fault
        reason = _libsndfile_says(error) or f"{type(error).__name__}: {error}"
        raise AudioError(f"it is not audio that can be read; {reason}") from error


def _read(content: Content, container: Container, use: Callable[[Streams], _Result]) -> _Result:
    import soundfile

    reason = ""
    if container.by_libsndfile:
        try:
            return _by_libsndfile(content, container, use)
        except (soundfile.LibsndfileError, UnreadableError) as error:
            reason = f"{said}; " if (said := _libsndfile_says(error)) else ""
    if not container.by_ffmpeg:
        raise AudioError(f"it is not audio that can be read; {reason.rstrip('; ')}")
    with tempfile.TemporaryDirectory(prefix="hearpreprocess-") as folder, contextlib.ExitStack() as stack:
        files = {}
        for number, part in enumerate(container.parts):
            path = Path(folder) / f"readable-{number}.wav"
            recorded = on_disk(content, part, Path(folder))
            try:
                files[path] = convert(
                    recorded,
                    path,
                    reason,
                    form=_DETECTED.get(container.name),
                    is_untrimmed=container.skipped is not None or bool(container.edits),
                    is_unedited=bool(container.edits),
                    is_checked=container.name in _LOSSLESS,
                )
            except AudioError as error:
                if container.frames is None or isinstance(error, UnfinishedError):
                    raise
                raise AudioError(
                    f"it is damaged or cut short: its header declares {container.frames:,} samples, "
                    f"which cannot all be decoded; {reason.rstrip('; ') or error}"
                ) from error
        return use(replace(open_files(files, container, stack), format=BY_FFMPEG))


def _by_libsndfile(content: Content, container: Container, use: Callable[[Streams], _Result]) -> _Result:
    import soundfile

    refusal: Exception | None = None
    with contextlib.ExitStack() as stack:
        streams = open_streams(content, container, stack)
        if container.is_damaged:
            streams = replace(streams, format=_REPAIRED)
        try:
            result = use(streams)
            if container.name in ("FLAC", ""):
                _check_end(content, container, streams)
        except (AudioError, soundfile.LibsndfileError) as error:
            refusal = error
        parts = container.parts
        if container.name == "FLAC" and len(parts) == 1:
            parts = remember(content, "FLAC streams", lambda: _flac_parts(content, container.parts[0], streams))
    if len(parts) > len(container.parts):
        try:
            return _by_libsndfile(content, container._replace(parts=parts, frames=None), use)
        except soundfile.LibsndfileError as error:  # ffmpeg would take a part of them
            raise AudioError(
                f"it is damaged or cut short: not all of its {len(parts)} streams can be decoded; "
                f"{_libsndfile_says(error)}"
            ) from error
    if refusal is not None:
        raise refusal
    return result


def _check_end(content: Content, container: Container, streams: Streams) -> None:
    """Raise AudioError where the last sample of a stream is not there."""

    def find() -> bool:
        part = container.parts[0]
        is_one_flac = container.name == "FLAC" and len(container.parts) == 1 and not part.header
        if not (is_one_flac and ends_with_last_frame(content, part.begin, part.end)):
            streams.check_end()
        return True

    if not streams.is_end_read:
        remember(content, f"end of {len(container.parts)} streams", find)


def _flac_parts(content: Content, part: Part, streams: Streams) -> tuple[Part, ...]:
    """The FLAC streams of a recording, of which the first is open; there are rarely others behind it."""
    stream = streams.streams[0]
    searched, read_to = part.begin + _FLAC_MARK_BYTES, 0
    if isinstance(stream, Stream) and stream.read_to:
        # Once libFLAC has sought, it may have read anywhere, and may even have found samples of another stream.
        searched, read_to = max(searched, part.begin + stream.position - _READ_AHEAD), stream.read_to
    searched = search_start(content, part.begin, searched, read_to, part.end)
    parts = flac_parts(content, part.begin, searched, part.end)
    for found in parts:
        check_total(content, found.begin, found.end)
    return parts


def _libsndfile_says(error: Exception) -> str:
    """What libsndfile says of a recording; empty where it says nothing of use."""
    text = str(getattr(error, "error_string", "")).strip()
    return "" if not text or "garbled" in text.lower() else f"libsndfile: {text.rstrip('.')}"
