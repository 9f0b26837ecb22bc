"""Receive a file from one mirror into a partial file, over http or by copying; resume only the same version."""

from __future__ import annotations

import email.utils
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from hearpreprocess.errors import ChecksumError, DiskFullError, DownloadError
from hearpreprocess.fetch.checksums import OnBytes
from hearpreprocess.fetch.connections import Connection, content_length
from hearpreprocess.fetch.content import described, encoding_reason, problem_of_page
from hearpreprocess.fetch.faults import TemporaryError, TooLargeError, explaining_faults, raise_for_status
from hearpreprocess.fetch.part import DownloadOrigin, DownloadPart
from hearpreprocess.storage import FIRST_BYTES, check_free, is_page, is_text, start_of
from hearpreprocess.task import without_credentials

if TYPE_CHECKING:
    import requests

TIMES_FAR = 4
"""A file is refused that is more than this many times smaller or larger than its approximate expected size."""

_CHUNK = 1 << 20
_LARGEST_PAGE = 1 << 20
_OK, _PARTIAL, _RANGE_NOT_SATISFIABLE = 200, 206, 416


@dataclass(frozen=True)
class ExpectedFile:
    """The expected file of a download. `size`: bytes, or None if unknown; `about`: the approximate size.

    `problem`: a function from a path to the problem of the file's content, checked in addition to its checksum; None if
    it has none.
    """

    urls: Sequence[str]
    checksums: Mapping[str, str]
    size: int | None = None
    about: int | None = None
    problem: Callable[[Path], str | None] = problem_of_page

    def content_problem(self, path: Path) -> str | None:
        """The problem of a file's content; None if it has none, or if only its checksum can decide."""
        problem = self.problem(path)
        is_for_checksum = self.checksums and not is_page(start_of(path))
        return None if is_for_checksum else problem

    def size_problem(self, size: int) -> str | None:
        """The difference of a size in bytes from the expected one; None if it is right or plausible."""
        if self.size is not None and size != self.size:
            return f"has {size:,} bytes; expected {self.size:,}"
        roughly = None if self.checksums or self.size is not None else self.about
        if roughly is not None and not roughly / TIMES_FAR <= size <= roughly * TIMES_FAR:
            return f"has {size:,} bytes; expected about {roughly:,}"
        return None


def receive(url: str, expected: ExpectedFile, part: DownloadPart, connection: Connection, on_bytes: OnBytes) -> None:
    """Receive the missing bytes of a file, or all of it.

    Raises DownloadError, TemporaryError where another attempt may succeed; OutputError where the part cannot be
    written.
    """
    shown = without_credentials(url)
    with explaining_faults(url, shown):
        if urlsplit(url).scheme == "file":
            _copy(url, expected, part, on_bytes)
        else:
            _request(url, shown, expected, part, connection, on_bytes)


def _copy(url: str, expected: ExpectedFile, part: DownloadPart, on_bytes: OnBytes) -> None:
    parts = urlsplit(url)
    source = Path(unquote(parts.path))
    shown = f"file://{source}"
    if parts.netloc not in ("", "localhost"):
        raise DownloadError(f"{url}: expected file:///..., got the host {parts.netloc!r}")
    if "\0" in parts.path or "%00" in parts.path:
        raise DownloadError(f"{url}: the path contains a null byte")
    status = source.stat()
    if not stat.S_ISREG(status.st_mode):
        raise DownloadError(f"{shown}: expected a file, found {'a directory' if source.is_dir() else 'a device'}")
    _check_size(shown, status.st_size, expected)
    part.restart()
    part.note(DownloadOrigin(shown, ""))
    _check_space(part, status.st_size, shown, is_sure=True)
    with source.open("rb") as file:
        for block in iter(lambda: file.read(_CHUNK), b""):
            part.append(block)
            on_bytes(len(block), status.st_size)
            _check_no_more(shown, part, status.st_size, expected)
    if part.size != status.st_size:
        raise DownloadError(f"{shown}: the file ended after {part.size:,} of {status.st_size:,} bytes")


def _request(
    url: str, shown: str, expected: ExpectedFile, part: DownloadPart, connection: Connection, on_bytes: OnBytes
) -> None:
    """Request the missing bytes, or the whole file where their version cannot be checked."""
    origin = part.origin(shown)
    # If the server does not identify the version, the checksum shows whether the pieces belong together.
    start = part.size if origin is not None and (origin.validator or expected.checksums) else 0
    headers = {"Range": f"bytes={start}-"} if start else {}
    if origin is not None and start and origin.validator:
        headers["If-Range"] = origin.validator
    with connection.get(url, headers) as response:
        if response.status_code == _RANGE_NOT_SATISFIABLE and start:
            _check_complete(response, part, shown)
            return
        if response.status_code == _OK or (not start and _is_whole(response)):
            part.restart()
            start = 0
            total = content_length(response)
        elif response.status_code == _PARTIAL:
            total = _total_of_continuation(response, part, origin if start else None, shown)
        else:
            raise_for_status(response, shown)
            return
        if total is not None and expected.size_problem(total):
            _refuse(response, part, expected, total, shown)
        part.encoding = _encoding(response)
        _check_space(part, total or expected.size or 0, shown, is_sure=expected.size is not None)
        validator = origin.validator if origin and start else _validator(response)
        part.note(DownloadOrigin(shown, validator, -1 if total is None else total))
        if start:
            on_bytes(start, total)
        for block in _blocks(response):
            part.append(block)
            on_bytes(len(block), total)
            _check_no_more(shown, part, total, expected)
    if total is None and not part.size:
        raise TemporaryError(f"{shown}: the connection ended before the first byte")
    for whole in (total, expected.size):
        if whole is not None and part.size != whole:
            problem = f"the connection ended after {part.size:,} of {whole:,} bytes"
            raise TemporaryError(f"{shown}: {problem}{encoding_reason(part.encoding)}")
    _check_size(shown, part.size, expected)


