"""Which runs are at work in a work folder, so that nothing is removed from under another one.

Every run holds a lock on a file of its own below `runs/`, and passes the lock on the door when it begins.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from hearpreprocess.storage.locks import is_locked, lock_file

_FOLDER, _DOOR, _RUN, _CLEANUP_SKIPPED = "runs", "door", ".run", ".left"


@contextlib.contextmanager
def at_work(tmp_dir: Path) -> Iterator[None]:
    """A run of this process; where another one is about to remove something, wait until it has."""
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
    """Keep other runs from beginning, and yield whether no run but that of the process `runner` is at work."""
    folder = _folder(tmp_dir)
    with lock_file(folder / _DOOR):
        own = folder / f"{_name(runner)}{_RUN}"
        yield not any(_is_at_work(run) for run in folder.glob(f"*{_RUN}") if run != own)


def _is_at_work(run: Path) -> bool:
    """Whether a run may hold this file; one that nobody holds is removed, and none can begin meanwhile."""
    if is_locked(run) is not False:
        return True
    run.unlink(missing_ok=True)
    return False


@contextlib.contextmanager
def output_lock(tmp_dir: Path, title: str) -> Iterator[None]:
    """Wait until no other run writes the output with this title, and keep others from doing so."""
    with lock_file(_folder(tmp_dir) / f"{title}.lock"):
        yield


def note_skipped_cleanup(tmp_dir: Path, runner: int) -> None:
    """Note that a run has not removed what another one may need."""
    _skipped_cleanup(tmp_dir, runner).touch()


def has_skipped_cleanup(tmp_dir: Path, runner: int) -> bool:
    """Whether a run has not removed what another one may need."""
    return _skipped_cleanup(tmp_dir, runner).exists()


def forget_skipped_cleanup(tmp_dir: Path) -> None:
    """Remove the note of a run long ago that had this process' number."""
    with contextlib.suppress(OSError):
        _skipped_cleanup(tmp_dir, os.getpid()).unlink(missing_ok=True)


def _folder(tmp_dir: Path) -> Path:
    folder = tmp_dir / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _skipped_cleanup(tmp_dir: Path, runner: int) -> Path:
    return tmp_dir / _FOLDER / f"{_name(runner)}{_CLEANUP_SKIPPED}"


def _name(runner: int) -> str:
    return f"{os.uname().nodename.replace('.', '-')}-{runner}"
