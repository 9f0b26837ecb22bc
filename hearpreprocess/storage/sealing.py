"""Seals: how a finished folder tells that its files are still what they were.

A power cut can leave files behind that are shorter than they were written, and a file with two hard links is one file:
who edits a finished clip in place edits the work folder's, too. The files of a sealed folder are read-only, which keeps
everybody from doing so but the administrator and who insists, and its seal tells when even that has happened.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from hearpreprocess.storage.digests import digest

SEAL = ".seal"
"""The name of the seal in its folder."""

_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def seal(folder: Path) -> None:
    """Make the files below a folder read-only and note their names, sizes and times in a file of its own there."""
    for path in _files(folder):
        os.chmod(path, os.stat(path).st_mode & ~_WRITABLE)  # noqa: PTH101, PTH116  (100,000 of them)
    (folder / SEAL).write_text(_state(folder), encoding="utf-8")


def is_sealed(folder: Path) -> bool:
    """Whether a folder was sealed and its files are what they were then; none is opened."""
    try:
        return (folder / SEAL).read_bytes() == _state(folder).encode()
    except OSError:
        return False


def _state(folder: Path) -> str:
    start = len(f"{folder}/")
    files = [(path[start:], os.stat(path)) for path in _files(folder)]  # noqa: PTH116
    return digest(sorted([name, status.st_size, status.st_mtime_ns] for name, status in files if name != SEAL))


def _files(folder: Path) -> Iterator[str]:
    for parent, _folders, names in os.walk(folder):
        yield from (f"{parent}/{name}" for name in names)
