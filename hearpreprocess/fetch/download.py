"""Download a file from the first mirror that has it, resuming an earlier attempt."""

from __future__ import annotations

import email.utils
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from hearpreprocess.errors import ChecksumError, DownloadError
from hearpreprocess.fetch.checksums import OnBytes, check, checksum_problem, ignore
from hearpreprocess.fetch.connections import Connection, cause
from hearpreprocess.fetch.part import Part, open_part, url_of_part
from hearpreprocess.storage import check_free
from hearpreprocess.task import without_credentials

if TYPE_CHECKING:
    import requests

MOST_ATTEMPTS_IN_VAIN, MOST_ATTEMPTS = 4, 100
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 60.0
LONGEST_RETRY_AFTER_SECONDS = 900.0

_CHUNK = 1 << 20
_OK, _PARTIAL, _RANGE_NOT_SATISFIABLE = 200, 206, 416
_TEMPORARY = {408, 425, 429, 500, 502, 503, 504}

Pause = Callable[[float], object]


class _TemporaryError(DownloadError):
    """A failure that a later attempt may not have. `seconds`: how long the server asks to wait, if it does."""

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


@dataclass(frozen=True)
class ExpectedFile:
    """The expected file of a download. `size`: bytes, or None if unknown."""

    urls: Sequence[str]
    checksums: Mapping[str, str]
    size: int | None = None


def download(
    expected: ExpectedFile, target: Path, connection: Connection, on_bytes: OnBytes = ignore, pause: Pause = time.sleep
) -> None:
    """Download `target` from the first mirror that delivers the expected file.

    The bytes of a failed attempt stay beside the target, and the next attempt, in this or a later process, requests
    only the rest. Temporary failures are retried after a pause, or after the time in the server's Retry-After; after
    any other failure the next mirror is tried at once. A file with a wrong checksum is renamed accordingly. `on_bytes`
    is called with the number of bytes just read and the total, if the server states it.

    Raises DownloadError with the reason for every mirror; ChecksumError where all delivered another file; DiskFullError
    where the file does not fit on the disk, before its first byte is written.
    """
    failures: list[DownloadError] = []
    # Try the mirror of the partial file first.
    partial_url = url_of_part(target)
    for url in sorted(expected.urls, key=lambda url: without_credentials(url) != partial_url):
        with open_part(target, list(expected.checksums), connection.close) as part:
            if target.exists():  # another process has downloaded it meanwhile
                check(target, expected.checksums, on_bytes)
                return
            try:
                _from_mirror(url, expected, part, connection, on_bytes, pause)
                part.finish()
                return
            except DownloadError as error:
                failures.append(error)
    kind = ChecksumError if all(isinstance(failure, ChecksumError) for failure in failures) else DownloadError
    reasons = "".join(f"\n  {failure}" for failure in failures)
    raise kind(
        f"{target.name} could not be downloaded:{reasons}\n"
        f"  If you can get it elsewhere, put it into {target.parent} as {target.name} and give the same command again"
    )


def _from_mirror(
    url: str, expected: ExpectedFile, part: Part, connection: Connection, on_bytes: OnBytes, pause: Pause
) -> None:
    """Complete the partial file from one mirror and verify it."""
    shown = without_credentials(url)
    receive = _copy if urlsplit(url).scheme == "file" else _request
    was_resumed = part.validator(shown) is not None and part.size > 0
    while True:
        _retrying(lambda: receive(url, expected, part, connection, on_bytes), part, pause)
        actual = part.checksums()
        problem = checksum_problem(actual, expected.checksums)
        if problem is None:
            return
        if not was_resumed:
            break
        part.restart()
        was_resumed = False  # the part may be of another version of the file: restart once
    algorithm, checksum = next(iter(actual.items()))
    aside = part.set_aside(f"{part.target_name}.wrong-{algorithm}-{checksum[:12]}")
    raise ChecksumError(f"{shown}: {problem}; what came is kept as {aside.name}")


def _retrying(receive: Callable[[], None], part: Part, pause: Pause) -> None:
    fruitless = 0
    for attempt in range(1, MOST_ATTEMPTS + 1):
        before = part.size
        try:
            receive()
            return
        except _TemporaryError as error:
            fruitless = 0 if part.size > before else fruitless + 1
            if fruitless == MOST_ATTEMPTS_IN_VAIN or attempt == MOST_ATTEMPTS:
                raise DownloadError(f"{error} (tried {attempt} times)") from error
            if error.seconds is not None and error.seconds > LONGEST_RETRY_AFTER_SECONDS:
                raise DownloadError(f"{error}, and wants {error.seconds:,.0f} s of peace; try again then") from error
            # With jitter, so that many refused clients do not retry at the same moment.
            longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**fruitless)
            pause(random.uniform(longest / 2, longest) if error.seconds is None else error.seconds)


