"""Read a small JSON file from a server, with the same retries as a download."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TypeVar

from hearpreprocess.errors import DownloadError
from hearpreprocess.fetch.connections import Connection, Say, silent
from hearpreprocess.fetch.content import described
from hearpreprocess.fetch.download import Pause, retrying
from hearpreprocess.fetch.faults import TemporaryError, explaining_faults, raise_for_status
from hearpreprocess.storage import bytes_text
from hearpreprocess.task import without_credentials

MOST_BYTES = 64 << 20

Value = TypeVar("Value")


def read_json(
    url: str,
    connection: Connection,
    say: Say = silent,
    pause: Pause = time.sleep,
    parse: Callable[[bytes], Value] = json.loads,
) -> Value:
    """The JSON at a URL; retried where the server is busy, or the connection or the text ends too early.

    `parse` raises ValueError where the content is not JSON. Raises DownloadError.
    """
    shown = without_credentials(url)
    try:
        return retrying(lambda: _read(url, shown, connection, parse), lambda: 0, say, pause)
    finally:
        connection.close()


def _read(url: str, shown: str, connection: Connection, parse: Callable[[bytes], Value]) -> Value:
    with connection.get(url, {}) as response, explaining_faults(url, shown):
        if not response.ok:
            raise_for_status(response, shown)
        content = response.raw.read(MOST_BYTES, decode_content=True)
        if len(content) == MOST_BYTES:
            raise DownloadError(f"{shown}: expected JSON, got more than {bytes_text(MOST_BYTES)}")
    try:
        return parse(content)
    except (ValueError, RecursionError) as error:  # including text that is not UTF-8
        problem = f"{shown}: expected JSON, got {described(content, len(content))}"
        if not content.strip() or content.lstrip()[:1] in (b"{", b"["):
            raise TemporaryError(f"{problem}, which is damaged or truncated: {error}") from error
        raise DownloadError(problem) from error
