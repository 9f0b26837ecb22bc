"""Open a recording with the library that reads it, libsndfile or ffmpeg, and hold both to what its container says."""

from __future__ import annotations

import contextlib
import errno
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from hearpreprocess.audio.containers import Container, Content, Part, examine, next_flac
from hearpreprocess.audio.conversion import convert
from hearpreprocess.audio.streams import Streams, open_files, open_streams
from hearpreprocess.audio.views import on_disk
from hearpreprocess.errors import AudioError, HearPreprocessError

_Result = TypeVar("_Result")

_OF_THE_RECORDING = (errno.EIO, errno.EACCES, errno.EPERM, errno.EISDIR)
"""The errors of the system that say something of one recording; the others are of the machine."""

_READ_AHEAD = 1 << 17
"""libFLAC and libsndfile read at most so many bytes ahead of what they have decoded."""

_FLAC_MARK_BYTES = 4

_BY_FFMPEG, _REPAIRED = "read by ffmpeg", "WAV with a damaged header"


def read_streams(recording: Path | bytes, use: Callable[[Streams], _Result]) -> _Result:
    """What `use` returns of the streams of a recording; it may be called more than once.

    Raises AudioError where the recording is not audio, or holds less than its container declares.
    """
    import soundfile

    with as_audio_errors(), Content(recording) as content:
        container = examine(content)
        reason = ""
        if container.is_known:
            try:
                return _by_libsndfile(content, container, use)
            except soundfile.LibsndfileError as error:
                reason = f"{libsndfile_says(error)} "
        with tempfile.TemporaryDirectory(prefix="hearpreprocess-") as folder, contextlib.ExitStack() as stack:
            paths = []
            for number, part in enumerate(container.parts):
                paths.append(Path(folder) / f"readable-{number}.wav")
                convert(on_disk(content, part, Path(folder)), paths[-1], reason)
            return use(replace(open_files(paths, container, stack), format=_BY_FFMPEG))


def _by_libsndfile(content: Content, container: Container, use: Callable[[Streams], _Result]) -> _Result:
    while True:
        refusal = None
        with contextlib.ExitStack() as stack:
            streams = open_streams(content, container, stack)
            if container.is_damaged:
                streams = replace(streams, format=_REPAIRED)
            try:
                result = use(streams)
            except AudioError as error:
                refusal = error
            following = _with_following(content, container, streams)
        if following is None:
            if refusal is not None:
                raise refusal
            return result
        container = following


def _with_following(content: Content, container: Container, streams: Streams) -> Container | None:
    """The container with the FLAC stream behind the last known one as a part; None if there is none, as usual.

    Raises AudioError where the last sample of the last known stream is not there.
    """
    if container.name not in ("FLAC", ""):
        return None
    last, part = streams.streams[-1], container.parts[-1]
    last.check_end()
    if container.name == "":
        return None
    searched = max(part.begin + _FLAC_MARK_BYTES, part.begin + last.position - _READ_AHEAD)
    following = next_flac(content, searched, part.end)
    if following is None:
        return None
    parts = (*container.parts[:-1], replace(part, end=following), Part(following, part.end))
    return replace(container, parts=parts, frames=None)


@contextlib.contextmanager
def as_audio_errors() -> Iterator[None]:
    """Whatever a library raises on a recording becomes an AudioError; the machine's own errors stay."""
    try:
        yield
    except HearPreprocessError:
        raise
    except MemoryError:
        raise AudioError("its header promises more samples than there is memory for") from None
    except OSError as error:
        if error.errno in _OF_THE_RECORDING:
            raise AudioError(f"it cannot be read: {error.strerror}") from error
        raise
    except Exception as error:
        reason = libsndfile_says(error) or f"{type(error).__name__}: {error}"
        raise AudioError(f"it is not audio that can be read; {reason}") from error


def libsndfile_says(error: Exception) -> str:
    """What libsndfile says of a recording; empty where it says nothing of use."""
    text = str(getattr(error, "error_string", "")).strip()
    return "" if not text or "garbled" in text.lower() else f"libsndfile: {text}"
