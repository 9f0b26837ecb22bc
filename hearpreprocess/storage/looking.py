"""Paths on network file systems, whose clients remember for up to a minute that a path was missing.

NFS answers from memory until it sees that the directory has changed, by attributes that it keeps for 30 to 60 s. When a
directory is opened, it asks the server for these (close-to-open consistency, unless mounted with `nocto`), and if they
have changed, it looks up every path in the directory again. Opening is enough: listing helps only because it begins
with that, and takes time for each entry. On a local disk it takes some microseconds.

A directory that another host has replaced or removed gives ESTALE, which counts as missing.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hearpreprocess.storage.remembering import on_new_run

Value = TypeVar("Value")

SECONDS_OF_A_LOOK = 1.0
"""For so long, one look at a directory counts for all paths in it that `is_absent` is asked about."""

_MISSING = (errno.ENOENT, errno.ENOTDIR, errno.ESTALE)


def is_there(path: Path) -> bool:
    """Whether a path exists; a missing one is looked up again first."""
    return confirmed(lambda: _exists(path), path)


def confirmed(decide: Callable[[], Value], *paths: Path) -> Value:
    """The result of `decide`; if it is false, that of a second call after looking up the paths that it reads again."""
    decision = decide()
    if decision:
        return decision
    for path in paths:
        look_again(path)
    return decide()


_looks: dict[Path, float] = {}
"""By directory, when `is_absent` has last opened it, by the monotonic clock."""


def is_absent(path: Path) -> bool:
    """Whether a path is missing, or was up to SECONDS_OF_A_LOOK ago: for many paths of one directory, asked repeatedly.

    A step whose dependency is checked must not fail by an old look: call `forget_looks` before.
    """
    now, folder = time.monotonic(), path.parent
    if now - _looks.get(folder, -SECONDS_OF_A_LOOK) >= SECONDS_OF_A_LOOK:
        look_again(path)
        _looks[folder] = now  # when it began
    try:
        path.stat()
    except OSError as error:
        return is_missing(error)
    return False


def forget_looks() -> None:
    """Have `is_absent` look at each directory again."""
    _looks.clear()


on_new_run(forget_looks)


def look_again(path: Path) -> None:
    """Have the next look-ups of a path, and of the entries if it is a directory, answered by the file server."""
    if path.parent != path and not _opens(path.parent):  # it may be remembered as missing, too
        look_again(path.parent)
        if not _opens(path.parent):
            return
    _opens(path)


def is_missing(error: OSError) -> bool:
    """Whether an error says that its path does not exist, or that it no longer exists on the file server."""
    return error.errno in _MISSING


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except OSError as error:
        if is_missing(error) or error.errno == errno.ELOOP:
            return False
        raise
    return True


def _opens(folder: Path) -> bool:
    """Open and close a directory; return whether it exists."""
    try:
        os.close(os.open(folder, os.O_RDONLY | os.O_DIRECTORY))
    except OSError as error:
        return not is_missing(error)
    return True
