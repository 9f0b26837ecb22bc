"""The process that speaks to stores: it reads requests from its standard input, and writes answers.

obstore has threads, which a forked process does not inherit, so that a store used before a fork hangs after it. Steps
run in forked processes; so only this process, which is never forked, uses obstore. It ends with its parent, however
that ends: no object appears after its run. An upload whose file is not yet read to its end is given up first, so that
the store keeps no parts; later, obstore completes it by itself, and only the end of this process stops that.
"""

from __future__ import annotations

import os
import pickle
import queue
import sys
import threading
import time
from functools import partial
from typing import Any, BinaryIO

from hearpreprocess.errors import ConfigError, OutputError
from hearpreprocess.objects import stores
from hearpreprocess.objects.faults import reason_of

SECONDS_TO_GIVE_UP = 8
"""The time in which an upload can be given up after its parent's end; less than a step has for its cleanup."""

OPERATIONS = ("head", "names", "probe", "read", "put", "upload")
"""The functions of `stores` that may be asked for; the first argument of each is a URL."""


_GIVEN_UP_BY_ITSELF = ("upload", "probe")
"""The operations that end, and leave nothing, soon after their parent's end."""


class _ParentEndedError(Exception):
    """Nobody waits for the answer."""


class _Parent:
    """Whether the parent waits for an answer; without it, this process ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_ended = self._gives_up = False

    def begin(self, *, gives_up: bool) -> None:
        """Begin an operation, or a part of it, that gives up by itself after the parent's end, or one that does not."""
        with self._lock:
            self._gives_up = gives_up
            if self._is_ended:
                raise _ParentEndedError

    def check(self) -> None:
        """Raise _ParentEndedError after the parent's end."""
        if self._is_ended:
            raise _ParentEndedError

    def end(self) -> None:
        """End this process: at once, or when an operation that gives up by itself had the time for it."""
        with self._lock:
            self._is_ended = True
            if not self._gives_up:
                os._exit(1)
        time.sleep(SECONDS_TO_GIVE_UP)
        os._exit(1)


def serve() -> None:
    """Answer requests until the standard input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that a library prints may be taken for an answer
    requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
    parent = _Parent()

    def receive() -> None:
        while (request := _received(sys.stdin.buffer)) is not None:
            requests.put(request)
        requests.put(None)
        parent.end()

    threading.Thread(target=receive, daemon=True).start()

    def send(kind: str, value: object) -> None:
        parent.check()
        pickle.dump((kind, value), answers)
        answers.flush()

    while (request := requests.get()) is not None:
        name, arguments = request
        more: dict[str, Any] = {}
        if name == "upload":
            more = {"on_bytes": partial(send, "bytes"), "on_end": partial(parent.begin, gives_up=False)}
        try:
            parent.begin(gives_up=name in _GIVEN_UP_BY_ITSELF)
            answer = "done", getattr(stores, name)(*arguments, **more) if name in OPERATIONS else None
        except (ConfigError, OutputError) as error:
            answer = type(error).__name__, str(error)
        except BaseException as error:  # obstore's panics are no Exceptions; a traceback would show secrets
            answer = "refused", reason_of(error, arguments[0])
        try:
            send(*answer)
            parent.begin(gives_up=False)
        except (_ParentEndedError, OSError):
            break
    os._exit(0)  # at once, without waiting for requests that nobody needs


def _received(file: BinaryIO) -> Any:
    try:
        return pickle.load(file)  # noqa: S301  (of the parent process)
    except (EOFError, OSError):
        return None
