"""A folder, or single files, used like an archive."""

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
    """The files in a folder and the folders below it, by their path relative to it; links are followed.

    Raises ArchiveError where there are no files, where a link leads back to a folder that contains it, and naming every
    entry that cannot be read or is no file: no entry is skipped silently.
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
                raise ArchiveError(f"{directory / name} is a link that leads back to a folder that it is in")
        for name in files:
            if problem := _problem(f"{parent}/{name}"):
                problems.append(f"{parent}/{name}".encode(errors="backslashreplace").decode() + f": {problem}")
            else:
                paths[(directory / name).relative_to(folder).as_posix()] = directory / name
    if problems:
        raise ArchiveError(
            enumerate_problems(f"{folder}: {counted(len(problems), 'things')} in it cannot be used:", problems)
            + "\n  Repair them, or move them out of the folder"
        )
    if not paths:
        raise ArchiveError(f"{folder} holds no files")
    return dict(sorted(paths.items()))


def _problem(path: str) -> str | None:
    """Why an entry of a folder is not a readable file; None if it is."""
    try:
        path.encode()
        mode = os.stat(path).st_mode  # noqa: PTH116  (100,000 of them)
    except UnicodeEncodeError:
        return "its name is not valid UTF-8"
    except FileNotFoundError:
        return "a link that leads to nothing"
    except OSError as error:
        return str(error.strerror)
    return None if stat.S_ISREG(mode) else "neither a file nor a folder"


def unpack(
    files: Mapping[str, Path], select: Callable[[str], bool], folder: Path, on_member: Callable[[int], object]
) -> dict[str, int]:
    """List files and copy the selected ones to `folder`."""
    listing = Listing("the folder")
    for path, file in files.items():
        if listing.add(path, file.stat().st_size) and select(path):
            shutil.copyfile(file, target_of(folder, path))
            on_member(1)
    return listing.sizes()
