"""Whether the process that runs a step has been told to end it.

A flag of the process, which its handler of SIGTERM sets. It is looked at again where a step counts what it has done and
before its output takes its place: a library that calls us back, as libsndfile does to read and to write, drops what is
raised there, and goes on without the bytes.
"""

from __future__ import annotations

_is_interrupted = False


def interrupt() -> None:
    """Note that this process is to end its step, and raise KeyboardInterrupt; told again, it goes on with tidying."""
    global _is_interrupted
    if not _is_interrupted:
        _is_interrupted = True
        raise KeyboardInterrupt


def is_interrupted() -> bool:
    """Whether this process is to end its step."""
    return _is_interrupted


def raise_if_interrupted() -> None:
    """Raise KeyboardInterrupt if this process is to end its step."""
    if _is_interrupted:
        raise KeyboardInterrupt
