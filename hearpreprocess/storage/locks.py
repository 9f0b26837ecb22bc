"""Who is at work in a work folder, so that nothing is removed from under another run.

Kept in locks on files, which end with the process that holds them, however that ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

_FOLDER, _DOOR, _RUN, _LEFT = "runs", "door", ".run", ".left"


@contextlib.contextmanager
def at_work(tmp_dir: Path) -> Iterator[None]:
    """A run of this process; where another one is about to remove something, wait until it has."""
    folder = tmp_dir / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    own = folder / f"{_name(os.getpid())}{_RUN}"
    with contextlib.ExitStack() as stack:
        with _locked(folder / _DOOR, fcntl.LOCK_SH):
            stack.enter_context(_locked(own, fcntl.LOCK_SH))
        try:
            yield
        finally:
            own.unlink(missing_ok=True)


@contextlib.contextmanager
def alone(tmp_dir: Path, runner: int) -> Iterator[bool]:
    """Keep others from beginning, and tell whether no run but that of the process `runner` is at work."""
    folder = tmp_dir / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / _DOOR, fcntl.LOCK_EX):
        yield not any(path.name != f"{_name(runner)}{_RUN}" and _is_held(path) for path in folder.glob(f"*{_RUN}"))


@contextlib.contextmanager
def locked(tmp_dir: Path, title: str) -> Iterator[None]:
    """Wait until nobody else has what goes by this title, and keep it."""
    folder = tmp_dir / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / f"{title}.lock", fcntl.LOCK_EX):
        yield


def forget_what_was_left(tmp_dir: Path) -> None:
    """Remove the note of a run long ago that had this process' number."""
    with contextlib.suppress(OSError):
        (tmp_dir / _FOLDER / f"{_name(os.getpid())}{_LEFT}").unlink(missing_ok=True)


def leave_things(tmp_dir: Path, runner: int) -> None:
    """Note that a run has not removed what another one may need."""
    (tmp_dir / _FOLDER / f"{_name(runner)}{_LEFT}").touch()


def has_left_things(tmp_dir: Path, runner: int) -> bool:
    """Whether a run has not removed what another one may need."""
    return (tmp_dir / _FOLDER / f"{_name(runner)}{_LEFT}").exists()


def _name(runner: int) -> str:
    return f"{os.uname().nodename.replace('.', '-')}-{runner}"


@contextlib.contextmanager
def _locked(path: Path, kind: int) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, kind)
        yield
    finally:
        os.close(descriptor)


def _is_held(path: Path) -> bool:
    """Whether a run holds this file; one that nobody holds is removed."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
        return False
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks: nobody can know
        return True
    finally:
        os.close(descriptor)
