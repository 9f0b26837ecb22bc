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

from hearpreprocess.storage import is_locked, is_under_its_name, naming_the_disk, sync_folder, try_lock_file

_SECONDS_BETWEEN_TRIES = 0.2
_CHUNK = 1 << 20


class Part:
    """A file beside its target, hidden, with a note of which url's bytes it holds and of how the server knows them."""

    def __init__(self, target: Path, file: BinaryIO, algorithms: Sequence[str]) -> None:
        self._target, self._file = target, file
        self._path = part_path(target)
        self._note = _note_path(target)
        self._hashes = {algorithm: hashlib.new(algorithm) for algorithm in algorithms}
        while block := file.read(_CHUNK):
            self._hash(block)

    def _hash(self, block: bytes) -> None:
        for checksum in self._hashes.values():
            checksum.update(block)

    @property
    def size(self) -> int:
        """Bytes so far."""
        return os.fstat(self._file.fileno()).st_size

    def validator(self, url: str) -> str | None:
        """What the server called the version of the file whose first bytes are here, if they came from this url."""
        noted = _noted(self._note)
        return noted["validator"] if noted.get("url") == url else None

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
        return {algorithm: checksum.hexdigest() for algorithm, checksum in self._hashes.items()}

    def finish(self) -> None:
        """Rename the file to its target, after all of it has reached the disk."""
        os.fsync(self._file.fileno())
        self._path.replace(self._target)
        sync_folder(self._target.parent)
        self._note.unlink(missing_ok=True)

    def set_aside(self, name: str) -> Path:
        """Put the file beside its target under another name, where a person can look at it."""
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
    return _noted(_note_path(target)).get("url")


def _note_path(target: Path) -> Path:
    path = part_path(target)
    return path.with_name(f"{path.name}.json")


def _noted(note: Path) -> dict[str, str]:
    """The `url` and the `validator` of a note; nothing where there is none that can be read."""
    try:
        noted = json.loads(note.read_text(encoding="utf-8"))
        return {name: str(noted[name]) for name in ("url", "validator")}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def part_path(target: Path) -> Path:
    """Where the bytes of a file are until all of them are there."""
    return target.with_name(f".{target.name}.part")


def is_taken(target: Path) -> bool:
    """Whether somebody else is known to be downloading a file."""
    return is_locked(part_path(target)) is True


@contextlib.contextmanager
def open_part(target: Path, algorithms: Sequence[str], before_waiting: Callable[[], object]) -> Iterator[Part]:
    """The part of a file, for this process and thread alone; while another one has it, wait.

    `algorithms`: of the checksums that will be asked for, which are computed as the bytes come. `before_waiting` gives
    back what others may wait for, lest two processes wait for each other.
    """
    path = part_path(target)
    with naming_the_disk(target):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked_when_free(path, before_waiting) as file:
            try:
                yield Part(target, file, algorithms)
            finally:
                is_useless = target.exists() or not os.fstat(file.fileno()).st_size
                if is_useless and is_under_its_name(file, path):  # it may have become the target, or been set aside
                    path.unlink()


def _locked_when_free(path: Path, before_waiting: Callable[[], object]) -> BinaryIO:
    while (file := try_lock_file(path)) is None:
        before_waiting()
        time.sleep(_SECONDS_BETWEEN_TRIES)
    return file
