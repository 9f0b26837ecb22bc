"""Tar archives of several compressed streams, with padding, and with what is no stream behind them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from hearpreprocess import archive
from hearpreprocess.archive.gzip_stream import GzipStream
from hearpreprocess.errors import ArchiveError
from tests.archive.by_hand import TAR_END, tar_member

Compress = Callable[[bytes], bytes]

FIRST, SECOND = tar_member(b"a.wav", b"a" * 700), tar_member(b"b.wav", random.Random(1).randbytes(900))
each_form = pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])


def unpacked(folder: Path, content: bytes) -> tuple[dict[str, int], list[str]]:
    """The members and the notes."""
    path, notes = folder / "x.tar", list[str]()
    path.write_bytes(content)
    sizes = archive.unpack({"x.tar": path}, lambda name: True, folder / "out", on_note=notes.append)
    assert {name: (folder / "out" / name).stat().st_size for name in sizes} == sizes
    return sizes, notes


@each_form
@pytest.mark.parametrize("padding", [0, 8, 600, 1 << 18])
def test_streams_are_read_to_the_last_one_with_zeros_between_and_behind(
    tmp_path: Path, compress: Compress, padding: int
) -> None:
    whole = {"a.wav": 700, "b.wav": 900}
    zeros = bytes(padding)
    assert unpacked(tmp_path, compress(FIRST + SECOND + TAR_END) + zeros) == (whole, [])
    assert unpacked(tmp_path, compress(FIRST) + zeros + compress(SECOND + TAR_END) + zeros) == (whole, [])
    assert unpacked(tmp_path, compress(FIRST + SECOND[:99]) + compress(SECOND[99:] + TAR_END)) == (whole, [])


@each_form
def test_a_cut_in_any_stream_is_refused(tmp_path: Path, compress: Compress) -> None:
    first, second = compress(FIRST), compress(SECOND + TAR_END)
    for size in (1, 2, 5, 9, len(second) - 9, len(second) - 1):
        with pytest.raises(
            ArchiveError, match="truncated tar archive .*(ended before|ends before|ends inside|Not a gz)"
        ):
            unpacked(tmp_path, first + second[:size])


@each_form
def test_a_stream_whose_beginning_is_damaged_is_not_passed_over(tmp_path: Path, compress: Compress) -> None:
    with pytest.raises(ArchiveError, match="Not a gzipped file|no end mark|not another stream"):
        unpacked(tmp_path, compress(FIRST) + b"\1" + compress(SECOND + TAR_END)[1:])


def test_what_is_behind_the_streams_is_taken_as_by_the_programs(tmp_path: Path) -> None:
    content = FIRST + TAR_END
    assert unpacked(tmp_path, bz2.compress(content) + b"what bzip2 ignores") == ({"a.wav": 700}, [])
    with pytest.raises(ArchiveError, match="3 zeros after a stream; expected a multiple of 4"):
        unpacked(tmp_path, lzma.compress(content) + bytes(3))
    with pytest.raises(ArchiveError, match="bytes after a stream that are not another stream"):
        unpacked(tmp_path, lzma.compress(content) + b"what xz refuses")


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_without_an_end_mark_the_user_is_told(tmp_path: Path, compress: Compress) -> None:
    sizes, (note,) = unpacked(tmp_path, compress(FIRST + SECOND))
    assert sizes == {"a.wav": 700, "b.wav": 900}
    assert note.startswith(
        "x.tar: no end mark; expected two blocks of zeros. If it was truncated between two members, "
    )
    with pytest.raises(ArchiveError, match=r"no end mark, at byte 3,072, after member 'b\.wav'"):
        list(archive.TarReader(tmp_path / "x.tar"))


@pytest.mark.parametrize("step", [7_000, 1 << 18, (1 << 18) + 1, 1 << 20])
def test_a_gzip_file_is_read_ahead_only_after_its_start(step: int) -> None:
    content = random.Random(1).randbytes(3 << 18)
    threads = threading.active_count()
    with GzipStream(io.BytesIO(gzip.compress(content))) as stream:
        assert stream.read(200) == content[:200]
        assert threading.active_count() == threads
        assert b"".join(iter(lambda: stream.read(step), b"")) == content[200:]
    with GzipStream(io.BytesIO(gzip.compress(content)[:-9])) as cut, pytest.raises(EOFError):
        list(iter(lambda: cut.read(step), b""))
