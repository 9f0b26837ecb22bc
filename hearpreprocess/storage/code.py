"""The code of this program as a digest, so that no result of other code, whatever its version, is taken for its own.

The digest is of files, but results are made by what Python has loaded of them, a part of it late. Both are the same as
long as no file changes: their times and sizes are noted when this module is imported, and compared before every use.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from hearpreprocess.errors import ChangedCodeError
from hearpreprocess.storage.digests import digest

if TYPE_CHECKING:
    from importlib.abc import Traversable

CODE_OF_SAMPLES = ("archive", "audio", "steps/audio.py", "task/seconds.py")
"""The rooms and modules that turn the files of a source into the samples of clips."""

CODE_OF_OUTPUTS = ("archive", "audio", "corpus", "finished", "steps", "storage", "task")
"""The rooms that decide the bytes of finished tasks."""

_WATCHED = (*CODE_OF_OUTPUTS, "synthetic")
"""The rooms whose code is in some key."""

_BYTECODE_HEADER = 16
"""Bytes with the time and size of the source."""


@functools.cache
def code_digest(parts: tuple[str, ...]) -> str:
    """A digest of the source code of some rooms and modules of hearpreprocess, as this process has loaded it.

    Raises ChangedCodeError if that has changed on the disk.
    """
    found = digest_on_disk(parts)
    check_code_unchanged()
    return found


def check_code_unchanged() -> None:
    """Raise ChangedCodeError if the code that decides outputs has changed on the disk since it was loaded.

    Takes about 0.3 ms, as no file is opened.
    """
    now = _states()
    if now == _loaded:
        return
    changed = sorted(name for name in {*now, *_loaded} if now.get(name) != _loaded.get(name))
    more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
    raise ChangedCodeError(
        f"hearpreprocess was changed on disk while it was running ({changed[0]}{more}); restart and run the same "
        "command again. Finished work is kept"
    )


def loaded_code() -> Mapping[str, object]:
    """What a process that works for this one has to load: see `expect_code`."""
    return _loaded


def expect_code(loaded: Mapping[str, object]) -> None:
    """Have this process take the code that another one has loaded for its own, though it may have loaded later code."""
    global _loaded
    _loaded = loaded


def _states() -> Mapping[str, object]:
    """By module, the time and size of the files that decide outputs; of a package in a zip, their digest."""
    package = files("hearpreprocess")
    if not isinstance(package, Path):
        return {"its archive": digest_on_disk(_WATCHED)}
    start = len(f"{package}/")
    return {
        path[start:]: (status.st_mtime_ns, status.st_size)
        for room in _WATCHED
        for path, status in _statuses(f"{package}/{room}")
    }


def _statuses(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names:
            if name.endswith(".py") or (name.endswith(".pyc") and name.removesuffix("c") not in names):
                path = f"{parent}/{name}"
                yield path, os.stat(path)  # noqa: PTH116  (before every output)


def digest_on_disk(parts: tuple[str, ...]) -> str:
    """A digest of the source code of some rooms and modules of hearpreprocess, as it is on the disk now.

    It is the same for a checkout and for what is installed, whatever its line ends. Without source, as where only
    bytecode is installed, it is that of the bytecode, and depends on the version of Python.
    """
    package = files("hearpreprocess")
    modules = {name: content for part in parts for name, content in _modules(package.joinpath(part), part)}
    return digest({name: digest(content.decode("latin-1")) for name, content in modules.items()})


def _modules(place: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    """The names and contents of the modules of a room, or of one module."""
    if place.is_dir():
        children = {child.name: child for child in place.iterdir()}
        for child in children.values():
            has_source = child.name.endswith(".pyc") and child.name.removesuffix("c") in children
            if child.name != "__pycache__" and not has_source:
                yield from _modules(child, f"{name}/{child.name}")
    elif name.endswith(".py") and place.is_file():
        yield name, place.read_bytes().replace(b"\r\n", b"\n")
    elif name.endswith(".pyc"):
        yield name, place.read_bytes()[_BYTECODE_HEADER:]


_loaded = _states()
