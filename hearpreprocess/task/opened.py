"""Record which files are opened while code runs."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

_WRITES = os.O_WRONLY | os.O_RDWR


class _Records(threading.local):
    """The records of a thread, the innermost block last."""

    def __init__(self) -> None:
        self.open: list[dict[str, None]] = []


_records = _Records()


@contextlib.contextmanager
def opened_files() -> Iterator[dict[str, None]]:
    """The absolute paths of all files that this thread opens for reading in the block, as keys in order.

    Files that a library opens in C (libsndfile, HDF5) are not recorded.
    """
    _listen()
    record: dict[str, None] = {}
    _records.open.append(record)
    try:
        yield record
    finally:
        _records.open.pop()


@functools.cache
def _listen() -> None:
    """Install the audit hook once, on first use, as Python cannot remove it."""
    sys.addaudithook(_note)


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if event != "open" or not _records.open:
        return
    path, mode, flags = arguments
    is_written = (isinstance(mode, str) and set(mode) & set("wax")) or (isinstance(flags, int) and flags & _WRITES)
    if is_written or not isinstance(path, str | bytes | os.PathLike):  # a number is a descriptor of an open file
        return
    # Made absolute now, as the working directory may change.
    _records.open[-1][str(Path(os.fsdecode(path)).absolute())] = None
