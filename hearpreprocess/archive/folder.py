"""A folder, or single files, in place of an archive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from hearpreprocess.archive.listing import Listing, place
from hearpreprocess.atomic import link_or_copy


def files_below(folder: Path) -> dict[str, Path]:
    """The files in a folder and the folders below it, by their path relative to it; links are not followed."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def unpack(
    files: Mapping[str, Path], select: Callable[[str], bool], folder: Path, on_member: Callable[[int], object]
) -> dict[str, int]:
    """List files and give the selected ones a second name in `folder`, or copy them where that cannot be."""
    listing = Listing("the folder")
    for path, file in files.items():
        if listing.add(path, file.stat().st_size) and select(path):
            link_or_copy(file, place(folder, path))
            on_member(1)
    return listing.sizes()
