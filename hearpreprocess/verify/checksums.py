"""Compare a tarball with the checksums in the file beside it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from hearpreprocess import fetch
from hearpreprocess.finished import checksums_of
from hearpreprocess.objects import SHA256, SIZE, ObjectPath
from hearpreprocess.storage import reason_of
from hearpreprocess.verify.finding import Finding
from hearpreprocess.verify.inspection import Inspection
from hearpreprocess.verify.structure import ASPECT

_ROW = re.compile(r"^(?:# )?([0-9a-f]{64}) [ *](.+?)\r?$", re.MULTILINE)


def checksums(inspection: Inspection) -> Iterator[Finding]:
    """Check the checksum of the tarball or, if it was recompressed, of its tar archive; skipped without checksums.

    Of an object, the attributes from its upload count; the file beside it has to agree with them.
    """
    path, of_tar = inspection.finished.path, inspection.contents.sha256
    beside = checksums_of(path)
    if isinstance(path, ObjectPath):
        yield from _of_object(path, beside, of_tar)
        return
    # pathlib's raises where a folder is closed.
    if not (path.is_file() and os.path.isfile(beside)):  # noqa: PTH113
        return
    try:
        expected = _expected(beside)
        of_tarball = fetch.checksums(path, ["sha256"])["sha256"]
    except OSError as error:
        yield Finding(ASPECT, beside.name, f"cannot be compared with {path.name}: {reason_of(error)}")
        return
    if path.name not in expected:
        yield Finding(ASPECT, beside.name, f"has no sha256 of {path.name}")
    else:
        yield from _compared(path, beside, expected, of_tar, of_tarball)


def _of_object(path: ObjectPath, beside: Path, of_tar: str | None) -> Iterator[Finding]:
    stored = path.stored
    attributes = stored.attributes if stored else {}
    noted, size = attributes.get(SHA256), attributes.get(SIZE)
    if stored and size and size != str(stored.size):
        yield Finding(ASPECT, path.name, f"has {stored.size:,} bytes, but was uploaded with {size}")
        return
    expected = _expected(beside) if beside.is_file() else {}
    if noted and expected and expected.get(path.name) != noted:
        fix = "Run the command that uploads it again"
        yield Finding(ASPECT, beside.name, f"does not have the sha256 that {path.name} was uploaded with. {fix}")
        expected = {}
    elif expected and path.name not in expected:
        yield Finding(ASPECT, beside.name, f"has no sha256 of {path.name}")
        return
    if of_tar and expected.get(path.name.removesuffix(".gz")) == of_tar:
        return  # its content is right, so that it is not sent a second time
    if expected:
        of_tarball = fetch.checksums(path, ["sha256"])["sha256"]
        yield from _compared(path, beside, expected, of_tar, of_tarball)
    elif noted and fetch.checksums(path, ["sha256"])["sha256"] != noted:
        yield Finding(ASPECT, path.name, "does not have the sha256 that it was uploaded with")


def _expected(beside: Path) -> dict[str, str]:
    """The sha256 by name in a checksum file."""
    return {name: sha256 for sha256, name in _ROW.findall(beside.read_text(encoding="utf-8", errors="replace"))}


def _compared(
    path: Path, beside: Path, expected: Mapping[str, str], of_tar: str | None, of_tarball: str
) -> Iterator[Finding]:
    inner = expected.get(path.name.removesuffix(".gz"))
    if of_tar and inner not in (None, of_tar):
        yield Finding(ASPECT, path.name, f"does not contain the tar archive whose checksum is in {beside.name}")
    elif of_tarball == expected[path.name]:
        return
    elif of_tar and inner == of_tar:
        note = f"was recompressed; its content matches the checksum in {beside.name}"
        yield Finding(ASPECT, path.name, note, is_fault=False)
    else:
        yield Finding(ASPECT, path.name, f"does not match the checksum in {beside.name}")
