"""The journal of a run: a file of JSON lines with which steps report to the runner.

It is a file, as steps run in separate processes, forked or spawned, and a line written in one call is never mixed with
others. Steps that a luigid assigns to another host report to that host's journal. Steps that run on a worker of a Dask
cluster cannot reach the file, so their process sends the lines.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

JournalEvent = Literal["planned", "began", "advanced", "finished", "completed", "failed", "warned", "noted"]
"""A stage is planned, begins, advances and finishes; `completed` refers to a root of the run: a task or a source."""


@dataclass(frozen=True)
class JournalEntry:
    """One line of the journal.

    `title`: the task or the file. `stage`: the kind of work. `amount`: units planned or done, or None if unknown;
    negative where a step is repeated. `weight`: the work per unit relative to other tasks: the seconds of a clip.
    `text`: the message of a failure, a warning or a note.
    """

    event: JournalEvent
    title: str
    stage: str
    amount: int | None = None
    unit: str = ""
    text: str = ""
    weight: float = 1.0


_send: Callable[[str], None] | None = None


def send_journal(send: Callable[[str], None]) -> None:
    """Have this process send the lines of its journals instead of appending them to a file."""
    global _send
    _send = send


class Journal:
    """Appends entries to a file; without a file it does nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def write(self, entry: JournalEntry) -> None:
        """Append an entry, in one write so that lines of several processes never mix."""
        if self._path is None:
            return
        line = json.dumps(asdict(entry))
        if _send is None:
            self.append(line)
        else:
            _send(line)

    def append(self, line: str) -> None:
        """Append an entry in the form in which it was sent."""
        if self._path is None:
            return
        # A step must not fail because its progress cannot be reported.
        with contextlib.suppress(OSError):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND)
            try:
                os.write(descriptor, f"{line}\n".encode())
            finally:
                os.close(descriptor)


class JournalReader:
    """Reads the entries that were appended since the last call."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0

    def new_entries(self) -> Iterator[JournalEntry]:
        """The entries since the last call, in the order of writing."""
        with self._path.open("rb") as file:
            file.seek(self._position)
            fresh = file.read()
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._position += len(whole)
        for line in whole.splitlines():
            yield JournalEntry(**json.loads(line))
