"""A process on the host of a Dask worker: it proves what the run expects, then runs one step after the other.

It is started by the Dask worker, as steps need a process of their own: for their memory, for decoders that crash, and
to be interrupted. It is a new program instead of a child of multiprocessing, which daemons such as Dask's workers may
not have. `python -m hearpreprocess.engine.cluster_process CONNECTION LIFELINE` with two descriptors: of a connection to
the Dask worker, and one that becomes readable when that has ended.

It receives ("facts", extras), ("prove", inquiry) and ("step", loaded code, order), and sends ("reply", answer), and
during a step ("journal", line), ("log", record) and at last ("result", Luigi's result and the peak of its memory).
"""

from __future__ import annotations

import logging
import os
import pickle
import sys
import threading
from multiprocessing.connection import Connection
from typing import Any

from hearpreprocess.engine.cluster_proof import program_facts, prove
from hearpreprocess.engine.log import attach
from hearpreprocess.engine.pool import Results, serve
from hearpreprocess.engine.worker import run_alone
from hearpreprocess.steps import send_journal
from hearpreprocess.storage import expect_code, loaded_code


class Sender:
    """Sends the reports of a process, from any of its threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def send(self, result: Any) -> None:
        """Send the result of a step."""
        self.report("result", result)

    def report(self, kind: str, payload: Any) -> None:
        """Send a report; raises OSError where the Dask worker has ended."""
        with self._lock:
            self._connection.send((kind, payload))


class SendingHandler(logging.Handler):
    """Sends log records as (seconds since the epoch, process, level, text)."""

    def __init__(self, sender: Sender) -> None:
        super().__init__()
        self._sender = sender

    def emit(self, record: logging.LogRecord) -> None:
        """Called by logging."""
        try:
            self._sender.report("log", (record.created, record.process or 0, record.levelno, self.format(record)))
        except Exception:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (logging's name)
        """Drop a line that cannot be sent, as the Dask worker has ended."""


def main(connection: Connection, lifeline: int) -> None:
    """Serve a Dask worker until it ends."""
    sender = Sender(connection)

    def send_line(line: str) -> None:
        try:
            sender.report("journal", line)
        except OSError:  # a step does not fail because its progress cannot be reported
            return

    send_journal(send_line)

    def handle(request: Any) -> None:
        kind, *facts = request
        if kind == "facts":
            sender.report("reply", (program_facts(pickle.loads(facts[0])), loaded_code()))  # noqa: S301
        elif kind == "prove":
            sender.report("reply", prove(pickle.loads(facts[0])))  # noqa: S301  (of the run)
        else:
            loaded, order = facts
            expect_code(loaded)
            step, worker_id, settings, umask = pickle.loads(order)  # noqa: S301  (of the run)
            os.umask(umask)
            attach(SendingHandler(sender), settings.log_level)
            run_alone(step, Results(sender), worker_id, settings)

    serve(handle, connection, lifeline)


if __name__ == "__main__":
    main(Connection(int(sys.argv[1])), int(sys.argv[2]))
