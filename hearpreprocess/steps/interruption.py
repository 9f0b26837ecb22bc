"""Whether the process that runs a step has to end it.

A flag of the process, set by its SIGTERM handler. It is checked again whenever a step counts its progress and before
its output is renamed into place: a library that calls back into Python, as libsndfile does to read and write, swallows
exceptions raised there and continues without the bytes.
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
    """Whether this process has to end its step."""
    return _is_interrupted


def raise_if_interrupted() -> None:
    """Raise KeyboardInterrupt if this process has to end its step."""
    if _is_interrupted:
        raise KeyboardInterrupt
