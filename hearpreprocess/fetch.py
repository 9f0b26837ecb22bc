"""Get a file from its mirrors and check that it is the one meant."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from hearpreprocess import PROJECT_URL, __version__
from hearpreprocess.atomic import whole_file
from hearpreprocess.errors import ChecksumError, DownloadError, enumerate_problems
from hearpreprocess.sources import without_credentials

USER_AGENT = f"hearpreprocess/{__version__} ({PROJECT_URL})"
CONNECT_SECONDS, READ_SECONDS = 20, 120

_CHUNK = 1 << 20

OnBytes = Callable[[int, int | None], object]


def _ignore(amount: int, total: int | None) -> None:
    """Stand in for a progress callback where nobody looks."""


def checksum_problem(found: Mapping[str, str], expected: Mapping[str, str]) -> str | None:
    """What sets checksums apart from the expected ones, or None where they agree."""
    for algorithm, checksum in expected.items():
        if found[algorithm] != checksum:
            return f"expected {algorithm} {checksum}, got {found[algorithm]}"
    return None


def checksums(path: Path, algorithms: Sequence[str], on_bytes: OnBytes = _ignore) -> dict[str, str]:
    """The checksums of a file, in hexadecimal, by algorithm."""
    with path.open("rb") as file:
        return _hash(_chunks(file), algorithms, path.stat().st_size, on_bytes)[0]


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: file.read(_CHUNK), b"")


def _hash(
    chunks: Iterable[bytes],
    algorithms: Sequence[str],
    total: int | None,
    on_bytes: OnBytes,
    write: Callable[[bytes], object] = lambda chunk: None,
) -> tuple[dict[str, str], int]:
    """Hand each chunk to `write` while it is hashed; the checksums by algorithm, and the number of bytes."""
    hashes = {algorithm: hashlib.new(algorithm) for algorithm in algorithms}
    received = 0
    for chunk in chunks:
        write(chunk)
        for each in hashes.values():
            each.update(chunk)
        received += len(chunk)
        on_bytes(len(chunk), total)
    return {algorithm: each.hexdigest() for algorithm, each in hashes.items()}, received


def check(path: Path, expected: Mapping[str, str], on_bytes: OnBytes = _ignore) -> None:
    """Raise ChecksumError where the file at `path` is not the one that `expected` describes."""
    if problem := checksum_problem(checksums(path, list(expected), on_bytes), expected):
        raise ChecksumError(
            f"{path} is not the file that the task needs: {problem}; "
            "it may be cut short or another version. Replace it, or move it away to have it downloaded"
        )


def check_members(files: Mapping[str, Path], listing: Path, may_differ: Collection[str] = ()) -> None:
    """Check members by a tab-separated list of file name and md5; those in `may_differ` need only be listed, as must an
    .au file be under the name of the .wav file that it is a copy of.

    `files`: where each is. Raises ChecksumError naming those that differ or that the list does not know.
    """
    expected = dict(line.split("\t") for line in listing.read_text(encoding="utf-8").splitlines())
    problems = []
    for member, path in files.items():
        name = member.rpartition("/")[2]
        is_copy = name.endswith(".au")
        listed = f"{name.removesuffix('.au')}.wav" if is_copy else name
        if listed not in expected:
            problems.append(f"{member} is not in {listing.name}")
        elif listed not in may_differ and not is_copy:
            problem = checksum_problem(checksums(path, ["md5"]), {"md5": expected[name]})
            problems += [f"{member}: {problem}"] if problem else []
    if problems:
        raise ChecksumError(enumerate_problems("{count} members are not those that were published:", problems))


def download(urls: Sequence[str], target: Path, expected: Mapping[str, str], on_bytes: OnBytes = _ignore) -> None:
    """Fetch `target` from the first of its mirrors that gives the file that `expected` describes.

    `on_bytes` is called with the number of bytes just read and the number to expect, where the server says it.
    Raises DownloadError that tells for every mirror why it would not do; ChecksumError where all gave another file.
    """
    failures: list[DownloadError] = []
    for url in urls:
        try:
            with whole_file(target) as temporary:
                found = _receive(url, temporary, list(expected), on_bytes)
                if problem := checksum_problem(found, expected):
                    raise ChecksumError(f"{without_credentials(url)}: {problem}")
            return
        except DownloadError as error:
            failures.append(error)
    kind = ChecksumError if all(isinstance(failure, ChecksumError) for failure in failures) else DownloadError
    reasons = "".join(f"\n  {failure}" for failure in failures)
    raise kind(
        f"{target.name} could not be downloaded:{reasons}\n"
        f"  If you can get it elsewhere, put it into {target.parent} as {target.name} and give the same command again"
    )


def _receive(url: str, target: Path, algorithms: Sequence[str], on_bytes: OnBytes) -> dict[str, str]:
    with target.open("wb") as file:
        if urlsplit(url).scheme == "file":
            return _copy(Path(unquote(urlsplit(url).path)), file, algorithms, on_bytes)
        return _request(url, file, algorithms, on_bytes)


def _copy(source: Path, target: BinaryIO, algorithms: Sequence[str], on_bytes: OnBytes) -> dict[str, str]:
    try:
        with source.open("rb") as file:
            return _hash(_chunks(file), algorithms, source.stat().st_size, on_bytes, target.write)[0]
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise DownloadError(f"file://{source}: {error.strerror}") from error


def _request(url: str, target: BinaryIO, algorithms: Sequence[str], on_bytes: OnBytes) -> dict[str, str]:
    import requests

    shown = without_credentials(url)
    try:
        with requests.get(
            url,
            stream=True,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            # A server that compresses on the way would make the announced length that of other bytes.
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        ) as response:
            if not response.ok:
                raise DownloadError(f"{shown}: the server answers {response.status_code} {response.reason}")
            length = response.headers.get("Content-Length", "")
            total = int(length) if length.isdigit() else None
            found, received = _hash(response.iter_content(_CHUNK), algorithms, total, on_bytes, target.write)
    except requests.RequestException as error:
        raise DownloadError(f"{shown}: {_cause(error)}") from error
    if total is not None and received != total:
        raise DownloadError(f"{shown}: the connection ended after {received:,} of {total:,} bytes")
    return found


def _cause(error: BaseException) -> str:
    """The innermost reason of a chain of network errors, which the outer ones bury in their own text."""
    inner = getattr(error, "reason", None) or next(iter(error.args), None)
    if isinstance(inner, BaseException):
        return _cause(inner)
    return f"{type(error).__name__}: {error}"
