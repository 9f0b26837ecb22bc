"""Open a recording with libsndfile or ffmpeg, and check their output against its container's declarations."""

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
    EncodedStream,
    Recording,
    check_total,
    ends_with_last_frame,
    examine,
    flac_parts,
    remember,
    search_start,
)
from hearpreprocess.audio.conversion import ConversionError, convert
from hearpreprocess.audio.streams import Stream, Streams, UnreadableError, open_files, open_streams
from hearpreprocess.audio.views import on_disk
from hearpreprocess.errors import AudioError, HearPreprocessError
from hearpreprocess.storage import FIRST_BYTES, RECORDING, kind_of

_Result = TypeVar("_Result")

_OF_THE_RECORDING = (errno.EIO, errno.EACCES, errno.EPERM, errno.EISDIR)
"""The system errors that concern one recording; all others concern the machine."""

_READ_AHEAD = 10_000
"""libFLAC and libsndfile read fewer bytes than this ahead of the decoded samples."""

_FLAC_MARK_BYTES = 4

_LOSSLESS = ("FLAC", "TTA", "WavPack", "APE")
"""Containers whose frames have checksums, which ffmpeg must verify."""

_DETECTED = {"AAC": "aac"}
"""ffmpeg's names of containers that it does not detect in files of only two frames."""

BY_FFMPEG, _REPAIRED = "read by ffmpeg", "WAV with a damaged header"


def read_streams(
    recording: Recording,
    use: Callable[[Streams], _Result],
    use_header: Callable[[Container], _Result | None] = lambda container: None,
) -> _Result:
    """The result of `use` on the streams of a recording; `use` may be called more than once.

    `use_header`: called with the container first; its result, if not None, is returned without decoding.
    Raises AudioError where the recording is not audio, or contains less than its container declares.
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
                    raise AudioError(f"not audio, but {kind.name}") from error
                raise
    except HearPreprocessError:
        raise
    except MemoryError:
        raise AudioError("the header declares more samples than fit in memory") from None
    except OSError as error:
        if error.errno in _OF_THE_RECORDING:
            raise AudioError(f"cannot be read: {error.strerror}") from error
        raise
    except Exception as error:  # any other error of a library is caused by the recording
        reason = _libsndfile_says(error) or f"{type(error).__name__}: {error}"
        raise AudioError(f"unsupported or damaged audio; {reason}") from error


def _read(content: Content, container: Container, use: Callable[[Streams], _Result]) -> _Result:
    import soundfile

    reason = ""
    if container.by_libsndfile:
        try:
            return _by_libsndfile(content, container, use)
        except (soundfile.LibsndfileError, UnreadableError) as error:
            reason = f"{said}; " if (said := _libsndfile_says(error)) else ""
    if not container.by_ffmpeg:
        raise AudioError(f"unsupported or damaged audio; {reason.rstrip('; ')}")
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
                if container.frames is None or isinstance(error, ConversionError):
                    raise
                raise AudioError(
                    f"damaged or truncated: not all of the {container.frames:,} samples in the header can be decoded; "
                    f"{reason.rstrip('; ') or error}"
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
        except soundfile.LibsndfileError as error:  # ffmpeg would read only some of them
            raise AudioError(
                f"damaged or truncated: not all of the {len(parts)} streams can be decoded; {_libsndfile_says(error)}"
            ) from error
    if refusal is not None:
        raise refusal
    return result


def _check_end(content: Content, container: Container, streams: Streams) -> None:
    """Raise AudioError where the last sample of a stream is missing."""

    def find() -> bool:
        part = container.parts[0]
        is_one_flac = container.name == "FLAC" and len(container.parts) == 1 and not part.header
        if not (is_one_flac and ends_with_last_frame(content, part.begin, part.end)):
            streams.check_end()
        return True

    if not streams.is_end_read:
        remember(content, f"end of {len(container.parts)} streams", find)


def _flac_parts(content: Content, part: EncodedStream, streams: Streams) -> tuple[EncodedStream, ...]:
    """The FLAC streams of a recording, of which the first is open; others rarely follow."""
    stream = streams.streams[0]
    searched, read_to = part.begin + _FLAC_MARK_BYTES, 0
    if isinstance(stream, Stream) and stream.read_to:
        # After a seek, libFLAC may have read anywhere, even samples of another stream.
        searched, read_to = max(searched, part.begin + stream.position - _READ_AHEAD), stream.read_to
    searched = search_start(content, part.begin, searched, read_to, part.end)
    parts = flac_parts(content, part.begin, searched, part.end)
    for found in parts:
        check_total(content, found.begin, found.end)
    return parts


def _libsndfile_says(error: Exception) -> str:
    """libsndfile's message about a recording; empty where it has no useful one."""
    text = str(getattr(error, "error_string", "")).strip()
    return "" if not text or "garbled" in text.lower() else f"libsndfile: {text.rstrip('.')}"
