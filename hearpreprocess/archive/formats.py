"""What a file is by its first bytes, for those that are not read."""

from __future__ import annotations

from hearpreprocess.archive.kinds import kind_of

_REPACK = "Unpack it and give the directory, or pack it as zip"

_UNREAD = (
    (b"7z\xbc\xaf\x27\x1c", "7z archive", f"{_REPACK}: 7z x FILE -oDIR"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed file", "Decompress it: zstd -d FILE"),
    (b"\x22\xb5\x2f\xfd", "zstd-compressed file", "Decompress it: zstd -d FILE"),
    (b"\x04\x22\x4d\x18", "lz4-compressed file", "Decompress it: lz4 -d FILE"),
    (b"\x5d\x00\x00", "lzma-compressed file", "Decompress it: unlzma FILE"),
    (b"LZIP", "lzip-compressed file", "Decompress it: lzip -d FILE"),
    (b"\x1f\x9d", "file compressed by compress", "Decompress it: uncompress FILE"),
    (b"\x1f\xa0", "file compressed by compress -H", "Decompress it: uncompress FILE"),
    (b"xar!", "xar archive", _REPACK),
    (b"MSCF", "cabinet archive", _REPACK),
    (b"ISc(", "InstallShield cabinet archive", _REPACK),
    (b"\x60\xea", "ARJ archive", _REPACK),
    (b"!<arch>\n", "ar archive or Debian package", _REPACK),
    (b"070701", "cpio archive", _REPACK),
    (b"070702", "cpio archive", _REPACK),
    (b"070707", "cpio archive", _REPACK),
    (b"\xc7\x71", "cpio archive", _REPACK),
    (b"\x71\xc7", "cpio archive", _REPACK),
    (b"RE~^", "rar archive of before version 1.50", _REPACK),
    (b"MZ", "Windows program, perhaps an archive that unpacks itself", _REPACK),
    (b"\x89HDF\r\n\x1a\n", "HDF5 file", "Give recordings"),
    (b"RIFF", "recording, not an archive", "Give the directory that it is in"),
    (b"fLaC", "recording, not an archive", "Give the directory that it is in"),
    (b"OggS", "recording, not an archive", "Give the directory that it is in"),
    (b"ID3", "recording, not an archive", "Give the directory that it is in"),
    (b"FORM", "recording, not an archive", "Give the directory that it is in"),
)
_LHA_AT, _LHA = 2, (b"-lh", b"-lz", b"-pm")


def unread_format(start: bytes) -> str:
    """What a file that starts so is, and what to do with it if that is known."""
    for magic, kind, advice in _UNREAD:
        if start.startswith(magic):
            return f"got a {kind}. {advice}"
    if start[_LHA_AT:].startswith(_LHA):
        return f"got an LHA archive. {_REPACK}"
    kind = kind_of(start)
    return f"got {kind}" if kind else f"got a file that starts with {start[:8]!r}"
