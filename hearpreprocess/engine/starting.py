"""How a run's processes are started from any program: which may start none, and what their start must not import."""

from __future__ import annotations

import contextlib
import multiprocessing
import sys
import threading
from collections.abc import Iterator
from typing import Any

from hearpreprocess.errors import ProcessError

_hiding = threading.Lock()


def check_can_start() -> None:
    """Raise ProcessError if this process may not start processes of its own."""
    process = multiprocessing.current_process()
    if getattr(process, "_inheriting", False):
        raise ProcessError(
            f"the new process {process.name!r} cannot make tasks while it imports the script that started it. Put "
            'what the script does below `if __name__ == "__main__":`'
        )
    if process.daemon:
        raise ProcessError(
            f"the process {process.name!r} is a daemon of multiprocessing, such as a worker of multiprocessing.Pool, "
            "and may not start processes. Make tasks in the main process, or in a worker of "
            "concurrent.futures.ProcessPoolExecutor"
        )


@contextlib.contextmanager
def without_main_script() -> Iterator[None]:
    """Have the processes that are started in the block not import the script that runs in this one.

    No step needs it, and a script without `if __name__ == "__main__":` would be run again by each process where they
    are not forked, as on macOS. Two attributes of the module tell multiprocessing what to import.
    """
    if multiprocessing.get_start_method() == "fork":
        yield
        return
    main = sys.modules["__main__"]
    with _hiding:
        hidden: dict[str, Any] = {name: vars(main).pop(name) for name in ("__file__", "__spec__") if name in vars(main)}
        main.__spec__ = None
        try:
            yield
        finally:
            vars(main).update(hidden)
