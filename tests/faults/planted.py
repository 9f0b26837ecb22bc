"""A reader with faults, to see that the fuzz finds them: an error, and a crash of the whole process."""

from __future__ import annotations

import os
from pathlib import Path

from hearpreprocess.errors import AudioError
from tests.faults.targets import Target


def _nested(content: bytes, folder: Path) -> None:
    """Three conditions, of which the fuzz has to fulfil one after the other."""
    if len(content) < 4 or content[0] < 128:
        raise AudioError("not a recording")
    if content[1] < 32 and content[2] > 223:
        raise KeyError("planted")


def _deadly(content: bytes, folder: Path) -> None:
    if len(content) >= 4 and content[0] > 128:
        os.abort()


TARGETS = {
    name: Target(name, read, lambda folder: [b"xxxx"]) for name, read in (("nested", _nested), ("deadly", _deadly))
}
