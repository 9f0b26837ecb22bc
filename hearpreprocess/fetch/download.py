"""Download a file from the first mirror that delivers it, resuming an earlier attempt."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hearpreprocess.errors import ChecksumError, DiskFullError, DownloadError
from hearpreprocess.fetch.checksums import OnBytes, check, checksum_problem, ignore
from hearpreprocess.fetch.connections import Connection, Say, silent
from hearpreprocess.fetch.content import encoding_reason, problem_of_encoding
from hearpreprocess.fetch.faults import TemporaryError, TooLargeError, UnexpectedError
from hearpreprocess.fetch.part import DownloadPart, open_part, set_aside, url_of_part
from hearpreprocess.fetch.receiving import ExpectedFile, receive
from hearpreprocess.storage import disk_full_message, is_text, is_there, name_of, start_of
from hearpreprocess.task import without_credentials

MOST_ATTEMPTS_IN_VAIN, MOST_ATTEMPTS = 4, 100
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 60.0
LONGEST_RETRY_AFTER_SECONDS = 900.0
LONGEST_SILENT_PAUSE_SECONDS = 2.0

Pause = Callable[[float], object]
Value = TypeVar("Value")


def download(
    expected: ExpectedFile,
    target: Path,
    connection: Connection,
    on_bytes: OnBytes = ignore,
    say: Say = silent,
    pause: Pause = time.sleep,
) -> None:
    """Download `target` from the first mirror that delivers the expected file.

    The bytes of a failed attempt are kept beside the target. The next attempt, in this or a later process, requests
    only the rest, if the server states that it is of the same version, or a checksum can prove it. Temporary failures
    are retried after a pause, or after the time in the server's Retry-After; after any other failure the next mirror is
    tried at once. A file with a wrong checksum or content is renamed accordingly; so is an existing target whose
    content cannot be the wanted file. `on_bytes` is called with the number of bytes just read and the total, if the
    server states it; `say` with messages for the user.

    Raises DownloadError with the reason for every mirror; ChecksumError where all mirrors delivered another file;
    DiskFullError, before the first byte is written, where the file does not fit on the disk by its expected size or by
    the size that every mirror states.
    """
    failures: list[DownloadError] = []
    # Try the mirror of the partial file first.
    partial_url = url_of_part(target)
    urls = sorted(expected.urls, key=lambda url: without_credentials(url) != partial_url)
    for number, url in enumerate(urls, start=1):
        with open_part(target, list(expected.checksums), connection.close, say) as part:
            # Another process may have downloaded it meanwhile, or an older version may have saved a page as the file.
            if is_there(target) and _is_kept(target, expected, on_bytes, say):
                return
            try:
                _from_mirror(url, expected, part, connection, on_bytes, say, pause)
            except DownloadError as error:
                failures.append(error)
                if isinstance(error, ChecksumError | TooLargeError | UnexpectedError) and number < len(urls):
                    say(f"{error}. Trying the next mirror")
            else:
                part.finish()
                return
    if all(isinstance(failure, TooLargeError) for failure in failures):
        raise DiskFullError(
            f"{target.name}: does not fit on the disk:"
            + "".join(f"\n  {failure}" for failure in failures)
            + f"\n  {disk_full_message(target.parent)}"
        )
    kind = ChecksumError if all(isinstance(failure, ChecksumError) for failure in failures) else DownloadError
    reasons = "".join(f"\n  {failure}" for failure in failures)
    raise kind(
        f"{target.name}: download failed:{reasons}\n"
        f"  Try again later, or get the file from another place and save it as {target}"
    )


def problem_of_kept(target: Path, expected: ExpectedFile) -> str | None:
    """The problem of an existing file at `target` that shows without its checksum; None if it has none.

    Raises DownloadError where it is not a file.
    """
    if target.exists() and not target.is_file():
        raise DownloadError(f"{target}: expected a file, found {'a directory' if target.is_dir() else 'a device'}")
    problem = expected.content_problem(target)
    return problem if problem or expected.checksums else expected.size_problem(target.stat().st_size)


def _is_kept(target: Path, expected: ExpectedFile, on_bytes: OnBytes, say: Say) -> bool:
    """Whether the file at `target` is the expected one; a file that cannot be is set aside."""
    problem = problem_of_kept(target, expected)
    if problem is None:
        check(target, expected.checksums, on_bytes)
        return True
    try:
        aside = set_aside(target, target, {})
    except OSError as error:
        raise ChecksumError(
            f"{target}: {problem}. It cannot be renamed ({error.strerror or error}); move it away"
        ) from error
    say(f"{target}: {problem}. Renamed to {aside.name}; downloading it again")
    return False


def _from_mirror(
    url: str,
    expected: ExpectedFile,
    part: DownloadPart,
    connection: Connection,
    on_bytes: OnBytes,
    say: Say,
    pause: Pause,
) -> None:
    """Complete the partial file from one mirror and verify it."""
    while True:
        retrying(lambda: receive(url, expected, part, connection, on_bytes), lambda: part.size, say, pause)
        problem = expected.content_problem(part.path)
        if problem is None and (problem := checksum_problem(part.checksums(), expected.checksums)) is not None:
            start = start_of(part.path)
            problem += f"; it is {name_of(start)}" if is_text(start) else ""
        if problem is None and not expected.checksums:
            problem = problem_of_encoding(part.path, part.target_name, part.encoding)
        if problem is None:
            return
        if part.is_of_one_response:
            break
        part.restart()  # its pieces may be of different versions of the file: judge a file of one response instead
        part.may_be_resumed = False
    aside = part.set_aside()
    reason = encoding_reason(part.encoding)
    raise ChecksumError(f"{without_credentials(url)}: {problem}{reason}; the received file is kept as {aside.name}")


def retrying(attempt: Callable[[], Value], progress: Callable[[], int], say: Say, pause: Pause) -> Value:
    """Call `attempt` until it raises no TemporaryError, and return its value; wait longer after each failure.

    `progress`: the bytes so far; an attempt that adds to them resets the count of failures. `say` is called before a
    pause that the server asks for, unless it is short. Raises DownloadError.
    """
    fruitless = number = 0
    while True:
        number += 1
        before = progress()
        try:
            return attempt()
        except TemporaryError as error:
            fruitless = 0 if progress() > before else fruitless + 1
            if fruitless == MOST_ATTEMPTS_IN_VAIN or number == MOST_ATTEMPTS:
                raise DownloadError(f"{error} (tried {number} times)") from error
            if error.seconds is not None and error.seconds > LONGEST_RETRY_AFTER_SECONDS:
                raise DownloadError(f"{error}, and asks to wait {error.seconds:,.0f} s. Try again then") from error
            # With jitter, so that many refused clients do not retry at the same moment.
            longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**fruitless)
            seconds = random.uniform(longest / 2, longest) if error.seconds is None else error.seconds
            if error.seconds is not None and seconds > LONGEST_SILENT_PAUSE_SECONDS:
                say(f"{error}. Retrying in {seconds:,.0f} s")
            pause(seconds)
