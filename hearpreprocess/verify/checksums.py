"""Compare a tarball with the checksums in the file beside it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from hearpreprocess import fetch
from hearpreprocess.finished import checksums_of
from hearpreprocess.storage import reason_of
from hearpreprocess.verify.finding import Finding
from hearpreprocess.verify.inspection import Inspection
from hearpreprocess.verify.structure import ASPECT

_ROW = re.compile(r"^(?:# )?([0-9a-f]{64}) [ *](.+?)\r?$", re.MULTILINE)


def checksums(inspection: Inspection) -> Iterator[Finding]:
    """Check the checksum of the tarball or, if it was recompressed, of its tar archive; skipped without checksums."""
    path, of_tar = inspection.finished.path, inspection.contents.sha256
    beside = checksums_of(path)
    if not path.is_file() or not os.path.isfile(beside):  # noqa: PTH113  (which raises where a folder is closed)
        return
    try:
        text = beside.read_text(encoding="utf-8", errors="replace")
        of_tarball = fetch.checksums(path, ["sha256"])["sha256"]
    except OSError as error:
        yield Finding(ASPECT, beside.name, f"cannot be compared with {path.name}: {reason_of(error)}")
        return
    expected = {name: sha256 for sha256, name in _ROW.findall(text)}
    inner = expected.get(path.name.removesuffix(".gz"))
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
