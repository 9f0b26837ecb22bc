"""What is done with objects, by obstore. Runs only in the process of `serving`, see there."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore.store import AzureStore, GCSStore, S3Store

from hearpreprocess.errors import ConfigError
from hearpreprocess.objects.addresses import divided
from hearpreprocess.objects.credentials import settings_of, variables_in
from hearpreprocess.objects.stored import DamagedFileError, StoredObject

PART = 5 << 20
"""The least bytes of a part of an upload, as S3 accepts no smaller ones: the sooner a part ends, the sooner an upload
can be given up. Larger where a file would have more than MOST_PARTS.
"""

BLOCK = 1 << 20
"""The bytes of a file that are read at a time, so that obstore has no whole part ahead of those that it sends."""

MOST_PARTS = 9_000
"""S3 has at most 10,000 parts in an object."""

PARTS_AT_ONCE = 2
"""The parts of an upload that are sent at a time, and so the memory that it needs. A file of no more bytes than these
is sent whole, which leaves no parts however it ends.
"""

CONNECT_SECONDS, FIRST_PAUSE, LONGEST_PAUSE = 5, 0.3, 8
"""Seconds to connect, and of the pauses before a failed request is repeated."""


@dataclass(frozen=True)
class Patience:
    """How long a request may take in seconds, how often a failed one is repeated, and within how many seconds."""

    seconds: float
    retries: int
    retry_seconds: float


FOR_ANSWERS = Patience(20, 4, 25)
"""Of small requests: a server that does not answer is given up after 40 s, one that refuses connections after 5 s."""

FOR_PARTS = Patience(55, 8, 40)
"""Of parts: 2 of them at a time, or a whole file of their bytes, pass at 2 Mbit/s. A server that stops answering is
given up after 110 s: the part takes half of that, and the request that gives up the upload the other half.
"""

_PROBE = ".hearpreprocess-can-write"


class _ProbedError(Exception):
    """Ends an upload before it is complete."""


def head(address: str) -> StoredObject | None:
    """The object at a URL without its content; None if there is none."""
    store, key = _store(address)
    try:
        found = obstore.get(store, key, options={"head": True})
    except FileNotFoundError as error:
        if "NoSuchBucket" in str(error) or "ContainerNotFound" in str(error):
            raise
        return None
    attributes = {str(name).lower(): value for name, value in found.attributes.items()}
    return StoredObject(found.meta["size"], _tag(found.meta), found.meta["last_modified"].timestamp(), attributes)


def names(address: str) -> list[str]:
    """The names of the objects directly below a prefix, sorted."""
    store, key = _store(address)
    listed = obstore.list_with_delimiter(store, f"{key}/" if key else None)
    return sorted(found["path"].rpartition("/")[2] for found in listed["objects"])


def probe(address: str) -> None:
    """Raise an error where a prefix cannot be listed and written to: an upload is begun there and given up."""
    store, key = _store(address)
    obstore.list_with_delimiter(store, f"{key}/" if key else None)

    def blocks() -> Iterator[bytes]:
        yield b"o"  # Azure has no request that begins an upload; it refuses the first block
        yield b"k"
        raise _ProbedError

    path = "/".join(filter(None, (key, _PROBE)))
    with contextlib.suppress(_ProbedError):
        obstore.put(store, path, blocks(), use_multipart=True, chunk_size=1, max_concurrency=1)


def read(address: str, start: int, length: int, tag: str) -> bytes:
    """Bytes of an object; raises an error where the object is of another version than `tag`."""
    store, key = _store(address)
    options: Any = {"range": (start, start + length), **({"if_match": tag} if tag else {})}
    return bytes(obstore.get(store, key, options=options).bytes())


def put(address: str, content: bytes, attributes: Mapping[str, str]) -> None:
    """Write a small object."""
    store, key = _store(address)
    obstore.put(store, key, content, attributes=dict(attributes), use_multipart=False)


def upload(
    address: str,
    path: str,
    sha256: str,
    attributes: Mapping[str, str],
    on_bytes: Callable[[int], object],
    on_end: Callable[[], object],
) -> None:
    """Write a file as an object, which appears, or replaces an earlier one, when it is complete.

    `sha256`: of the file; DamagedFileError is raised, and nothing stored, where it has another. `on_bytes`: called with
    the bytes of each block that is read. `on_end`: called after the last, when obstore sends what is left and completes
    the object, which only the end of the process stops. What the two raise gives up the upload.
    """
    store, key = _store(address, FOR_PARTS)
    size = os.stat(path).st_size  # noqa: PTH116

    def blocks() -> Iterator[bytes]:
        digest = hashlib.sha256()
        with Path(path).open("rb") as file:
            left = size
            while left:
                block = file.read(min(BLOCK, left))
                digest.update(block)
                left -= len(block)
                if not block or (not left and (file.read(1) or digest.hexdigest() != sha256)):
                    raise DamagedFileError(f"{path}: its bytes differ from its checksum. Remove it, and run again")
                on_bytes(len(block))
                yield block
        on_end()

    if size <= PARTS_AT_ONCE * PART:
        obstore.put(store, key, b"".join(blocks()), attributes=dict(attributes), use_multipart=False)
        return
    obstore.put(
        store,
        key,
        blocks(),
        attributes=dict(attributes),
        use_multipart=True,
        chunk_size=_part_of(size),
        max_concurrency=PARTS_AT_ONCE,
    )


def _part_of(size: int) -> int:
    """The bytes of each part but the last, which has so few that little is left to send when the file is read."""
    return (size - 1) // min((size - 1) // PART, MOST_PARTS)


def _tag(meta: Any) -> str:
    return str(meta.get("e_tag") or "")


def _store(address: str, patience: Patience = FOR_ANSWERS) -> tuple[Any, str]:
    """The store of a URL, and the key in it."""
    scheme, bucket, key = divided(address)
    settings: Any = settings_of(scheme, os.environ, Path.home())
    kind: Any = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}[scheme]
    try:
        store = kind(
            bucket,
            **settings,
            client_options={
                "allow_http": settings.get("endpoint", "").startswith("http://"),
                "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
                "timeout": timedelta(seconds=patience.seconds),
            },
            retry_config={
                "max_retries": patience.retries,
                "retry_timeout": timedelta(seconds=patience.retry_seconds),
                "backoff": {
                    "init_backoff": timedelta(seconds=FIRST_PAUSE),
                    "max_backoff": timedelta(seconds=LONGEST_PAUSE),
                    "base": 2,
                },
            },
        )
    except BaseException as error:  # obstore's panics are no Exceptions
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        raise ConfigError(f"invalid settings for {scheme}://. Check {variables_in(scheme, os.environ)}") from None
    return store, key
