"""Detect the container of a recording by its content alone."""

from __future__ import annotations

import re
from collections.abc import Callable

from hearpreprocess.audio.containers import aiff, compressed, flac, matroska, mp4, mpeg, ogg, plain, rare, riff, voc
from hearpreprocess.audio.containers.container import Container, EncodedStream
from hearpreprocess.audio.containers.content import Content
from hearpreprocess.audio.containers.tags import end_of_audio, starts_of_audio

_LIKE_MPEG = re.compile(rb"ID3|\xff[\xe0-\xff]")

_READERS: tuple[Callable[[Content, int, int], Container | None], ...] = (
    riff.wav_container,
    flac.flac_container,
    ogg.ogg_container,
    aiff.aiff_container,
    plain.au_container,
    plain.w64_container,
    plain.caf_container,
    plain.nist_container,
    voc.voc_container,
    mp4.mp4_container,
    matroska.matroska_container,
    compressed.asf_container,
    compressed.avi_container,
    compressed.tta_container,
    compressed.wavpack_container,
    compressed.ape_container,
    compressed.amr_container,
    compressed.ac3_container,
    compressed.transport_container,
    rare.fixed_container,
    rare.dump_container,
    rare.instrument_container,
    rare.sampler_container,
    rare.octave_container,
    rare.matlab_container,
    rare.paris_container,
    riff.repaired_wav,
    mpeg.mpeg_container,
)


def examine(content: Content) -> Container:
    """The container of a recording, after any leading tags.

    Raises AudioError where it contains less than it declares, or is damaged. Unknown containers are left to the
    decoders.
    """
    begins = starts_of_audio(content)
    for reader in _READERS:
        for begin in begins:
            if (container := reader(content, begin, content.size)) is not None:
                return container
    # What libsndfile takes for MPEG here is none: its decoder would write notes to the standard error.
    is_like_mpeg = _LIKE_MPEG.match(content.read(begins[0], 3)) is not None
    part = EncodedStream(begins[0], end_of_audio(content, begins[0], content.size))
    return Container("", (part,), by_libsndfile=not is_like_mpeg)
