"""List and unpack an archive; its content, not its name, decides the format."""

from __future__ import annotations

import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from hearpreprocess.archive import folder as folders
from hearpreprocess.archive import rar, tar, zip
from hearpreprocess.archive.listing import MOST_EXPANSION, Listing
from hearpreprocess.errors import ArchiveError

Unpack = Callable[[Sequence[Path], Callable[[str], bool], Path, Callable[[int], object], Listing], dict[str, int]]

_LONGEST_MAGIC = tar.USTAR_AT + len(tar.USTAR)


def unpack(
    files: Mapping[str, Path],
    select: Callable[[str], bool],
    folder: Path,
    on_member: Callable[[int], object] = lambda count: None,
    *,
    archived: bool = True,
    most_expansion: float = MOST_EXPANSION,
) -> dict[str, int]:
    """List a source and unpack the members whose paths `select` accepts to `folder`, under their own paths.

    `files`: the files of the source by name, in their order: one archive, the parts of a divided zip archive, or a
    folder (as one entry); if not `archived`, single files that are the members. `on_member` is called with the number
    of members just unpacked. Returns the sizes in bytes of all members.

    Raises ArchiveError where an archive is damaged or of no known format, or holds a member that could be written
    outside `folder`, a link, a device, an encrypted member, two members of one path, or no file at all; where its
    members are more than `most_expansion` times as large as the archive, or more than MOST_MEMBERS.
    """
    paths = list(files.values())
    if len(paths) == 1 and paths[0].is_dir():
        return folders.unpack(folders.files_below(paths[0]), select, folder, on_member)
    if not archived:
        return folders.unpack(files, select, folder, on_member)
    unpack_format = _format(paths)
    packed_bytes = sum(path.stat().st_size for path in paths)
    listing = Listing(paths[-1].name, packed_bytes, most_expansion)
    sizes = unpack_format(paths, select, folder, on_member, listing)
    if not sizes:
        raise ArchiveError(
            f"{paths[-1]} is no whole {unpack_format.__module__.rpartition('.')[2]} archive: it holds no files"
        )
    return sizes


def packed_members(files: Mapping[str, Path]) -> dict[str, list[int]]:
    """The locations of the members that `ZipReader` can read one by one, by path; `files` as in `unpack`."""
    paths = list(files.values())
    return zip.packed_members(paths) if not paths[0].is_dir() and _format(paths) is zip.unpack else {}


def problem_of_archive(path: Path) -> str | None:
    """What is wrong with a file that should be one whole archive, as far as its ends show; None if nothing is.

    A compressed file is judged by what was compressed, as a server may have compressed a page.
    """
    try:
        _format([path])
        with path.open("rb") as file:
            start = file.read(_LONGEST_MAGIC)
        if start.startswith(zip.MAGIC) and not zipfile.is_zipfile(path):
            return "is a zip archive without its end: it is cut short"
        if start.startswith(tar.MAGIC):
            tarfile.open(path).close()  # reads the first header
    except (ArchiveError, tarfile.TarError, EOFError, OSError, ValueError, zlib.error, lzma.LZMAError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        return f"is no archive: {error}"
    return None


def _format(paths: Sequence[Path]) -> Unpack:
    with paths[0].open("rb") as file:
        start = file.read(_LONGEST_MAGIC)
    is_divided = len(paths) > 1 and paths[-1].suffix.lower() == ".zip"
    if is_divided or start.startswith(zip.MAGIC):
        return zip.unpack
    if len(paths) == 1 and start.startswith(rar.MAGIC):
        return rar.unpack
    if len(paths) == 1 and (start.startswith(tar.MAGIC) or start[tar.USTAR_AT :].startswith(tar.USTAR)):
        return tar.unpack
    if len(paths) == 1 and zipfile.is_zipfile(paths[0]):  # an archive with a prefix, or a last part
        return zip.unpack
    raise ArchiveError(
        f"{paths[0]} is no archive that can be read: expected zip, tar (plain, gz, bz2, xz) or rar, "
        f"got a file that starts with {start[:8]!r}"
    )
