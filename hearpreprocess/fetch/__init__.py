"""Download files from their mirrors and verify their checksums and their content."""

from hearpreprocess.fetch.checksums import check_members, checksums
from hearpreprocess.fetch.connections import Connection, Connections
from hearpreprocess.fetch.content import described, problem_of_page
from hearpreprocess.fetch.download import download
from hearpreprocess.fetch.part import DownloadOrigin, begun_bytes, discard_part, open_part, part_path
from hearpreprocess.fetch.reading import read_json
from hearpreprocess.fetch.receiving import ExpectedFile
from hearpreprocess.fetch.several import get_all

__all__ = [
    "Connection",
    "Connections",
    "DownloadOrigin",
    "ExpectedFile",
    "begun_bytes",
    "check_members",
    "checksums",
    "described",
    "discard_part",
    "download",
    "get_all",
    "open_part",
    "part_path",
    "problem_of_page",
    "read_json",
]
