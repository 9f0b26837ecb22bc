"""The reports of steps that run on a cluster: put in order, and written to the run's journal and log.

Dask passes on a worker's events in the order in which they were sent. The numbers in them show that none is missing, so
that the end of a step never counts before its last progress or the reason of its failure has been written.
"""

from __future__ import annotations

import json
import logging
import pickle
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hearpreprocess.steps import LOGGER, Journal

ENDS = ("result", "died", "ended")
"""The kinds of the last report of an order: Luigi's result, an exit code, or the end after an interruption."""


class Reports:
    """Takes the events of a run's topic, in a thread of Dask's client.

    `journal`: of the run. `ended`: called with the order, the kind and the payload of its last report, when all before
    it have been written, and of its first one, "begun".
    """

    def __init__(self, journal: Path | None, ended: Callable[[str, str, Any], object]) -> None:
        self._journal, self._ended = Journal(journal), ended
        self._hosts: dict[str, str] = {}
        self._next: dict[str, int] = {}
        self._early: dict[str, dict[int, tuple[str, Any]]] = {}
        self._progress: dict[str, Counter[str]] = {}
        self._lock = threading.Lock()

    def expect(self, order: str, host: str) -> None:
        """Take the reports of an order, which a host runs."""
        with self._lock:
            self._hosts[order], self._next[order], self._early[order] = host, 0, {}
            self._progress[order] = Counter()

    def ignore(self, order: str) -> bool:
        """Take no more reports of an order, as its worker is lost; return whether the step had begun.

        Its progress is subtracted, as the step is repeated.
        """
        with self._lock:
            for facts, amount in self._progress.get(order, Counter()).items():
                if amount:
                    self._journal.append(json.dumps(json.loads(facts) | {"amount": -amount}))
            return self._forget(order) > 0

    def _forget(self, order: str) -> int:
        self._hosts.pop(order, None)
        self._early.pop(order, None)
        self._progress.pop(order, None)
        return self._next.pop(order, 0)

    def take(self, event: Any) -> None:
        """Take an event: a time and a report."""
        order, number, kind, payload = event[1]
        with self._lock:
            if order not in self._hosts:
                return
            early = self._early[order]
            early[number] = (kind, pickle.loads(payload))  # noqa: S301  (of a checked worker)
            while (report := early.pop(self._next[order], None)) is not None:
                self._next[order] += 1
                self._write(order, *report)
                if report[0] in ENDS:
                    self._forget(order)
                    return

    def _write(self, order: str, kind: str, payload: Any) -> None:
        if kind == "journal":
            self._journal.append(payload)
            entry = json.loads(payload)
            if entry["event"] == "advanced":
                self._progress[order][json.dumps(entry | {"amount": 0})] += entry["amount"] or 0
        elif kind == "begun":
            self._ended(order, kind, payload)
        elif kind == "log":
            created, process, level, text = payload
            record = logging.makeLogRecord(
                {
                    "name": LOGGER,
                    "created": created,
                    "process": process,
                    "levelno": level,
                    "levelname": logging.getLevelName(level),
                    "msg": "%s: %s",
                    # A text that is not Unicode, such as a name of a file, would be missing in the log.
                    "args": (self._hosts[order], text.encode(errors="backslashreplace").decode()),
                }
            )
            logging.getLogger(LOGGER).handle(record)
        elif kind in ENDS:
            self._ended(order, kind, payload)
