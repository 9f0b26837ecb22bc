"""List and unpack an archive, whose format is detected by its content, not its name."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

from hearpreprocess.archive import folder as folders
from hearpreprocess.archive import rar, tar, zip
from hearpreprocess.archive.gathering import Gathered
from hearpreprocess.archive.joined import opened_parts
from hearpreprocess.archive.listing import MAX_EXPANSION, Listing
from hearpreprocess.archive.opened import OpenedMember
from hearpreprocess.archive.tar_headers import BLOCK, has_magic, is_header
from hearpreprocess.errors import ArchiveError
from hearpreprocess.storage import FIRST_BYTES, TAR, kind_of, name_of

Unpack = Callable[[Sequence[Path], Callable[[str], bool], Path, Callable[[int], object], Listing], dict[str, int]]


def unpack(
    files: Mapping[str, Path],
    select: Callable[[str], bool],
    folder: Path,
    on_member: Callable[[int], object] = lambda count: None,
    *,
    archived: bool = True,
    max_expansion: float = MAX_EXPANSION,
    encoding: str | None = None,
    on_note: Callable[[str], object] = lambda text: None,
    gathered: Gathered | None = None,
) -> dict[str, int]:
    """List a source and unpack the members whose paths `select` accepts to `folder`, with their own paths.

    `files`: the files of the source by name, in their order: one archive, the parts of a multi-part one, or a folder
    (as one entry); if not `archived`, single files that are the members. `on_member` is called with the number of
    members just unpacked. `encoding`: of the names in a zip archive that are not marked as UTF-8; None: UTF-8 if they
    are valid UTF-8, otherwise an assumed encoding, reported with `on_note`. `gathered`: takes the small members of
    archives that are read from start to end, in place of a file for each. Returns the sizes in bytes of all members.

    Raises ArchiveError where an archive is damaged or of an unsupported format, or contains a member that would be
    written outside of `folder`, a link, a device, an encrypted member, two members with the same path, or no file;
    where its members are more than `max_expansion` times as large as the archive, or more than MOST_MEMBERS.
    """
    paths = list(files.values())
    if len(paths) == 1 and paths[0].is_dir():
        return folders.unpack(folders.files_below(paths[0]), select, folder, on_member)
    if not archived:
        return folders.unpack(files, select, folder, on_member)
    module = _format(paths)
    unpack_format: Unpack = module.unpack
    if module is zip:
        unpack_format = partial(zip.unpack, encoding=encoding)
    elif module is tar:
        unpack_format = partial(tar.unpack, gathered=gathered)
    packed_bytes = sum(path.stat().st_size for path in paths)
    listing = Listing(paths[-1].name, packed_bytes, max_expansion, on_note)
    sizes = unpack_format(paths, select, folder, on_member, listing)
    if not sizes:
        raise ArchiveError(f"{paths[-1]}: {module.__name__.rpartition('.')[2]} archive without files")
    return sizes


def opened_members(
    files: Mapping[str, Path],
    select: Callable[[str], bool],
    folder: Path,
    *,
    max_expansion: float = MAX_EXPANSION,
    encoding: str | None = None,
) -> Iterator[tuple[str, Path | OpenedMember]]:
    """The selected members of an archive in one pass, each to be read before the next one.

    `folder`: for temporary files. Of tar archives, no more than is read is written there; the members of others are
    unpacked there first. The other arguments, and errors, are those of `unpack`.
    """
    paths = list(files.values())
    if _format(paths) is tar:
        yield from tar.opened_members(paths, select, folder)
        return
    sizes = unpack(files, select, folder, max_expansion=max_expansion, encoding=encoding)
    for path in filter(select, sizes):
        yield path, folder / path


def packed_members(files: Mapping[str, Path], encoding: str | None = None) -> dict[str, list[int]]:
    """The locations of the members that `ZipReader` can read one by one, by path; the arguments as in `unpack`."""
    paths = list(files.values())
    return zip.packed_members(paths, encoding) if not paths[0].is_dir() and _format(paths) is zip else {}


def problem_of_archive(path: Path) -> str | None:
    """The problem of a file that should be one complete archive, by its first and last bytes; None if it has none.

    A compressed file is judged by its decompressed content, as a server may have compressed a page.
    """
    try:
        module = _format([path])
        if module is zip and not _is_zip_at_its_end(path):
            return "truncated zip archive: no end record"
        if module is tar:
            tar.read_first_header(path)
    except ArchiveError as error:
        return str(error)
    return None


def _format(paths: Sequence[Path]) -> ModuleType:
    """The module that reads an archive."""
    with opened_parts(paths) as file:
        start = file.read(BLOCK)
        if zip.is_divided(paths) or start.startswith(zip.MAGIC):
            return zip
        if start.startswith(rar.MAGIC):
            return rar
        if start.startswith(tar.MAGIC):
            _check_is_tar(paths, name_of(start))
            return tar
        if is_header(start):
            return tar
        if _is_zip(file):  # an archive with a prefix, or the last part of a multi-part one
            return zip
        if has_magic(start):  # a tar archive whose first header is damaged or truncated
            return tar
        file.seek(0)
        start = file.read(FIRST_BYTES)
    kind = kind_of(start)
    advice = f". {kind.advice}" if kind and kind.advice else ""
    raise ArchiveError(
        f"{paths[0]}: unsupported or damaged archive; expected zip, tar (plain, gz, bz2, xz) or rar, "
        f"got {name_of(start)}{advice}"
    )


def _check_is_tar(paths: Sequence[Path], compressed: str) -> None:
    """Raise ArchiveError where the content of a compressed file is known not to be a tar archive."""
    start = tar.first_bytes(paths)
    is_of_zeros = not start[:BLOCK].strip(b"\0")
    kind = None if is_of_zeros or is_header(start[:BLOCK]) else kind_of(start)
    if kind not in (None, TAR):
        raise ArchiveError(
            f"{paths[0]}: unsupported archive; expected {compressed} with a tar archive, got {compressed} with "
            f"{name_of(start)}. Decompress it, e.g. with 7z, and give the directory that contains it"
        )


def _is_zip(file: BinaryIO) -> bool:
    try:
        return zipfile.is_zipfile(file)
    except zipfile.BadZipFile:  # it has the end record of a multi-part archive
        return True


def _is_zip_at_its_end(path: Path) -> bool:
    with path.open("rb") as file:
        return _is_zip(file)
