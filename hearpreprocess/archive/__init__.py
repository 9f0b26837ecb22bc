"""List and unpack zip, multi-part zip, tar, rar and folders without trusting the names in them; write tar."""

from typing import TYPE_CHECKING

from hearpreprocess.lazy import lazy_names

if TYPE_CHECKING:
    from hearpreprocess.archive.folder import files_below
    from hearpreprocess.archive.gathering import Gathered, GatheredReader
    from hearpreprocess.archive.listing import is_litter
    from hearpreprocess.archive.opened import OpenedMember
    from hearpreprocess.archive.tar import TarReader
    from hearpreprocess.archive.unpacking import opened_members, packed_members, problem_of_archive, unpack
    from hearpreprocess.archive.writing import tar_pieces
    from hearpreprocess.archive.zip import ZipReader

__all__ = [
    "Gathered",
    "GatheredReader",
    "OpenedMember",
    "TarReader",
    "ZipReader",
    "files_below",
    "is_litter",
    "opened_members",
    "packed_members",
    "problem_of_archive",
    "tar_pieces",
    "unpack",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "folder": "files_below",
            "gathering": "Gathered GatheredReader",
            "listing": "is_litter",
            "opened": "OpenedMember",
            "tar": "TarReader",
            "unpacking": "opened_members packed_members problem_of_archive unpack",
            "writing": "tar_pieces",
            "zip": "ZipReader",
        },
    )
