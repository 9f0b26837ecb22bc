"""Ask the process of `serving`, one for each process that uses a store, and started by the first question."""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from hearpreprocess.errors import ObjectStoreError
from hearpreprocess.installation import install_command
from hearpreprocess.objects.addresses import divided

EXTRA, MODULE = "storage", "obstore"
"""The optional extra for object storage, and the module that it installs."""

SECONDS_TO_END = 9
"""The time in which the process gives up an upload and ends; less than a step has for its cleanup."""


def ignore(amount: int) -> None:
    """The default receiver of bytes: none."""


class _Server:
    def __init__(self) -> None:
        self.environment = dict(os.environ)
        path = f"import sys; sys.path[:] = {sys.path!r}"
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"{path}; from hearpreprocess.objects.serving import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # obstore's panics print what they please
            env={**self.environment, "RUST_BACKTRACE": "0"},
            start_new_session=True,  # Ctrl-C is for this process, which ends the other in its order
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise ValueError("a process without pipes")
        self._requests, self._answers = self._process.stdin, self._process.stdout

    def call(self, name: str, arguments: tuple[Any, ...], on_bytes: Callable[[int], object]) -> tuple[str, Any]:
        """The kind of the answer, and the answer."""
        pickle.dump((name, arguments), self._requests)
        self._requests.flush()
        while True:
            kind, value = pickle.load(self._answers)  # noqa: S301  (of a process of this program)
            if kind != "bytes":
                return kind, value
            on_bytes(value)

    def forget(self) -> None:
        """Close the ends of the pipes that a forked process has inherited, and keep their numbers from other files."""
        nothing = os.open(os.devnull, os.O_RDWR)
        for file in (self._requests, self._answers):
            os.dup2(nothing, file.fileno(), inheritable=False)
        os.close(nothing)
        self._process.returncode = 0  # it is a child of another process

    def end(self) -> None:
        """End the process; it gives up what it is doing."""
        with contextlib.suppress(OSError):
            self._requests.close()
        try:
            self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._answers.close()


_server: _Server | None = None
_lock = threading.Lock()


def ask(name: str, address: str, *arguments: Any, on_bytes: Callable[[int], object] = ignore) -> Any:
    """The answer to an operation of `stores` on a checked URL.

    `on_bytes`: called with the bytes of each part of an upload; what it raises gives up the upload. Raises
    ObjectStoreError, with the URL and without secrets, where the extra is not installed, credentials are missing, or
    the store refuses or cannot be reached.
    """
    global _server
    if importlib.util.find_spec(MODULE) is None:
        command = install_command([EXTRA])
        raise ObjectStoreError(f"{address}: {divided(address)[0]}:// needs the optional extra '{EXTRA}': {command}")
    with _lock:
        if _server is not None and _server.environment != os.environ:
            _end()
        _server = server = _server or _Server()
        try:
            kind, value = server.call(name, (address, *arguments), on_bytes)
        except (EOFError, BrokenPipeError):
            _end()
            raise ObjectStoreError(f"{address}: the process that speaks to the store died. Run again") from None
        except BaseException:
            _end()
            raise
    if kind == "done":
        return value
    raise ObjectStoreError(value if kind == "DamagedFileError" else f"{address}: {value}")


def _end() -> None:
    global _server
    if _server is not None:
        _server.end()
        _server = None


def _forget() -> None:
    """Start without the parent's process: its pipes belong to the parent."""
    global _server, _lock
    _lock = threading.Lock()
    if _server is not None:
        _server.forget()
        _server = None


os.register_at_fork(after_in_child=_forget)
atexit.register(_end)
