"""Seals: they show whether the files of a finished folder are unchanged.

A power cut can truncate files, and two hard links are one file: editing a finished clip in place also edits the work
folder's clip. The files of a sealed folder are read-only, which prevents accidental edits, and its seal detects all
others.
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
    """Make the files below a folder read-only and record their names, sizes and times in its seal file."""
    for path in _files(folder):
        os.chmod(path, os.stat(path).st_mode & ~_WRITABLE)  # noqa: PTH101, PTH116  (100,000 of them)
    (folder / SEAL).write_text(_state(folder), encoding="utf-8")


def is_sealed(folder: Path) -> bool:
    """Whether a folder was sealed and its files are unchanged since, by name, size and time; no file is opened."""
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
