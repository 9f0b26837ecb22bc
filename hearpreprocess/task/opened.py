"""Record which files are read while code runs."""

from __future__ import annotations

import contextlib
import functools
import os
import shlex
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

_WRITES = os.O_WRONLY | os.O_RDWR


class _Record:
    """The files read in a block, by its own thread and by those that start in it."""

    def __init__(self) -> None:
        self.read: dict[str, None] = {}
        self.written: set[str] = set()
        self.others = {thread.ident for thread in threading.enumerate()} - {threading.get_ident()}


_records: list[_Record] = []
"""Of the blocks of this process, the innermost last."""


@contextlib.contextmanager
def opened_files() -> Iterator[dict[str, None]]:
    """The absolute paths of all files that are opened for reading in the block, as keys in order.

    Threads that run before the block begins are not recorded, nor files that the block itself has written. Files that a
    program is given as arguments count as read. Files that a library opens in C (libsndfile, HDF5) are not recorded.
    """
    _listen()
    record = _Record()
    _records.append(record)
    try:
        yield record.read
    finally:
        _records.remove(record)


@functools.cache
def _listen() -> None:
    """Install the audit hook once, on first use, as Python cannot remove it."""
    sys.addaudithook(_note)


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if not _records or (paths_of := _READERS.get(event)) is None:
        return
    thread = threading.get_ident()
    record = next((record for record in reversed(_records) if thread not in record.others), None)
    if record is None:
        return
    is_written = event == "open" and _is_written(*arguments[1:])
    for path in paths_of(*arguments):
        if is_written:
            record.written.add(path)
        elif path not in record.written:
            record.read[path] = None


def _is_written(mode: object, flags: object) -> bool:
    return (isinstance(mode, str) and bool(set(mode) & set("wax"))) or bool(isinstance(flags, int) and flags & _WRITES)


def _of_open(path: object, _mode: object, _flags: object) -> Iterator[str]:
    yield from _absolute(path)


def _of_database(database: object) -> Iterator[str]:
    for path in _absolute(database):
        is_uri = isinstance(database, str) and database.startswith("file:")
        yield from _existing([unquote(urlsplit(str(database)).path) if is_uri else path])


def _of_program(
    executable: object, arguments: Iterable[object], folder: object = None, *_rest: object
) -> Iterator[str]:
    words = [word for argument in (executable, *arguments) for word in _text(argument)]
    for word in list(words):
        words += [word.partition("=")[2], *_words(word)]
    yield from _existing(words, next(iter(_text(folder)), ""))


def _of_command(command: object) -> Iterator[str]:
    yield from _existing(word for text in _text(command) for word in _words(text))


def _of_posix_spawn(executable: object, arguments: Iterable[object], *_rest: object) -> Iterator[str]:
    yield from _of_program(executable, arguments)


_READERS: dict[str, Callable[..., Iterator[str]]] = {
    "open": _of_open,
    "ctypes.dlopen": lambda library: _existing(_text(library)),
    "os.posix_spawn": _of_posix_spawn,
    "os.system": _of_command,
    "sqlite3.connect": _of_database,
    "subprocess.Popen": _of_program,
}
"""The audit events of Python that name files, each with a function from its arguments to their absolute paths."""


def _text(path: object) -> Iterator[str]:
    if isinstance(path, str | bytes | os.PathLike):  # a number is a descriptor of an open file
        yield os.fsdecode(path)


def _absolute(path: object) -> Iterator[str]:
    for text in _text(path):
        with contextlib.suppress(FileNotFoundError):  # the working directory is gone
            yield str(Path(text).absolute())  # now, as the working directory may change


def _existing(paths: Iterable[str], folder: str = "") -> Iterator[str]:
    for path in paths:
        with contextlib.suppress(OSError):  # an argument that is too long for a path
            if path and Path(folder, path).is_file():
                yield from _absolute(Path(folder, path))


def _words(command: str) -> list[str]:
    """The words of a command as a shell divides it."""
    with contextlib.suppress(ValueError):
        return shlex.split(command) if any(character.isspace() for character in command) else []
    return []
