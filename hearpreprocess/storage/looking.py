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
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Value = TypeVar("Value")

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
