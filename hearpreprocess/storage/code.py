"""A digest of this program's code, so that results of different code are never reused, whatever its version.

The digest is of the files, but results come from the code that Python has loaded, some of it late. The two agree as
long as no file changes: times and sizes are recorded when this module is imported, as the first of the package, and
compared before every use.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from hearpreprocess.errors import ChangedCodeError

if TYPE_CHECKING:
    from importlib.abc import Traversable

CODE_OF_SAMPLES = (
    "archive",
    "audio",
    "finished/manifest.py",
    "steps/audio.py",
    "steps/extract.py",
    "task/seconds.py",
)
"""The rooms and modules that turn files of sources into samples of clips, and into what manifests state of them."""

CODE_OF_OUTPUTS = ("archive", "audio", "corpus", "finished", "steps", "storage", "task")
"""The rooms that decide the bytes of finished tasks."""

_WATCHED = (*CODE_OF_OUTPUTS, "synthetic")
"""The rooms whose code is part of a key."""

_BYTECODE_HEADER = 16
"""Bytes with the time and size of the source."""


@functools.cache
def code_digest(parts: tuple[str, ...]) -> str:
    """A digest of the source code of some rooms and modules of hearpreprocess, as this process has loaded it.

    Raises ChangedCodeError if that has changed on the disk.
    """
    code = digest_on_disk(parts)
    check_code_unchanged()
    return code


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
        f"hearpreprocess: its code changed on disk during the run ({changed[0]}{more}). Restart Python and run the "
        "same command again; finished work is kept"
    )


def loaded_code() -> Mapping[str, object]:
    """The code that a worker process of this one has to load: see `expect_code`."""
    return _loaded


def expect_code(loaded: Mapping[str, object]) -> None:
    """Make this process compare against the code that another one has loaded, though its own may be newer."""
    global _loaded
    _loaded = loaded


def _states() -> Mapping[str, object]:
    """By module, the time and size of the files that decide outputs; for a package in a zip archive, one digest."""
    package = _package()
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

    It is the same for a checkout and an installed package, with any line endings. If only bytecode is installed, it is
    the digest of the bytecode, which depends on the version of Python.
    """
    from hearpreprocess.storage.digests import digest  # late, as every command loads this module

    package = _package()
    modules = {name: content for part in parts for name, content in _modules(package.joinpath(part), part)}
    return digest({name: digest(content.decode("latin-1")) for name, content in modules.items()})


def _package() -> Traversable:
    """The package's folder, or its place in a zip archive."""
    folder = Path(__file__).parent.parent
    if folder.is_dir():
        return folder
    from importlib.resources import files  # late, too

    return files("hearpreprocess")


def _modules(path: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    """The names and contents of the modules of a room, or of one module."""
    if path.is_dir():
        children = {child.name: child for child in path.iterdir()}
        for child in children.values():
            has_source = child.name.endswith(".pyc") and child.name.removesuffix("c") in children
            if child.name != "__pycache__" and not has_source:
                yield from _modules(child, f"{name}/{child.name}")
    elif name.endswith(".py") and path.is_file():
        yield name, path.read_bytes().replace(b"\r\n", b"\n")
    elif name.endswith(".pyc"):
        yield name, path.read_bytes()[_BYTECODE_HEADER:]


_loaded = _states()
