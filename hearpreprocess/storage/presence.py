"""The active runs of a work folder, so that no run removes files that another one uses.

Every run holds a lock on its own file below `runs/`, its entry; to start, it briefly takes a lock that cleanups hold.
The files have random names, as runs in different containers may have the same process number and host name.

Where another host's locks are not visible, a run shows that it is alive by changing the time of its file every minute,
by the file server's clock. Without a sign of life for ten minutes it no longer keeps other runs from starting; its
files are removed only after a day.

A worker of a Dask cluster has no entry: the run that gives it steps has proved that it is the same program with the
same folders, and what a worker builds is locked or, where that is not visible, never a day without a change.
"""

from __future__ import annotations

import contextlib
import math
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from hearpreprocess.errors import OutputError
from hearpreprocess.storage.atomic import flush_file
from hearpreprocess.storage.disk import explaining_disk_errors
from hearpreprocess.storage.elsewhere import FileSystem, Writer
from hearpreprocess.storage.entry import RunEntry, Statement
from hearpreprocess.storage.locks import (
    LONGEST_NOTE,
    NotRegularError,
    create_locked,
    has_locks,
    holder_of,
    lock_file,
    note_holder,
    open_lock,
    try_lock,
    try_lock_file,
)
from hearpreprocess.storage.looking import is_missing, look_again
from hearpreprocess.storage.temporary import temporary
from hearpreprocess.storage.waiting import wait_for, waiting_text

_FOLDER, _DOOR, _RUN, _CLEANUP_SKIPPED = "runs", "door", ".run", ".left"
_SECONDS_BETWEEN_TRIES = 0.1
_SECONDS_BETWEEN_SIGNS = 60
_SECONDS_UNTIL_SILENT = 600
"""Without a sign of life, after which a run whose lock is not visible no longer keeps other runs from starting."""


def name_of_run() -> str:
    """A new name for a run, unique among all hosts."""
    return os.urandom(4).hex()


@contextlib.contextmanager
def active_run(tmp_dir: Path, run: str, stated: Statement | None = None) -> Iterator[None]:
    """Mark a run as active by its name; first wait while another run removes files.

    Raises OutputError if what it states does not agree with another run that is, or may be, active: see
    `RunEntry.problem_beside`. Without a statement no other run is looked at.
    """
    folder = _folder(tmp_dir)
    own = folder / f"{run}{_RUN}"
    with contextlib.ExitStack() as stack:
        # Exclusive, so that of two runs that start at once the second sees the first. Where locks are not visible to
        # other hosts, both may be refused: each writes its entry before it reads the others.
        with lock_file(folder / _DOOR):
            file, entry = _write_entry(own, tmp_dir, stated or Statement({}))
            stack.enter_context(file)
            stack.callback(own.unlink, missing_ok=True)
            if stated is not None:
                _check_agreement(entry, _runs_in(folder, run))
        stack.enter_context(_signs_of_life(own))
        yield


def _write_entry(own: Path, tmp_dir: Path, stated: Statement) -> tuple[BinaryIO, RunEntry]:
    """Write the entry of this run, and return its locked file. It appears complete: no other run sees it empty."""
    with explaining_disk_errors(own), temporary(own) as unfinished:
        while (file := create_locked(unfinished)) is None:
            pass
        try:
            entry = RunEntry.of(file, tmp_dir, stated)
            file.write(entry.text().encode())
            flush_file(file.fileno())
            unfinished.rename(own)
        except BaseException:
            file.close()
            raise
        return file, entry


def _check_agreement(entry: RunEntry, others: list[OtherRun]) -> None:
    for other in others:
        if other.entry is None or not other.keeps_others_from_starting:
            continue
        minutes = None if other.silent_for is None else math.ceil((_SECONDS_UNTIL_SILENT - other.silent_for) / 60)
        if problem := entry.problem_beside(other.entry, minutes):
            raise OutputError(problem)


@contextlib.contextmanager
def _signs_of_life(own: Path) -> Iterator[None]:
    """Change the time of a run's file now and then during the block, in a thread."""
    over = threading.Event()

    def sign() -> None:
        while not over.wait(_SECONDS_BETWEEN_SIGNS):
            with contextlib.suppress(OSError):
                os.utime(own)

    threading.Thread(target=sign, name="signs of life", daemon=True).start()
    try:
        yield
    finally:
        over.set()


@dataclass(frozen=True)
class OtherRun:
    """A run by its file.

    `is_active`: None if unknown. `entry`: None if it cannot be read. `silent_for`: the seconds since its last sign of
    life, by the file server's clock; None if its lock shows whether it is active.
    """

    path: Path
    is_active: bool | None
    entry: RunEntry | None
    silent_for: float | None = None

    @property
    def may_be_active(self) -> bool:
        """Whether it is not known to have ended."""
        return self.is_active is not False

    @property
    def keeps_others_from_starting(self) -> bool:
        """Whether it is active, or has just shown a sign of life."""
        return self.may_be_active and (self.silent_for is None or self.silent_for < _SECONDS_UNTIL_SILENT)

    def __str__(self) -> str:
        if self.entry is None:
            return f"{self.path}: of another user"
        return f"{self.path}: {self.entry.program} on {self.entry.host}"


