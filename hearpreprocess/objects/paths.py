"""Objects as paths, for code that reads tarballs or shows where they are."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from pathlib import PosixPath
from typing import Any

from hearpreprocess.errors import ObjectStoreError
from hearpreprocess.objects.addresses import checked_address
from hearpreprocess.objects.asking import ask
from hearpreprocess.objects.stored import StoredObject

FIRST_BLOCK, LARGEST_BLOCK = 128 << 10, 8 << 20
"""The bytes of the first read of an object, as often only its start is needed, and at most of those that follow."""


class ObjectPath(PosixPath):
    """The URL of an object or of a prefix in place of a path; as a text it is the URL.

    It is read as a file is; nothing can be written by it. Methods raise ObjectStoreError where the store refuses.
    """

    def __str__(self) -> str:
        return super().__str__().replace(":/", "://", 1)

    def __fspath__(self) -> str:
        return str(self)

    @property
    def stored(self) -> StoredObject | None:
        """The object; None if there is none. Asks the store each time."""
        stored: StoredObject | None = ask("head", str(self))
        return stored

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        """The size and the time of the object."""
        stored = self.stored
        if stored is None:
            raise FileNotFoundError(2, os.strerror(2), str(self))
        modified = int(stored.modified)
        return os.stat_result((stat.S_IFREG | 0o444, 0, 0, 1, 0, 0, stored.size, modified, modified, modified))

    def exists(self, *, follow_symlinks: bool = True) -> bool:
        """Whether there is such an object."""
        return self.stored is not None

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        """Whether there is such an object."""
        return self.stored is not None

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        """No object is a directory."""
        return False

    def absolute(self) -> ObjectPath:
        """The same URL."""
        return self

    def resolve(self, strict: bool = False) -> ObjectPath:
        """The same URL."""
        return self

    def open(self, mode: str = "rb", *_arguments: Any, **_options: Any) -> Any:
        """The object as a file of bytes that can be read at any position, a block of it at a time."""
        if mode != "rb":
            raise ObjectStoreError(f"{self}: objects cannot be opened to write")
        stored = self.stored
        if stored is None:
            raise FileNotFoundError(2, os.strerror(2), str(self))
        return io.BufferedReader(_ObjectFile(str(self), stored), LARGEST_BLOCK)

    def read_bytes(self) -> bytes:
        """The content of a small object."""
        with self.open() as file:
            content: bytes = file.read()
        return content

    def read_text(self, encoding: str | None = None, errors: str | None = None, newline: str | None = None) -> str:
        """The content of a small object."""
        return self.read_bytes().decode(encoding or "utf-8", errors or "strict")


class _ObjectFile(io.RawIOBase):
    def __init__(self, address: str, stored: StoredObject) -> None:
        super().__init__()
        self._address, self._stored = address, stored
        self._position, self._block = 0, FIRST_BLOCK

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._stored.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readall(self) -> bytes:
        return b"".join(iter(lambda: self.read(LARGEST_BLOCK) or b"", b""))

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        length = min(len(view), self._block, self._stored.size - self._position)
        if length <= 0:
            return 0
        content = _read(self._address, self._position, length, self._stored.tag)
        view[: len(content)] = content
        self._position += len(content)
        self._block = min(2 * self._block, LARGEST_BLOCK)
        return len(content)


def _read(address: str, start: int, length: int, tag: str) -> bytes:
    content: bytes = ask("read", address, start, length, tag)
    if not content:
        raise ObjectStoreError(f"{address}: the server sent nothing for bytes from {start:,}. Run again")
    return content


def blocks_of(address: str, stored: StoredObject, start: int) -> Iterator[bytes]:
    """The bytes of an object from a position on, a block at a time; one version of it alone."""
    while start < stored.size:
        block = _read(address, start, min(LARGEST_BLOCK, stored.size - start), stored.tag)
        yield block
        start += len(block)


def object_path(text: str) -> ObjectPath:
    """The path of a URL that a user has given.

    Raises ConfigError where the URL is not accepted.
    """
    return ObjectPath(checked_address(text))


def tarballs_at(path: ObjectPath) -> list[ObjectPath]:
    """The tarballs at a URL: of one object, or of all objects directly below a prefix, sorted by name."""
    if path.name.endswith(".tar.gz"):
        return [path]
    names: list[str] = ask("names", str(path))
    return [path / name for name in names if name.endswith(".tar.gz")]
