"""The partial file of a download, which a later process can resume."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from hearpreprocess.storage import (
    explaining_disk_errors,
    flush_file,
    is_locked,
    is_under_its_name,
    sync_folder,
    try_lock_file,
)

_SECONDS_BETWEEN_TRIES = 0.2
_CHUNK = 1 << 20


class Part:
    """A hidden file beside its target, with a note of the url of its bytes and the server's validator for them."""

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
        """The server's validator for the bytes so far, if they came from this url."""
        noted = _read_note(self._note)
        return noted["validator"] if noted.get("url") == url else None

    def restart(self) -> None:
        """Discard the bytes so far."""
        self._file.seek(0)
        self._file.truncate()
        self._hashes = {algorithm: hashlib.new(algorithm) for algorithm in self._hashes}

    def note(self, url: str, validator: str) -> None:
        """Record the url and the validator of the bytes that follow; "" if the server gives no validator."""
        self._note.write_text(json.dumps({"url": url, "validator": validator}), encoding="utf-8")

    def append(self, block: bytes) -> None:
        """Append bytes."""
        self._file.seek(0, os.SEEK_END)
        rest = memoryview(block)
        while rest:
            rest = rest[self._file.write(rest) :]
        self._hash(block)

    def checksums(self) -> dict[str, str]:
        """The checksums of the bytes so far, by algorithm."""
        return {algorithm: checksum.hexdigest() for algorithm, checksum in self._hashes.items()}

    def finish(self) -> None:
        """Flush the file to the disk and rename it to its target."""
        flush_file(self._file.fileno())
        self._path.replace(self._target)
        sync_folder(self._target.parent)
        self._note.unlink(missing_ok=True)

    def set_aside(self, name: str) -> Path:
        """Rename the file, so that a person can inspect it beside its target."""
        aside = self._target.with_name(name)
        self._path.replace(aside)
        self._note.unlink(missing_ok=True)
        return aside

    @property
    def target_name(self) -> str:
        """The name of the complete file."""
        return self._target.name

    @property
    def path(self) -> Path:
        """The path of the partial file."""
        return self._path


def url_of_part(target: Path) -> str | None:
    """The url that the partial file came from."""
    return _read_note(_note_path(target)).get("url")


def _note_path(target: Path) -> Path:
    path = part_path(target)
    return path.with_name(f"{path.name}.json")


def _read_note(note: Path) -> dict[str, str]:
    """The `url` and the `validator` in a note; empty if it is missing or unreadable."""
    try:
        noted = json.loads(note.read_text(encoding="utf-8"))
        return {name: str(noted[name]) for name in ("url", "validator")}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def part_path(target: Path) -> Path:
    """The path of the partial file of a download."""
    return target.with_name(f".{target.name}.part")


def is_being_downloaded(target: Path) -> bool:
    """Whether another process or thread is downloading a file."""
    return is_locked(part_path(target)) is True


@contextlib.contextmanager
def open_part(target: Path, algorithms: Sequence[str], before_waiting: Callable[[], object]) -> Iterator[Part]:
    """The partial file of a download, locked for this process and thread; wait while another one has it.

    `algorithms`: of the checksums, which are computed as the bytes arrive. `before_waiting` releases what others may
    wait for, so that two processes do not wait for each other.
    """
    path = part_path(target)
    with explaining_disk_errors(target):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _wait_for_lock(path, before_waiting) as file:
            try:
                yield Part(target, file, algorithms)
            finally:
                is_useless = target.exists() or not os.fstat(file.fileno()).st_size
                if is_useless and is_under_its_name(file, path):  # it may have been renamed to the target, or set aside
                    path.unlink()


def _wait_for_lock(path: Path, before_waiting: Callable[[], object]) -> BinaryIO:
    while (file := try_lock_file(path)) is None:
        before_waiting()
        time.sleep(_SECONDS_BETWEEN_TRIES)
    return file