def _copy(url: str, expected: ExpectedFile, part: Part, connection: Connection, on_bytes: OnBytes) -> None:
    source = Path(unquote(urlsplit(url).path))
    part.restart()
    try:
        size = source.stat().st_size
        _check_size(f"file://{source}", size, expected)
        _check_space(part, size)
        with source.open("rb") as file:
            for block in iter(lambda: file.read(_CHUNK), b""):
                part.append(block)
                on_bytes(len(block), size)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise DownloadError(f"file://{source}: {error.strerror}") from error


def _request(url: str, expected: ExpectedFile, part: Part, connection: Connection, on_bytes: OnBytes) -> None:
    """Request the missing bytes, or the whole file where the server does not support ranges."""
    import requests
    import urllib3

    shown = without_credentials(url)
    validator = part.validator(shown)
    start = 0 if validator is None else part.size  # the part from another mirror stays until this one responds
    headers = {}
    if start:
        headers["Range"] = f"bytes={start}-"
        if validator:
            headers["If-Range"] = validator
    try:
        with connection.get(url, headers) as response:
            if response.status_code == _RANGE_NOT_SATISFIABLE and start:
                _check_complete(response, part, shown)
                return
            if response.status_code == _OK or (response.status_code == _PARTIAL and not _begins_at(response, start)):
                if response.status_code == _PARTIAL:
                    part.restart()
                    raise _TemporaryError(f"{shown}: the server sends another part of the file than it was asked for")
                part.restart()
                start = 0
            elif response.status_code != _PARTIAL:
                _raise_for_status(response, shown)
            length = response.headers.get("Content-Length", "")
            total = start + int(length) if length.isdigit() else None
            _check_size(shown, total, expected)
            _check_space(part, total or expected.size or 0)
            part.note(shown, _validator(response))
            if start:
                on_bytes(start, total)
            for block in _blocks(response):
                part.append(block)
                on_bytes(len(block), total)
                _check_no_more(shown, part, total, expected)
    except requests.exceptions.InvalidURL as error:
        raise DownloadError(f"{shown}: that is no address that can be asked for") from error
    except requests.exceptions.InvalidSchema as error:
        raise DownloadError(f"{shown}: the server sends elsewhere than to an http address") from error
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise _TemporaryError(f"{shown}: {cause(error)}") from error
    if total is not None and part.size != total:
        raise _TemporaryError(f"{shown}: the connection ended after {part.size:,} of {total:,} bytes")
    if expected.size is not None and part.size != expected.size:
        raise _TemporaryError(f"{shown}: the connection ended after {part.size:,} of {expected.size:,} bytes")


def _blocks(response: requests.Response) -> Iterator[bytes]:
    """The body as it arrives: bytes that came before a connection broke are not lost."""
    while block := response.raw.read1(_CHUNK):
        yield block


def _begins_at(response: requests.Response, start: int) -> bool:
    return response.headers.get("Content-Range", "").startswith(f"bytes {start}-")


def _check_complete(response: requests.Response, part: Part, shown: str) -> None:
    """Check a server's "range not satisfiable": either the part is complete, or the server has another file now."""
    if response.headers.get("Content-Range", "").strip() != f"bytes */{part.size}":
        part.restart()
        raise _TemporaryError(f"{shown}: the file there has changed")


def _raise_for_status(response: requests.Response, shown: str) -> None:
    message = f"{shown}: the server answers {response.status_code} {response.reason}"
    if response.status_code in _TEMPORARY:
        raise _TemporaryError(message, _retry_after(response.headers.get("Retry-After", "")))
    raise DownloadError(message)


def _retry_after(text: str) -> float | None:
    """Seconds of a Retry-After header, which gives them or a date (RFC 9110, section 10.2.3)."""
    if re.fullmatch(r"\d{1,9}", text):
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _validator(response: requests.Response) -> str:
    """The validator of this version of the file: a strong ETag, or the time of its last modification."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified", "")


def _check_size(shown: str, total: int | None, expected: ExpectedFile) -> None:
    if None not in (total, expected.size) and total != expected.size:
        raise DownloadError(f"{shown}: the server's file has {total:,} bytes; expected {expected.size:,}")


def _check_no_more(shown: str, part: Part, total: int | None, expected: ExpectedFile) -> None:
    most = expected.size if expected.size is not None else total
    if most is not None and part.size > most:
        part.restart()
        raise DownloadError(f"{shown}: the server sends more than the {most:,} bytes that were expected")


def _check_space(part: Part, total: int) -> None:
    check_free(part.path.parent, total - part.size, f"{part.target_name} is downloaded")
