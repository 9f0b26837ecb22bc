"""The listing of an archive, collected while it is read, and the checks of its members' paths."""

from __future__ import annotations

import errno
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from hearpreprocess.errors import ArchiveError, ObjectStoreError, enumerate_problems
from hearpreprocess.storage import LONGEST_NAME, counted

MOST_MEMBERS = 2_000_000
"""The largest source of HEAR has 305,979 members; each takes a few hundred bytes of memory."""

MAX_EXPANSION = 100
"""The largest allowed ratio of a source's size to its archive's; recordings seldom shrink to less than a third."""

_LONGEST_PATH = 3000
"""In bytes; file systems allow paths of 4,096, including the folder that the archive is unpacked to."""

_ALWAYS_ALLOWED_BYTES = 256 << 20

_UNPACK = "Unpack it with a tool such as 7z and give the directory with --source NAME=DIR, or repack it as zip"
_RENAME = "Unpack it with a tool such as 7z, rename these files, and give the directory with --source NAME=DIR"
_CHECK = (
    "These paths are unsafe or contradict each other: check the archive's listing before you unpack it. If you trust "
    "it, unpack it with a tool such as 7z and give the directory with --source NAME=DIR"
)
_RENAME_IN_DIRECTORY = "Rename these files or move them out of the directory"
_ICON = "Icon\r"
_SIGNS_OF_LITTER = ("__MACOSX", ".DS_Store", _ICON, "._")
_DRIVE = re.compile(r"[A-Za-z]:[/\\]")


class Listing:
    """Collects the members of an archive and every problem with them.

    `packed_bytes`: the size of the archive, None for a directory; the members may be at most `max_expansion` times as
    large. `on_note`: a function that is called with messages for the user.
    """

    def __init__(
        self,
        archive: str,
        packed_bytes: int | None = None,
        max_expansion: float = MAX_EXPANSION,
        on_note: Callable[[str], object] = lambda text: None,
    ) -> None:
        self.note = on_note
        self._archive = archive
        self._packed_bytes = packed_bytes
        self._max_expansion = max_expansion
        self._bytes_left = max(_ALWAYS_ALLOWED_BYTES, max_expansion * (packed_bytes or 0))
        self._sizes: dict[str, int] = {}
        self._problems: list[str] = []
        self._advices: dict[str, None] = {}
        self._unpacked: dict[str, str] = {}

    def add(self, path: str, size: int, problem: str | None = None) -> bool:
        """Record a member of `size` bytes; return whether it is data that may be unpacked to its path.

        `problem`: a problem with the member that the format's reader has found, or None.
        """
        self.check_count(len(self._sizes) + len(self._problems) + 1)
        if is_litter(path):
            return False
        if self._packed_bytes is not None:
            self._bytes_left -= size
            if self._bytes_left < 0:
                raise ArchiveError(
                    f"{self._archive}: unpacks to more than {self._max_expansion:g} times its "
                    f"{self._packed_bytes:,} bytes (limit reached at member {path!r} with {size:,} bytes). "
                    "If you trust it, raise the limit with --max-expansion"
                )
        advice = _UNPACK if problem else _RENAME
        if problem is None and not _is_readable(path):
            problem = "has a name with invalid UTF-8 or control characters"
        elif problem is None and is_outside(path):
            problem, advice = "would be written outside of the target directory", _CHECK
        elif problem is None and any(part in ("", ".") for part in path.split("/")):
            problem = "has an ambiguous path, with '//', '/./' or '/' at its end"
        elif problem is None and _is_too_long(path):
            problem = f"has a file name of more than {LONGEST_NAME} bytes, which file systems do not allow"
        elif problem is None and path in self._sizes:
            problem, advice = "appears twice", _CHECK
        if problem is not None:
            self._refuse(f"{path!r} {problem}", advice)
            return False
        self._sizes[path] = size
        return True

    def _refuse(self, problem: str, advice: str) -> None:
        self._problems.append(problem)
        self._advices[_RENAME_IN_DIRECTORY if self._packed_bytes is None else advice] = None

    def check_count(self, members: int) -> None:
        """Raise ArchiveError where an archive has implausibly many members."""
        if members > MOST_MEMBERS:
            raise ArchiveError(
                f"{self._archive}: too many members; expected at most {MOST_MEMBERS:,}, got {members:,} or more"
            )

    def take(self, path: str) -> None:
        """Record that a member is unpacked.

        Raises ArchiveError where its path equals that of another member on a case-insensitive disk.
        """
        if (size := len(path.encode())) > _LONGEST_PATH:
            raise ArchiveError(
                f"{self._archive}: the path {path[:60]!r}... is too long; expected at most {_LONGEST_PATH:,} bytes, "
                f"got {size:,}"
            )
        folded = unicodedata.normalize("NFC", path).casefold()
        other = self._unpacked.setdefault(folded, path)
        if other != path:
            raise ArchiveError(
                f"{self._archive}: members {_difference(other, path)} "
                "and would be the same file on many disks. Rename one of them in the source"
            )

    def sizes(self) -> dict[str, int]:
        """The members with their sizes in bytes.

        Raises ArchiveError with the refused members.
        """
        folders = {path.rpartition("/")[0] for path in self._sizes}
        folders |= {
            "/".join(parts[:end]) for parts in (path.split("/") for path in folders) for end in range(len(parts))
        }
        for path in sorted(folders & self._sizes.keys()):
            self._refuse(f"{path!r} is both a file and a directory", _CHECK)
        if self._problems:
            members = f"{counted(len(self._problems), 'members')} {'is' if len(self._problems) == 1 else 'are'}"
            raise ArchiveError(
                enumerate_problems(f"{self._archive}: {members} refused:", self._problems)
                + "".join(f"\n  {advice}" for advice in self._advices)
            )
        return self._sizes


