"""How many tarballs may be downloaded at once, so that few wait on the disk to be resampled."""

from __future__ import annotations

from collections.abc import Sequence

from hearpreprocess.steps import DOWNLOADS_AT_ONCE, Published, Step


class Downloads:
    """The downloads of tarballs for the roots of a run."""

    def __init__(self, roots: Sequence[Step]) -> None:
        self._steps = [root for root in roots if isinstance(root, Published)]

    def __bool__(self) -> bool:
        return bool(self._steps)

    def at_once(self) -> int:
        """How many downloads may be running now; without `clean`, tarballs stay, and none waits."""
        room = min((step.most_tarballs for step in self._steps if step.clean), default=DOWNLOADS_AT_ONCE)
        return max(0, min(DOWNLOADS_AT_ONCE, room - sum(step.waits for step in self._steps)))
