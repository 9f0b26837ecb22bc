"""How the commands beside the runner end: by their status, on an error, on Ctrl-C, or when nobody reads on."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from hearpreprocess.errors import HearPreprocessError

MISUSED, INTERRUPTED = 2, 130


def ended(name: str, command: Callable[[], int]) -> int:
    """Run a command to its end and return its exit status; `name` is what its errors begin with."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # names in foreign tarballs need not be texts that can be printed
            stream.reconfigure(errors="backslashreplace")
    try:
        status = command()
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the output has had enough of it, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except HearPreprocessError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return MISUSED
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return INTERRUPTED
    return status
