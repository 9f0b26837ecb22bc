"""An object's facts, and the error on a file that is not what is to be stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hearpreprocess.errors import OutputError


@dataclass(frozen=True)
class StoredObject:
    """An object: its size in bytes, the server's mark of its version, its time in seconds, and its attributes.

    `attributes`: what its writer has noted of it, by lower-case names.
    """

    size: int
    tag: str
    modified: float
    attributes: Mapping[str, str]


class DamagedFileError(OutputError):
    """A file to upload has other bytes than its checksum says."""
