"""Read a small file of JSON from a server, with the patience of a download."""

from __future__ import annotations

import json
import time
from typing import Any

from hearpreprocess.errors import DownloadError
from hearpreprocess.fetch.connections import Connection, Say, silent
from hearpreprocess.fetch.content import described
from hearpreprocess.fetch.download import Pause, retrying
from hearpreprocess.fetch.faults import TemporaryError, explaining_faults, raise_for_status
from hearpreprocess.storage import bytes_text
from hearpreprocess.task import without_credentials

MOST_BYTES = 64 << 20


def read_json(url: str, connection: Connection, say: Say = silent, pause: Pause = time.sleep) -> Any:
    """The JSON at a URL; tried again where the server is busy, or the connection or the text ends too early.

    Raises DownloadError.
    """
    shown = without_credentials(url)
    try:
        return retrying(lambda: _read(url, shown, connection), lambda: 0, say, pause)
    finally:
        connection.close()


def _read(url: str, shown: str, connection: Connection) -> Any:
    with connection.get(url, {}) as response, explaining_faults(url, shown):
        if not response.ok:
            raise_for_status(response, shown)
        content = response.raw.read(MOST_BYTES, decode_content=True)
        if len(content) == MOST_BYTES:
            raise DownloadError(f"{shown}: expected JSON, got more than {bytes_text(MOST_BYTES)}")
    try:
        return json.loads(content)
    except ValueError as error:  # also what is not UTF-8
        problem = f"{shown}: expected JSON, got {described(content, len(content))}"
        if not content.strip() or content.lstrip()[:1] in (b"{", b"["):
            raise TemporaryError(f"{problem}, which is damaged or cut short") from error
        raise DownloadError(problem) from error
