"""What the steps of a run tell the runner: a file of JSON lines that every process appends to.

A file, because steps run in processes of their own, forked or spawned, and one line written at once arrives in one
piece. Steps that a luigid hands to the runner of another host are told in that one's journal.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

JournalEvent = Literal["planned", "began", "advanced", "finished", "completed", "failed", "warned"]
"""A stage is planned, begins, advances and is finished; completed is what the whole run is for: a task, or a source."""


@dataclass(frozen=True)
class JournalEntry:
    """One line of the journal.

    `title`: the task or the file worked on. `stage`: what is done to it. `amount`: units planned or done, or None where
    their number is not known. `weight`: how much work a unit is, beside one of the same stage elsewhere: the seconds of
    a clip. `text`: the message of a failure or a warning.
    """

    event: JournalEvent
    title: str
    stage: str
    amount: int | None = None
    unit: str = ""
    text: str = ""
    weight: float = 1.0


class Journal:
    """Appends entries to a file; without a file it is silent."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def write(self, entry: JournalEntry) -> None:
        """Append an entry, in one write so that lines of several processes never mix."""
        if self._path is None:
            return
        line = (json.dumps(asdict(entry)) + "\n").encode()
        # What a step makes must not depend on whether somebody can be told of it.
        with contextlib.suppress(OSError):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND)
            try:
                os.write(descriptor, line)
            finally:
                os.close(descriptor)


class JournalReader:
    """Reads the entries that have been appended since it last looked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0

    def new_entries(self) -> Iterator[JournalEntry]:
        """The entries since the last call, in the order in which they were written."""
        with self._path.open("rb") as file:
            file.seek(self._position)
            fresh = file.read()
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._position += len(whole)
        for line in whole.splitlines():
            yield JournalEntry(**json.loads(line))
