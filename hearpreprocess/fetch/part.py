"""The partial file of a download, which a later process can resume."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from hearpreprocess.errors import OutputError
from hearpreprocess.fetch.checksums import checksums
from hearpreprocess.fetch.connections import Say
from hearpreprocess.storage import (
    LONGEST_NAME,
    explaining_disk_errors,
    fitting_name,
    flush_file,
    is_there,
    is_under_its_name,
    sync_folder,
    this_process,
    try_lock_file,
    wait_for,
    waiting_text,
)

_SECONDS_BETWEEN_TRIES = 0.2
_CHUNK = 1 << 20
_NOTE_SUFFIX = ".json"
_DIGITS_OF_WRONG = 12


@dataclass(frozen=True)
class DownloadOrigin:
    """The origin of the bytes of a partial file.

    `url`: without user name, password and query. `validator`: the ETag or time by which the server identifies this
    version of the file; empty if there is none, so that resuming needs a checksum. `total`: the bytes of the whole
    file; -1 if unknown.
    """

    url: str
    validator: str
    total: int = -1


class DownloadPart:
    """A partial file: hidden, beside its target, with a note of the origin of its bytes and the process that writes it.

    `encoding`: the Content-Encoding of the response; empty if it had none. Raises OutputError where the file cannot be
    written, so that errors of the disk are not reported as errors of a server.
    """

    def __init__(self, target: Path, file: BinaryIO, algorithms: Sequence[str]) -> None:
        self._target, self._file = target, file
        self._path = part_path(target)
        self._note = _note_path(target)
        self._hashes = {algorithm: hashlib.new(algorithm) for algorithm in algorithms}
        while block := file.read(_CHUNK):
            self._hash(block)
        self._origin = _read_origin(self._note)
        self.is_of_one_response = not self.size
        self.may_be_resumed = True
        self.encoding = ""
        self._write_note()

    def _hash(self, block: bytes) -> None:
        for checksum in self._hashes.values():
            checksum.update(block)

    @property
    def size(self) -> int:
        """Bytes so far."""
        return os.fstat(self._file.fileno()).st_size

    def origin(self, url: str) -> DownloadOrigin | None:
        """The origin of the bytes so far, if they came from this URL and may be resumed."""
        is_of_url = self._origin is not None and self._origin.url == url
        return self._origin if is_of_url and self.may_be_resumed else None

    def restart(self) -> None:
        """Discard the bytes so far."""
        with self._writing():
            self._file.seek(0)
            self._file.truncate()
        self._hashes = {algorithm: hashlib.new(algorithm) for algorithm in self._hashes}
        self.is_of_one_response = True

    def note(self, origin: DownloadOrigin) -> None:
        """Record the origin of the bytes that follow."""
        self._origin = origin
        if self.size:
            self.is_of_one_response = False
        with self._writing():
            self._write_note()

    def _write_note(self) -> None:
        facts = {**(asdict(self._origin) if self._origin else {}), "holder": this_process()}
        self._note.unlink(missing_ok=True)  # it may belong to another user, whose file cannot be overwritten
        self._note.write_text(json.dumps(facts), encoding="utf-8")

    def append(self, block: bytes) -> None:
        """Append bytes."""
        with self._writing():
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
        with self._writing():
            flush_file(self._file.fileno())
            self._path.replace(self._target)
            sync_folder(self._target.parent)
            self._note.unlink(missing_ok=True)

    def set_aside(self) -> Path:
        """Rename the file, so that the user can inspect it beside its target."""
        with self._writing():
            aside = set_aside(self._path, self._target, self.checksums())
            self._note.unlink(missing_ok=True)
        return aside

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with explaining_disk_errors(self._target):
                yield
        except OutputError:
            raise
        except OSError as error:
            raise OutputError(f"{error.filename or self._path}: cannot be written: {error.strerror}") from error

    @property
    def target_name(self) -> str:
        """The name of the complete file."""
        return self._target.name

    @property
    def path(self) -> Path:
        """The path of the partial file."""
        return self._path


def set_aside(path: Path, target: Path, known: dict[str, str]) -> Path:
    """Rename a file that is not the expected `target` to a name beside it with its checksum.

    `known`: the checksums of its content by algorithm; without any, its sha256 is computed.
    """
    algorithm, checksum = next(iter((known or checksums(path, ["sha256"])).items()))
    aside = target.with_name(fitting_name(target.name, f".wrong-{algorithm}-{checksum[:_DIGITS_OF_WRONG]}"))
    return path.replace(aside)


def url_of_part(target: Path) -> str | None:
    """The URL that the partial file came from."""
    origin = _read_origin(_note_path(target))
    return origin.url if origin else None


def _note_path(target: Path) -> Path:
    path = part_path(target)
    return path.with_name(f"{path.name}{_NOTE_SUFFIX}")


def _read_note(note: Path) -> dict[str, object]:
    """The facts in a note; empty if it is missing or unreadable."""
    try:
        noted = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def _read_origin(note: Path) -> DownloadOrigin | None:
    noted = _read_note(note)
    url, validator, total = noted.get("url"), noted.get("validator"), noted.get("total", -1)
    if not isinstance(url, str) or not isinstance(validator, str) or not isinstance(total, int):
        return None
    return DownloadOrigin(url, validator, total)


def part_path(target: Path) -> Path:
    """The path of the partial file of a download."""
    return target.with_name(fitting_name(f".{target.name}", ".part", LONGEST_NAME - len(_NOTE_SUFFIX)))


def begun_bytes(target: Path) -> int:
    """The bytes of a download that an interrupted run has left beside its target."""
    part = part_path(target)
    return part.stat().st_size if part.exists() else 0


def discard_part(target: Path) -> None:
    """Remove the partial file that a killed process has left; no process may be downloading it."""
    for path in (part_path(target), _note_path(target)):
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def open_part(
    target: Path, algorithms: Sequence[str], before_waiting: Callable[[], object], say: Say
) -> Iterator[DownloadPart]:
    """The partial file of a download, locked for this process and thread; wait while another one has it.

    `algorithms`: of the checksums, which are computed as the bytes arrive. `before_waiting` releases the resources that
    others may wait for, so that two processes do not wait for each other. `say` is called with the process that holds
    the lock, if the wait is long.
    """
    path, note = part_path(target), _note_path(target)
    with explaining_disk_errors(target):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _wait_for_lock(target, before_waiting, say) as file:
            try:
                yield DownloadPart(target, file, algorithms)
            finally:
                is_useless = (
                    is_there(target) or not os.fstat(file.fileno()).st_size or not _may_be_resumed(note, algorithms)
                )
                if is_useless and is_under_its_name(file, path):  # it may have been renamed to the target, or set aside
                    note.unlink(missing_ok=True)
                    path.unlink()


def _may_be_resumed(note: Path, algorithms: Sequence[str]) -> bool:
    origin = _read_origin(note)
    return origin is not None and bool(algorithms or origin.validator)


def _wait_for_lock(target: Path, before_waiting: Callable[[], object], say: Say) -> BinaryIO:
    path, note = part_path(target), _note_path(target)

    def attempt() -> BinaryIO | None:
        file = try_lock_file(path)
        if file is None:
            before_waiting()
        return file

    def say_who(waited: float) -> None:
        holder = _read_note(note).get("holder")
        who = f"{target.name}, {holder}" if isinstance(holder, str) else target.name
        start = waiting_text(waited)
        beginning = "" if start == "waiting" else f"{start}: "
        say(f"{beginning}another run is downloading this file; waiting for it ({who})")

    return wait_for(attempt, say_who, lambda: _SECONDS_BETWEEN_TRIES)
