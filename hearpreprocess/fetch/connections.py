"""Connections to servers: limited per host across all processes, and reused while they stay open."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from hearpreprocess.about import PROJECT_URL, __version__
from hearpreprocess.fetch.faults import check_proxy, explaining_faults, raise_for_status
from hearpreprocess.storage import (
    explaining_disk_errors,
    fitting_name,
    holder_of,
    note_holder,
    try_lock_file,
    wait_for,
    waiting_text,
)
from hearpreprocess.task import without_credentials

if TYPE_CHECKING:
    import requests

USER_AGENT = f"hearpreprocess/{__version__} ({PROJECT_URL})"
CONNECT_SECONDS, READ_SECONDS = 20, 120
MOST_CONNECTIONS_TO_A_HOST = 2

_SECONDS_BETWEEN_TRIES = 0.1
_LONGEST_SLOT_NAME = 100

Say = Callable[[str], object]


def silent(text: str) -> None:
    """The default callback for messages to the user: do nothing."""


class Connections:
    """Limits the simultaneous connections to a host to MOST_CONNECTIONS_TO_A_HOST, for all processes of a folder.

    `folder`: the folder of the lock files, one for each connection slot of a host.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def acquire(self, host: str, say: Say) -> BinaryIO:
        """Wait for one of a host's slots; return the lock file, which holds the slot until it is closed.

        `say` is called with the processes that hold the slots, if the wait is long.
        """
        with explaining_disk_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^A-Za-z0-9.-]", "_", host)
        slots = [
            self._folder / fitting_name(name, f"-{number}", _LONGEST_SLOT_NAME)
            for number in range(MOST_CONNECTIONS_TO_A_HOST)
        ]

        def attempt() -> BinaryIO | None:
            slot = next(filter(None, (try_lock_file(path, writes=False) for path in slots)), None)
            if slot is not None:
                note_holder(slot)
            return slot

        def say_who(waited: float) -> None:
            holders = "; ".join(dict.fromkeys(filter(None, map(holder_of, slots)))) or "unknown"
            say(
                f"{waiting_text(waited)} for a connection to {host}: all runs that use {self._folder.parent} share "
                f"{MOST_CONNECTIONS_TO_A_HOST} connections, in use by {holders}"
            )

        return wait_for(attempt, say_who, lambda: _SECONDS_BETWEEN_TRIES * (1 + random.random()))


class Connection:
    """One connection at a time to any host, kept open for the next request to the same host.

    `say` is called with the processes that it waits for, if the wait is long.
    """

    def __init__(self, connections: Connections, say: Say = silent) -> None:
        self._connections = connections
        self._say = say
        self._host: str | None = None
        self._slot: BinaryIO | None = None
        self._session: requests.Session | None = None

    def get(self, url: str, headers: dict[str, str]) -> requests.Response:
        """Request a URL; the body of the response is not read yet.

        Raises DownloadError.
        """
        shown = without_credentials(url)
        with explaining_faults(url, shown):
            host = urlsplit(url).hostname or ""
            check_proxy(url, shown)
        if host != self._host or self._session is None:
            self.close()
            self._slot, self._host = self._connections.acquire(host, self._say), host
            self._session = _new_session()
        with explaining_faults(url, shown):
            return self._session.get(url, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS), headers=headers)

    def size(self, url: str) -> int | None:
        """The size of a file in bytes, from the headers alone; None if the server does not state it.

        Raises DownloadError where the file is not available.
        """
        shown = without_credentials(url)
        try:
            with self.get(url, {}) as response, explaining_faults(url, shown):
                if not response.ok:
                    raise_for_status(response, shown)
                return content_length(response)
        finally:
            self.close()  # do not wait for the rest of the body

    def close(self) -> None:
        """Close the connection and release the slot."""
        if self._session is not None:
            self._session.close()
        if self._slot is not None:
            self._slot.close()
        self._host = self._slot = self._session = None


def content_length(response: requests.Response) -> int | None:
    """The length of a body in bytes by its header; None if the header is missing or invalid."""
    length = response.headers.get("Content-Length", "").strip()
    return int(length) if re.fullmatch(r"[0-9]{1,18}", length) else None


def _new_session() -> requests.Session:
    from hearpreprocess.fetch.session import Session

    session = Session()
    # With a compressed transfer, the length in the header would not be that of the file.
    session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "identity"})
    return session
