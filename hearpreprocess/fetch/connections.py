"""Connections to servers: a limited number to each across all processes, each reused while it stays open."""

from __future__ import annotations

import random
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from hearpreprocess.about import PROJECT_URL, __version__
from hearpreprocess.errors import DownloadError
from hearpreprocess.storage import try_lock_file
from hearpreprocess.task import without_credentials

if TYPE_CHECKING:
    import requests

USER_AGENT = f"hearpreprocess/{__version__} ({PROJECT_URL})"
CONNECT_SECONDS, READ_SECONDS = 20, 120
MOST_CONNECTIONS_TO_A_HOST = 2

_SECONDS_BETWEEN_TRIES = 0.1


class Connections:
    """Limits connections to MOST_CONNECTIONS_TO_A_HOST at once among all processes that use the same folder.

    `folder`: contains the files whose locks are a host's slots.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def acquire(self, host: str) -> BinaryIO:
        """Wait for one of a host's slots; return the file that holds the slot until it is closed."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^A-Za-z0-9.-]", "_", host)
        while True:
            for number in range(MOST_CONNECTIONS_TO_A_HOST):
                slot = try_lock_file(self._folder / f"{name}-{number}", writes=False)
                if slot is not None:
                    return slot
            time.sleep(_SECONDS_BETWEEN_TRIES * (1 + random.random()))


class Connection:
    """One connection at a time to any host, kept open for the next request to the same host."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._host: str | None = None
        self._slot: BinaryIO | None = None
        self._session: requests.Session | None = None

    def get(self, url: str, headers: dict[str, str]) -> requests.Response:
        """Request a url; the body of the response is not read yet.

        Raises requests.RequestException.
        """
        import requests

        host = urlsplit(url).hostname or ""
        if host != self._host or self._session is None:
            self.close()
            self._slot, self._host = self._connections.acquire(host), host
            self._session = requests.Session()
            # With a compressed transfer the announced length would not be the file's.
            self._session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "identity"})
        return self._session.get(url, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS), headers=headers)

    def read(self, url: str) -> bytes:
        """The content of a small file.

        Raises DownloadError.
        """
        import requests

        try:
            with self.get(url, {}) as response:
                response.raise_for_status()
                return response.content
        except requests.RequestException as error:
            raise DownloadError(f"{without_credentials(url)} cannot be read: {cause(error)}") from error
        finally:
            self.close()

    def size(self, url: str) -> int | None:
        """The size of a file in bytes, from the headers alone; None if the server does not state it.

        Raises DownloadError where the file is not available.
        """
        import requests

        shown = without_credentials(url)
        try:
            with self.get(url, {}) as response:
                length = response.headers.get("Content-Length", "")
                if not response.ok:
                    raise DownloadError(f"{shown}: the server answers {response.status_code} {response.reason}")
                return int(length) if length.isdigit() else None
        except requests.RequestException as error:
            raise DownloadError(f"{shown}: {cause(error)}") from error
        finally:
            self.close()  # do not wait for the rest of the body

    def close(self) -> None:
        """Close the connection and release the slot."""
        if self._session is not None:
            self._session.close()
        if self._slot is not None:
            self._slot.close()
        self._host = self._slot = self._session = None


def cause(error: BaseException) -> str:
    """The innermost message of a chain of network errors, without the url."""
    inner = getattr(error, "reason", None) or next(iter(error.args), None)
    if isinstance(inner, BaseException):
        return cause(inner)
    if type(error).__name__ == "NameResolutionError":
        return "the name of its host is not known here; is there a network?"
    return re.sub(r"(https?://|url: )\S+", r"\1...", f"{type(error).__name__}: {error}")
