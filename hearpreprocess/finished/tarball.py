"""The tarball of a finished task at one sample rate: its name, checksums and compression."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hearpreprocess import archive
from hearpreprocess.errors import ObjectStoreError, OutputError
from hearpreprocess.finished.layout import METADATA, release_in
from hearpreprocess.storage import in_order, whole_file

TARBALL = re.compile(r"hear2021-(?P<title>.+)-(?P<rate>[1-9][0-9]*)\.tar\.gz")
"""The pattern of the names from `tarball_name`."""

CHECKSUM_SUFFIX = ".sha256"

FAST_GZIP_LEVEL, SLOWEST_GZIP_LEVEL = 2, 9

_GZIP_FLAGS_AT, _GZIP_SLOWEST = 8, b"\2"  # RFC 1952, section 2.3.1: XFL is 2 where the slowest algorithm was used

_BLOCK = 1 << 20


def tarball_name(title: str, rate: int | str) -> str:
    """The name of a task's tarball at one sample rate in hertz, or a pattern for several."""
    return f"hear2021-{title}-{rate}.tar.gz"


def release_of_tarball(tarball: Path) -> str | None:
    """The release digest in a tarball, read as far as its metadata; None if hearpreprocess did not create it."""
    try:
        with tarball.open("rb") as file, tarfile.open(fileobj=file, mode="r|gz") as opened:
            for entry in opened:
                if entry.name.endswith(f"/{METADATA}"):
                    metadata = opened.extractfile(entry)
                    return release_in(metadata.read()) if metadata else None
                if entry.name.endswith(".wav"):
                    return None
    except ObjectStoreError:
        raise
    except (OSError, EOFError, tarfile.TarError, zlib.error, ValueError, RecursionError):
        pass
    return None


def compression_of(tarball: Path) -> str | None:
    """The compression of a tarball from `write_tarball`, `fast` or `small`; None if it does not exist."""
    try:
        with tarball.open("rb") as file:
            flags = file.read(_GZIP_FLAGS_AT + 1)[_GZIP_FLAGS_AT:]
    except OSError:
        return None
    return "small" if flags == _GZIP_SLOWEST else "fast"


def write_tarball(
    tarball: Path,
    root: str,
    files: Mapping[str, str],
    texts: Mapping[str, str],
    compression: str,
    on_file: Callable[[int], object] = lambda count: None,
) -> None:
    """Write files as a gzipped tar archive whose bytes depend only on names and contents, and write its checksums.

    `root`: the folder in the archive. `files`: by path below it, the path of the file. `texts`: by path below it, the
    content. The metadata come first, so that the first block identifies the tarball; then the other small files; then
    the clips; each sorted by name. `compression`: `fast`, with ISA-L, or `small`, with zlib in ten times the time.
    `on_file` is called with 1 after each file.

    A file beside the tarball, with CHECKSUM_SUFFIX added to its name, has its sha256 in the format of sha256sum, and in
    a comment that of the uncompressed tar archive, which does not depend on the compressor.
    """
    if tarball.exists() and release_of_tarball(tarball) is None:
        raise OutputError(f"{tarball} already exists and is damaged or was not created by hearpreprocess; move it away")
    checksums = checksums_of(tarball)
    with whole_file(tarball) as temporary:
        with temporary.open("wb") as raw:
            packed = _Hashed(raw)
            inner = _write_tar(packed, root, files, texts, compression, on_file)
        name = tarball.name.removesuffix(".gz")
        text = f"{packed.hexdigest()}  {tarball.name}\n# {inner}  {name}\n"
        checksums.unlink(missing_ok=True)  # before its tarball is replaced
    with whole_file(checksums) as temporary:
        temporary.write_text(text, encoding="utf-8")


def checksums_of(tarball: Path) -> Path:
    """The path of the checksums of a tarball."""
    return tarball.with_name(f"{tarball.name}{CHECKSUM_SUFFIX}")


class _Hashed:
    """A file opened for writing, with the sha256 of the written bytes."""

    def __init__(self, file: Any) -> None:
        self._file, self._sha256 = file, hashlib.sha256()
        self.flush = file.flush

    def write(self, content: bytes) -> int:
        self._sha256.update(content)
        written: int = self._file.write(content)
        return written

    def hexdigest(self) -> str:
        return self._sha256.hexdigest()


def _write_tar(
    raw: Any,
    root: str,
    files: Mapping[str, str],
    texts: Mapping[str, str],
    compression: str,
    on_file: Callable[[int], object],
) -> str:
    """Write the compressed archive and return the sha256 of the uncompressed one."""
    with _compressed(raw, compression) as compressed:
        stream = _Hashed(compressed)
        for piece in archive.tar_pieces(_members(root, files, texts, on_file)):
            stream.write(piece)
    return stream.hexdigest()


def _members(
    root: str, files: Mapping[str, str], texts: Mapping[str, str], on_file: Callable[[int], object]
) -> Iterator[tuple[str, bytes]]:
    paths = sorted([*files, *texts], key=lambda path: (path != METADATA, "/" in path, path))
    with contextlib.closing(in_order(_start_of, [files[path] for path in paths if path not in texts])) as starts:
        for path in paths:
            yield f"{root}/{path}", texts[path].encode() if path in texts else _whole(files[path], next(starts))
            on_file(1)


def _start_of(path: str) -> bytes:
    """The first bytes of a file: all of a short clip, and few enough of a long one to hold many of them."""
    # Without a file object, whose `read` clears a buffer of this size first: 10 us in place of 170 for a clip of 1 s.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    try:
        start = os.read(descriptor, _BLOCK)
        while len(start) < _BLOCK and (more := os.read(descriptor, _BLOCK - len(start))):
            start += more
    finally:
        os.close(descriptor)
    return start


def _whole(path: str, start: bytes) -> bytes:
    """The content of a file that starts with these bytes."""
    if len(start) < _BLOCK:
        return start
    with open(path, "rb") as file:
        file.seek(len(start))
        return start + file.read()


def _compressed(raw: Any, compression: str) -> Any:
    if compression == "small":
        return gzip.GzipFile("", "wb", SLOWEST_GZIP_LEVEL, raw, mtime=0)
    from isal import igzip_threaded

    return igzip_threaded.open(raw, "wb", compresslevel=FAST_GZIP_LEVEL, threads=1, block_size=_BLOCK)
