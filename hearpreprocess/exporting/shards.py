"""Clips in groups of a bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hearpreprocess.loading import FinishedClip


def by_bytes(clips: Iterable[FinishedClip], most: int, most_clips: int | None = None) -> Iterator[list[FinishedClip]]:
    """Clips in their order, in groups whose files have at most `most` bytes; a larger clip is a group of its own.

    `most_clips`: in a group; None for any number.
    """
    group: list[FinishedClip] = []
    total = 0
    for clip in clips:
        size = clip.size
        if group and (total + size > most or len(group) == most_clips):
            yield group
            group, total = [], 0
        group.append(clip)
        total += size
    if group:
        yield group