def _difference(path: str, other: str) -> str:
    """The difference of two paths that are the same on some disks; escaped where they look the same."""
    if path.casefold() == other.casefold():
        return f"{path!r} and {other!r} differ only in case"
    is_same_case = unicodedata.normalize("NFC", path) == unicodedata.normalize("NFC", other)
    form = "in the Unicode form of an accent (NFC, NFD)" if is_same_case else "in case and the Unicode form (NFC, NFD)"
    return f"{path!a} and {other!a} differ only {form}"


def _is_too_long(path: str) -> bool:
    most_bytes = 4 * len(path)
    return most_bytes > LONGEST_NAME and any(len(part.encode()) > LONGEST_NAME for part in path.split("/"))


def _is_readable(path: str) -> bool:
    if path.isprintable():  # known at once: neither control characters nor surrogates are
        return True
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return not any(unicodedata.category(char) == "Cc" for char in path)


def is_litter(path: str) -> bool:
    """Whether a member is one of the files that macOS adds to archives, which are never data."""
    if not any(sign in path for sign in _SIGNS_OF_LITTER):
        return False
    parts = PurePosixPath(path).parts
    return "__MACOSX" in parts or any(part in (".DS_Store", _ICON) or part.startswith("._") for part in parts)


def is_outside(path: str) -> bool:
    """Whether a relative path leads out of its folder, on any system."""
    parts = path.replace("\\", "/").split("/")
    return not path or parts[0] == "" or ".." in parts or bool(_DRIVE.match(path)) or "\0" in path


def is_system_error(error: BaseException) -> bool:
    """Whether an error comes from the system (a full disk, a store), not from wrong offsets in an archive."""
    if isinstance(error, ObjectStoreError):
        return True
    return isinstance(error, OSError) and error.errno not in (None, errno.EINVAL)


def target_of(folder: Path, path: str) -> Path:
    """The path that a member is unpacked to; its parent folders are created.

    Raises ArchiveError where another member is a file at the path of a needed folder, or a folder at the file's path.
    """
    target = folder / path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.is_dir():
            return target
    except (FileExistsError, NotADirectoryError):
        pass
    raise ArchiveError(f"member {path!r} is both a file and a directory, or is in a directory that is also a file")
