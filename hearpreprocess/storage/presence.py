"""The active runs of a work folder, so that no run removes files that another one uses.

Every run holds a lock on its own file below `runs/`; to start, it briefly takes a lock that cleanups hold. The files
have random names, as runs in different containers may have the same process number and host name.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

from hearpreprocess.storage.disk import explaining_disk_errors
from hearpreprocess.storage.elsewhere import FileSystem, system_id
from hearpreprocess.storage.locks import has_locks, holder_of, is_locked, lock_file, note_holder, try_lock_file
from hearpreprocess.storage.waiting import wait_for, waiting_text

_FOLDER, _DOOR, _RUN, _CLEANUP_SKIPPED = "runs", "door", ".run", ".left"
_SECONDS_BETWEEN_TRIES = 0.1


def name_of_run() -> str:
    """A new name for a run, unique among all hosts."""
    return secrets.token_hex(4)


@contextlib.contextmanager
def active_run(tmp_dir: Path, run: str) -> Iterator[None]:
    """Mark a run as active by its name; first wait while another run removes files."""
    folder = _folder(tmp_dir)
    own = folder / f"{run}{_RUN}"
    with contextlib.ExitStack() as stack:
        with lock_file(folder / _DOOR, shared=True):
            stack.enter_context(lock_file(own, shared=True))
            with explaining_disk_errors(own):
                own.write_bytes(system_id())
        try:
            yield
        finally:
            own.unlink(missing_ok=True)


@contextlib.contextmanager
def alone(tmp_dir: Path, run: str = "", *, force: bool = False) -> Iterator[bool | None]:
    """Keep other runs from starting, and yield whether no run except `run` is active; None if unknown.

    It is unknown on a file system without locks, where a killed run leaves its file, and for files that a run of
    another host has left in the last 24 hours, whose locks may be invisible here. `force`: count such runs as ended.
    """
    folder = _folder(tmp_dir)
    with lock_file(folder / _DOOR):
        server = FileSystem(folder)
        others = [path for path in folder.glob(f"*{_RUN}") if path != folder / f"{run}{_RUN}"]
        states = {path: _is_active(path, server) for path in others}
        for path, state in states.items():
            if state is False or (force and state is None):  # no run holds it, and none can start meanwhile
                path.unlink(missing_ok=True)
                _skipped_cleanup(tmp_dir, path.stem).unlink(missing_ok=True)
        active = {state for state in states.values() if state is not False}
        yield False if True in active else None if active and not force else True


def _is_active(run: Path, server: FileSystem) -> bool | None:
    """Whether a run is active, by its file; None if unknown."""
    state = is_locked(run)
    with contextlib.suppress(FileNotFoundError):
        if state is False and not server.holds_abandoned(run.read_bytes(), [str(run)]):
            return None
    return state


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
