"""The central directory of a zip archive is read as zipfile reads it."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hearpreprocess.archive.parts import DirectoryEntry, closing_records, end_record
from hearpreprocess.archive.zip_directory import ZipDirectory

_ZIP64, _TOO_LARGE = 1, 0xFFFFFFFF
VALUE = st.integers(0, 2**40)
FIELD = st.tuples(st.sampled_from([_ZIP64, 0x5455]), st.lists(VALUE, max_size=4), st.integers(0, 9))


@settings(max_examples=150, deadline=None)
@given(
    before=st.binary(max_size=9),
    values=st.tuples(*[VALUE.map(lambda value: min(value, _TOO_LARGE)) | st.just(_TOO_LARGE)] * 3),
    fields=st.lists(FIELD, max_size=3),
    is_cut=st.booleans(),
    flags=st.sampled_from([0, 0x800]),
    disk=st.sampled_from([0, 9, 0xFFFF]),
)
def test_large_values_are_those_of_zipfile(
    before: bytes,
    values: tuple[int, int, int],
    fields: list[tuple[int, list[int], int]],
    is_cut: bool,
    flags: int,
    disk: int,
) -> None:
    contents = [(kind, struct.pack(f"<{len(large)}Q", *large) + bytes(more)) for kind, large, more in fields]
    extra = b"".join(struct.pack("<2H", kind, len(content)) + content for kind, content in contents)
    extra = extra[:-1] if is_cut and contents and contents[-1][1] else extra
    first = next((content for kind, content in contents if kind == _ZIP64), None)
    assume(
        _TOO_LARGE not in values or first is not None
    )  # without the field, zipfile takes the mark of a large value for a value
    size, packed_size, offset = values
    head = (b"PK\x01\x02", 0x314, 45, flags, 8, 1, 33, 7, packed_size, size, 5, len(extra), 2, disk, 0, 0, offset)
    entry = struct.pack("<4s6H3L5H2L", *head) + b"a.wav" + extra + b"no"
    file = io.BytesIO(before + entry + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), 0, 0))
    try:
        (known,) = zipfile.ZipFile(file).infolist()
    except zipfile.BadZipFile:
        known = None
    try:
        (member,) = ZipDirectory(file, end_record(file))
    except zipfile.BadZipFile:
        assert known is None
        return
    assert known is not None
    assert (member.raw_name.decode(), member.flags, member.method) == (known.filename, known.flag_bits, 8)
    assert (member.checksum, member.create_system, member.extra) == (known.CRC, known.create_system, known.extra)
    assert (member.size, member.packed_size) == (known.file_size, known.compress_size)
    assert member.offset == known.header_offset
    packed = DirectoryEntry.parse(entry, 0).header
    assert (packed.size, packed.packed_size) == (member.size, member.packed_size)


@pytest.mark.parametrize(("disk", "disks"), [(1, 2), (0, 2), (1, 1)])
def test_a_zip64_record_in_another_part_is_missing(disk: int, disks: int) -> None:
    records = closing_records(0, 0, 0)
    ours = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    assert ours in records
    file = io.BytesIO(records.replace(ours, struct.pack("<4sLQL", b"PK\x06\x07", disk, 0, disks)))
    with pytest.raises(zipfile.BadZipFile, match="multiple disks"):
        zipfile.ZipFile(file)
    with pytest.raises(zipfile.BadZipFile, match="other parts are missing"):
        end_record(file)
