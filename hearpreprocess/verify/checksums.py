"""Compare a tarball with the checksums in the file beside it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from hearpreprocess import fetch
from hearpreprocess.errors import ObjectStoreError
from hearpreprocess.finished import checksums_of
from hearpreprocess.objects import ObjectPath
from hearpreprocess.storage import reason_of
from hearpreprocess.verify.finding import Finding
from hearpreprocess.verify.inspection import Inspection
from hearpreprocess.verify.structure import ASPECT

_ROW = re.compile(r"^(?:# )?([0-9a-f]{64}) [ *](.+?)\r?$", re.MULTILINE)


def checksums(inspection: Inspection) -> Iterator[Finding]:
    """Check the checksum of the tarball or, if it was recompressed, of its tar archive; skipped without checksums."""
    path, of_tar = inspection.finished.path, inspection.contents.sha256
    beside = checksums_of(path)
    is_stored = isinstance(path, ObjectPath)
    if is_stored and not beside.is_file():
        return
    # pathlib's raises where a folder is closed.
    if not is_stored and not (path.is_file() and os.path.isfile(beside)):  # noqa: PTH113
        return
    try:
        text = beside.read_text(encoding="utf-8", errors="replace")
        expected = {name: sha256 for sha256, name in _ROW.findall(text)}
        inner = expected.get(path.name.removesuffix(".gz"))
        if is_stored and of_tar and inner == of_tar:  # its content is right, so that it is not sent a second time
            return
        of_tarball = fetch.checksums(path, ["sha256"])["sha256"]
    except ObjectStoreError:
        raise
    except OSError as error:
        yield Finding(ASPECT, beside.name, f"cannot be compared with {path.name}: {reason_of(error)}")
        return
    if path.name not in expected:
        yield Finding(ASPECT, beside.name, f"has no sha256 of {path.name}")
    elif of_tar and inner not in (None, of_tar):
        yield Finding(ASPECT, path.name, f"does not contain the tar archive whose checksum is in {beside.name}")
    elif of_tarball == expected[path.name]:
        return
    elif of_tar and inner == of_tar:
        note = f"was recompressed; its content matches the checksum in {beside.name}"
        yield Finding(ASPECT, path.name, note, is_fault=False)
    else:
        yield Finding(ASPECT, path.name, f"does not match the checksum in {beside.name}")
