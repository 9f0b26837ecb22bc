"""Seals: how a folder whose files have second names elsewhere tells that none of them was changed through those.

A file with two hard links is one file: who edits a finished clip in place edits the work folder's, too. The files of a
sealed folder are read-only, which keeps everybody from doing so but the administrator and who insists, and its seal
says when even that has happened.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from hearpreprocess.identity import digest

_SEAL = ".seal"
_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def seal(folder: Path) -> None:
    """Make the files of a folder read-only and note their names, sizes and times in a file of its own there."""
    with os.scandir(folder) as entries:
        for entry in entries:
            os.chmod(entry.path, entry.stat().st_mode & ~_WRITABLE)  # noqa: PTH101  (100,000 of them)
    (folder / _SEAL).write_text(_state(folder), encoding="utf-8")


def is_sealed(folder: Path) -> bool:
    """Whether a folder was sealed and its files are what they were then; none is opened."""
    try:
        return (folder / _SEAL).read_text(encoding="utf-8") == _state(folder)
    except OSError:
        return False


def _state(folder: Path) -> str:
    with os.scandir(folder) as entries:
        files = [(entry.name, entry.stat()) for entry in entries if entry.name != _SEAL]
    return digest(sorted([name, status.st_size, status.st_mtime_ns] for name, status in files))
