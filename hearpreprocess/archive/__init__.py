"""List and unpack archives without trusting a name in them; the format is told by content, not by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from hearpreprocess.archive import folder as folders
from hearpreprocess.archive import rar, tar, zip
from hearpreprocess.errors import ArchiveError

_LONGEST_MAGIC = tar.USTAR_AT + len(tar.USTAR)


def unpack(
    files: Mapping[str, Path],
    select: Callable[[str], bool],
    folder: Path,
    on_member: Callable[[int], object] = lambda count: None,
    *,
    archived: bool = True,
) -> dict[str, int]:
    """List a source and unpack the members that `select` chooses by path to `folder`, under their own paths.

    `files`: the files of the source by name, in their order: one archive, the parts of a divided zip archive, or a
    folder (as one entry); if not `archived`, single files that stand for themselves. `on_member` is called with the
    number of members just unpacked. Returns the sizes in bytes of all members.

    Raises ArchiveError where an archive is damaged or of no known format, or holds a member that could be written
    outside `folder`, a link, a device, an encrypted member, or two members of one path.
    """
    paths = list(files.values())
    if len(paths) == 1 and paths[0].is_dir():
        return folders.unpack(folders.files_below(paths[0]), select, folder, on_member)
    if not archived:
        return folders.unpack(files, select, folder, on_member)
    with paths[0].open("rb") as file:
        start = file.read(_LONGEST_MAGIC)
    divided = len(paths) > 1 and paths[-1].suffix.lower() == ".zip"
    if divided or start.startswith(zip.MAGIC):
        return zip.unpack(paths, select, folder, on_member)
    if len(paths) == 1 and start.startswith(rar.MAGIC):
        return rar.unpack(paths, select, folder, on_member)
    if len(paths) == 1 and (start.startswith(tar.MAGIC) or start[tar.USTAR_AT :].startswith(tar.USTAR)):
        return tar.unpack(paths, select, folder, on_member)
    raise ArchiveError(
        f"{paths[0]} is no archive that can be read: expected zip, tar (plain, gz, bz2, xz) or rar, "
        f"got a file that starts with {start[:8]!r}"
    )