def _blocks(response: requests.Response) -> Iterator[bytes]:
    """The body as it arrives, so that the bytes received before a broken connection are kept."""
    while block := response.raw.read1(_CHUNK):
        yield block


def _total_of_continuation(
    response: requests.Response, part: DownloadPart, origin: DownloadOrigin | None, shown: str
) -> int:
    """The size in bytes of the whole file, if a partial response continues the part.

    Discards the part and raises TemporaryError where the response does not continue it in the same version.
    """
    match = _content_range(response)
    length = content_length(response)
    if origin is None or match is None or not part.size == int(match[1]) <= int(match[2]) < int(match[3]):
        problem = "the server sent another range of the file than requested"
    elif length is not None and length != int(match[2]) + 1 - int(match[1]):
        problem = f"the server sent {length:,} bytes for the range {match[0]!r}"
    elif origin.total not in (-1, int(match[3])) or not _is_same_version(response, origin):
        problem = "the file on the server has changed"
    else:
        return int(match[3])
    part.restart()
    raise TemporaryError(f"{shown}: {problem}")


def _content_range(response: requests.Response) -> re.Match[str] | None:
    """The first byte, the last byte and the total of a partial response."""
    return re.fullmatch(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", response.headers.get("Content-Range", "").strip())


def _is_whole(response: requests.Response) -> bool:
    """Whether a partial response has the whole file: some servers send 206 for a request without a range."""
    match = _content_range(response)
    if response.status_code != _PARTIAL or match is None:
        return False
    total = int(match[3])
    return int(match[1]) == 0 and int(match[2]) + 1 == total and content_length(response) in (None, total)


def _encoding(response: requests.Response) -> str:
    """The Content-Encoding of a response, although the request was for identity; empty if none."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    return "" if encoding == "identity" else encoding


def _is_same_version(response: requests.Response, origin: DownloadOrigin) -> bool:
    """Whether a partial response is of the version that was begun; RFC 9110 (15.3.7) requires this for an ETag only.

    Also true if the server did not identify that version.
    """
    if not origin.validator:
        return True
    if origin.validator.startswith('"'):
        return response.headers.get("ETag") == origin.validator
    return response.headers.get("Last-Modified", origin.validator) == origin.validator


def _check_complete(response: requests.Response, part: DownloadPart, shown: str) -> None:
    """Check a "range not satisfiable" response: either the part is complete, or the file on the server has changed."""
    if response.headers.get("Content-Range", "").strip() != f"bytes */{part.size}" or not part.checksums():
        part.restart()
        raise TemporaryError(f"{shown}: the file on the server has changed")


def _validator(response: requests.Response) -> str:
    """The validator of this version of the file: a strong ETag, or the time of its last modification.

    The time is valid only if it is at least a second before the response: a file that has just changed may change again
    in the same second (RFC 9110, section 8.8.2.2).
    """
    tag, changed = response.headers.get("ETag", ""), response.headers.get("Last-Modified", "")
    if tag.startswith('"'):
        return tag
    try:
        before, now = (email.utils.parsedate_to_datetime(text) for text in (changed, response.headers.get("Date", "")))
        return changed if (now - before).total_seconds() >= 1 else ""
    except (TypeError, ValueError):
        return ""


def _refuse(response: requests.Response, part: DownloadPart, expected: ExpectedFile, total: int, shown: str) -> None:
    """Refuse a file of another size; set it aside if it is a page, which may explain the refusal."""
    problem = expected.size_problem(total)
    start = response.raw.read(FIRST_BYTES) if total <= _LARGEST_PAGE else b""
    if not is_text(start):
        raise DownloadError(f"{shown}: the file on the server {problem}{encoding_reason(_encoding(response))}")
    part.restart()
    part.append(start)
    for block in _blocks(response):
        part.append(block)
        if part.size > _LARGEST_PAGE:
            break
    aside = part.set_aside()
    got = described(start, total)
    raise ChecksumError(
        f"{shown}: the file on the server {problem}; got {got}; the received file is kept as {aside.name}"
    )


def _check_size(shown: str, size: int, expected: ExpectedFile) -> None:
    if problem := expected.size_problem(size):
        raise DownloadError(f"{shown}: the file on the server {problem}")


def _check_no_more(shown: str, part: DownloadPart, total: int | None, expected: ExpectedFile) -> None:
    most = expected.size if expected.size is not None else total
    if most is not None and part.size > most:
        part.restart()
        raise DownloadError(f"{shown}: the server sent more than the expected {most:,} bytes")


def _check_space(part: DownloadPart, total: int, shown: str, *, is_sure: bool) -> None:
    """Raise DiskFullError where a file does not fit on the disk; TooLargeError if only this server states the size."""
    try:
        check_free(part.path.parent, total - part.size, f"{part.target_name} is downloaded")
    except DiskFullError as error:
        if is_sure:
            raise
        raise TooLargeError(
            f"{shown}: the file on the server has {total:,} bytes, more than fit on the disk"
        ) from error
