"""List and unpack archives without trusting a name in them."""

from __future__ import annotations

import contextlib
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath

from hearpreprocess.errors import ArchiveError, enumerate_problems

_ENCRYPTED = 0x1


def members(archive: Path) -> dict[str, int]:
    """The files in an archive with their sizes in bytes; folders and the litter of macOS are left out.

    Raises ArchiveError where the file is no zip archive, is damaged, or holds a member that could be written outside
    the folder it is unpacked to, a link, an encrypted member, or two members of one name.
    """
    found: dict[str, int] = {}
    problems = []
    with _opened(archive) as opened:
        for member in opened.infolist():
            if member.is_dir() or is_litter(member.filename):
                continue
            if problem := _problem(member):
                problems.append(f"{member.filename!r} {problem}")
            elif member.filename in found:
                problems.append(f"{member.filename!r} stands in it twice")
            found[member.filename] = member.file_size
    if problems:
        raise ArchiveError(enumerate_problems(f"{archive.name}: {{count}} members are refused:", problems))
    return found


def is_litter(path: str) -> bool:
    """Whether a member is something that macOS leaves in archives and that is never data."""
    parts = PurePosixPath(path).parts
    return "__MACOSX" in parts or any(part == ".DS_Store" or part.startswith("._") for part in parts)


def _problem(member: zipfile.ZipInfo) -> str | None:
    name = member.filename
    if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or name[1:2] == ":" or "\0" in name:
        return "would be written outside the folder that it is unpacked to"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "is a link"
    if member.flag_bits & _ENCRYPTED:
        return "is encrypted"
    return None


def extract(
    archive: Path, paths: Iterable[str], folder: Path, on_member: Callable[[int], object] = lambda count: None
) -> None:
    """Unpack the members `paths` to `folder` under their own paths, checking each against its checksum.

    `on_member` is called with 1 after each. Raises ArchiveError where a member is missing or damaged.
    """
    with _opened(archive) as opened:
        for path in paths:
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                with opened.open(path) as member, target.open("wb") as file:
                    shutil.copyfileobj(member, file, 1 << 20)
            except KeyError:
                raise ArchiveError(f"{archive.name} holds no member {path!r}") from None
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
                raise ArchiveError(
                    f"{archive.name}: member {path!r} cannot be unpacked: {error}; is the archive damaged?"
                ) from error
            on_member(1)


@contextlib.contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    try:
        opened = zipfile.ZipFile(archive)
    except (zipfile.BadZipFile, EOFError, ValueError) as error:
        raise ArchiveError(
            f"{archive} is no whole zip archive ({error}): it may be cut short, or of another format under this name"
        ) from error
    with opened:
        yield opened