def _runs_in(folder: Path, but: str = "") -> list[OtherRun]:
    """The runs that have a file in a folder, except the one with this name."""
    look_again(folder)
    server = FileSystem(folder)
    paths = sorted(path for path in folder.glob(f"*{_RUN}") if path.name != f"{but}{_RUN}")
    return [run for path in paths if (run := _look(path, server)) is not None]


def _look(path: Path, server: FileSystem) -> OtherRun | None:
    """A run by its file; None if the run has just removed it, or for what is no file."""
    is_free, entry = None, None
    try:
        with open_lock(path) as file:
            is_free, own = try_lock(file), Writer.of(file)
            entry = RunEntry.parse(file.read(LONGEST_NOTE))
    except PermissionError:  # also where locks are mandatory, as on SMB, so that a locked file cannot be read
        pass
    except NotRegularError:
        return None
    except OSError as error:
        if is_missing(error):
            return None
        raise
    if is_free is False:
        return OtherRun(path, True, entry)
    if is_free and entry and entry.writer.is_visible_from(own):
        return OtherRun(path, False, entry)
    is_old = server.are_old([str(path)])
    return OtherRun(path, False if is_old else None, entry, server.seconds_since_change(str(path)))


@contextlib.contextmanager
def alone(tmp_dir: Path, run: str = "", *, force: bool = False) -> Iterator[bool | None]:
    """Keep other runs from starting, and yield whether no run except `run` is active; None if unknown.

    It is unknown on a file system without locks, where a killed run leaves its file, and for files of other hosts,
    whose locks may be invisible here, until they show no sign of life for a day. `force`: count such runs as ended, but
    not those of other users whose files cannot be opened, as they may be locked.
    """
    folder = _folder(tmp_dir)
    with lock_file(folder / _DOOR):
        active = set()
        for other in _runs_in(folder, run):
            if other.is_active is False or (force and other.is_active is None and other.entry is not None):
                with contextlib.suppress(PermissionError):  # of another user, in a folder where only owners remove
                    other.path.unlink(missing_ok=True)  # no run can start meanwhile
                    _skipped_cleanup(tmp_dir, other.path.stem).unlink(missing_ok=True)
            else:
                active.add(other.is_active)
        yield False if True in active else None if active else True


def runs_that_may_be_active(tmp_dir: Path) -> list[OtherRun]:
    """The runs of a work folder that are, or may be, active; inside a block of `alone`, as it tries their locks."""
    return [run for run in _runs_in(_folder(tmp_dir)) if run.may_be_active]


def systems_of_runs(tmp_dir: Path) -> frozenset[str]:
    """The running systems of the hosts whose runs have shown a sign of life in the last day."""
    folder = tmp_dir / _FOLDER
    server, systems = FileSystem(folder), set()
    for path in folder.glob(f"*{_RUN}"):
        with contextlib.suppress(OSError):  # it has just ended, or belongs to another user
            if not server.are_old([str(path)]):
                with open_lock(path) as file:
                    systems.add(RunEntry.parse(file.read(LONGEST_NOTE)).writer.system)
    return frozenset(systems)


def supports_locks(tmp_dir: Path) -> bool:
    """Whether the file system of the work folder supports locks, without which runs do not see each other."""
    with lock_file(_folder(tmp_dir) / _DOOR, shared=True) as file:
        return has_locks(file)


@contextlib.contextmanager
def output_lock(tmp_dir: Path, title: str, say: Callable[[str], object] = str) -> Iterator[None]:
    """Wait until no other run writes the output with this title, and lock it for this one.

    `say` is called with the run that holds the lock, if the wait is long.
    """
    path = _folder(tmp_dir) / f"{title}.lock"

    def say_who(waited: float) -> None:
        say(f"{waiting_text(waited)} for another run that writes this output ({holder_of(path) or 'unknown'})")

    with wait_for(lambda: try_lock_file(path, writes=False), say_who, lambda: _SECONDS_BETWEEN_TRIES) as lock:
        note_holder(lock)
        yield


def note_skipped_cleanup(tmp_dir: Path, run: str) -> None:
    """Record that a run skipped its cleanup because another run was active."""
    _skipped_cleanup(tmp_dir, run).touch()


def has_skipped_cleanup(tmp_dir: Path, run: str) -> bool:
    """Whether a run skipped its cleanup because another run was active."""
    return _skipped_cleanup(tmp_dir, run).exists()


def forget_skipped_cleanup(tmp_dir: Path, run: str) -> None:
    """Remove the record of a run that has ended."""
    with contextlib.suppress(OSError):
        _skipped_cleanup(tmp_dir, run).unlink(missing_ok=True)


def _folder(tmp_dir: Path) -> Path:
    folder = tmp_dir / _FOLDER
    with explaining_disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _skipped_cleanup(tmp_dir: Path, run: str) -> Path:
    return tmp_dir / _FOLDER / f"{run}{_CLEANUP_SKIPPED}"
