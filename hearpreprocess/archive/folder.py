"""A folder, or single files, in place of an archive."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from hearpreprocess.archive.listing import Listing, place
from hearpreprocess.errors import ArchiveError


def files_below(folder: Path) -> dict[str, Path]:
    """The files in a folder and the folders below it, by their path relative to it; links are followed.

    Raises ArchiveError where there is none, or where a link leads back to a folder that it is in.
    """
    found: dict[str, Path] = {}
    for parent, folders, files in os.walk(folder, followlinks=True):
        place = Path(parent)
        above = [place, *place.parents]
        for name in folders:
            if (place / name).is_symlink() and (place / name).resolve() in [each.resolve() for each in above]:
                raise ArchiveError(f"{place / name} is a link that leads back to a folder that it is in")
        found |= {(place / name).relative_to(folder).as_posix(): place / name for name in files}
    if not found:
        raise ArchiveError(f"{folder} holds no files")
    return dict(sorted(found.items()))


def unpack(
    files: Mapping[str, Path], select: Callable[[str], bool], folder: Path, on_member: Callable[[int], object]
) -> dict[str, int]:
    """List files and copy the selected ones to `folder`."""
    listing = Listing("the folder")
    for path, file in files.items():
        if listing.add(path, file.stat().st_size) and select(path):
            shutil.copyfile(file, place(folder, path))
            on_member(1)
    return listing.sizes()
