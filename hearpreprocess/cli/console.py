"""The end of a command: its exit status, an error, Ctrl-C, or a closed pipe."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator

from hearpreprocess import storage
from hearpreprocess.errors import HearPreprocessError

DONE, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130


def ended(name: str, command: Callable[[], int]) -> int:
    """Run a command and return its exit status. `name`: prefix of its errors."""
    with _printing_anything():
        try:
            status = command()
            if sys.stdout is not None:  # it may be closed
                sys.stdout.flush()
        except BrokenPipeError:  # the reader of the output has ended, as `head` does
            stdout = sys.__stdout__
            if stdout is not None and sys.stdout is stdout:  # the flush at Python's exit must not fail again
                os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
            return FAILED
        except HearPreprocessError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return MISUSED
        except PermissionError as error:
            print(f"{name}: {storage.unreadable_message(error)}", file=sys.stderr)
            return FAILED
        except OSError as error:
            if error.filename is None:
                raise
            print(f"{name}: {os.fsdecode(error.filename)}: {error.strerror}", file=sys.stderr)
            return FAILED
        except KeyboardInterrupt:
            print("\nInterrupted.", file=sys.stderr)
            return INTERRUPTED
    return status


@contextlib.contextmanager
def _printing_anything() -> Iterator[None]:
    """Let standard output and error print undecodable names, as in foreign tarballs, with escapes."""
    streams = [stream for stream in (sys.stdout, sys.stderr) if hasattr(stream, "reconfigure")]
    errors = [stream.errors for stream in streams]
    for stream in streams:
        stream.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        for stream, handling in zip(streams, errors, strict=True):
            stream.reconfigure(errors=handling)
