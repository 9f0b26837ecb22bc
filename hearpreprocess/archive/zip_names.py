"""The names of a zip archive's members, decoded with one encoding for the whole archive.

A name is UTF-8 if its flag is set, or if it has a valid Unicode Path field (0x7075). All other names were written by
one program in one encoding, which the archive does not state (APPNOTE.TXT 6.3, appendix D).
"""

from __future__ import annotations

import itertools
import re
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from hearpreprocess.errors import ArchiveError

DEFAULT_ENCODING = "cp437"
"""The encoding of APPNOTE.TXT for names that are not UTF-8."""

_UTF_8_FLAG = 0x800
_UNICODE_PATH, _UNICODE_PATH_BYTES = 0x7075, b"up"
_FIELD, _UNICODE_PATH_HEAD = struct.Struct("<2H"), struct.Struct("<BL")
_FAT = 0
_SECOND_BYTE = re.compile(rb"[\x80-\xff]\\")
"""A backslash that is the second byte of a character, if the encoding is one of Japanese or Chinese."""


@dataclass(frozen=True)
class DecodedNames:
    """The names of the members in their order.

    `note`: the message for the user about an assumed encoding, or None.
    """

    names: list[str]
    note: str | None


def decoded_names(archive: str, members: Sequence[zipfile.ZipInfo], encoding: str | None = None) -> DecodedNames:
    """Decode the names: those that are not marked as UTF-8 in `encoding`.

    None: in UTF-8 if all of these are valid UTF-8, otherwise in DEFAULT_ENCODING. Backslashes become slashes as in
    Info-ZIP's unzip: in a name without slashes that an MS-DOS or Windows program wrote. Raises ArchiveError where a
    name is not valid in its encoding.
    """
    names = [_marked_name(archive, member) for member in members]
    unmarked = [number for number, name in enumerate(names) if name is None]
    raw = {number: raw_name(members[number]) for number in unmarked}
    chosen, note = encoding or "utf-8", None
    if encoding is None and (example := next(itertools.filterfalse(_is_utf_8, raw.values()), None)):
        chosen = DEFAULT_ENCODING
        note = (
            f"{archive}: file names without a stated encoding; assuming {DEFAULT_ENCODING}, which reads {example!r} as "
            f"{example.decode(DEFAULT_ENCODING)!r}. If that is wrong, set --zip-encoding ENCODING, e.g. cp932, cp1252 "
            "or gbk"
        )
    for number in unmarked:
        try:
            names[number] = raw[number].decode(chosen)
        except UnicodeDecodeError as error:
            raise ArchiveError(
                f"{archive}: member {raw[number]!r}: the name is not valid {chosen} ({error.reason}). "
                "Set the right --zip-encoding"
            ) from error
    is_guessed = note is not None
    pairs = zip(names, members, strict=True)
    return DecodedNames([_path(name or "", member, is_guessed=is_guessed) for name, member in pairs], note)


def raw_name(member: zipfile.ZipInfo) -> bytes:
    """The bytes of a name; zipfile decodes them in UTF-8 or, without loss, in cp437."""
    return member.orig_filename.encode("utf-8" if member.flag_bits & _UTF_8_FLAG else "cp437")


def _marked_name(archive: str, member: zipfile.ZipInfo) -> str | None:
    """The name if it is marked as UTF-8 or is ASCII, otherwise None."""
    name = member.orig_filename
    is_marked = bool(member.flag_bits & _UTF_8_FLAG)
    # The field may have the real name where the header has an ASCII substitute.
    if not is_marked and _UNICODE_PATH_BYTES in member.extra and (path := _unicode_path(member)) is not None:
        try:
            return path.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ArchiveError(
                f"{archive}: the Unicode Path field of {raw_name(member)!r} is not valid UTF-8 ({error.reason})"
            ) from error
    return name if is_marked or name.isascii() else None


def _unicode_path(member: zipfile.ZipInfo) -> bytes | None:
    """The name in the Unicode Path field; None if there is none, or if the name was changed later."""
    extra, position = member.extra, 0
    while position + _FIELD.size <= len(extra):
        kind, length = _FIELD.unpack_from(extra, position)
        content = extra[position + _FIELD.size :][:length]
        if kind == _UNICODE_PATH and len(content) > _UNICODE_PATH_HEAD.size:
            version, checksum = _UNICODE_PATH_HEAD.unpack_from(content)
            if version == 1 and checksum == zlib.crc32(raw_name(member)):
                return content[_UNICODE_PATH_HEAD.size :]
        position += _FIELD.size + length
    return None


def _is_utf_8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _path(name: str, member: zipfile.ZipInfo, *, is_guessed: bool) -> str:
    """The path of a member by its name, without the leading `./` that some programs write, as in tar archives."""
    is_of_dos = "\\" in name and "/" not in name and member.create_system == _FAT
    if is_of_dos and not (is_guessed and _SECOND_BYTE.search(raw_name(member))):
        name = name.replace("\\", "/")
    return name if name == "./" else name.removeprefix("./")
