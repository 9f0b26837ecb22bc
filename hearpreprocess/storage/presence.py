"""Which runs are active in a work folder, so that no run removes files that another one uses.

Every run holds a lock on its own file below `runs/`; to start, it briefly takes a lock that removals hold.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from hearpreprocess.storage.disk import explaining_disk_errors
from hearpreprocess.storage.locks import holder_of, is_locked, lock_file, note_holder, try_lock_file
from hearpreprocess.storage.waiting import wait_for, waiting_text

_FOLDER, _DOOR, _RUN, _CLEANUP_SKIPPED = "runs", "door", ".run", ".left"
_SECONDS_BETWEEN_TRIES = 0.1


@contextlib.contextmanager
def active_run(tmp_dir: Path) -> Iterator[None]:
    """Mark a run of this process as active; wait first while another one is removing files."""
    folder = _folder(tmp_dir)
    own = folder / f"{_name(os.getpid())}{_RUN}"
    with contextlib.ExitStack() as stack:
        with lock_file(folder / _DOOR, shared=True):
            stack.enter_context(lock_file(own, shared=True))
        try:
            yield
        finally:
            own.unlink(missing_ok=True)


@contextlib.contextmanager
def alone(tmp_dir: Path, runner: int) -> Iterator[bool]:
    """Keep other runs from starting, and yield whether no run except that of the process `runner` is active."""
    folder = _folder(tmp_dir)
    with lock_file(folder / _DOOR):
        own = folder / f"{_name(runner)}{_RUN}"
        yield not any(_is_active(run) for run in folder.glob(f"*{_RUN}") if run != own)


def _is_active(run: Path) -> bool:
    """Whether an active run may hold this file; remove the file if none does, as no run can start meanwhile."""
    if is_locked(run) is not False:
        return True
    run.unlink(missing_ok=True)
    return False


@contextlib.contextmanager
def output_lock(tmp_dir: Path, title: str, say: Callable[[str], object] = str) -> Iterator[None]:
    """Wait until no other run writes the output with this title, and keep others from doing so.

    `say` is called with whom is waited for, if it takes long.
    """
    path = _folder(tmp_dir) / f"{title}.lock"

    def say_who(waited: float) -> None:
        say(f"{waiting_text(waited)} for another run that is writing it ({holder_of(path) or 'unknown'})")

    with wait_for(lambda: try_lock_file(path), say_who, lambda: _SECONDS_BETWEEN_TRIES) as lock:
        note_holder(lock)
        yield


def note_skipped_cleanup(tmp_dir: Path, runner: int) -> None:
    """Record that a run skipped its cleanup because another run was active."""
    _skipped_cleanup(tmp_dir, runner).touch()


def has_skipped_cleanup(tmp_dir: Path, runner: int) -> bool:
    """Whether a run skipped its cleanup because another run was active."""
    return _skipped_cleanup(tmp_dir, runner).exists()


def forget_skipped_cleanup(tmp_dir: Path) -> None:
    """Remove the record of an earlier run whose process had the same number."""
    with contextlib.suppress(OSError):
        _skipped_cleanup(tmp_dir, os.getpid()).unlink(missing_ok=True)


def _folder(tmp_dir: Path) -> Path:
    folder = tmp_dir / _FOLDER
    with explaining_disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _skipped_cleanup(tmp_dir: Path, runner: int) -> Path:
    return tmp_dir / _FOLDER / f"{_name(runner)}{_CLEANUP_SKIPPED}"


def _name(runner: int) -> str:
    return f"{os.uname().nodename.replace('.', '-')}-{runner}"
