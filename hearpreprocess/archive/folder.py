"""Read a folder, or single files, like an archive."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from hearpreprocess.archive.listing import Listing, target_of
from hearpreprocess.errors import ArchiveError, enumerate_problems
from hearpreprocess.storage import counted


def files_below(folder: Path) -> dict[str, Path]:
    """The files below a folder by their relative path; links are followed.

    Raises ArchiveError where there are no files, where a link leads to a parent folder, and for every entry that cannot
    be read or is not a file: no entry is skipped silently.
    """
    paths: dict[str, Path] = {}
    problems: list[str] = []

    def note(error: OSError) -> None:
        problems.append(f"{error.filename}: {error.strerror}")

    for parent, folders, files in os.walk(folder, onerror=note, followlinks=True):
        directory = Path(parent)
        above = [directory, *directory.parents]
        for name in folders:
            if (directory / name).is_symlink() and (directory / name).resolve() in [path.resolve() for path in above]:
                raise ArchiveError(f"{directory / name}: a link to a directory that contains it. Remove the link")
        for name in files:
            if problem := _problem(f"{parent}/{name}"):
                problems.append(f"{parent}/{name}".encode(errors="backslashreplace").decode() + f": {problem}")
            else:
                paths[(directory / name).relative_to(folder).as_posix()] = directory / name
    if problems:
        raise ArchiveError(
            enumerate_problems(f"{folder}: {counted(len(problems), 'files')} cannot be used:", problems)
            + "\n  Repair them or move them out of the directory"
        )
    if not paths:
        raise ArchiveError(f"{folder}: contains no files")
    return dict(sorted(paths.items()))


def _problem(path: str) -> str | None:
    """The reason why an entry of a folder is not a readable file; None if it is."""
    try:
        path.encode()
        mode = os.stat(path).st_mode  # noqa: PTH116  (100,000 of them)
    except UnicodeEncodeError:
        return "its name is not valid UTF-8"
    except FileNotFoundError:
        return "broken link"
    except OSError as error:
        return str(error.strerror)
    return None if stat.S_ISREG(mode) else "neither a file nor a directory"


def unpack(
    files: Mapping[str, Path], select: Callable[[str], bool], folder: Path, on_member: Callable[[int], object]
) -> dict[str, int]:
    """List files and copy the selected ones to `folder`."""
    listing = Listing("the directory")
    for path, file in files.items():
        if listing.add(path, file.stat().st_size) and select(path):
            shutil.copyfile(file, target_of(folder, path))
            on_member(1)
    return listing.sizes()
