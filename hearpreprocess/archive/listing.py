"""The listing of an archive as it is read, and what no name in it may do."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from hearpreprocess.errors import ArchiveError, enumerate_problems


class Listing:
    """Collects the members of an archive and everything that is wrong with them."""

    def __init__(self, archive: str) -> None:
        self._archive = archive
        self._sizes: dict[str, int] = {}
        self._problems: list[str] = []

    def add(self, path: str, size: int, problem: str | None = None) -> bool:
        """Note a member of `size` bytes, and tell whether it is data that may be unpacked under its path.

        `problem`: what the archive's own format finds wrong with it.
        """
        if is_litter(path):
            return False
        if problem is None and leads_out(path):
            problem = "would be written outside the folder that it is unpacked to"
        elif problem is None and any(part in ("", ".") for part in path.split("/")):
            problem = "is spelled in a way that another path could share"
        elif problem is None and path in self._sizes:
            problem = "stands in it twice"
        if problem is not None:
            self._problems.append(f"{path!r} {problem}")
            return False
        self._sizes[path] = size
        return True

    def sizes(self) -> dict[str, int]:
        """The members with their sizes in bytes.

        Raises ArchiveError that names those that are refused.
        """
        folders = {path.rpartition("/")[0] for path in self._sizes}
        folders |= {
            "/".join(parts[:end]) for parts in (path.split("/") for path in folders) for end in range(len(parts))
        }
        for path in sorted(folders & self._sizes.keys()):
            self._problems.append(f"{path!r} is a file and also a folder")
        if self._problems:
            raise ArchiveError(enumerate_problems(f"{self._archive}: {{count}} members are refused:", self._problems))
        return self._sizes


def is_litter(path: str) -> bool:
    """Whether a member is something that macOS leaves in archives and that is never data."""
    parts = PurePosixPath(path).parts
    return "__MACOSX" in parts or any(part == ".DS_Store" or part.startswith("._") for part in parts)


def leads_out(path: str) -> bool:
    """Whether a path names something outside the folder that it is relative to, on any system."""
    parts = path.replace("\\", "/").split("/")
    return not path or parts[0] == "" or ".." in parts or path[1:2] == ":" or "\0" in path


def place(folder: Path, path: str) -> Path:
    """Where a member belongs in `folder`, with the folders above it made."""
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    return target
