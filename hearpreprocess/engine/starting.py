"""Start a run's worker processes from any program: check that it may, and keep them from importing its main script."""

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
            f"process {process.name!r} cannot make tasks while it imports the main script. "
            'Put the code of the script below `if __name__ == "__main__":`'
        )
    if process.daemon:
        raise ProcessError(
            f"process {process.name!r} cannot start worker processes, as it is a daemon of multiprocessing, such as a "
            "worker of multiprocessing.Pool. Make tasks in the main process, or in a worker of "
            "concurrent.futures.ProcessPoolExecutor"
        )


@contextlib.contextmanager
def without_main_script() -> Iterator[None]:
    """Keep the processes that are started in the block from importing the main script of this process.

    No step needs it, and each process would run a script without `if __name__ == "__main__":` again where processes are
    not forked, as on macOS. Multiprocessing finds the script by two attributes of the main module.
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
