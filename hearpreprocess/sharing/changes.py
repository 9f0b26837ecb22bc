"""How late one host sees what another changes: new files and directories, a growing file, a rename, a removal.

No common clock is needed. The observer looks and says so; only then does the other host make its changes, and says so.
By the observer's own clock, a change was made after its first message and before the answer, or before it saw another
of these changes, whichever came first. The delay lies between the resulting bounds.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from hearpreprocess.sharing.listing import names_in

_NAME = "name"


class Delay(NamedTuple):
    """After how many seconds a change was seen: at least `lower`, at most `upper`, None if it was not seen at all."""

    lower: float
    upper: float | None


class Change(NamedTuple):
    """A change in a directory of its own: the state before it, the change, and whether it can be seen."""

    prepare: Callable[[Path], object]
    change: Callable[[Path], object]
    is_seen: Callable[[Path], bool]


def _grow(folder: Path) -> None:
    with (folder / _NAME).open("ab") as file:
        file.write(b"after")


def _replace(folder: Path) -> None:
    new = folder / "new"
    new.write_bytes(b"after")
    new.replace(folder / _NAME)


def _no_preparation(_folder: Path) -> None:
    """The state before the change is an empty directory."""


def _write_before(folder: Path) -> None:
    (folder / _NAME).write_bytes(b"before")


LISTED = "new file, once its directory is listed"
CHANGES = {
    "new file": Change(
        _no_preparation, lambda folder: (folder / _NAME).write_bytes(b"after"), lambda folder: (folder / _NAME).exists()
    ),
    LISTED: Change(
        _no_preparation,
        lambda folder: (folder / _NAME).write_bytes(b"after"),
        lambda folder: _NAME in names_in(folder),
    ),
    "new directory": Change(
        _no_preparation, lambda folder: (folder / _NAME).mkdir(), lambda folder: (folder / _NAME).is_dir()
    ),
    "growing file": Change(_write_before, _grow, lambda folder: (folder / _NAME).stat().st_size > len(b"before")),
    "replaced file": Change(_write_before, _replace, lambda folder: (folder / _NAME).read_bytes() == b"after"),
    "removed file": Change(
        _write_before, lambda folder: (folder / _NAME).unlink(), lambda folder: not (folder / _NAME).exists()
    ),
}
"""By description, the changes in the order in which they are made."""


def prepare_changes(folder: Path) -> None:
    """Create what changes later, each change in a directory of its own, so that none uncovers another."""
    for number, change in enumerate(CHANGES.values()):
        own = folder / str(number)
        own.mkdir(parents=True)
        change.prepare(own)


def make_changes(folder: Path) -> float:
    """Make all changes, and return how many seconds that took; one that fails is not seen by the others."""
    start = time.monotonic()
    for number, change in enumerate(CHANGES.values()):
        with contextlib.suppress(OSError):
            change.change(folder / str(number))
    return time.monotonic() - start


@dataclass
class _Watch:
    last_unseen: float
    seen: float | None = None


class Watcher:
    """Watches for the changes of one other host in its folder. `looked`: when it had looked at the state before."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._watches = {description: _Watch(0.0) for description in CHANGES}
        self.look()
        self.looked = time.monotonic()

    def look(self) -> None:
        """Look again at what has not been seen to change."""
        for number, (description, change) in enumerate(CHANGES.items()):
            watch = self._watches[description]
            if watch.seen is None:
                now = time.monotonic()
                with contextlib.suppress(OSError):  # such as a stale file handle on NFS
                    if change.is_seen(self._folder / str(number)):
                        watch.seen = time.monotonic()
                if watch.seen is None:
                    watch.last_unseen = now

    @property
    def has_seen_all(self) -> bool:
        """Whether all changes have been seen."""
        return all(watch.seen is not None for watch in self._watches.values())

    def delays(self, announced: float, took: float) -> dict[str, Delay]:
        """The delay of each change. `announced`: when the other's message came. `took`: seconds of all changes."""
        seen = [watch.seen for watch in self._watches.values() if watch.seen is not None]
        made = min([announced, *(moment + took for moment in seen)])
        return {description: self._delay(watch, made) for description, watch in self._watches.items()}

    def _delay(self, watch: _Watch, made: float) -> Delay:
        lower = max(0.0, watch.last_unseen - made)
        return Delay(lower, None if watch.seen is None else watch.seen - self.looked)


def spread(delays: Sequence[Delay]) -> Delay:
    """The bounds of the longest of several delays."""
    uppers = [delay.upper for delay in delays if delay.upper is not None]
    return Delay(max(delay.lower for delay in delays), max(uppers) if len(uppers) == len(delays) else None)
