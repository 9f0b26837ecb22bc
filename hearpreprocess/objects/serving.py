"""The process that speaks to stores: it reads requests from its standard input, and writes answers.

obstore has threads, which a forked process does not inherit, so that a store used before a fork hangs after it. Steps
run in forked processes; so only this process, which is never forked, uses obstore. It ends with its parent, however
that ends, and gives up an upload that is not complete.
"""

from __future__ import annotations

import os
import pickle
import queue
import sys
import threading
import time
from typing import Any, BinaryIO

from hearpreprocess.errors import ConfigError, OutputError
from hearpreprocess.objects import stores
from hearpreprocess.objects.faults import reason_of

SECONDS_TO_GIVE_UP = 8
"""The time in which an upload is given up after its parent's end; less than a step has for its cleanup."""

OPERATIONS = ("head", "names", "probe", "read", "put", "upload")
"""The functions of `stores` that may be asked for; the first argument of each is a URL."""


class _ParentEndedError(Exception):
    """Nobody waits for the answer."""


def serve() -> None:
    """Answer requests until the standard input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that a library prints may be taken for an answer
    requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
    ended = threading.Event()

    def receive() -> None:
        while (request := _received(sys.stdin.buffer)) is not None:
            requests.put(request)
        ended.set()
        requests.put(None)
        time.sleep(SECONDS_TO_GIVE_UP)
        os._exit(1)  # without the end of an upload that hangs: its object must not appear long after its run

    threading.Thread(target=receive, daemon=True).start()

    def send(kind: str, value: object) -> None:
        if ended.is_set():
            raise _ParentEndedError
        pickle.dump((kind, value), answers)
        answers.flush()

    while (request := requests.get()) is not None:
        name, arguments = request
        try:
            more = {"on_bytes": lambda amount: send("bytes", amount)} if name == "upload" else {}
            answer = "done", getattr(stores, name)(*arguments, **more) if name in OPERATIONS else None
        except (ConfigError, OutputError) as error:
            answer = type(error).__name__, str(error)
        except BaseException as error:  # obstore's panics are no Exceptions; a traceback would show secrets
            answer = "refused", reason_of(error, arguments[0])
        try:
            send(*answer)
        except (_ParentEndedError, OSError):
            break
    os._exit(0)  # at once, without waiting for requests that nobody needs


def _received(file: BinaryIO) -> Any:
    try:
        return pickle.load(file)  # noqa: S301  (of the parent process)
    except (EOFError, OSError):
        return None
