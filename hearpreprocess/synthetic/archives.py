"""Write archives for tests and synthetic corpora in every format of the sources, with reproducible bytes.

Each writer takes a folder, a name without suffix, and (path, bytes) members in their order; a path that ends with a
slash is a folder. `on_member` is called with 1 after each member.
"""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

Members = Iterable[tuple[str, bytes]]
OnMember = Callable[[int], object]
SyntheticCorpus = tuple[Callable[[], Members], Callable[..., Path]]
"""The generator of a corpus' members, and the writer of its archive."""

_ZIP_TIME, _TAR_TIME = (2021, 1, 1, 0, 0, 0), 1609459200
_FAST = 1


def _ignore(count: int) -> None:
    """The default progress callback: do nothing."""


def write_zip(folder: Path, name: str, members: Members, on_member: OnMember = _ignore) -> Path:
    """Write `<name>.zip` and return its path."""
    path = folder / f"{name}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_FAST) as archive:
        for member_path, content in members:
            member = zipfile.ZipInfo(member_path, _ZIP_TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = (0o40755 << 16 | 0x10) if member_path.endswith("/") else 0o100644 << 16
            archive.writestr(member, content, compresslevel=_FAST)  # zipfile ignores its own level for a ZipInfo
            on_member(1)
    return path


def write_tar_gz(folder: Path, name: str, members: Members, on_member: OnMember = _ignore) -> Path:
    """Write `<name>.tar.gz` and return its path."""
    path = folder / f"{name}.tar.gz"
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", _FAST, raw, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as archive,
    ):
        for member_path, content in members:
            member = tarfile.TarInfo(member_path.rstrip("/"))
            member.mtime = _TAR_TIME
            if member_path.endswith("/"):
                member.type, member.mode = tarfile.DIRTYPE, 0o755
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
            on_member(1)
    return path


def write_files(folder: Path, name: str, members: Members, on_member: OnMember = _ignore) -> Path:
    """Write the members as single files below `folder`, and return the folder."""
    for member_path, content in members:
        target = folder / member_path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        on_member(1)
    return folder


_SPLIT_MAGIC = b"PK\x07\x08"
_TOO_MANY = 0xFFFF
_END_64, _LOCATOR = struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")
_LOCAL, _ENTRY, _END = struct.Struct("<4s5H3L2H"), struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s4H2LH")


def write_split_zip(
    folder: Path, name: str, members: Members, on_member: OnMember = _ignore, part_size: int = 100_000
) -> Path:
    """Write `<name>.z01`, `.z02`, ..., `.zip`, parts of about `part_size` bytes, and return the path of the last."""
    return divide_zip(write_zip(folder, name, members, on_member), part_size)


def divide_zip(whole: Path, part_size: int) -> Path:
    """Divide a zip archive into parts of about `part_size` bytes in the same folder; the last part replaces it.

    Data are divided between parts, headers are not (APPNOTE.TXT 6.3, section 8).
    """
    content = whole.read_bytes()
    with zipfile.ZipFile(whole) as archive:
        offsets, directory_start = [member.header_offset for member in archive.infolist()], archive.start_dir
    parts = [bytearray(_SPLIT_MAGIC)]
    locations = []
    for start, end in zip(offsets, [*offsets[1:], directory_start], strict=True):
        lengths = _LOCAL.unpack_from(content, start)[9:]
        header_end = start + _LOCAL.size + sum(lengths)
        if len(parts[-1]) + header_end - start > part_size:
            parts.append(bytearray())
        locations.append((len(parts) - 1, len(parts[-1])))
        parts[-1] += content[start:header_end]
        position = header_end
        while position < end:
            if len(parts[-1]) >= part_size:
                parts.append(bytearray())
            taken = min(end - position, part_size - len(parts[-1]))
            parts[-1] += content[position : position + taken]
            position += taken
    if len(parts) == 1:
        parts.append(bytearray())
    directory_offset = len(parts[-1])
    directory, position = bytearray(), directory_start
    for disk, offset in locations:
        fields = list(_ENTRY.unpack_from(content, position))
        length = _ENTRY.size + sum(fields[10:13])
        fields[13], fields[16] = disk, offset
        directory += _ENTRY.pack(*fields) + content[position + _ENTRY.size : position + length]
        position += length
    parts[-1] += directory + _end_of_zip(len(parts) - 1, directory_offset, len(directory), len(locations))
    for number, part in enumerate(parts[:-1], start=1):
        whole.with_suffix(f".z{number:02d}").write_bytes(part)
    whole.write_bytes(parts[-1])
    return whole


def _end_of_zip(disk: int, offset: int, size: int, entries: int) -> bytes:
    """The end record of a zip archive with its central directory on the last disk, in zip64 form if necessary."""
    if entries < _TOO_MANY:
        return _END.pack(b"PK\x05\x06", disk, disk, entries, entries, size, offset, 0)
    record = _END_64.pack(b"PK\x06\x06", _END_64.size - 12, 45, 45, disk, disk, entries, entries, size, offset)
    locator = _LOCATOR.pack(b"PK\x06\x07", disk, offset + size, disk + 1)
    return record + locator + _END.pack(b"PK\x05\x06", disk, disk, _TOO_MANY, _TOO_MANY, size, offset, 0)


_RAR_MAGIC = b"Rar!\x1a\x07\x01\x00"
_RAR_MAIN, _RAR_FILE, _RAR_END = 1, 2, 5
_RAR_HAS_EXTRA, _RAR_HAS_DATA, _RAR_HAS_CHECKSUM, _RAR_IS_FOLDER, _RAR_UNIX = 1, 2, 4, 1, 1


def write_rar(folder: Path, name: str, members: Members, on_member: OnMember = _ignore) -> Path:
    """Write `<name>.rar` in the format of version 5, with uncompressed members, and return its path."""
    path = folder / f"{name}.rar"
    with path.open("wb") as file:
        file.write(RAR_START)
        for member_path, content in members:
            file.write(rar_file_header(member_path, len(content), zlib.crc32(content)) + content)
            on_member(1)
        file.write(RAR_END)
    return path


def rar_file_header(member_path: str, size: int, checksum: int, extra: bytes = b"") -> bytes:
    """The header of an uncompressed member; `checksum`: the CRC-32 of its bytes, `extra`: its extra records."""
    is_folder = member_path.endswith("/")
    encoded = member_path.rstrip("/").encode()
    fields = [
        *([_rar_number(len(extra))] if extra else []),
        _rar_number(size),
        _rar_number(_RAR_IS_FOLDER if is_folder else _RAR_HAS_CHECKSUM),
        _rar_number(size),
        _rar_number(0o40755 if is_folder else 0o100644),
        b"" if is_folder else struct.pack("<L", checksum),
        _rar_number(0),  # stored
        _rar_number(_RAR_UNIX),
        _rar_number(len(encoded)),
        encoded,
        extra,
    ]
    return _rar_block(_RAR_FILE, _RAR_HAS_DATA | (_RAR_HAS_EXTRA if extra else 0), b"".join(fields))


def _rar_block(kind: int, flags: int, fields: bytes) -> bytes:
    header = _rar_number(kind) + _rar_number(flags) + fields
    sized = _rar_number(len(header)) + header
    return struct.pack("<L", zlib.crc32(sized)) + sized


def _rar_number(value: int) -> bytes:
    """A number in seven bits per byte, lowest first; the highest bit is set in all bytes but the last."""
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


RAR_START = _RAR_MAGIC + _rar_block(_RAR_MAIN, 0, _rar_number(0))
RAR_END = _rar_block(_RAR_END, 0, _rar_number(0))
