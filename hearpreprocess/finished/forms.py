"""Forms of a tarball that are not those of finished tasks: other archives under its name, and other roots."""

from __future__ import annotations

import contextlib
import gzip
import re
import zlib
from collections.abc import Iterable
from pathlib import Path

from hearpreprocess.errors import ArchiveError, ObjectStoreError, OutputError
from hearpreprocess.finished.layout import MANIFEST, METADATA, VOCABULARY
from hearpreprocess.storage import BZIP2, FIRST_BYTES, GZIP, TAR, XZ, FileKind, kind_of, reason_of, start_of

_READ_AS: dict[FileKind | None, str] = {TAR: "cat", GZIP: "cat", XZ: "xz -dc", BZIP2: "bzip2 -dc", None: ""}
"""By the kind of a file that can be read as a tar archive, the command that prints what is in it."""

_GZIPPED = (".tar.gz", ".tgz")
_ARCHIVE, _COMPRESSED = re.compile("(zip|7z|rar) archive"), {"a zstd file": "zstd -dc", "an lz4 file": "lz4 -dc"}
_INFERRED_ROOT = re.compile(
    rf"(?:(?P<root>.*)/)?(?:{re.escape(METADATA)}|{re.escape(VOCABULARY)}|{re.escape(MANIFEST)}"
    r"|[1-9][0-9]{3,5}/[^/]+/[^/]+\.wav)",
    re.DOTALL,
)


def check_tarball(path: Path) -> None:
    """Raise OutputError where a file cannot be opened, ArchiveError with its kind where it is not a tar archive."""
    kind = _kind(path)
    if kind is not None and kind not in _READ_AS:
        raise ArchiveError(f"{path}: is {kind.name}, expected a gzipped tar archive. {_what_to_do(path, kind)}")
    if kind == GZIP and (inner := _kind_within(path)) not in (None, TAR):
        raise ArchiveError(
            f"{path}: is {inner.name} that was compressed with gzip, expected a gzipped tar archive. "
            f"{_what_to_do(path, inner)}"
        )


def compression_problem(path: Path) -> str | None:
    """Why a tar archive that can be read is not what its name says; None if it is."""
    kind = _kind(path) or TAR
    if kind == GZIP or not path.name.endswith(_GZIPPED):
        return None
    command = f"{_READ_AS[kind]} {path.name} | gzip > new.tar.gz"
    return f"is {kind.name}, expected a gzipped tar archive, as its name says. Compress it: {command}"


def root_problem(members: Iterable[str]) -> str | None:
    """Why the files of a tarball are not found, given those outside of a task; None if they are not of a task."""
    for member in members:
        if "\\" in member and "/" not in member:
            return f"its paths have backslashes, as {member!r}. Pack it again with tar: tar -czf new.tar.gz tasks"
        if match := _INFERRED_ROOT.fullmatch(member):
            root = match["root"] or ""
            task = re.split(r"[/\\]", root)[-1] or "<task>"
            below = f"below {root!r}" if root else "at its top" if not member.startswith("/") else "below '/'"
            return (
                f"its files are {below}, expected 'tasks/{task}'. Unpack it, move the task's folder into one called "
                "tasks, and pack that: tar -czf new.tar.gz tasks"
            )
    return None


def _kind(path: Path) -> FileKind | None:
    try:
        return kind_of(start_of(path))
    except ObjectStoreError:
        raise
    except OSError as error:
        raise OutputError(f"{path}: {reason_of(error)}") from error


def _kind_within(path: Path) -> FileKind | None:
    """The kind of what is in a gzip file; None if it cannot be read."""
    with contextlib.suppress(OSError, EOFError, zlib.error), path.open("rb") as packed, gzip.open(packed) as file:
        return kind_of(file.read(FIRST_BYTES))
    return None


def _what_to_do(path: Path, kind: FileKind) -> str:
    if kind.name in _COMPRESSED:
        return f"Compress it with gzip: {_COMPRESSED[kind.name]} {path.name} | gzip > new.tar.gz"
    if _ARCHIVE.search(kind.name):
        return "Unpack it, and pack the folder tasks in it: tar -czf new.tar.gz tasks"
    return "Download it or make it again"
