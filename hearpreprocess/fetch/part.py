"""The part of a file that has been downloaded so far, which a later process goes on with."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from hearpreprocess.fetch.connections import lock
from hearpreprocess.storage import naming_the_disk, sync_folder

_SECONDS_BETWEEN_LOOKS = 0.2
_CHUNK = 1 << 20


class Part:
    """A file beside its target, hidden, with a note of which url's bytes it holds and of how the server knows them."""

    def __init__(self, target: Path, file: BinaryIO, algorithms: Sequence[str]) -> None:
        self._target, self._file = target, file
        self._path = part_path(target)
        self._note = self._path.with_name(f"{self._path.name}.json")
        self._hashes = {algorithm: hashlib.new(algorithm) for algorithm in algorithms}
        while block := file.read(_CHUNK):
            self._hash(block)

    def _hash(self, block: bytes) -> None:
        for each in self._hashes.values():
            each.update(block)

    @property
    def size(self) -> int:
        """Bytes so far."""
        return os.fstat(self._file.fileno()).st_size

    def validator(self, url: str) -> str | None:
        """What the server called the version of the file whose first bytes are here, if they came from this url."""
        try:
            noted = json.loads(self._note.read_text(encoding="utf-8"))
            return str(noted["validator"]) if noted["url"] == url else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def restart(self) -> None:
        """Forget the bytes so far."""
        self._file.seek(0)
        self._file.truncate()
        self._hashes = {algorithm: hashlib.new(algorithm) for algorithm in self._hashes}

    def note(self, url: str, validator: str) -> None:
        """Note whose bytes will follow; "" stands for a server that has no name for the file's version."""
        self._note.write_text(json.dumps({"url": url, "validator": validator}), encoding="utf-8")

    def append(self, block: bytes) -> None:
        """Add bytes."""
        self._file.seek(0, os.SEEK_END)
        rest = memoryview(block)
        while rest:
            rest = rest[self._file.write(rest) :]
        self._hash(block)

    def checksums(self) -> dict[str, str]:
        """The checksums of the bytes so far, by algorithm."""
        return {algorithm: each.hexdigest() for algorithm, each in self._hashes.items()}

    def finish(self) -> None:
        """Put the file in its place, after all of it has reached the disk."""
        os.fsync(self._file.fileno())
        self._path.replace(self._target)
        sync_folder(self._target.parent)
        self._note.unlink(missing_ok=True)

    def set_aside(self, name: str) -> Path:
        """Put the file beside its place under another name, for who wants to know what it is."""
        aside = self._target.with_name(name)
        self._path.replace(aside)
        self._note.unlink(missing_ok=True)
        return aside

    @property
    def target_name(self) -> str:
        """The name of the whole file."""
        return self._target.name

    @property
    def path(self) -> Path:
        """Where the bytes are."""
        return self._path


def begun_from(target: Path) -> str | None:
    """The url that the bytes so far came from."""
    path = part_path(target)
    try:
        return str(json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8"))["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def part_path(target: Path) -> Path:
    """Where the bytes of a file are until all of them are there."""
    return target.with_name(f".{target.name}.part")


def is_taken(target: Path) -> bool:
    """Whether somebody else is downloading a file."""
    try:
        with part_path(target).open("rb") as file:
            return not lock(file.fileno())
    except OSError:
        return False


@contextlib.contextmanager
def open_part(target: Path, algorithms: Sequence[str], before_waiting: Callable[[], object]) -> Iterator[Part]:
    """The part of a file, for this process and thread alone; while another one has it, wait.

    `algorithms`: of the checksums that will be asked for, which are computed as the bytes come. `before_waiting` gives
    back what others may wait for, lest two processes wait for each other.
    """
    path = part_path(target)
    with naming_the_disk(target):
        path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            # Unbuffered, so that what was received is in the file whatever becomes of the process.
            file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+b", buffering=0)
            with file:
                if lock(file.fileno()) and _is_the_same(path, file):
                    try:
                        yield Part(target, file, algorithms)
                    finally:
                        is_of_no_use = target.exists() or not os.fstat(file.fileno()).st_size
                        if is_of_no_use and _is_the_same(path, file):
                            path.unlink()
                    return
            before_waiting()
            time.sleep(_SECONDS_BETWEEN_LOOKS)


def _is_the_same(path: Path, file: BinaryIO) -> bool:
    """Whether the file under this name is still the one that was opened."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
