"""What a FLAC stream declares, and where the next one begins."""

from __future__ import annotations

import itertools

from hearpreprocess.audio.containers.container import Container, Part
from hearpreprocess.audio.containers.content import Content
from hearpreprocess.audio.containers.sizes import check_size
from hearpreprocess.audio.containers.tags import end_of_audio

_MARK, _STREAMINFO_BYTES, _LAST = b"fLaC", 34, 0x80

_STARTS = (_MARK + b"\0\0\0\x22", _MARK + b"\x80\0\0\x22")
"""The mark and the header of the block that must come first."""

_MOST_BLOCKS = 10_000


def flac_container(content: Content, begin: int, end: int) -> Container | None:
    """Read the header; `frames` is None where it does not state them, as a pipe leaves it.

    Raises AudioError where the header is cut.
    """
    head = content.read(begin, 8 + _STREAMINFO_BYTES)
    if head[:4] != _MARK:
        return None
    position = begin + len(_MARK)
    for _number in range(_MOST_BLOCKS):
        block = content.read(position, 4)
        size = int.from_bytes(block[1:], "big")
        check_size(size + 4, end - position, "bytes of metadata")
        position += 4 + size
        if block[0] & _LAST:
            break
    frames = int.from_bytes(head[21:26], "big") & 0xFFFFFFFFF
    if frames:
        return Container("FLAC", (Part(begin, end),), frames=frames)
    # libFLAC would read on into the next stream: it must be found beforehand.
    starts, end = [begin], end_of_audio(content, position, end)
    while (following := next_flac(content, starts[-1] + len(_MARK), end)) is not None:
        starts.append(following)
    return Container("FLAC", tuple(Part(*ends) for ends in itertools.pairwise([*starts, end])))


def next_flac(content: Content, position: int, end: int) -> int | None:
    """Where another FLAC stream begins behind a position; None if none does."""
    found = [offset for start in _STARTS if (offset := content.find(start, position, end)) >= 0]
    return min(found, default=None)
