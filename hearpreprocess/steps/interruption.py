"""The flag that a process must end its step.

The SIGTERM handler sets it. It is checked whenever a step counts its progress and before its output is renamed into
place: libraries that call back into Python, as libsndfile does to read and write, suppress exceptions raised there and
continue without the bytes.
"""

from __future__ import annotations

_is_interrupted = False


def interrupt() -> None:
    """Set the flag and raise KeyboardInterrupt; later calls do nothing, so that the cleanup is not interrupted."""
    global _is_interrupted
    if not _is_interrupted:
        _is_interrupted = True
        raise KeyboardInterrupt


def is_interrupted() -> bool:
    """Whether this process must end its step."""
    return _is_interrupted


def raise_if_interrupted() -> None:
    """Raise KeyboardInterrupt if this process must end its step."""
    if _is_interrupted:
        raise KeyboardInterrupt
