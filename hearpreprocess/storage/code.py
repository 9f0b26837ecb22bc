"""The code of this program as a digest, so that no result of other code, whatever its version, is taken for its own."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from importlib.resources import files
from typing import TYPE_CHECKING

from hearpreprocess.storage.digests import digest

if TYPE_CHECKING:
    from importlib.abc import Traversable

CODE_OF_SAMPLES = ("archive", "audio", "steps/audio.py")
"""The rooms and modules that turn the files of a source into the samples of clips."""

CODE_OF_OUTPUTS = ("archive", "audio", "corpus", "finished", "steps", "storage", "task")
"""The rooms that decide the bytes of finished tasks."""

_BYTECODE_HEADER = 16
"""Bytes with the time and size of the source."""


@functools.cache
def code_digest(parts: tuple[str, ...]) -> str:
    """A digest of the source code of some rooms and modules of hearpreprocess.

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
