"""Limit the simultaneous downloads of tarballs, so that few wait on the disk for resampling."""

from __future__ import annotations

from collections.abc import Sequence

from hearpreprocess.steps import DOWNLOADS_AT_ONCE, Published, Step


class Downloads:
    """The tarball downloads of a run's roots."""

    def __init__(self, roots: Sequence[Step]) -> None:
        self._steps = [root for root in roots if isinstance(root, Published)]

    def __bool__(self) -> bool:
        return bool(self._steps)

    def at_once(self) -> int:
        """The number of downloads that may run now; without `clean`, tarballs are kept and do not count as waiting."""
        room = min((step.most_tarballs for step in self._steps if step.clean), default=DOWNLOADS_AT_ONCE)
        return max(0, min(DOWNLOADS_AT_ONCE, room - sum(step.waits for step in self._steps)))
