"""Download files from their mirrors and verify their checksums."""

from hearpreprocess.fetch.checksums import check_members, checksums
from hearpreprocess.fetch.connections import Connection, Connections
from hearpreprocess.fetch.download import ExpectedFile, download
from hearpreprocess.fetch.part import is_being_downloaded, part_path
from hearpreprocess.fetch.several import get_all

__all__ = [
    "Connection",
    "Connections",
    "ExpectedFile",
    "check_members",
    "checksums",
    "download",
    "get_all",
    "is_being_downloaded",
    "part_path",
]
