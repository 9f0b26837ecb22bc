"""Recordings as several independent programs write them, and by hand: what every decoder is held against."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

from tests.audio.recordings import by_ffmpeg, by_hand_others, by_hand_riff, by_header, by_libsndfile, by_sox
from tests.audio.recordings.case import Case

WRITERS: dict[str, tuple[Callable[[], Iterator[Case]], ...]] = {
    "by hand": (by_hand_riff.cases, by_hand_others.cases),
    "libsndfile": (by_libsndfile.cases,),
    "ffmpeg": (by_ffmpeg.cases, by_header.cases),
    "sox": (by_sox.cases,),
}


@functools.cache
def corpus(writer: str) -> tuple[Case, ...]:
    """All recordings of a writer."""
    return tuple(case for cases in WRITERS[writer] for case in cases())
