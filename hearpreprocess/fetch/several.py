"""Download many files in a few threads, each with its own connection, and list the failures."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from hearpreprocess.errors import ChecksumError, DownloadError, OfflineError
from hearpreprocess.fetch.checksums import check
from hearpreprocess.fetch.connections import MOST_CONNECTIONS_TO_A_HOST, Connection, Connections, Say, silent
from hearpreprocess.fetch.download import download, problem_of_kept
from hearpreprocess.fetch.receiving import ExpectedFile
from hearpreprocess.storage import is_there

# Without a network, not every one of a source's 7,438 files is tried.
MOST_FAILURES_IN_A_ROW = 9


def get_all(
    files: Mapping[Path, ExpectedFile],
    connections: Connections,
    on_bytes: Callable[[int, int | None], object],
    say: Say = silent,
    *,
    offline: bool = False,
) -> tuple[list[DownloadError], int]:
    """Verify existing files and download the others; return the failures and the number of files not tried.

    After MOST_FAILURES_IN_A_ROW the rest is not tried. Downloaded files are kept. `on_bytes` is called in this thread
    with the number of bytes just read and the size of that file, if known; so is `say`, with messages for the user.
    """
    waiting: queue.SimpleQueue[Path] = queue.SimpleQueue()
    for target in files:
        waiting.put(target)
    results: queue.SimpleQueue[tuple[int, int | None] | str | BaseException | None] = queue.SimpleQueue()
    stopped = threading.Event()

    def work() -> None:
        connection = Connection(connections, results.put)
        try:
            while not stopped.is_set():
                target = waiting.get_nowait()
                try:
                    on_some = lambda amount, total: results.put((amount, total))  # noqa: E731
                    _get(target, files[target], connection, on_some, results.put, offline)
                    results.put(None)
                except Exception as error:
                    results.put(error)
        except queue.Empty:
            pass
        finally:
            connection.close()

    # Daemon threads, so that the process can exit without waiting for a server.
    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(MOST_CONNECTIONS_TO_A_HOST, len(files)))]
    for thread in threads:
        thread.start()
    failures: list[DownloadError] = []
    in_a_row = tried = 0
    while tried < len(files) and not stopped.is_set():
        result = results.get()
        if isinstance(result, tuple):
            on_bytes(*result)
            continue
        if isinstance(result, str):
            say(result)
            continue
        tried += 1
        in_a_row = in_a_row + 1 if isinstance(result, DownloadError) and not isinstance(result, OfflineError) else 0
        if isinstance(result, DownloadError):
            failures.append(result)
        elif isinstance(result, BaseException):
            stopped.set()
            raise result
        if in_a_row == MOST_FAILURES_IN_A_ROW:
            stopped.set()
    return failures, len(files) - tried


def _get(
    target: Path,
    expected: ExpectedFile,
    connection: Connection,
    on_bytes: Callable[[int, int | None], object],
    say: Say,
    offline: bool,
) -> None:
    with contextlib.suppress(FileNotFoundError):  # it is missing, or another run has just set it aside
        if not is_there(target):
            raise FileNotFoundError(target)
        problem = problem_of_kept(target, expected)
        if problem is None:
            check(target, expected.checksums, on_bytes)
            return
        if offline:
            raise ChecksumError(f"{target}: {problem}. Replace it, or run without --offline to download it")
    if offline:
        raise OfflineError(f"{target.name}: not found in {target.parent} (--offline is set)")
    download(target=target, expected=expected, connection=connection, on_bytes=on_bytes, say=say)
