"""How a command ends: by its status, on an error, on Ctrl-C, or when nobody reads on."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from hearpreprocess.errors import HearPreprocessError

DONE, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130


def ended(name: str, command: Callable[[], int], *, on_error: int = MISUSED, farewell: str = "Interrupted.") -> int:
    """Run a command to its end and return its exit status.

    `name`: what its errors begin with. `on_error`: the status where one of ours is raised. `farewell`: after Ctrl-C.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # names in foreign tarballs need not be texts that can be printed
            stream.reconfigure(errors="backslashreplace")
    try:
        status = command()
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the output has had enough of it, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except HearPreprocessError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return on_error
    except KeyboardInterrupt:
        print(f"\n{farewell}", file=sys.stderr)
        return INTERRUPTED
    return status
