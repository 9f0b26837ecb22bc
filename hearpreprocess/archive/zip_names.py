"""The names of a zip archive's members, decoded with one encoding for the whole archive.

A name is UTF-8 if its flag is set, or if it has a valid Unicode Path field (0x7075). All other names were written by
one program in one encoding, which the archive does not state (APPNOTE.TXT 6.3, appendix D).
"""

from __future__ import annotations

import itertools
import re
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from hearpreprocess.archive.zip_directory import UTF_8_FLAG, ZipMember
from hearpreprocess.errors import ArchiveError

DEFAULT_ENCODING = "cp437"
"""The encoding of APPNOTE.TXT for names that are not UTF-8."""

_UNICODE_PATH, _UNICODE_PATH_BYTES = 0x7075, b"up"
_FIELD, _UNICODE_PATH_HEAD = struct.Struct("<2H"), struct.Struct("<BL")
_FAT = 0
_SECOND_BYTE = re.compile(rb"[\x80-\xff]\\")
"""A backslash that is the second byte of a character, if the encoding is one of Japanese or Chinese."""


@dataclass(frozen=True)
class DecodedNames:
    """The paths of the members in their order, without the leading `./` that some programs write, as in tar archives.

    `note`: the message for the user about an assumed encoding, or None.
    """

    names: list[str]
    note: str | None


def decoded_names(archive: str, members: Iterable[ZipMember], encoding: str | None = None) -> DecodedNames:
    """Decode the names: those that are not marked as UTF-8 in `encoding`.

    None: in UTF-8 if all of these are valid UTF-8, otherwise in DEFAULT_ENCODING. Backslashes become slashes as in
    Info-ZIP's unzip: in a name without slashes that an MS-DOS or Windows program wrote. Raises ArchiveError where a
    name is not valid in its encoding.
    """
    names: list[str | None] = []
    raw: dict[int, bytes] = {}
    for number, member in enumerate(members):
        name = _marked_name(archive, member)
        names.append(name)
        if name is None:
            raw[number] = member.raw_name
    chosen, note = encoding or "utf-8", None
    if encoding is None and (example := next(itertools.filterfalse(_is_utf_8, raw.values()), None)):
        chosen = DEFAULT_ENCODING
        note = (
            f"{archive}: file names without a stated encoding; assuming {DEFAULT_ENCODING}, which reads {example!r} as "
            f"{example.decode(DEFAULT_ENCODING)!r}. If that is wrong, set --zip-encoding ENCODING, e.g. cp932, cp1252 "
            "or gbk"
        )
    for number, name_bytes in raw.items():
        try:
            names[number] = name_bytes.decode(chosen)
        except UnicodeDecodeError as error:
            raise ArchiveError(
                f"{archive}: member {name_bytes!r}: the name is not valid {chosen} ({error.reason}). "
                "Set the right --zip-encoding"
            ) from error
    complete = [name or "" for name in names]
    if any("\\" in name for name in complete):
        is_guessed = note is not None
        complete = [
            _with_slashes(name, member, is_guessed=is_guessed) for name, member in zip(complete, members, strict=True)
        ]
    return DecodedNames([name if name == "./" else name.removeprefix("./") for name in complete], note)


def _marked_name(archive: str, member: ZipMember) -> str | None:
    """The name if it is marked as UTF-8 or is ASCII, otherwise None."""
    is_marked = bool(member.flags & UTF_8_FLAG)
    # The field may have the real name where the header has an ASCII substitute.
    if not is_marked and _UNICODE_PATH_BYTES in member.extra and (path := _unicode_path(member)) is not None:
        try:
            return path.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ArchiveError(
                f"{archive}: the Unicode Path field of {member.raw_name!r} is not valid UTF-8 ({error.reason})"
            ) from error
    return member.raw_name.decode() if is_marked or member.raw_name.isascii() else None


def _unicode_path(member: ZipMember) -> bytes | None:
    """The name in the Unicode Path field; None if there is none, or if the name was changed later."""
    extra, position = member.extra, 0
    while position + _FIELD.size <= len(extra):
        kind, length = _FIELD.unpack_from(extra, position)
        content = extra[position + _FIELD.size :][:length]
        if kind == _UNICODE_PATH and len(content) > _UNICODE_PATH_HEAD.size:
            version, checksum = _UNICODE_PATH_HEAD.unpack_from(content)
            if version == 1 and checksum == zlib.crc32(member.raw_name):
                return content[_UNICODE_PATH_HEAD.size :]
        position += _FIELD.size + length
    return None


def _is_utf_8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _with_slashes(name: str, member: ZipMember, *, is_guessed: bool) -> str:
    """The name with slashes where a program of MS-DOS or Windows wrote backslashes."""
    is_of_dos = "\\" in name and "/" not in name and member.create_system == _FAT
    if is_of_dos and not (is_guessed and _SECOND_BYTE.search(member.raw_name)):
        name = name.replace("\\", "/")
    return name
